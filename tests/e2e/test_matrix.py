"""Who is not obeyed: one table of attempts on each kind of network, each with its expected refusal.

All attempts of a table are made in one house, in which one draft waits. After each of them nothing is
public, and the audit holds the refusal, or, where crier must not even listen, nothing at all is said.
At the end of each table somebody who may confirms, so that every attempt could have worked.
"""

import re
import time
from collections import namedtuple

import pytest

from rig.client import register_accounts
from rig.fake import FakeIrc
from rig.house import (ALERT, CONFIRM, DEPLOY_STARTS, PUBLIC, House, Network, PlainNetwork,
                       network_settings)

# name of the test, what is tried, why it is refused (in the audit; None: crier does not listen)
Attempt = namedtuple("Attempt", "name tried why")

NO_ACCOUNT = "you are not logged in to a services account"
UNLISTED = "your services account is not on my list"
UNKNOWN = "I could not find out your services account"
RELAY = "a relay speaks for many people"
OUTSIDE = "you are not in the channel"
ROLE = "your role does not cover it"
SOON = "I have only just joined, or am not logged in"

LOOK_ALIKES = ("deployerl", "dep1oyer1", "deployer_1", "Deployer11", "dev{x}")


def published(house):
    """Requests that made something public."""
    return [row for row in house.sandbox.requests() if row["method"] in ("POST", "PATCH", "PUT")
            and 200 <= row["status"] < 300]


def at_once(house):
    """Many commands and answers follow each other: none of them is one too many."""
    house.settings["chat"].update(commands_per_minute=1000, channel_commands_per_minute=10000)
    for network in house.settings["networks"]:
        network.update(flood_burst_lines=1000)
    return house


class Scene:
    """A house in which the draft N.R waits; `eye` may confirm it, and sees all that is said."""

    def __init__(self, house, eye):
        self.house = house
        self.eye = eye
        self.number = None

    @property
    def confirm(self):
        return f"!status confirm {self.number}"

    def say(self, nick, text=None):
        self.house.say(nick, text or self.confirm)

    def send(self, nick, line):
        self.house.clients[nick].send(line)

    def heard_all(self):
        """By the answer to this, everything said before has been worked through."""
        for client in self.house.clients.values():
            client.barrier()
        self.house.ask(self.eye, "!status", rf"{self.number}|nothing")

    def judge(self, attempt):
        log, said = self.house.crier.mark(), self.house.clients[self.eye].said.mark()
        attempt.tried(self)
        if attempt.why:
            self.house.crier.wait_log(rf"refused at .*\({re.escape(attempt.why)}", log)
        self.heard_all()
        if not attempt.why:
            lines = self.house.crier.process.lines
            assert not lines.matching(r"refused at|confirm \d", log)
            # only the answer to heard_all()
            assert len(self.house.clients[self.eye].said.matching(
                rf"<{self.house.nick}_*>", said)) == 1
        assert not published(self.house)
        assert self.house.sandbox.incidents() == []

    def works(self, nick=None):
        self.house.ask(nick or self.eye, self.confirm, PUBLIC)
        assert len(self.house.sandbox.incidents()) == 1


def rows(attempts):
    return pytest.mark.parametrize("attempt", attempts, ids=[row.name for row in attempts])


# ---- services, and the account on every line -------------------------------------------------------

def outside(scene):
    """In a channel that lets everybody speak into it."""
    scene.send("opener", f"MODE {scene.house.channel} -n")
    scene.house.clients["opener"].barrier()
    scene.say("elsewhere")
    scene.house.clients["elsewhere"].hears("refused at .*" + OUTSIDE)
    assert not scene.house.clients[scene.eye].said.matching(OUTSIDE)


def outside_kept_out(scene):
    """The server keeps them out again."""
    client = scene.house.clients["elsewhere"]
    scene.send("opener", f"MODE {scene.house.channel} +n")
    scene.house.clients["opener"].barrier()
    mark = client.raw.mark()
    scene.say("elsewhere")
    client.raw.wait_for(r" 404 ", mark)


