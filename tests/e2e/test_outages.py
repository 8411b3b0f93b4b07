"""Two recorded outages through the real program: nobody types more than `!status confirm`."""

import re

import pytest

from rig.logs import DATA, Player, read_log

# Silences are cut to this; the tests' settle time is longer, so that nothing settles too early.
IDLE_S = 0.3
SETTLE = "4 s"
RECOVERY = ("RECOVERY - MediaWiki exceptions and fatals per minute for appserver on alert1001 is OK: "
            "(C)100 gt (W)50 gt 2")
TYPED = re.compile(r"<(?:deployer1|sre1)> (!status.*)")

FIRST = {
    "log": "outage-2023-01-17.log",
    "crowd": {"icinga-wm": "icinga-wm", "jinxer-wm": "jinxer-wm", "logmsgbot": "logmsgbot",
              "deployer1": "deployer1", "someuser": None, "stashbot": None},
    "person": "deployer1",
    # line of the log, what is shown at it, whether the deployer has time to answer
    "steps": [
        ("18:34:55", r'DRAFT 1\.1, not public: "Errors for logged-in users\.', True),
        ("18:37:43", r'PROPOSAL 1\.2, wider, not public: "Wikipedia and other wikis not loading', False),
        ("18:39:05", r'PROPOSAL 1\.3, identified, not public: "Wikipedia and other wikis', True),
        ("18:49:10", r'PROPOSAL 1\.4, monitoring, not public: "Wikipedia and other wikis', True),
        (None, r'PROPOSAL 1\.5, resolved, not public: "Wikipedia and other wikis', True),
    ],
    "public": ["investigating", "identified", "monitoring", "resolved"],
}

SECOND = {
    "log": "outage-2025-03-29.log",
    "crowd": {"jinxer-wm": "jinxer-wm", "sre1": "sre1", "someuser": None},
    "person": "sre1",
    "steps": [
        ("15:30:04", r'DRAFT 1\.1, not public: "Images and other media may not load\.', True),
        ("16:19:09", r'PROPOSAL 1\.2, monitoring, not public: "Images and other media', True),
        (None, r'PROPOSAL 1\.3, resolved, not public: "Images and other media', True),
    ],
    "public": ["investigating", "monitoring", "resolved"],
}


@pytest.mark.parametrize("outage", [FIRST, SECOND], ids=["2023-01-17", "2025-03-29"])
def test_outage(house, outage):
    house.settings["chat"] = {"revision_interval": "0 s", "confirm_guard": "0 s"}
    house.settings["follow"] = {"settle": SETTLE}
    house.start()
    house.crowd(**outage["crowd"])
    seen = house.clients["someuser"].said
    player = Player(read_log(DATA / outage["log"]), house.say, IDLE_S)
    public = 0

    for clock, shown, answered in outage["steps"]:
        if clock:
            player.play(until=clock)
        house.heard("someuser", shown)
        if answered:
            house.ask(outage["person"], "!status confirm",
                      r"1 (?:is public since|updated at|is resolved on the page since)")
            public += 1
            house.sandbox.wait_incident(
                lambda found, step=outage["public"][public - 1]: found["status"] == step)
    player.play()  # what came later that day is no outage

    house.clients["someuser"].barrier()
    typed = TYPED.findall("\n".join(line for _, line in seen.seen))
    assert set(typed) == {"!status confirm"} and len(typed) == len(outage["public"]) <= 4
    incidents = house.sandbox.incidents()
    assert len(incidents) == 1
    updates = incidents[0]["incident_updates"]
    assert [update["status"] for update in reversed(updates)] == outage["public"]
    assert set(house.sandbox.components_now().values()) == {"operational"}


def test_what_is_over_before_anybody_confirmed_is_published_as_over(house):
    house.settings["chat"] = {"revision_interval": "0 s", "confirm_guard": "0 s"}
    house.start()
    house.crowd("icinga-wm", "logmsgbot", "deployer1")
    house.draft("deployer1")
    house.say("icinga-wm", RECOVERY)
    _, shown = house.heard("deployer1", r'DRAFT 1\.2, over already, not public: '
                                        r'"Errors for logged-in users\. (?P<body>This is over\.[^"]*)"')
    house.ask("deployer1", "!status confirm", r"1 is public since \d\d:\d\d:\d\d, resolved: http")
    incident = house.sandbox.wait_incident(lambda found: found["status"] == "resolved")
    assert [update["body"] for update in incident["incident_updates"]] == [shown["body"]]
    assert house.sandbox.components_now() == {"Reading": "operational", "Editing": "operational"}
    house.ask("deployer1", "!status", r"nothing is open")
