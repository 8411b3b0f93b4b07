"""Whatever comes from outside: a clear message, and nothing lost."""

import re
import signal
import socket
import time

import pytest

from rig.crier import Crier, environment, run_crier
from rig.fake import FakeIrc, HtmlPage, silent_resolver
from rig.house import ALERT, CONFIRM, DEPLOY_STARTS, PUBLIC, network_settings
from rig.process import free_port

CONFIG = 78  # sysexits(3)

GARBAGE = [
    b"\r\n", b"\n", b"\r\n\r\n", b" \r\n", b":\r\n", b": \r\n", b":prefix\r\n", b":a!b@c \r\n",
    b"PRIVMSG\r\n", b":a!b@c PRIVMSG\r\n", b":a!b@c PRIVMSG #x\r\n", b":a!b@c NOTICE #x\r\n",
    b":a!b@c PRIVMSG #x :\r\n", b"NICK\r\n", b":a!b@c NICK\r\n", b":a!b@c KICK\r\n", b":a!b@c QUIT\r\n",
    b"001\r\n", b"433\r\n", b"CAP\r\n", b"CAP * LS\r\n", b"AUTHENTICATE\r\n", b"BATCH\r\n", b"BATCH +x\r\n",
    b"@\r\n", b"@a=b\r\n", b"@a=b \r\n", b"@" + b"t=" + b"x" * 9000 + b" PING :x\r\n",
    b"@time=yesterday :a!b@c PRIVMSG #x :hello\r\n", b"999 x y z\r\n", b"-1 x\r\n",
    b":a!b@c PRIVMSG #x :\x01\r\n", b":a!b@c PRIVMSG #x :\x01\x01\r\n",
    b":a!b@c PRIVMSG #x :\x01VERSION\x01\r\n", b":a!b@c PRIVMSG #x :\x01FINGER\x01\r\n",
    b":a!b@c PRIVMSG #x :\x01PING %s%n\x01\r\n", b":a!b@c PRIVMSG #x :\x01DCC SEND x 1 1 1\x01\r\n",
    b":a!b@c PRIVMSG #x :\x01DCC CHAT chat 2130706433 99999\x01\r\n",
    b":a!b@c PRIVMSG #x :%s%s%s%n%n%n\r\n", b":a!b@c NOTICE crier :\x01VERSION x\x01\r\n",
    b":a!b@c PRIVMSG #x :\x00!status\r\n", b":a!b@c PRIVMSG #x :\xff\xfe\xc0\x80\xed\xa0\x80\r\n",
    b":a!b@c PRIVMSG \xff :hello\r\n", b":\xff!\xfe@\xfd PRIVMSG #x :hello\r\n",
    b"x" * 511 + b"\r\n", b"x" * 1023 + b"\n", b"x" * 1024 + b"\r\n", b"x" * 2048 + b"\r\n",
    b":a!b@c PRIVMSG #x :" + b"y" * 70000 + b"\r\n", b"\r" * 3000 + b"\n",
    b":" + b"p" * 600 + b" PRIVMSG #x :hello\r\n", b"\x1b[2J\x1b[H\r\n",
]


@pytest.fixture
def fake():
    made = FakeIrc()
    yield made
    made.close()


@pytest.fixture
def fake_house(make_house, fake):
    """crier on a server that says what the test wants."""
    house = make_house()
    house.settings["networks"] = [network_settings(
        fake.port, house.channel, "crier", house.folder.path, sasl=False)]
    house.start()
    return house


def test_garbage_from_the_server(fake_house, fake):
    for line in GARBAGE:
        fake.send(line.replace(b"#x", fake_house.channel.encode()))
        fake.barrier()  # the line before it was survived
    mark = fake.received.mark()
    fake.send(f":boss!b@127.0.0.1 PRIVMSG {fake_house.channel} :!status")
    fake.received.wait_for(rf"^PRIVMSG {fake_house.channel} :", mark)
    assert fake_house.crier.process.alive
    assert not fake.received.matching(r"\(closed\)")


def test_garbage_in_one_piece_and_byte_by_byte(fake_house, fake):
    channel = fake_house.channel.encode()
    fake.send(b"".join(GARBAGE).replace(b"#x", channel))
    fake.barrier()
    line = b":boss!b@127.0.0.1 PRIVMSG " + channel + b" :!status\r\n"
    mark = fake.received.mark()
    for index in range(len(line)):
        fake.send(line[index:index + 1])
    fake.received.wait_for(r"^PRIVMSG ", mark)


def test_line_without_end(fake_house, fake):
    for _ in range(40):
        fake.send(b"z" * 65536)
    fake.send(b"\r\n")
    fake.barrier()
    assert fake_house.crier.process.alive