def left_and_spoke(scene):
    scene.send("opener", f"MODE {scene.house.channel} -n")
    scene.house.clients["opener"].barrier()
    scene.send("deployer1", f"PART {scene.house.channel}")
    scene.say("deployer1")
    scene.house.clients["deployer1"].join(scene.house.channel)


def in_channel(suffix):
    def tried(scene):
        channel = scene.house.channel + suffix
        scene.house.clients["deployer1"].join(channel).say(channel, scene.confirm)
    return tried


def logged_out(scene):
    client = scene.house.clients["leaver"]
    mark = client.raw.mark()
    client.send("PRIVMSG NickServ :LOGOUT")
    client.raw.wait_for(r" 901 ", mark)
    scene.say("leaver")


def private(nick):
    return lambda scene: scene.send(nick, f"PRIVMSG {scene.house.nick} :{scene.confirm}")


def private_unseen(scene):
    """What was shown in the channel was not shown there: it is, and nothing is published."""
    client = scene.house.clients["deployer1"]
    mark = client.said.mark()
    client.send(f"PRIVMSG {scene.house.nick} :{scene.confirm}")
    client.hears(r"nothing is published, .* had not been shown here", mark)
    assert client.said.matching("Errors for logged-in users", mark)


def revision_changed(scene):
    old = scene.confirm
    scene.number = scene.house.ask(scene.eye, "!status edit 1 title Problems with saving", CONFIRM)["number"]
    scene.house.ask("deployer1", old, "nothing is published, .* was replaced")


def services_refuse_look_alikes(scene):
    """What services and server do not let be, crier need not tell apart: another case, other scripts."""
    client = scene.house.clients["opener"]
    for nick, pattern in (("DEPLOYER1", r" 433 "), ("d\N{CYRILLIC SMALL LETTER IE}ployer1", r" 432 ")):
        mark = client.raw.mark()
        client.send(f"NICK {nick}")
        client.raw.wait_for(pattern, mark)


TAGGED = [
    Attempt("nick_of_a_deployer_without_account", lambda s: s.say("sre1"), NO_ACCOUNT),
    Attempt("account_that_nobody_lists", lambda s: s.say("someuser"), UNLISTED),
    Attempt("one_of_the_people_without_the_role", lambda s: s.say("reader1"), ROLE),
    *(Attempt(f"look_alike_account_{account}", lambda s, nick=f"like{i}": s.say(nick), UNLISTED)
      for i, account in enumerate(LOOK_ALIKES)),
    Attempt("look_alikes_that_cannot_be", services_refuse_look_alikes, None),
    Attempt("relay_by_account", lambda s: s.say("bridge"), RELAY),
    Attempt("relay_that_reads", lambda s: s.say("bridge", "!status show 1"), RELAY),
    Attempt("relay_by_mask_on_a_deployers_account", lambda s: s.say("matrix-x"), RELAY),
    Attempt("ident_like_a_cloak", lambda s: s.say("cloaked"), NO_ACCOUNT),
    Attempt("account_on_another_network", lambda s: s.house.clients["deployer1"].say(
        s.house.channel + "-other", s.confirm), UNLISTED),
    Attempt("logged_out_between_two_lines", logged_out, NO_ACCOUNT),
    Attempt("from_outside_the_channel", outside, OUTSIDE),
    Attempt("parted_in_the_same_breath", left_and_spoke, OUTSIDE),
    Attempt("from_outside_with_mode_n", outside_kept_out, None),
    Attempt("in_a_channel_that_is_only_watched", in_channel("-watched"), None),
    Attempt("in_a_channel_not_configured", in_channel("-unknown"), None),
    Attempt("by_notice", lambda s: s.send("deployer1", f"NOTICE {s.house.channel} :{s.confirm}"), None),
    Attempt("by_action", lambda s: s.send(
        "deployer1", f"PRIVMSG {s.house.channel} :\x01ACTION {s.confirm}\x01"), None),
    Attempt("by_ctcp", lambda s: s.send(
        "deployer1", f"PRIVMSG {s.house.channel} :\x01{s.confirm}\x01"), None),
    Attempt("by_private_notice", lambda s: s.send("deployer1", f"NOTICE {s.house.nick} :{s.confirm}"), None),
    Attempt("by_private_ctcp", lambda s: s.send(
        "deployer1", f"PRIVMSG {s.house.nick} :\x01VERSION {s.confirm}\x01"), None),
    Attempt("to_the_operators_of_the_channel_alone", lambda s: s.send(
        "deployer1", f"PRIVMSG @{s.house.channel} :{s.confirm}"), None),
    Attempt("quoted", lambda s: s.say("deployer1", f"<deployer2> {s.confirm}"), None),
    Attempt("by_private_message_of_a_stranger", private("someuser"), UNLISTED),
    Attempt("by_private_message_of_a_relay", private("bridge"), RELAY),
    Attempt("by_private_message_unseen", private_unseen, None),
    Attempt("revision_that_was_replaced", revision_changed, None),
]


