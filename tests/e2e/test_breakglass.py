"""Confirming by one-time password while services are gone."""

import base64
import contextlib
import hashlib
import hmac
import re
import sqlite3
import struct
import time

import pytest

from rig.crier import Raw, run_crier
from rig.house import PUBLIC, Network

STEP_S = 30


@pytest.fixture
def own_network():
    """A network whose services this test takes away."""
    made = Network("own")
    yield made
    made.close()


class App:
    """What somebody's phone does (RFC 6238)."""

    def __init__(self, house, name, again=False):
        self.name = name
        code, text = run_crier("enrol", "-c", house.crier.config, "--no-proof", *["--again"][:again], name,
                               folder=house.crier.folder)
        assert code == 0, text
        self.base32 = re.search(r"otpauth://totp/crier:\S+\?secret=([A-Z2-7]+)&", text)[1]
        self.shown = set()

    def code(self, steps=0):
        count = struct.pack(">Q", int(time.time()) // STEP_S + steps)
        digest = hmac.new(base64.b32decode(self.base32), count, hashlib.sha1).digest()
        at = digest[-1] & 15
        code = f"{(struct.unpack('>I', digest[at:at + 4])[0] & 0x7fffffff) % 10**6:06d}"
        self.shown.add(code)
        return code


def whisper(house, nick, text, pattern, to=None):
    """Somebody says it to crier alone, and is answered so."""
    since = house.clients[nick].say(to or house.nick, text)
    return house.heard(nick, pattern, since)[1]


def kept(house):
    """Every byte that crier has written down."""
    files = [path for path in house.crier.folder.iterdir() if path.name.startswith(("crier.db", "running"))]
    assert files
    return b"".join(path.read_bytes() for path in files) + house.crier.log.encode()


def test_without_services_a_one_time_password_publishes_once(make_house, own_network):
    house = make_house(on=own_network)
    house.settings["networks"][0]["services_patience"] = "1 s"
    practice = house.channel + "-practice"
    house.settings["networks"][0]["channels"].append({"name": practice, "roles": ["practice"]})
    house.crier.options = ["-v"]
    house.crier.write_config(house.settings)
    house.crowd("icinga-wm", "logmsgbot")  # logged in while that was possible
    for words, answer in ((["--list"], "nobody is enrolled"), (["Deployr1"], 'did you mean "deployer1"?'),
                          (["nobody-near"], 'there are "deployer1", "deployer2", "sre1", "reader1"')):
        assert answer in run_crier("enrol", "-c", house.crier.config, *words, folder=house.crier.folder)[1]
    app = App(house, "deployer1")
    own_network.atheme.kill()
    house.client(house.nick)  # nobody keeps the nick for crier, and codes must not go there
    house.start()
    me = house.nick + "_"
    house.client("deployer1")
    house.client("stranger")
    number = house.draft("deployer1")

    # The ordinary way is closed, and crier says which is open.
    house.ask("deployer1", f"!status confirm {number}", rf"refused, .*`/msg {me} !status breakglass N.R CODE` "
              rf"\(I am not {house.nick} now")
    # A code in the channel is void: also for whoever reads it there.
    burnt = app.code()
    house.ask("deployer1", f"!status breakglass {number} {burnt}", r"never where others read it")
    whisper(house, "stranger", f"!status breakglass {number} {burnt} deployer1", r"was used already", me)
    # So is one that a mistyped command brings into the practice channel.
    deployer = house.clients["deployer1"].join(practice)
    since = deployer.say(practice, f"!status breakglass {app.code(-1)}")
    house.heard("deployer1", r"type `!status breakglass N.R CODE", since)
    assert len(re.findall(r"right, but said where others read it", house.crier.log)) == 2
    whisper(house, "stranger", f"!status breakglass {number} {app.code()} 111111 sre1", r"sre1 is not enrolled", me)
    whisper(house, "stranger", f"!status breakglass {number} {app.code()} reader1", r"role of reader1 does not", me)
    whisper(house, "stranger", f"!status breakglass {number} 000000 111111 deployer1", r"is no code of deployer1", me)
    assert house.sandbox.incidents() == []

    # The process dies while the request is under way: what was confirmed is published once, and the
    # code, which was written down with it, is worth nothing.
    house.sandbox.faults([{"on": {"kind": "create"}, "do": {"stall_after": "released"}}])
    good = app.code(1)
    since = house.clients["deployer1"].say(me, f"!status breakglass {number} {good}")
    house.sandbox.wait_held()
    house.crier.kill()
    house.sandbox.faults([])
    house.sandbox.release()
    log = house.crier.log
    house.crier.start(joined=[house.channel])
    house.heard("stranger", PUBLIC)
    house.heard("stranger", rf"deployer1 confirmed {number} by one-time password \(break-glass\), as deployer1!\S+@")
    house.heard("deployer1", PUBLIC, since)
    assert len(house.sandbox.incidents()) == 1
    whisper(house, "deployer1", f"!status breakglass {number} {good}", r"is public already", me)

    everything = kept(house) + log.encode()
    with contextlib.closing(sqlite3.connect(f"file:{house.crier.folder}/crier.db?mode=ro", uri=True)) as db:
        assert db.execute("SELECT person, nick, said FROM audit WHERE action = 'break-glass confirm'").fetchall() \
            == [("deployer1", "deployer1", "breakglass")]
    assert app.base32.encode() not in everything
    for shown in app.shown:
        assert shown.encode() not in everything


def test_on_a_network_without_tls_every_code_is_void(make_house, plain_network):
    house = make_house(on=plain_network)
    house.settings["shipped"] = Raw(re.sub(r'accounts = \["test/([a-z-]+)"\]',
                                           r'hostmasks = ["test/\1!*@127.0.0.1"]', house.settings["shipped"]))
    house.crier.write_config(house.settings)
    app = App(house, "deployer1")
    house.start()
    house.crowd("icinga-wm", "logmsgbot", "deployer1")
    number = house.draft("deployer1")
    whisper(house, "deployer1", f"!status breakglass {number} {app.code()}",
            r"my connection to test is not encrypted")
    assert house.sandbox.incidents() == []
