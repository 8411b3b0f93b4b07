"""The outage of 2023-01-17, from the first line of the channel's log to the resolved incident."""

from rig.house import CONFIRM, PUBLIC
from rig.logs import Player, read_log

# Longer silences are idle. All others, such as the four seconds before the alert, keep their length.
IDLE_S = 4.0
DRAFT_LIMIT_S = 1.0


def test_outage_of_2023_01_17(house):
    house.start()
    house.crowd("icinga-wm", "jinxer-wm", "logmsgbot", "deployer1", someuser=None, stashbot=None)
    seen = house.clients["someuser"].said
    player = Player(read_log(), house.say, IDLE_S)

    place = player.play(until="18:34:55")
    said_at = house.clients["icinga-wm"].said.seen[place - 1][0]
    drafted_at, draft = house.heard(
        "someuser", r'DRAFT (?P<number>\d+\.\d+), not public: "(?P<title>[^."]+)\. (?P<body>[^"]+)" '
        r"MAJOR, Editing: partial outage")
    assert drafted_at - said_at < DRAFT_LIMIT_S
    assert not seen.matching(r"<crier-\d+> .*DRAFT", since=seen.mark())
    _, prompt = house.heard("someuser", r"(?P<line>.*" + CONFIRM + r".*)")
    assert prompt["number"] == draft["number"]
    assert prompt["line"].startswith("deployer1")  # the deployer of the suspect deploy comes first
    assert "Why:" in prompt["line"] and "18:2" not in prompt["line"].split("Why:")[0]
    assert "backport" in prompt["line"] or "deploy" in prompt["line"].split("Why:")[1]
    assert house.sandbox.incidents() == []

    public = house.ask("deployer1", f"!status confirm {draft['number']}", PUBLIC)
    incident = house.sandbox.wait_incident(lambda found: found["status"] == "investigating")
    assert incident["name"] == draft["title"]
    assert [update["body"] for update in incident["incident_updates"]] == [draft["body"]]
    assert incident["impact"] == "major"
    assert public["url"].startswith(house.sandbox.url)
    assert house.sandbox.components_now() == {"Reading": "operational", "Editing": "partial_outage"}
    for secret in ("deployer1", "appserver", "alert1001", "gerrit", "scap"):
        assert secret not in house.sandbox.text("/").lower()
        assert secret not in str(incident).lower()

    player.play(until="18:49:10")
    house.heard("someuser", r"PROPOSAL 1\.4, monitoring")
    settled = house.ask("deployer1", "!status resolve 1", r"PROPOSAL (?P<number>1\.\d+), resolved")["number"]
    house.ask("deployer1", f"!status confirm {settled}", r"\b1\b.*\bresolved\b")
    house.sandbox.wait_incident(lambda found: found["status"] == "resolved")
    assert house.sandbox.components_now() == {"Reading": "operational", "Editing": "operational"}
    assert len(house.sandbox.incidents()) == 1
    assert "Resolved" in house.sandbox.text("/") or "resolved" in house.sandbox.text("/")

    player.play()  # the second, good deploy: nothing more to say
    house.clients["someuser"].barrier()
    assert len(house.sandbox.incidents()) == 1