@pytest.fixture(scope="module")
def tagged(network):
    register_accounts(network.server.plain, ("bridge", *LOOK_ALIKES))
    house = House(network)
    home, other = house.folder.path / "crier", house.channel + "-other"
    house.settings["networks"][0]["channels"].append(
        {"name": house.channel + "-watched", "roles": ["watch"]})
    # The same server once more, under another name.
    house.settings["networks"].append(network.settings(other, house.nick + "-o", home, name="other"))
    at_once(house).settings["relays"] = {"accounts": ["test/bridge"], "hostmasks": ["test/matrix-*!*@*"]}
    house.settings["people"] += [
        {"name": "x", "accounts": ["test/dev[x]"], "roles": ["deployer"]},
        {"name": "cloak", "hostmasks": ["test/*!*@user/deployer1"], "roles": ["deployer"]}]
    scene = Scene(house, "deployer2")
    try:
        house.client("opener")  # the first in the channel may change its modes
        house.start()
        house.crier.wait_joined(other)
        house.crowd("icinga-wm", "logmsgbot", "deployer1", "deployer2", "someuser", "reader1", "bridge",
                    sre1=None, leaver="deployer1", **{"matrix-x": "deployer1"},
                    **{f"like{i}": account for i, account in enumerate(LOOK_ALIKES)})
        house.client("cloaked", user="deployer1")
        house.client("elsewhere", "deployer1", join=False)
        house.clients["deployer1"].join(other)
        scene.number = house.draft("deployer2")
        yield scene
    finally:
        house.close()
        house.folder.remove()


@rows(TAGGED)
def test_refused_with_account_tags(tagged, attempt):
    if attempt.name in ("by_private_message_unseen", "revision_that_was_replaced"):
        # answered, and by the engine rather than for who it is
        attempt.tried(tagged)
        tagged.heard_all()
        assert not published(tagged.house)
    else:
        tagged.judge(attempt)


def test_confirmed_in_the_end_with_account_tags(tagged):
    tagged.works("deployer1")


# ---- no account on the lines: WHOIS ----------------------------------------------------------------

def before_the_answer(tried):
    """crier hears the line, and asks for its speaker, only after what comes behind it."""
    def frozen(scene):
        process = scene.house.crier.process
        process.freeze()
        try:
            tried(scene)
        finally:
            process.thaw()
    return frozen


def whois_logout(scene):
    scene.say("leaver")
    scene.house.clients["leaver"].barrier()
    mark = scene.house.clients["leaver"].raw.mark()
    scene.send("leaver", "PRIVMSG NickServ :LOGOUT")
    scene.house.clients["leaver"].raw.wait_for(r" 901 ", mark)