def test_ctcp_is_not_answered_in_the_channel(house):
    house.start()
    house.crowd("deployer1", someuser=None)
    someone = house.clients["someuser"]
    for word in ("VERSION", "FINGER", "PING x", "TIME", "CLIENTINFO", "DCC SEND x 1 1 1", "", "ACTION"):
        someone.send(f"PRIVMSG {house.nick} :\x01{word}\x01")
        someone.send(f"PRIVMSG {house.channel} :\x01{word}\x01")
    someone.barrier()
    house.ask("deployer1", "!status", r"\S")
    assert not house.clients["deployer1"].said.matching(rf"<{house.nick}> .*\x01")


def test_invalid_utf8_and_control_codes(house):
    """In alerts they are taken away, in edits too; nothing of them becomes public."""
    house.start()
    house.crowd("icinga-wm", "logmsgbot", "deployer1")
    house.clients["logmsgbot"].send(
        f"PRIVMSG {house.channel} :\x02{DEPLOY_STARTS}\x0f \x0304caf".encode() + b"\xe9\xff")
    house.clients["logmsgbot"].barrier()
    house.clients["icinga-wm"].send(
        f"PRIVMSG {house.channel} :".encode() + b"\x0304,01" + ALERT.encode() + b"\x0f \xff\xc3")
    house.heard("deployer1", CONFIRM)
    mark = house.clients["deployer1"].said.mark()
    house.clients["deployer1"].send(
        f"PRIVMSG {house.channel} :!status edit 1 title \x02Problems\x02 with \x0304saving\x03 "
        "\u202eedits\u202c".encode())
    number = house.heard("deployer1", CONFIRM, mark)[1]["number"]
    house.ask("deployer1", f"!status confirm {number}", PUBLIC)
    assert house.sandbox.incidents()[0]["name"] == "Problems with saving edits"
    said = house.clients["deployer1"].said.matching(rf"<{house.nick}")
    assert not [line for line in said if any(ord(c) < 32 or c in "\u202e\u202c\ufffd" for c in line)]


def test_internal_words_in_an_edit_are_refused(house):
    house.start()
    house.crowd("icinga-wm", "logmsgbot", "deployer1")
    house.draft("deployer1")
    for words in ("see https://example.org/x", "mw1349.eqiad.wmnet is down", "<b>bold</b>", "x" * 400):
        place = house.say("deployer1", f"!status edit 1 title {words}")
        house.heard("deployer1", r"\S", place)
    assert house.ask("deployer1", "!status show 1", r"DRAFT (?P<number>\d+\.\d+)")["number"] == "1.1"


@pytest.mark.parametrize("status, reads_work", [(200, False), (502, False), (502, True)])
def test_api_that_answers_html(make_house, status, reads_work):
    """It is told that nothing is public yet, without a tag of it; and then it is made good, once."""
    house = make_house()
    page = HtmlPage(status, behind=house.sandbox.url if reads_work else None)
    try:
        house.settings["pages"][0]["api_url"] = page.url
        house.start()
        house.crowd("icinga-wm", "logmsgbot", "deployer1")
        number = house.draft("deployer1")
        place = house.say("deployer1", f"!status confirm {number}")
        page.requests.wait_for(r"^POST " if reads_work else r"^GET .*/components")
        house.heard("deployer1", r"not public yet|sending|not known|unsure|perhaps", place)
        house.ask("deployer1", "!status", r"\S")
        said = house.clients["deployer1"].said.matching(rf"<{house.nick}", since=place)
        assert not [text for text in said if "is public since" in text or "<html" in text.lower()]
        if reads_work:
            page.repair()
            house.heard("deployer1", PUBLIC, place, timeout=180)
            assert len(house.sandbox.incidents()) == 1
        assert house.crier.process.alive
    finally:
        page.close()


def test_key_file_that_others_may_read(house):
    house.sandbox.key_file.chmod(0o644)
    house.crier.write_config(house.settings)
    code, output = house.crier.check()
    assert code == CONFIG
    assert "api-key" in output and house.sandbox.key not in output
    house.crier.start(ready=False)
    assert house.crier.process.wait() == CONFIG
    assert "api-key" in house.crier.log and house.sandbox.key not in house.crier.log


def test_key_file_that_is_not_there(house):
    house.settings["pages"][0]["key_file"] = house.folder.path / "nowhere" / "key"
    house.crier.write_config(house.settings)
    code, output = house.crier.check()
    assert code == CONFIG
    assert re.search(r"crier\.cfg:\d+: page \".*\", its API key: .*no such file", output)
    assert "nowhere/key" not in output  # somebody may have written the key where its file should be named


