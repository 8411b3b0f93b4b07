"""Whom crier believes and whom it obeys: accounts, never nicks."""

import re
import signal

import pytest

from rig.crier import Raw
from rig.house import ALERT, CONFIRM, DEPLOY_STARTS, PUBLIC


def published(house):
    """Requests that made something public."""
    return [row for row in house.sandbox.requests() if row["method"] in ("POST", "PATCH", "PUT")
            and 200 <= row["status"] < 300]


def after_answer(house, nick="deployer1"):
    """By the answer to this, everything said before has been worked through."""
    house.ask(nick, "!status", r"\S")


def wait_obeyed(house, nick):
    """Without server-time crier obeys nobody right after its join: until that is over."""
    answer = None
    while not answer or "just joined" in answer["line"]:
        answer = house.ask(nick, "!status discard 99", r"(?P<line>.*(?:just joined|no 99).*)")


@pytest.mark.parametrize("account", [None, "someuser"])
def test_alert_text_from_anybody_else_drafts_nothing(house, account):
    house.start()
    house.crowd("deployer1")
    # The nicks of the bots, without their accounts.
    for nick in ("logmsgbot", "icinga-wm", "jinxer-wm"):
        house.client(nick, account)
    house.say("logmsgbot", DEPLOY_STARTS)
    for _ in range(3):
        house.say("icinga-wm", ALERT)
    house.say("jinxer-wm",
              "(FrontendUnavailable) firing: varnish-text has reduced HTTP availability #page")
    for nick in ("logmsgbot", "icinga-wm", "jinxer-wm"):
        house.clients[nick].barrier()
    after_answer(house)
    assert not house.clients["deployer1"].said.matching("DRAFT")
    assert not published(house)


def test_alert_in_a_channel_that_the_source_does_not_have_drafts_nothing(house):
    other = house.channel + "-other"
    house.settings["networks"][0]["channels"].append({"name": other, "roles": ["watch", "talk"]})
    house.start()
    house.crier.wait_joined(other)
    house.crowd("icinga-wm", "logmsgbot", "deployer1")
    for nick, text in (("logmsgbot", DEPLOY_STARTS), ("icinga-wm", ALERT)):
        house.clients[nick].join(other).say(other, text)
        house.clients[nick].barrier()
    after_answer(house)
    assert not house.clients["deployer1"].said.matching("DRAFT")


@pytest.mark.parametrize("nick, account", [
    ("stranger", None),          # nobody
    ("stranger", "someuser"),    # somebody, but not one of the people
    ("deployer1", None),         # a deployer's nick, logged out
    ("deployer1", "someuser"),   # a deployer's nick, another's account
    ("reader1", "reader1"),      # one of the people, without the role
    ("sre1_", None),
])
def test_confirm_by_who_may_not_is_refused(house, nick, account):
    house.start()
    house.crowd("icinga-wm", "logmsgbot", "deployer2")
    house.client(nick, account)
    number = house.draft("deployer2")
    house.ask(nick, f"!status confirm {number}", r"\S")
    after_answer(house, "deployer2")
    assert not published(house)
    assert house.sandbox.incidents() == []
    # The same words by somebody who may.
    house.ask("deployer2", f"!status confirm {number}", PUBLIC)
    assert len(house.sandbox.incidents()) == 1


def test_refusal_says_who_may(house):
    house.start()
    house.crowd("icinga-wm", "logmsgbot", "reader1")
    number = house.draft("reader1")
    house.ask("reader1", f"!status confirm {number}", r"deployer1|deployer2|sre1")


def test_logged_out_between_two_lines(house):
    house.start()
    house.crowd("icinga-wm", "logmsgbot", "deployer1", "deployer2")
    number = house.draft("deployer1")
    leaver = house.clients["deployer1"]
    mark = leaver.raw.mark()
    leaver.send("PRIVMSG NickServ :LOGOUT")
    leaver.raw.wait_for(r" 901 ", mark)
    house.ask("deployer1", f"!status confirm {number}", r"\S")
    after_answer(house, "deployer2")
    assert not published(house)


def test_confirm_in_a_channel_that_only_watches_is_not_heard(house):
    watched = house.channel + "-alerts"
    house.settings["networks"][0]["channels"].append({"name": watched, "roles": ["watch"]})
    house.start()
    house.crier.wait_joined(watched)
    house.crowd("icinga-wm", "logmsgbot", "deployer1")
    number = house.draft("deployer1")
    house.clients["deployer1"].join(watched).say(watched, f"!status confirm {number}")
    unknown = house.channel + "-unknown"
    house.clients["deployer1"].join(unknown).say(unknown, f"!status confirm {number}")
    after_answer(house)
    assert not published(house)
    assert not house.clients["deployer1"].said.matching(rf"^{watched} <{house.nick}")


def test_notice_action_and_middle_of_a_line_are_no_commands(house):
    house.start()
    house.crowd("icinga-wm", "logmsgbot", "deployer1")
    number = house.draft("deployer1")
    deployer = house.clients["deployer1"]
    deployer.send(f"NOTICE {house.channel} :!status confirm {number}")
    deployer.send(f"PRIVMSG {house.channel} :\x01ACTION !status confirm {number}\x01")
    house.say("deployer1", f"please type !status confirm {number}")
    house.say("deployer1", f"<crier> !status confirm {number}")
    after_answer(house)
    assert not published(house)