def whois_nick(scene):
    scene.say("deployer1")
    scene.send("deployer1", "NICK elsewhere1")
    scene.house.clients["deployer1"].barrier()
    scene.send("deployer1", "NICK deployer1")
    scene.house.clients["deployer1"].barrier()


def whois_taken_over(scene):
    """A stranger speaks, and a deployer has the nick when the server is asked."""
    scene.say("stranger")
    scene.send("stranger", "NICK stranger2")
    scene.house.clients["stranger"].barrier()
    scene.send("deployer1", "NICK stranger")
    scene.house.clients["deployer1"].barrier()


def whois_gone(scene):
    scene.say("goer")
    scene.house.clients.pop("goer").quit()


ASKED = [
    Attempt("nick_of_a_deployer_without_account", lambda s: s.say("sre1"), NO_ACCOUNT),
    Attempt("account_that_nobody_lists", lambda s: s.say("someuser"), UNLISTED),
    Attempt("relay_by_account", lambda s: s.say("reader1"), RELAY),
    Attempt("logged_out_before_the_answer", before_the_answer(whois_logout), NO_ACCOUNT),
    Attempt("gone_before_the_answer", before_the_answer(whois_gone), UNKNOWN),
    Attempt("nick_changed_before_the_answer", before_the_answer(whois_nick), UNKNOWN),
    Attempt("nick_taken_over_before_the_answer", before_the_answer(whois_taken_over), UNKNOWN),
    Attempt("by_notice", lambda s: s.send("deployer2", f"NOTICE {s.house.channel} :{s.confirm}"), None),
]


@pytest.fixture(scope="module")
def asked():
    network = Network("untagged", without=("ircv3_accounttag",))
    house = at_once(House(network))
    house.settings["relays"] = {"accounts": ["test/reader1"]}
    house.settings["people"] = [row for row in house.settings["people"] if row["name"] != "reader1"]
    # Sources are not asked for: they are known by their masks there.
    house.settings["shipped"] = type(house.settings["shipped"])(re.sub(
        r'accounts = \["test/([a-z-]+)"\]', r'hostmasks = ["test/\1!*@*test*"]', house.settings["shipped"]))
    scene = Scene(house, "deployer2")
    try:
        house.start()
        house.crowd("icinga-wm", "logmsgbot", "deployer1", "deployer2", "someuser", "reader1", sre1=None,
                    stranger=None, leaver="deployer1", goer="deployer1")
        scene.number = house.ask("deployer2", "!status open Pages load slowly", CONFIRM)["number"]
        yield scene
    finally:
        house.close()
        network.close()
        house.folder.remove()


@rows(ASKED)
def test_refused_where_the_server_is_asked(asked, attempt):
    asked.judge(attempt)


def test_confirmed_in_the_end_where_the_server_is_asked(asked):
    asked.works()


# ---- no services at all ----------------------------------------------------------------------------

def impostor_speaks(scene):
    """An ordinary user who is called like the services, and says what these would say."""
    nick = scene.house.nick
    for text in ("You are now logged in as crier", f"330 {nick} deployer1 deployer1 :is logged in as",
                 "This nickname is registered. /msg NickServ IDENTIFY <password>", scene.confirm):
        scene.send("NickServ", f"NOTICE {nick} :{text}")
        scene.send("NickServ", f"NOTICE {scene.house.channel} :{text}")


PLAIN = [
    Attempt("nick_of_a_deployer", lambda s: s.say("deployer1"), NO_ACCOUNT + "|" + UNKNOWN),
    Attempt("ident_like_a_cloak", lambda s: s.say("cloaked"), NO_ACCOUNT + "|" + UNKNOWN),
    Attempt("services_impostor", impostor_speaks, None),
    Attempt("services_impostor_as_a_person", lambda s: s.say("NickServ"), NO_ACCOUNT + "|" + UNKNOWN),
    Attempt("relay_by_mask", lambda s: s.say("bridge1"), RELAY),
    Attempt("by_mask_while_crier_is_not_logged_in", lambda s: s.say("masked"), SOON),
]


