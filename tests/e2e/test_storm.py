"""More lines at once than the disk takes, or than anybody wants."""

import re
import sqlite3
from pathlib import Path

from rig.house import PUBLIC

ALERTS = 1500  # so many changes that crier stops listening for a moment, see bot/run.c
SLICE = 40     # InspIRCd takes 10 kB from a client at once


def test_storm_while_the_disk_hangs_loses_nothing(house):
    """Nothing can be written for a while: the chat is held, but not for as long as that. In the end
    every alert is in the database, and people are answered."""
    house.start()
    house.crowd("icinga-wm", "deployer1")
    place = house.crier.folder / "crier.db"
    lock = sqlite3.connect(place, isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")
    for first in range(0, ALERTS, SLICE):
        for number in range(first, min(first + SLICE, ALERTS)):
            house.say("icinga-wm", f"PROBLEM - Nginx local proxy to apache on mw{number} is WARNING: slow")
        house.clients["icinga-wm"].barrier()
    house.ask("deployer1", "!status", r"cannot be written")
    lock.execute("COMMIT")
    lock.close()
    house.heard("deployer1", r"can be written again")
    house.ask("deployer1", "!status", r"nothing is open")
    with sqlite3.connect(f"file:{place}?mode=ro", uri=True) as reader:
        stored = {host for (host,) in reader.execute("SELECT host FROM alert WHERE live = 1")}
    assert stored == {f"mw{number}" for number in range(ALERTS)}


def size_of(house):
    """Resident KiB and open descriptors of crier."""
    place = Path(f"/proc/{house.crier.process.pid}")
    status = (place / "status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1]), len(list((place / "fd").iterdir()))


def flood(house, stranger, rounds):
    """What somebody who means ill sends: all of it at crier, none of it a signal."""
    nick, channel = house.nick, house.channel
    for number in range(rounds):
        for text in ("VERSION", "PING 1", "TIME", "FINGER", "CLIENTINFO", "DCC SEND x 2130706433 9 1",
                     "DCC CHAT chat 2130706433 9"):
            stranger.send(f"PRIVMSG {nick} :\x01{text}\x01")
        for line in (f"PRIVMSG {nick} :hello {number}", f"PRIVMSG {nick} :!status confirm {number}.1",
                     f"NOTICE {nick} :!status confirm 1.1", f"NOTICE {channel} :\x01VERSION x\x01",
                     f"PRIVMSG {channel} :{'x' * 380} {number}", f"PRIVMSG {channel} :!status show {number}",
                     f"INVITE {nick} #elsewhere", f"NICK stranger-{number % 7}"):
            stranger.send(line)
        if number % 20 == 19:
            stranger.send(f"PART {channel} :bye")
            stranger.send(f"JOIN {channel}")
            stranger.barrier()


def test_a_flood_by_a_stranger_stalls_nothing_and_nothing_grows(house):
    """Thousands of queries, CTCP, DCC, notices, invites, nicks: a few answers, and in the middle of it a
    confirm is obeyed at once."""
    house.start()
    house.crowd("icinga-wm", "logmsgbot", "deployer1")
    stranger = house.client("stranger")
    stranger.join("#elsewhere")
    flood(house, stranger, 40)
    number = house.draft("deployer1")
    before = size_of(house)
    mark = stranger.raw.mark()
    flood(house, stranger, 60)
    answered = house.ask("deployer1", f"!status confirm {number}", PUBLIC)
    assert answered["id"] == number.partition(".")[0]
    flood(house, stranger, 60)
    house.ask("deployer1", "!status", r"\b1\b")
    stranger.barrier()
    crier = rf":{re.escape(house.nick)}!"
    said = stranger.raw.matching(rf"^{crier}\S+ (?:PRIVMSG|NOTICE) stranger", mark)
    assert len(said) <= 12, said  # that of three minutes
    assert not stranger.raw.matching(rf"^{crier}\S+ (?:NOTICE|JOIN :?#elsewhere|\S+ \S+ :\x01)")
    after = size_of(house)
    assert after[1] <= before[1] + 2, (before, after)
    assert after[0] <= before[0] + 16384, (before, after)
    assert house.crier.process.alive
