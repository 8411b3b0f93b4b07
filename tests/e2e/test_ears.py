"""More ears than the channel: log files and a feed, on real files and over real HTTP."""

import os
import signal
import sqlite3
import time

import pytest

from rig.crier import Raw
from rig.feed import Feed, iso
from rig.house import ALERT, CONFIRM, DEPLOY_STARTS

ALERT_OK = ("RECOVERY - MediaWiki exceptions and fatals per minute for appserver on alert1001 is OK: "
            "(C)100 gt (W)50 gt 2")
DEPLOY_ENDS = DEPLOY_STARTS.replace("Started", "Finished") + " (duration: 09m 12s)"


@pytest.fixture
def feed():
    made = Feed()
    yield made
    made.close()


def more_ears(house, source, **keys):
    """Gives a shipped source more keys."""
    text = house.settings["shipped"]
    begin = text.index(f'name = "{source}";')
    more = " ".join(f"{key} = {value};" for key, value in keys.items())
    house.settings["shipped"] = Raw(text[:begin] + more + " " + text[begin:])


def append(path, *lines):
    with open(path, "a") as file:
        file.write("".join(line + "\n" for line in lines))


def rows(house, sql, *values):
    """From the database; crier may be running."""
    database = sqlite3.connect(f"file:{house.crier.folder}/crier.db?mode=ro", uri=True)
    try:
        return database.execute(sql, values).fetchall()
    finally:
        database.close()


def times_written(house, text):
    return rows(house, "SELECT count(*) FROM timeline WHERE text LIKE ?", f"%{text}%")[0][0]


def await_rows(house, text, number):
    """Waits until the timeline holds the text so often; each look is behind an answer of crier."""
    deadline = time.monotonic() + 60
    while times_written(house, text) < number:
        assert time.monotonic() < deadline, f"{times_written(house, text)} of {number}: {text}"
        house.ask("deployer1", "!status", r"\S")
    assert times_written(house, text) == number


def test_one_outage_through_three_ears(house, feed):
    """The channel, the bots' own logs and the SAL tell the same; crier is killed in between."""
    log = house.folder.path / "irc.log"
    append(log, "PROBLEM - something of last year on mw1 is CRITICAL: history")
    more_ears(house, "icinga", files=f'["{log}"]')
    more_ears(house, "logmsgbot", feed=f'"{feed.url}"', feed_interval='"1 s"', files=f'["{log}"]')
    more_ears(house, "people", feed=f'"{feed.url}"', feed_interval='"1 s"')
    house.start()
    house.crowd("icinga-wm", "logmsgbot", "deployer1", "sre1")
    house.crier.wait_log(r"reading \S+irc.log\S* from its end")
    feed.asked_again()

    house.say("logmsgbot", DEPLOY_STARTS)
    house.clients["logmsgbot"].barrier()
    append(log, f"[{int(time.time())}] {DEPLOY_STARTS}")
    feed.log(DEPLOY_STARTS)
    append(log, f"{iso(time.time())} {ALERT}")
    found = house.heard("deployer1", CONFIRM)[1]
    house.say("icinga-wm", ALERT)
    feed.asked_again()
    assert house.crier.kill() == -9

    append(log, ALERT_OK)
    feed.log("!log restarting the frobnicator", nick="sre1")
    mark = house.clients["deployer1"].said.mark()
    house.crier.start(joined=[house.channel])
    house.say("sre1", "!log restarting the frobnicator")
    house.say("icinga-wm", ALERT_OK)
    append(log, DEPLOY_ENDS)
    house.say("logmsgbot", DEPLOY_ENDS)
    feed.log(DEPLOY_ENDS)
    feed.asked_again()
    await_rows(house, "Finished scap", 1)
    await_rows(house, "frobnicator", 1)
    feed.asked_again()

    shown = house.ask("deployer1", "!status show 1", r"\b1\.\d+\b")
    assert shown
    for text in ("Started scap", "PROBLEM - MediaWiki", "RECOVERY - MediaWiki", "Finished scap",
                 "frobnicator"):
        assert times_written(house, text) == 1, text
    assert times_written(house, "last year") == 0
    assert rows(house, "SELECT count(*) FROM incident")[0][0] == 1
    said = house.clients["deployer1"].said.matching(rf"<{house.nick}", since=mark)
    assert not any("DRAFT 2." in line for line in said)
    assert found["number"] == "1.1"