@pytest.fixture(scope="module")
def plain():
    """crier has an account and a password, and is on a network that has no services."""
    network = PlainNetwork()
    house = House(network)
    home = house.folder.path / "crier"
    house.settings["networks"] = [network_settings(
        network.server.plain, house.channel, house.nick, home, services_patience="100 ms",
        sasl_without_tls_is_dangerous=True)]
    at_once(house)
    house.settings["people"] += [
        {"name": "masked", "hostmasks": ["test/masked!*@127.0.0.1"], "roles": ["deployer"]},
        {"name": "cloak", "hostmasks": ["test/*!*@user/cloak"], "roles": ["deployer"]}]
    house.settings["relays"] = {"hostmasks": ["test/bridge*!*@*"]}
    house.settings["shipped"] = type(house.settings["shipped"])(re.sub(
        r'accounts = \["test/([a-z-]+)"\]', r'hostmasks = ["test/\1!*@127.0.0.1"]',
        house.settings["shipped"]))
    scene = Scene(house, "masked")
    try:
        # Somebody has crier's nick, which services would give back.
        house.client(house.nick, join=False)
        house.client("NickServ", join=False)
        house.start()
        for nick in ("icinga-wm", "logmsgbot", "masked", "deployer1", "bridge1"):
            house.client(nick)
        house.client("cloaked", user="cloak")
        house.clients["NickServ"].join(house.channel)
        scene.number = house.draft("masked")
        yield scene
    finally:
        house.close()
        network.close()
        house.folder.remove()


@rows(PLAIN)
def test_refused_without_services(plain, attempt):
    if "|" in (attempt.why or ""):
        log = plain.house.crier.mark()
        attempt.tried(plain)
        plain.house.crier.wait_log(rf"refused at .*\(({attempt.why})", log)
        plain.heard_all()
        assert not published(plain.house)
    else:
        plain.judge(attempt)


def test_no_password_for_a_services_impostor(plain):
    """Nothing at all is said to it, not even what would be safe."""
    to_it = plain.house.clients["NickServ"].said.matching(rf"^NickServ <{plain.house.nick}")
    assert not to_it
    secret = re.compile(r"pw-crier|IDENTIFY|AUTHENTICATE")
    for client in plain.house.clients.values():
        assert not [line for line in client.raw.text().splitlines()
                    if secret.search(line) and "registered" not in line]


# ---- a server that says what it wants --------------------------------------------------------------

def now(ago_s=0.0):
    stamp = time.time() - ago_s
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(stamp)) + f".{int(stamp * 1000) % 1000:03d}Z"


class Script:
    """The other end of crier's connection, and a draft that waits."""

    def __init__(self, house, fake):
        self.house = house
        self.fake = fake
        self.number = None

    @property
    def confirm(self):
        return f"!status confirm {self.number}"

    def line(self, text, nick="deployer1", account=None, ago_s=0.0, tags=""):
        account = f";account={account}" if account else ""
        self.fake.send(f"@time={now(ago_s)}{account}{tags} :{nick}!{nick}@host.test {text}")

    def say(self, text=None, **more):
        self.line(f"PRIVMSG {self.house.channel} :{text or self.confirm}", **more)


def dropped_before(line):
    """A line of the deployer that goes nowhere, and right behind it a stranger's command."""
    def tried(script):
        for _ in range(5):
            script.line(line.replace("#", script.house.channel), account="deployer1")
        script.say(nick="eve")
    return tried


def in_batch(kind, nested=False):
    def tried(script):
        script.fake.send(f":fake.test BATCH +b1 {kind} {script.house.channel}")
        if nested:
            script.fake.send(f"@batch=b1 :fake.test BATCH +b2 netjoin {script.house.channel}")
        script.say(account="deployer1", tags=";batch=" + ("b2" if nested else "b1"))
        if nested:
            script.fake.send(":fake.test BATCH -b2")
        script.fake.send(":fake.test BATCH -b1")
    return tried