def test_history_is_not_speech(house):
    """The server says old lines again on join (+H); neither the confirm nor the alert counts."""
    house.client("keeper")
    house.clients["keeper"].send(f"MODE {house.channel} +H 50:1h")
    house.clients["keeper"].barrier()
    house.start()
    house.crowd("icinga-wm", "logmsgbot", "deployer1")
    number = house.draft("deployer1")
    house.crier.kill()
    house.say("deployer1", f"!status confirm {number}")
    house.say("deployer1", "!status confirm")
    house.say("icinga-wm", ALERT.replace("exceptions and fatals", "other fatals"))
    for nick in ("deployer1", "icinga-wm"):
        house.clients[nick].barrier()
    # What crier gets to hear: a newcomer hears it too.
    late = house.client("latecomer")
    late.raw.wait_for(rf"confirm {number}")
    house.crier.start(joined=[house.channel])
    after_answer(house)
    assert not published(house)
    assert house.sandbox.incidents() == []
    assert not house.clients["deployer1"].said.matching(r"DRAFT 2\.")
    house.ask("deployer1", f"!status confirm {number}", PUBLIC)
    assert len(house.sandbox.incidents()) == 1


def test_without_accounts_only_configured_hostmasks_count(make_house, plain_network):
    """ngIRCd has no account-tag, and its WHOIS names no account."""
    house = make_house(on=plain_network)
    house.settings["people"].append(
        {"name": "masked", "hostmasks": ["test/masked!*masked@127.0.0.1"], "roles": ["deployer"]})
    house.settings["shipped"] = Raw(re.sub(r'accounts = \["test/([a-z-]+)"\]',
                                           r'hostmasks = ["test/\1!*@127.0.0.1"]', house.settings["shipped"]))
    house.start()
    house.crowd("icinga-wm", "logmsgbot", "deployer1", "masked")
    number = house.draft("masked")
    wait_obeyed(house, "masked")
    house.ask("deployer1", f"!status confirm {number}", r"\S")
    after_answer(house, "masked")
    assert not published(house)
    house.ask("masked", f"!status confirm {number}", PUBLIC)
    assert len(house.sandbox.incidents()) == 1


def test_words_nobody_saw_are_not_published(house):
    """A revision that does not exist, or is no longer the last, is refused."""
    house.start()
    house.crowd("icinga-wm", "logmsgbot", "deployer1")
    first = house.draft("deployer1")
    house.ask("deployer1", "!status confirm 1.9", CONFIRM)  # what there is to confirm instead
    second = house.ask("deployer1", "!status edit 1 title Problems with saving edits",
                       CONFIRM)["number"]
    assert first != second
    house.ask("deployer1", f"!status confirm {first}", r"1\.2")
    after_answer(house)
    assert not published(house)
    house.ask("deployer1", f"!status confirm {second}", PUBLIC)
    assert house.sandbox.incidents()[0]["name"] == "Problems with saving edits"


def reload(house, change):
    change(house.settings)
    house.crier.write_config()
    mark = house.crier.mark()
    house.crier.process.send(signal.SIGHUP)
    house.crier.wait_log(r"configuration reloaded", mark)


def without(*names):
    def change(settings):
        for person in settings["people"]:
            if person["name"] in names:
                person["roles"] = []
    return change


def test_role_removed_while_a_confirm_waits(make_house):
    """First of two: not counted any more. Confirmed, and the page is away: stays confirmed."""
    house = make_house()
    house.settings["networks"][0]["flood_burst_lines"] = 1000
    house.settings["chat"]["two_for_critical"] = True
    house.settings["pages"][0]["doubt_grace"] = "1 s"
    house.start()
    house.crowd("icinga-wm", "logmsgbot", "deployer1", "deployer2", "sre1")
    house.draft("deployer1")
    number = house.ask("deployer1", "!status edit 1 impact critical", CONFIRM)["number"]
    house.ask("deployer1", f"!status confirm {number}", "needs a second person")
    reload(house, without("deployer1"))
    log = house.crier.mark()
    house.ask("deployer1", f"!status confirm {number}", "your role does not cover it")
    house.crier.wait_log(r"refused at .*\(your role does not cover it", log)
    house.ask("deployer2", f"!status confirm {number}", "needs a second person")
    assert not published(house)
    # The page is away when the second comes.
    house.sandbox.faults([{"on": {"kind": "create"}, "do": {"status": 503, "apply": False}, "always": True}])
    house.ask("sre1", f"!status confirm {number}", r"taken|sending|page")
    reload(house, without("deployer2", "sre1"))
    assert not house.sandbox.incidents()
    house.sandbox.faults([])
    house.sandbox.wait_incident(lambda incident: incident["impact"] == "critical")
    # Whoever confirmed may now do nothing more.
    house.ask("sre1", "!status resolve 1", "your role does not cover it")
