"""A new configuration against the running one on past logs: crier check --replay, and SIGHUP."""

import json
import os
import re
import signal
import subprocess
from pathlib import Path

import pytest

from rig.crier import Raw

TREE = Path(__file__).resolve().parent.parent.parent
CRIER = os.environ.get("CRIER_BINARY", str(TREE / "build" / "crier"))
CONFIG = TREE / "config" / "wikimedia.cfg"
OUTAGE = TREE / "tests" / "data" / "outage-2023-01-17.log"
REFUSED = r"was not taken: on past logs it loses 1 draft, \"Errors for logged-in users\" of 2023-01-17 18:34"


def without_rule(text, name):
    begin = text.rindex("{", 0, text.index(f'name = "{name}";', text.index("rules = (")))
    depth = 0
    for end in range(begin, len(text)):
        depth += {"{": 1, "}": -1}.get(text[end], 0)
        if not depth:
            break
    return text[:begin] + re.sub(r"^\s*,", "", text[end + 1:])


def without_any_rule(text):
    found = re.search(r"^rules = .*?^\);$", text, re.MULTILINE | re.DOTALL)
    return text[:found.start()] + text[found.end():]


def changed(folder, change):
    """config/wikimedia.cfg with a change, in that folder."""
    text = change(CONFIG.read_text())
    assert text != CONFIG.read_text()
    (folder / "formats.cfg").write_bytes((TREE / "config" / "formats.cfg").read_bytes())
    path = folder / "new.cfg"
    path.write_text(text)
    return path


def check(*argv, **more):
    done = subprocess.run([CRIER, "check", *argv], capture_output=True, timeout=60, env={"PATH": "/nonexistent"},
                          check=False, **more)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def compare(new, *logs, old=CONFIG):
    """(exit status, what each difference is, the summary)."""
    code, out, err = check("-c", new, "--against", old, "--json", "--replay", *logs)
    lines = [json.loads(line) for line in out.splitlines()]
    assert lines and lines[-1]["event"] == "summary", err
    return code, lines[:-1], lines[-1]


def test_a_rule_less_loses_the_outage(tmp_path):
    new = changed(tmp_path, without_any_rule)
    code, differences, summary = compare(new, OUTAGE)
    assert code == 1
    assert [d["event"] for d in differences] == ["lost"]
    assert differences[0]["time"] == "2023-01-17T18:34:55.000Z"
    assert differences[0]["before"]["rule"] == "exceptions"
    assert differences[0]["reason"].startswith('rule "exceptions" is gone; MediaWiki exceptions')
    assert (summary["lost"], summary["drafts_before"], summary["drafts_now"]) == (1, 1, 0)
    # and the other way round
    code, differences, _ = compare(CONFIG, OUTAGE, old=new)
    assert code == 0
    assert [d["event"] for d in differences] == ["gained"]


def test_lines_for_people(tmp_path):
    new = changed(tmp_path, lambda text: without_rule(text, "exceptions"))
    code, out, err = check("-c", new, "--against", CONFIG, "--replay", "-", input=OUTAGE.read_bytes())
    assert code == 1, err
    assert out.startswith('2023-01-17 18:37:43 later by 2 min 48 s "'), out
    assert 'because rule "exceptions" is gone; MediaWiki exceptions' in out
    assert out.splitlines()[-1] == ("15 lines of logs: 1 draft before, 1 now; 0 lost, 1 later, 0 earlier, 0 gained, "
                                    "0 changed")


def test_a_storm_that_must_be_greater(tmp_path):
    log = tmp_path / "storm.log"
    log.write_text("".join(
        f"[2023-02-0{1} 10:00:{n}0] <icinga-wm> PROBLEM - MediaWiki exceptions and fatals per minute for appserver "
        f"on host{n} is CRITICAL: 5 gt 1\n" for n in range(1, 5)))
    new = changed(tmp_path, lambda text: text + "\ntriage = { storm_count = 4; };\n")
    code, differences, _ = compare(new, log)
    assert code == 1
    assert [(d["event"], d["by_ms"]) for d in differences] == [("later", 10000)]
    assert "only 3 of 4 for a storm" in differences[0]["reason"]


def test_what_fires_for_ever_hides_nothing(tmp_path):
    log = tmp_path / "year.log"
    log.write_text("".join(
        f"[2023-{month:02}-01 10:00:00] <icinga-wm> PROBLEM - MediaWiki exceptions and fatals per minute for appserver "
        f"on host{month} is CRITICAL: 5 gt 1 #page\n" for month in range(1, 13)))
    code, differences, summary = compare(changed(tmp_path, without_any_rule), log)
    assert code == 1
    assert len(differences) == summary["lost"] == summary["drafts_before"] == 12