SCRIPTED = [
    Attempt("line_without_text_dropped", dropped_before("PRIVMSG #"), NO_ACCOUNT),
    Attempt("empty_text_dropped", dropped_before("PRIVMSG # :"), NO_ACCOUNT),
    Attempt("ctcp_dropped", dropped_before("PRIVMSG # :\x01FINGER\x01"), NO_ACCOUNT),
    Attempt("unknown_command_dropped", dropped_before("TAGMSG #"), NO_ACCOUNT),
    Attempt("too_many_parameters_dropped", dropped_before("PRIVMSG # a b c :d"), NO_ACCOUNT),
    Attempt("account_of_a_star", lambda s: s.say(account="*"), NO_ACCOUNT),
    Attempt("account_with_controls", lambda s: s.say(account="deployer1\x02"), NO_ACCOUNT),
    Attempt("account_in_another_script",
            lambda s: s.say(account="d\N{CYRILLIC SMALL LETTER IE}ployer1"), UNLISTED),
    Attempt("account_with_zero_width", lambda s: s.say(account="deployer1\N{ZERO WIDTH SPACE}"), NO_ACCOUNT),
    Attempt("account_as_a_client_tag", lambda s: s.say(tags=";+account=deployer1"), NO_ACCOUNT),
    Attempt("account_from_an_answer_nobody_asked_for", lambda s: (s.fake.send(
        ":fake.test 330 crier eve deployer1 :is logged in as"), s.say(nick="eve")), NO_ACCOUNT),
    Attempt("bouncer_playback", in_batch("znc.in/playback"), None),
    Attempt("chathistory", in_batch("chathistory"), None),
    Attempt("batch_in_a_playback", in_batch("znc.in/playback", nested=True), None),
    Attempt("batch_that_never_began", lambda s: s.say(account="deployer1", tags=";batch=zz"), None),
    Attempt("said_a_minute_ago", lambda s: s.say(account="deployer1", ago_s=60), None),
    Attempt("private_playback", lambda s: s.line(
        f"PRIVMSG crier :{s.confirm}", account="deployer1", ago_s=60), None),
]


@pytest.fixture(scope="module")
def scripted():
    fake = FakeIrc(caps="account-tag server-time batch message-tags")
    house = House(None)
    house.settings["networks"] = [network_settings(
        fake.port, house.channel, "crier", house.folder.path, sasl=False)]
    at_once(house)
    script = Script(house, fake)
    try:
        house.start()
        for nick in ("deployer1", "deployer2", "eve", "icinga-wm", "logmsgbot"):
            script.line(f"JOIN {house.channel}", nick=nick)
        script.say(DEPLOY_STARTS, nick="logmsgbot", account="logmsgbot")
        script.say(ALERT, nick="icinga-wm", account="icinga-wm")
        script.number = fake.received.wait_for(CONFIRM)[2]["number"]
        yield script
    finally:
        house.close()
        fake.close()
        house.folder.remove()


@rows(SCRIPTED)
def test_refused_whatever_a_server_says(scripted, attempt):
    lines, log, said = scripted.house.crier.process.lines, scripted.house.crier.mark(), scripted.fake.received.mark()
    attempt.tried(scripted)
    if attempt.why:
        scripted.house.crier.wait_log(rf"refused at .*\({re.escape(attempt.why)}", log)
    scripted.fake.barrier()
    asked = scripted.fake.received.mark()
    scripted.say("!status", nick="deployer2", account="deployer2")
    scripted.fake.received.wait_for(r"^PRIVMSG #", asked)
    if not attempt.why:
        assert not lines.matching(r"refused at|confirm \d", log)
        assert len(scripted.fake.received.matching(r"^PRIVMSG ", said)) == 1
    assert not published(scripted.house)


def test_confirmed_in_the_end_whatever_a_server_says(scripted):
    scripted.say(account="deployer1")
    scripted.fake.received.wait_for(PUBLIC)
