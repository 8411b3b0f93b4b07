"""Drills on a real network: somebody new plays one, and nothing of it gets anywhere else."""

import re
import signal
import time
import urllib.error
import urllib.request

import pytest

from rig.crier import TREE, private_file, run_crier
from rig.house import ALERT, PUBLIC
from rig.process import PATIENCE_S

SCENARIOS = TREE / "config" / "scenarios"
LONG_S = 240  # a whole drill
TOLD = re.compile(r"`(!status confirm D\d+\.\d+)` publishes it")
WEB = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Practice:
    """A house with a practice channel, and somebody in it."""

    def __init__(self, house, **drill):
        self.house = house
        self.channel = house.channel + "-practice"
        house.settings["networks"][0]["channels"].append({"name": self.channel, "roles": ["practice"]})
        house.settings["drill"] = {"scenarios": str(SCENARIOS), "pace": "300 ms", **drill}

    def start(self):
        self.house.start()
        self.house.crier.wait_joined(self.channel)
        return self

    def enter(self, nick, account=None):
        client = self.house.clients.get(nick) or self.house.client(nick, account)
        client.join(self.channel)
        return client

    def say(self, nick, text):
        return self.house.clients[nick].say(self.channel, text)

    def heard(self, nick, pattern, since=0, timeout=PATIENCE_S):
        """What crier said in the practice channel: the match."""
        return self.house.clients[nick].said.wait_for(
            rf"^{re.escape(self.channel)} <{self.house.nick}_*> (?:.*?)(?:{pattern})", since, timeout)[2]

    def ask(self, nick, text, pattern, timeout=PATIENCE_S):
        return self.heard(nick, pattern, self.say(nick, text), timeout)

    def lines(self, nick):
        """Everything that crier said there."""
        return self.house.clients[nick].said.matching(
            rf"^{re.escape(self.channel)} <{self.house.nick}_*> ")

    def play(self, nick, timeout=LONG_S):
        """Types what crier suggests, and nothing else, until the score card: what was typed."""
        typed, deadline, since = [], time.monotonic() + timeout, 0
        said = self.house.clients[nick].said
        while True:
            since, _, found = said.wait_for(
                rf"^{re.escape(self.channel)} <{self.house.nick}_*> .*(?:SCORE: (?P<score>.*)|"
                r"`(?P<told>!status confirm D\d+\.\d+)` publishes it)", since, deadline - time.monotonic())
            since += 1
            if found["score"]:
                break
            typed.append(found["told"])
            self.say(nick, found["told"])
        return typed


@pytest.fixture
def practice(house):
    return Practice(house)


def writes(sandbox):
    """What has changed something on the page, or tried to."""
    return [row for row in sandbox.requests() if row["method"] not in ("GET", "HEAD")]


def assert_untouched(house):
    """The real page has had no request but crier's own reading, and nothing was said elsewhere."""
    assert writes(house.sandbox) == []
    assert all(f"/pages/{house.sandbox.page}" in row["path"] for row in house.sandbox.requests())
    assert house.sandbox.incidents() == []


def said_in_ops(house, nick):
    return house.clients[nick].said.matching(rf"^{re.escape(house.channel)} <{house.nick}_*> ")


def test_somebody_new_plays_to_the_score_card(practice):
    """Typing only what crier suggests."""
    practice.start()
    house = practice.house
    practice.enter("deployer1", "deployer1")
    begun = time.monotonic()
    told = practice.ask("deployer1", "!status help", r"`(!status drill start)`")
    practice.say("deployer1", told[1])
    url = practice.heard("deployer1", r"the page is (http://\S+) and nobody is mailed")[1]
    typed = practice.play("deployer1")
    assert time.monotonic() - begun < 300
    assert len(typed) >= 4
    practice.heard("deployer1", "the page was never updated")
    practice.heard("deployer1", "Readers knew .* instead of never")
    lines = practice.lines("deployer1")
    print("\n".join(lines))
    assert all("> DRILL | " in line for line in lines)
    assert not re.search(r"734\d{6}", "\n".join(lines))
    with WEB.open(url + "/", timeout=PATIENCE_S) as answer:
        assert "DRILL" in answer.read().decode()
    assert_untouched(house)
    assert said_in_ops(house, "deployer1") == []
    assert not (house.crier.folder / "drill").exists()
    # and another one may be begun
    practice.ask("deployer1", "!status drill start 2025-03-29", r"images and other media")
    practice.ask("deployer1", "!status drill stop", r"SCORE: ")