def test_ten_mistakes_are_told_at_once(house):
    """Each with its line; and all of them, not the first."""
    settings = house.settings
    network = settings["networks"][0]
    network["port"] = 99999
    network["sasl"] = "plane"
    network["reconect_min"] = "1 s"
    network["reconnect_max"] = "2 parsecs"
    settings["pages"][0]["public_url"] = None
    settings["people"][0]["roles"] = ["king"]
    settings["shipped"] = type(settings["shipped"])(
        settings["shipped"].replace('formats = ["icinga"]', 'formats = ["icingar"]'))
    settings["chat"]["max_text_chars"] = 5000
    settings["triage"] = {"storm_count": "three"}
    settings["statedir"] = "/tmp"
    house.crier.write_config(settings)
    code, output = house.crier.check()
    assert code == CONFIG
    told = [line for line in output.splitlines() if "crier.cfg:" in line]
    for mistake in ("99999", "plane", "reconect_min", "parsecs", "public_url", "king", "icingar", "5000",
                    "storm_count", "statedir"):
        assert [line for line in told if mistake in line], f"{mistake} is not told:\n{output}"
    assert all(int(line.split("crier.cfg:")[1].split(":")[0]) > 0 for line in told)


def test_configuration_that_cannot_be_parsed(house):
    house.crier.config.write_text('state_dir = "x";\nnetworks = (\n')
    code, output = house.crier.check()
    assert code == CONFIG
    assert "crier.cfg:" in output


def test_configuration_that_is_not_there(house):
    code, output = run_crier("check", "-c", "/nowhere/crier.cfg", folder=house.folder.path)
    assert code == CONFIG
    assert "/nowhere/crier.cfg" in output


def test_good_configuration(house):
    house.crier.write_config(house.settings)
    code, output = house.crier.check()
    assert code == 0, output


def test_component_names_that_the_page_does_not_have(house):
    house.settings["components"].append({"name": "Writing"})
    house.start(ready=False, joined=False)
    house.crier.wait_log(r"Writing")
    house.crier.wait_joined(house.channel)
    house.crowd("deployer1")
    house.ask("deployer1", "!status", r"\S")


def test_wrong_api_key(house):
    house.sandbox.key_file.write_text("another-key\n")
    house.start(ready=False, joined=False)
    house.crier.wait_log(r"(?i)(warn|error).*(401|key|refus|authori)")
    house.crier.wait_joined(house.channel)
    assert "another-key" not in house.crier.log


def test_verbose_names_the_lines_of_a_bot_that_no_format_knows(house):
    house.crier.options = ["-v"]
    house.start()
    house.crowd("icinga-wm", "deployer1")
    house.say("deployer1", "the site is on fire")
    house.say("icinga-wm", "[FIRING:1] SiteDown")
    house.crier.wait_log(r'^debug hearing: source icinga: none of its formats takes "\[FIRING:1\] SiteDown"$')
    assert "on fire" not in house.crier.log


def test_second_crier_on_the_same_database(house):
    house.start()
    second = Crier(house.folder.sub("second"), house.settings)
    second.start(ready=False)
    assert second.process.wait() not in (0, 99, -6, -11)
    assert str(house.settings["state_dir"]) in second.log
    house.crowd("icinga-wm", "logmsgbot", "deployer1")
    number = house.draft("deployer1")
    house.ask("deployer1", f"!status confirm {number}", PUBLIC)


def test_damaged_database_is_not_overwritten(house):
    home = house.settings["state_dir"]
    (home / "crier.db").write_bytes(b"this is no database at all, but it may be precious\n" * 100)
    before = (home / "crier.db").read_bytes()
    house.start(ready=False, joined=False)
    assert house.crier.process.wait() not in (0, 99, -6, -11)
    assert "crier.db" in house.crier.log
    assert (home / "crier.db").read_bytes() == before


def test_port_of_the_server_refuses_then_works(house, network):
    """Nobody listens at first: it keeps trying, and says so."""
    gate = free_port()
    house.settings["networks"][0]["port"] = gate
    house.start(ready=False, joined=False)
    house.crier.wait_log(r"(?i)irc: .*(refused|connect)")
    listener = socket.create_server(("127.0.0.1", gate))
    listener.settimeout(60)
    inside, _ = listener.accept()  # it came again by itself
    inside.close()
    listener.close()


def test_name_server_that_never_answers(make_house, fake):
    """While the page's name is looked up for ever, PING and SIGTERM keep their times."""
    house = make_house()
    house.settings["networks"] = [network_settings(
        fake.port, house.channel, "crier", house.folder.path, sasl=False)]
    house.settings["pages"][0]["api_url"] = "https://page.test"
    house.crier.env = environment(**silent_resolver(house.folder.path))
    house.start(joined=False)
    house.crier.wait_joined(house.channel)
    slowest = 0.0
    for _ in range(20):
        began = time.monotonic()
        fake.barrier()
        slowest = max(slowest, time.monotonic() - began)
    assert slowest < 2.0
    began = time.monotonic()
    house.crier.process.send(signal.SIGTERM)
    house.crier.process.wait()
    assert time.monotonic() - began < 3.0
    assert fake.received.matching(r"^QUIT")