def test_nothing_is_lost_and_nothing_twice_when_killed_in_a_burst(house):
    log = house.folder.path / "deploys.log"
    more_ears(house, "logmsgbot", files=f'["{log}"]')
    append(log, "history")
    house.start()
    house.crowd("icinga-wm", "logmsgbot", "deployer1")
    house.crier.wait_log(r"reading \S+deploys.log")
    house.draft("deployer1")
    number = 3000
    lines = [f"!log sre1@deploy1002 conftool action : set/pooled=no; selector: name=mw{i:05}x"
             for i in range(number)]
    for part in range(3):
        append(log, *lines[part * 1000:(part + 1) * 1000])
        await_any(house, f"mw{part * 1000 + 100:05}x")
        assert house.crier.kill() == -9
        if part == 1:  # renamed while crier is down
            os.rename(log, log.with_name("deploys.log.1"))
            append(log, "the new one")
        house.crier.start(joined=[house.channel])
    await_any(house, f"mw{number - 1:05}x")
    house.ask("deployer1", "!status", r"\b1\b")
    found = [text for (text,) in rows(house, "SELECT text FROM timeline WHERE text LIKE '%name=mw%x'")]
    assert len(found) == number
    assert len(set(found)) == number


def await_any(house, text):
    deadline = time.monotonic() + 60
    while not times_written(house, text):
        assert time.monotonic() < deadline, text
        house.ask("deployer1", "!status", r"\S")


def test_a_source_of_files_alone(house):
    """No such directory at the start; it comes, is taken out by SIGHUP, and another comes in."""
    folder = house.folder.path / "not" / "yet"
    first, second = folder / "one.log", folder / "two.log"

    def source(path):
        return Raw(f'{shipped}\nsources = {sources[:-2]},\n  {{ name = "machine"; formats = ["icinga"]; '
                   f'files = ["{path}"]; }}\n);')

    whole = house.settings["shipped"]
    begin = whole.index("sources = (")
    end = whole.index("\n);", begin) + 3
    sources = whole[begin + len("sources = "):end]
    shipped = whole[:begin] + whole[end:]
    house.settings["shipped"] = source(first)
    house.start()
    house.crowd("logmsgbot", "deployer1")
    house.crier.wait_log(r"one\.log\S* is not there, nor is its directory")
    house.say("logmsgbot", DEPLOY_STARTS)
    house.clients["logmsgbot"].barrier()
    folder.mkdir(parents=True)
    append(first, ALERT)
    house.heard("deployer1", CONFIRM)

    house.settings["shipped"] = source(second)
    house.crier.write_config(house.settings)
    append(second, "PROBLEM - history on mw1 is CRITICAL: x")
    house.crier.process.send(signal.SIGHUP)
    house.crier.wait_log(r"two\.log\S* from its end")
    append(first, ALERT_OK)
    append(second, "PROBLEM - MediaWiki edit session loss on alert1001 is CRITICAL: x")
    await_rows(house, "edit session loss", 1)
    assert times_written(house, "RECOVERY - MediaWiki") == 0
    assert times_written(house, "history on mw1") == 0


def test_a_feed_that_fails_is_told_once(house, feed):
    more_ears(house, "logmsgbot", feed=f'"{feed.url}"', feed_interval='"1 s"')
    feed.failing = 503
    house.start()
    house.crowd("deployer1")
    feed.asked_again()
    feed.failing = None
    feed.log(DEPLOY_STARTS)
    house.crier.wait_log(r"feed: \S+ is read again")
    assert len(house.crier.process.lines.matching(r"feed: .*cannot be read")) == 1
    await_rows(house, "Started scap", 1)


def test_mistakes_are_told(house):
    more_ears(house, "icinga", files='["irc.log", "/var/log/"]', feed='"http://sal.example.org/atom"')
    house.crier.write_config(house.settings)
    code, text = house.crier.check()
    assert code == 78
    assert text.count("is no absolute path of a file") == 2
    assert "is not encrypted" in text
