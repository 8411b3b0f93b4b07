"""The audit of an outage: complete, in step with the log, and whoever changes it is found out."""

import hashlib
import json
import re
import shutil
import sqlite3

from rig.crier import run_crier
from rig.house import PUBLIC

HEAD = re.compile(r"^.*audit (.*) \[entry (\d+) head ([0-9a-f]{64})\]$", re.MULTILINE)


def audit(house, *words):
    return run_crier("audit", "-c", house.crier.config, *words, folder=house.crier.folder)


def digest(fields):
    """The documented form of what is hashed, written down a second time."""
    form = b"crier audit 1\n"
    for name, value in fields:
        raw = (str(value) if value else "").encode() if not isinstance(value, str) else value.encode()
        if raw:
            form += b"%d:%s,%d:%s," % (len(name), name.encode(), len(raw), raw)
    return hashlib.sha256(form).hexdigest()


def check_by_the_book(path):
    """Every hash again, by another program."""
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as db:
        db.row_factory = sqlite3.Row
        instance = db.execute("SELECT instance FROM meta").fetchone()[0]
        before = digest([("instance", instance)])
        rows = db.execute("SELECT * FROM audit ORDER BY id").fetchall()
    for number, row in enumerate(rows, 1):
        assert row["id"] == number
        assert row["prev"] == before
        before = digest([(name, row[name]) for name in row.keys() if name != "hash"])
        assert row["hash"] == before, dict(row)
    return len(rows)


def test_an_outage_is_audited_and_tampering_with_it_is_found(house):
    house.start()
    house.crowd("icinga-wm", "logmsgbot", "deployer1", "someuser")
    house.draft("deployer1")
    house.ask("someuser", "!status confirm 1.1", "refused")
    house.ask("deployer1", "!status edit 1 title Errors for \x0304some\x03 users", r"DRAFT 1\.\d+")
    log = house.crier.log
    house.crier.kill()

    house.start()
    house.ask("deployer1", "!status show 1", r"`!status confirm 1\.2`")
    house.ask("deployer1", "!status confirm 1.2", PUBLIC)

    # Who did what, while crier runs.
    code, said = audit(house, "--json")
    assert code == 0, said
    entries = [json.loads(line) for line in said.splitlines()]
    deeds = [(row["action"], row["person"], row["nick"]) for row in entries]
    for deed in (("refused", "", "someuser"), ("edit", "deployer1", "deployer1"),
                 ("confirm", "deployer1", "deployer1"), ("published", "deployer1", "")):
        assert deed in deeds, said
    assert [row["action"] for row in entries].count("start") == 2
    published = [row for row in entries if row["action"] == "published"][0]
    shown = house.sandbox.incidents()[0]
    assert published["title"] == shown["name"] == "Errors for some users"
    assert published["body"] == shown["incident_updates"][0]["body"]
    code, said = audit(house, "--incident", "1")
    assert code == 0 and "refused at" in said and "published as" in said and "start, crier" not in said
    code, said = audit(house, "--incident", "99")
    assert code == 0 and said.startswith("no entries of that")

    # The log has the head of each entry but those that the kill cut off; all are in the chain.
    log += house.crier.log
    heads = HEAD.findall(log)
    logged = {int(entry): head for _, entry, head in heads}
    assert all(entries[entry - 1]["hash"] == head for entry, head in logged.items())
    assert max(logged) == len(entries)
    for what, entry, _ in heads:
        assert entries[int(entry) - 1]["line"] == what
    written = house.folder.path / "crier.log"
    written.write_text(log)
    code, said = audit(house, "--verify", "--head", logged[2][:16], "--log", written)
    assert code == 0, said
    assert f"{len(entries)} entries, head {entries[-1]['hash']}" in said and said.rstrip().endswith(": ok")

    house.crier.stop()
    state = house.crier.folder
    assert check_by_the_book(state / "crier.db") == len(entries)

    # Whoever can write to the file has to take the triggers away, and is found out all the same.
    copy = house.folder.path / "changed.db"

    def changed(*statements):
        shutil.copy(state / "crier.db", copy)
        db = sqlite3.connect(copy)
        for name in ("audit_no_update", "audit_no_delete", "audit_at_end"):
            db.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            db.execute(statement)
        db.commit()
        db.execute("PRAGMA journal_mode = DELETE")
        db.close()
        return run_crier("audit", "--db", copy, "--verify", "--log", written,
                         folder=house.crier.folder)

    confirm = [row["entry"] for row in entries if row["action"] == "confirm"][0]
    code, said = changed(f"UPDATE audit SET person = 'deployer2' WHERE id = {confirm}")
    assert code == 1 and f"entry {confirm} was changed" in said and "NOT what crier wrote" in said
    code, said = changed(f"DELETE FROM audit WHERE id = {confirm}")
    assert code == 1 and f"entry {confirm} is missing" in said
    code, said = changed(f"DELETE FROM audit WHERE id >= {confirm}")
    assert code == 1 and f"entry {len(entries)} with head {entries[-1]['hash']}" in said

    # What somebody writes there does not reach the terminal as it is.
    changed("UPDATE audit SET line = char(27) || ']0;x' || char(7), body = char(27) || '[2J' || char(10)"
            " || 'second line', said = char(155) || '31m', nick = 'x' || char(8238)")
    code, said = run_crier("audit", "--db", copy, folder=house.crier.folder)
    assert code == 0, said
    assert not re.search(r"[^\x20-\x7e\n]", said), repr(said)
    assert "\nsecond line" not in said


def test_an_audit_that_cannot_be_read(house):
    code, said = audit(house)
    assert code == 66 and "there is no" in said  # crier never ran
    code, said = audit(house, "--head", "0" * 16)
    assert code == 64 and "--verify" in said
    code, said = audit(house, "--verify", "--head", "xyz")
    assert code == 64 and "hex digits" in said
    empty = house.folder.path / "empty.log"
    empty.write_text("audit incident 1: draft -> discarded\n")
    code, said = audit(house, "--verify", "--log", empty)
    assert code == 65 and "no audit lines" in said
