"""More lines at once than the disk takes."""

import sqlite3

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