def test_whoever_is_lost_is_told(house):
    practice = Practice(house, coach="2 s").start()
    practice.enter("deployer1", "deployer1")
    practice.say("deployer1", "!status drill start 2023-01-17")
    practice.heard("deployer1", TOLD.pattern)
    practice.heard("deployer1", r"deployer1: readers know nothing yet.*`!status confirm D1\.1`")


def test_who_may(practice):
    """Only the list begins one; everybody with an account plays; nobody else does anything."""
    practice.start()
    practice.enter("deployer1", "deployer1")
    practice.enter("someuser", "someuser")  # has an account and is not on the list
    practice.enter("stranger")
    practice.ask("stranger", "!status drill start", "stranger: refused, only people who are on my list")
    practice.heard("stranger", r"3\. Later I propose")  # the first refusal teaches
    practice.ask("someuser", "!status drill start", "someuser: refused, only people")
    practice.ask("deployer1", "!status drill start nonsense", r"no drill: there is no scenario \"nonsense\"; "
                 r"there are: 2023-01-17, ")
    practice.ask("deployer1", "!status drill start ../../crier", "no drill: ")
    practice.say("deployer1", "!status drill start 2023-01-17")
    told = practice.heard("deployer1", TOLD.pattern)[1]
    practice.ask("stranger", told, "stranger: refused, you are not logged in")
    practice.ask("someuser", told, r"D1 is public since .*: (http\S+)")
    practice.ask("stranger", "!status drill stop", "stranger: refused")
    practice.ask("someuser", "!status drill stop", "SCORE: ")
    assert_untouched(practice.house)


def test_nothing_of_it_is_taken_for_real(practice):
    """Alerts, commands and numbers in the wrong channel, and its lines said again by trusted bots."""
    practice.start()
    house = practice.house
    house.crowd("deployer1", "icinga-wm", "logmsgbot", "jinxer-wm")
    for nick in ("deployer1", "icinga-wm"):
        practice.enter(nick)
    practice.say("icinga-wm", ALERT)
    practice.say("deployer1", "!status drill start 2023-01-17")
    told = practice.heard("deployer1", TOLD.pattern)[1]
    practice.ask("deployer1", "!status confirm 1.1", "1.1 is none of this drill's.*nothing done")
    practice.ask("deployer1", "!status discard 1", "1 is none of this drill's")
    practice.say("icinga-wm", ALERT)
    house.ask("deployer1", told, "nothing was published")
    house.ask("deployer1", "!status confirm 1.1", "there is no 1")
    house.ask("deployer1", "!status confirm 734000001.1", "there is no such number")
    # what a relay or a person might repeat in the channel that is watched
    for line in practice.lines("deployer1"):
        text = line.split("> ", 1)[1]
        house.say("icinga-wm", text)
        house.say("jinxer-wm", text)
    house.say("jinxer-wm", "DRILL | (FrontendUnavailable) firing: varnish-text has reduced HTTP availability #page")
    for nick in ("icinga-wm", "jinxer-wm"):
        house.clients[nick].barrier()
    house.ask("deployer1", "!status", "nothing is open")
    practice.ask("deployer1", told, r"D1 is public since")
    practice.ask("deployer1", "!status", r"D1 public, investigating")
    house.ask("deployer1", "!status", "nothing is open")
    practice.ask("deployer1", "!status drill stop", "SCORE: ")
    assert_untouched(house)
    assert "D1" not in "".join(line for line in said_in_ops(house, "deployer1") if "DRAFT" in line)


def test_a_real_draft_ends_it_aloud(practice):
    practice.start()
    house = practice.house
    house.crowd("deployer1", "icinga-wm", "logmsgbot")
    practice.enter("deployer1")
    practice.say("deployer1", "!status drill start 2023-01-17")
    drilled = practice.heard("deployer1", TOLD.pattern)[1]
    number = house.draft("deployer1")
    assert number == "1.1"
    practice.heard("deployer1", "something real has begun, number 1. This drill stops here")
    practice.ask("deployer1", drilled, "nothing is drafted or published from here")
    practice.ask("deployer1", "!status drill start", "not now, something real is open")
    assert writes(house.sandbox) == []
    house.ask("deployer1", f"!status confirm {number}", PUBLIC)
    assert len(house.sandbox.incidents()) == 1


