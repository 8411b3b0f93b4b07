"""kill -9 at any moment: nothing that was known is forgotten, nothing is published twice."""

import pytest

from rig.house import ALERT, CONFIRM, DEPLOY_STARTS, PUBLIC
from rig.logs import Player, read_log


def test_killed_in_the_middle_of_the_outage(house):
    house.start()
    house.crowd("icinga-wm", "jinxer-wm", "logmsgbot", "deployer1", someuser=None, stashbot=None)
    player = Player(read_log(), house.say, 0.3)
    player.play(until="18:34:55")
    draft = house.heard("deployer1", r'DRAFT (?P<number>\d+\.\d+), not public: "(?P<words>[^"]+)"')[1]
    house.heard("deployer1", CONFIRM)
    house.clients["deployer1"].barrier()
    house.ask("deployer1", "!status", r"\b1\b")  # by now what was shown has been written down
    assert house.crier.kill() == -9

    mark = house.clients["deployer1"].said.mark()
    house.crier.start(joined=[house.channel])
    shown = house.ask("deployer1", "!status show 1", r'"(?P<words>[^"]+)"')
    assert shown["words"] == draft["words"]
    # The deploy is still under way and still the suspect: its end is understood.
    player.play(until="18:37:43")
    house.ask("deployer1", "!status", r"\b1\b")
    said = "\n".join(house.clients["deployer1"].said.matching(rf"<{house.nick}", since=mark))
    assert "DRAFT 2." not in said  # the page's alert has joined, it has not opened another
    number = house.ask("deployer1", "!status show 1", r"\b(?P<number>1\.\d+)\b")["number"]
    house.ask("deployer1", f"!status confirm {number}", PUBLIC)
    assert len(house.sandbox.incidents()) == 1


def test_what_was_shown_may_be_confirmed_after_a_restart(house):
    house.start()
    house.crowd("icinga-wm", "logmsgbot", "deployer1")
    number = house.draft("deployer1")
    house.ask("deployer1", "!status", r"\b1\b")
    house.crier.kill()
    house.crier.start(joined=[house.channel])
    house.ask("deployer1", f"!status confirm {number}", PUBLIC)
    assert len(house.sandbox.incidents()) == 1


def test_alerts_known_before_the_restart_count_after_it(house):
    """The deploy is heard before, its alert after: together they open the draft."""
    house.start()
    house.crowd("icinga-wm", "logmsgbot", "deployer1")
    house.say("logmsgbot", DEPLOY_STARTS)
    house.clients["logmsgbot"].barrier()
    house.ask("deployer1", "!status", r"\S")
    house.crier.kill()
    house.crier.start(joined=[house.channel])
    house.ask("deployer1", "!status", r"\S")
    house.say("icinga-wm", ALERT)
    found = house.heard("deployer1", r"(?P<line>.*" + CONFIRM + r".*)")[1]
    assert found["line"].startswith("deployer1")


@pytest.mark.parametrize("moment", ["confirm sent", "request seen", "page has it", "answer heard"])
def test_killed_while_publishing_publishes_once(house, moment):
    house.start()
    house.crowd("icinga-wm", "logmsgbot", "deployer1")
    number = house.draft("deployer1")
    house.ask("deployer1", "!status", r"\b1\b")  # by now what was shown has been written down
    place = house.say("deployer1", f"!status confirm {number}")
    if moment == "request seen":
        house.sandbox.wait_requests(lambda rows: any(row["method"] == "POST" for row in rows))
    elif moment == "page has it":
        house.sandbox.wait_incident(lambda found: True)
    elif moment == "answer heard":
        house.heard("deployer1", PUBLIC, place)
    house.crier.kill()
    house.crier.start(joined=[house.channel])
    # Said again by a careful person, whatever became of the first: still one incident.
    house.ask("deployer1", f"!status confirm {number}", r"\S")
    house.sandbox.wait_incident(lambda found: found["status"] == "investigating")
    house.ask("deployer1", "!status", r"\b1\b")
    assert len(house.sandbox.incidents()) == 1
    assert len(house.sandbox.incidents()[0]["incident_updates"]) == 1


def test_page_down_while_confirming(house):
    """The page cannot be reached: the person is told, and it is published when the page is back."""
    house.start()
    house.crowd("icinga-wm", "logmsgbot", "deployer1")
    number = house.draft("deployer1")
    house.sandbox.stop()
    place = house.say("deployer1", f"!status confirm {number}")
    house.heard("deployer1", r"\S", place)
    assert not house.clients["deployer1"].said.matching(r"is public", since=place)
    house.sandbox.start()
    house.heard("deployer1", PUBLIC, place, timeout=120)
    assert len(house.sandbox.incidents()) == 1
