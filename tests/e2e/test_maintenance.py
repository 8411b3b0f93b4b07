"""Planned work on a real network: what is covered is told once, what still fires afterwards counts."""

import signal
import time

from rig.house import CONFIRM, PUBLIC

EDITS = "FIRING: MediaWikiEditFailures: Elevated rate of edit failures #page - https://alerts.example.org"
SITE = "FIRING: HaproxyUnavailable: HAProxy (cache_text) has reduced HTTP availability #page"
READ_ONLY = "!log sre1@cumin1002 MediaWiki read-only period {} at: 2023-03-01 14:00:09.123"
HELD = r"no draft for page MediaWikiEditFailures.*: {} of Editing .* covers it"
DRAFT = r"DRAFT (?P<draft>\d+)\.1, not public: \"(?P<title>[^\"]+?)\. "


def test_window_by_command_outlives_a_crash_and_ends(house):
    house.start()
    house.crowd("jinxer-wm", "logmsgbot", "deployer1", "sre1")
    house.ask("deployer1", "!status maintenance 2h Editing: new servers", "refused, your role")
    house.ask("sre1", "!status maintenance 2h Editing: new servers",
              r"maintenance 1 of Editing until .* UTC: what it covers opens no draft")
    house.say("jinxer-wm", EDITS)
    house.heard("sre1", HELD.format("maintenance"))
    house.ask("sre1", "!status", "nothing is open, maintenance of Editing until")
    house.crier.kill()
    house.crier.start(joined=[house.channel])
    house.ask("sre1", "!status maintenance", r"1 open: Editing until .* \(sre1: new servers\)")
    # Reading is hurt too: that is no part of the work.
    place = house.say("jinxer-wm", SITE)
    assert "not loading" in house.heard("sre1", DRAFT, place)[1]["title"]
    house.heard("sre1", r"During maintenance of Editing until .*\. Why: page HaproxyUnavailable")
    place = house.say("deployer1", "!status discard 1")
    house.heard("deployer1", "1 discarded", place)
    place = house.say("sre1", "!status maintenance end 1")
    found = house.heard("sre1", DRAFT, place)[1]
    assert found["title"] == "Problems saving edits"
    number = house.heard("sre1", CONFIRM, place)[1]["number"]
    house.ask("deployer1", f"!status confirm {number}", PUBLIC)
    assert len(house.sandbox.incidents()) == 1


def test_announced_read_only_period(house):
    house.settings["read_only"] = {"components": ["Editing"], "grace": "1 s"}
    house.start()
    house.crowd("jinxer-wm", "logmsgbot", "sre1")
    house.say("logmsgbot", READ_ONLY.format("starts"))
    house.clients["logmsgbot"].barrier()
    house.say("jinxer-wm", EDITS)
    house.heard("sre1", HELD.format("read-only period"))
    place = house.say("logmsgbot", READ_ONLY.format("ends"))
    assert house.heard("sre1", DRAFT, place)[1]["title"] == "Problems saving edits"


def test_window_of_the_configuration_and_sighup(house):
    now = time.time()
    house.settings["maintenance"] = [{
        "name": "new servers", "checks": ["mediawikiedit*"],
        "from": time.strftime("%Y-%m-%d %H:%M", time.gmtime(now - 3600)),
        "until": time.strftime("%Y-%m-%d %H:%M", time.gmtime(now + 3600)),
    }]
    house.start()
    house.crowd("jinxer-wm", "sre1")
    house.ask("sre1", "!status maintenance", r"1 open: mediawikiedit\* until .* \(new servers\)")
    house.say("jinxer-wm", EDITS)
    house.heard("sre1", r"no draft for page MediaWikiEditFailures")
    del house.settings["maintenance"]
    house.crier.write_config(house.settings)
    place = house.clients["sre1"].said.mark()
    house.crier.process.send(signal.SIGHUP)
    assert house.heard("sre1", DRAFT, place)[1]["title"] == "Problems saving edits"
    house.ask("sre1", "!status maintenance", "nothing is planned")