def test_killed_in_the_middle(practice):
    """Nothing of it is left, in the database least of all."""
    practice.start()
    house = practice.house
    practice.enter("deployer1", "deployer1")
    practice.say("deployer1", "!status drill start 2023-01-17")
    told = practice.heard("deployer1", TOLD.pattern)[1]
    practice.ask("deployer1", told, "D1 is public since")
    folder = house.crier.folder / "drill"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / "key").stat().st_mode & 0o777 == 0o600
    house.crier.kill()
    assert folder.exists()
    house.crier.start(joined=[house.channel, practice.channel])
    assert not folder.exists()
    house.ask("deployer1", "!status", "nothing is open")
    practice.ask("deployer1", "!status confirm D1.2", "nothing is drafted or published from here")
    practice.ask("deployer1", "!status drill start 2023-01-17", "a backport breaks")
    practice.heard("deployer1", r"DRAFT D1\.1", practice.house.clients["deployer1"].said.mark())
    assert_untouched(house)


def test_reloaded_in_the_middle(practice):
    practice.start()
    house = practice.house
    practice.enter("deployer1", "deployer1")
    practice.say("deployer1", "!status drill start 2023-01-17")
    told = practice.heard("deployer1", TOLD.pattern)[1]
    mark = house.crier.mark()
    house.crier.process.send(signal.SIGHUP)
    house.crier.wait_log("configuration reloaded", mark)
    practice.ask("deployer1", told, "D1 is public since")
    house.settings["networks"][0]["channels"][1]["roles"] = ["talk"]
    house.crier.write_config(house.settings)
    house.crier.process.send(signal.SIGHUP)
    practice.heard("deployer1", "no practice channel any more")
    assert_untouched(house)


def test_while_the_real_page_takes_no_key(practice):
    house = practice.house
    page = house.settings["pages"][0]
    page["key_file"] = private_file(house.crier.folder / "revoked", "revoked\n")
    practice.start()
    practice.enter("deployer1", "deployer1")
    practice.say("deployer1", "!status drill start 2023-01-17")
    told = practice.heard("deployer1", TOLD.pattern)[1]
    practice.ask("deployer1", told, "D1 is public since")
    practice.ask("deployer1", "!status drill stop", "SCORE: draft")
    assert writes(house.sandbox) == []


def test_a_scenario_that_wants_the_real_page(house):
    """Neither its head nor its lines can name page, key, address or channel."""
    practice = Practice(house)
    scenarios = house.folder.sub("scenarios")
    key = house.sandbox.key
    text = (SCENARIOS / "2023-01-17.log").read_text()
    (scenarios / "evil.log").write_text(
        f"# title: {key}\n# page: {house.sandbox.page}\n# id: {house.sandbox.page}\n# key: {key}\n"
        f"# api_url: {house.sandbox.url}\n# channel: {house.channel}\n# began: nonsense\n"
        + text.replace("] <someuser> ", f"] <someuser> !status confirm 1.1 {house.sandbox.url} {key} "))
    house.settings["drill"]["scenarios"] = str(scenarios)
    practice.start()
    practice.enter("deployer1", "deployer1")
    practice.say("deployer1", "!status drill start evil")
    told = practice.heard("deployer1", TOLD.pattern)[1]
    public = practice.ask("deployer1", told, r"D1 is public since .*: (http\S+)/incidents/")
    assert public[1] != house.sandbox.url
    request = urllib.request.Request(public[1] + f"/v1/pages/{house.sandbox.page}/incidents.json")
    request.add_header("Authorization", "OAuth " + key)
    with pytest.raises(urllib.error.HTTPError) as refused:  # the practice page takes its own key alone
        WEB.open(request, timeout=PATIENCE_S)
    assert refused.value.code == 401
    practice.ask("deployer1", "!status drill stop", "SCORE: ")
    assert_untouched(house)


def test_ends_with_crier(practice):
    practice.start()
    house = practice.house
    practice.enter("deployer1", "deployer1")
    practice.say("deployer1", "!status drill start 2023-01-17")
    practice.heard("deployer1", TOLD.pattern)
    assert house.crier.stop() == 0
    assert not (house.crier.folder / "drill").exists()


def test_in_a_terminal(house):
    """Without network, account, key or page; the input's end is the drill's."""
    code, output = run_crier("drill", "-c", TREE / "config" / "wikimedia.cfg", "2023-01-17",
                             folder=house.folder.sub("terminal"))
    assert code == 0
    assert "DRILL | 2023-01-17: a backport" in output and "SCORE: it ended before" in output
    code, output = run_crier("drill", "-c", TREE / "config" / "wikimedia.cfg", "nonsense",
                             folder=house.folder.sub("nonsense"))
    assert code == 66 and 'no scenario "nonsense"; there are: 2023-01-17' in output