def test_the_same_and_what_it_refuses(tmp_path):
    code, differences, summary = compare(CONFIG, OUTAGE, str(TREE / "tests" / "data" / "outage-2025*.log"))
    assert (code, differences, summary["drafts_now"]) == (0, [], 2)
    assert check("-c", CONFIG, "--against", CONFIG)[0] == 64
    assert check("-c", CONFIG, "--replay")[0] == 64
    assert check("-c", CONFIG, OUTAGE)[0] == 64
    code, out, err = check("-c", CONFIG, "--against", CONFIG, "--replay", tmp_path / "none*.log")
    assert code == 66 and "none*.log" in err and not out
    code, out, err = check("-c", CONFIG, "--against", tmp_path / "none.cfg", "--replay", OUTAGE)
    assert code == 66 and "none.cfg" in err and not out
    broken = tmp_path / "broken.cfg"
    broken.write_text("pages = (")
    code, out, err = check("-c", broken, "--against", CONFIG, "--replay", OUTAGE)
    assert code == 78 and "broken.cfg:1" in err and not out
    code, out, err = check("-c", CONFIG, "--against", broken, "--replay", OUTAGE)
    assert code == 65 and "has mistakes itself" in err and not out
    # nothing runs here
    new = changed(tmp_path, lambda text: text + f'\nstate_dir = "{tmp_path}";\n')
    code, out, err = check("-c", new, "--replay", OUTAGE)
    assert code == 66 and f"{tmp_path}/running.cfg" in err and "--against FILE" in err and not out
    bad = tmp_path / "bad.log"
    bad.write_bytes(OUTAGE.read_bytes() + b"[2023-01-17 19:3x:55] <someuser> what is this\n")
    code, differences, summary = compare(CONFIG, bad)
    assert (code, differences, summary["unreadable"]) == (65, [], 1)


def reload_with(house, change):
    """SIGHUP after that change of the rules."""
    house.settings["shipped"] = Raw(change(house.settings["shipped"]))
    return send_again(house)


def send_again(house):
    house.crier.write_config(house.settings)
    mark = house.crier.mark()
    house.crier.process.send(signal.SIGHUP)
    return mark


def test_sighup_refuses_what_loses_a_draft(make_house):
    house = make_house()
    house.settings["reload"] = {"backtest": [str(OUTAGE)]}
    house.start()
    house.crowd("logmsgbot", "icinga-wm", "sre1")
    running = house.folder.path / "crier" / "running.cfg"
    assert running.stat().st_mode & 0o777 == 0o600
    assert 'name = "exceptions"' in running.read_text()
    mark = reload_with(house, without_any_rule)
    house.crier.wait_log(REFUSED, mark)
    house.heard("sre1", REFUSED + r".*; `crier check -c \S+ --replay LOG\.\.\.` says why; SIGHUP again within 60 s")
    assert len(house.clients["sre1"].said.matching("was not taken")) == 1
    assert "configuration reloaded" not in house.crier.log
    assert 'name = "exceptions"' in running.read_text()
    # the operator looks into it, and the daemon's own copy is what the file is compared with
    code, text = house.crier.check("--replay", OUTAGE)
    assert code == 1 and 'lost "Errors for logged-in users"' in text and 'rule "exceptions" is gone' in text
    house.draft("sre1")  # the old rules work
    mark = send_again(house)
    house.crier.wait_log("configuration reloaded", mark)
    assert 'name = "exceptions"' not in running.read_text()


def test_sighup_again_with_another_change_is_tried_again(make_house):
    house = make_house()
    house.settings["reload"] = {"backtest": [str(OUTAGE)]}
    house.start()
    shipped = house.settings["shipped"]
    house.crier.wait_log(REFUSED, reload_with(house, without_any_rule))
    house.settings["triage"] = {"storm_count": 9}
    house.crier.wait_log(REFUSED, send_again(house))
    assert "configuration reloaded" not in house.crier.log
    house.settings["shipped"] = shipped  # mended: nothing is lost
    house.crier.wait_log("configuration reloaded", send_again(house))
    assert "0 lost" in house.crier.log


@pytest.mark.parametrize("refuse", [True, False])
def test_logs_that_are_not_there(make_house, refuse):
    house = make_house()
    house.settings["reload"] = {"backtest": [str(house.folder.path / "*.log-of-1999")], "refuse_lost": refuse}
    house.start()
    assert re.search(r"reload\.backtest: \S+/\*\.log-of-1999: there is no such log, so SIGHUP would "
                     + ("refuse every change" if refuse else "try nothing"), house.crier.log)
    assert "so SIGHUP would" in house.crier.check()[1]
    mark = reload_with(house, without_any_rule)
    house.crier.wait_log(r"could not be tried on past logs: crier: .*log-of-1999: there is no such log", mark)
    if refuse:
        house.crier.wait_log(r"was not taken, since it could not be tried on past logs \(crier: ", mark)
        mark = send_again(house)
    house.crier.wait_log("configuration reloaded", mark)


def test_a_loss_that_need_not_be_refused(make_house):
    house = make_house()
    house.settings["reload"] = {"backtest": [str(OUTAGE)], "refuse_lost": False}
    house.start()
    mark = reload_with(house, without_any_rule)
    house.crier.wait_log(r"1 draft before, 0 now; 1 lost, .* lost: \"Errors for logged-in users\"", mark)
    house.crier.wait_log("configuration reloaded", mark)
