"""crier replay on the command line, from a clone that has no account, key or page."""

import gzip
import json
import os
import re
import subprocess
from pathlib import Path

import pytest

TREE = Path(__file__).resolve().parent.parent.parent
CRIER = os.environ.get("CRIER_BINARY", str(TREE / "build" / "crier"))
CONFIG = TREE / "config" / "wikimedia.cfg"
OUTAGE_2023 = TREE / "tests" / "data" / "outage-2023-01-17.log"
OUTAGE_2025 = TREE / "tests" / "data" / "outage-2025-03-29.log"
# What it does, to the second, when somebody confirms 30 s after each draft and proposal.
EVENTS_2023 = [
    ("18:34:55", "draft", 1, "investigating"), ("18:35:25", "publish", 1, "investigating"),
    ("18:37:43", "proposal", 2, "investigating"), ("18:38:13", "update", 2, "investigating"),
    ("18:39:05", "proposal", 3, "identified"), ("18:39:35", "update", 3, "identified"),
    ("18:49:10", "proposal", 4, "monitoring"), ("18:49:40", "update", 4, "monitoring"),
    ("18:59:10", "proposal", 5, "resolved"), ("18:59:40", "resolve", 5, "resolved"),
]
EVENTS_2025 = [
    ("15:30:04", "draft", 1, "investigating"), ("15:30:34", "publish", 1, "investigating"),
    ("16:19:09", "proposal", 2, "monitoring"), ("16:19:39", "update", 2, "monitoring"),
    ("16:29:09", "proposal", 3, "resolved"), ("16:29:39", "resolve", 3, "resolved"),
]


def replay(*argv, config=CONFIG, **more):
    command = [CRIER, "replay", *(["-c", config] if config else []), *argv]
    done = subprocess.run(command, capture_output=True, timeout=60, env={"PATH": "/nonexistent"}, check=False, **more)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def happened(text):
    """Time, event, revision and status of each JSON line."""
    events = [json.loads(line) for line in text.splitlines()]
    return [(e["time"][11:19], e["event"], e["revision"], e["status"]) for e in events]


@pytest.mark.parametrize("log, expected", [(OUTAGE_2023, EVENTS_2023), (OUTAGE_2025, EVENTS_2025)])
def test_the_recorded_outages(log, expected):
    code, out, err = replay("--json", "--assume-confirm", "30s", log)
    assert code == 0, err
    assert happened(out) == expected
    assert "no accounts" in err
    assert "1 draft, 1 published" in err


def test_what_a_line_tells():
    code, out, err = replay("--json", "--say", "--explain", OUTAGE_2023)
    assert code == 0, err
    events = [json.loads(line) for line in out.splitlines()]
    draft = next(e for e in events if e["event"] == "draft")
    assert draft["time"] == "2023-01-17T18:34:55.000Z"
    assert draft["title"] == "Errors for logged-in users"
    assert draft["impact"] == "major"
    assert draft["components"] == [{"name": "Editing", "status": "partial_outage"}]
    assert draft["suspect"]["user"] == "deployer1"
    assert draft["channel"] == "libera/#wikimedia-operations"
    assert draft["rule"] == "exceptions"
    assert [s["check"] for s in draft["signals"]] == ["MediaWiki exceptions and fatals per minute for appserver"]
    assert any(e["event"] == "say" and e["text"].startswith("DRAFT 1.1, not public") for e in events)
    silent = [e for e in events if e["event"] == "silent"]
    assert [(s["check"], s["decision"], s["incident"]) for s in silent] == [("FrontendUnavailable", "joined", 1)]
    assert not any(e["event"] in ("publish", "update", "resolve") for e in events)


def test_lines_for_people():
    code, out, err = replay(OUTAGE_2023)
    assert code == 0, err
    first = out.splitlines()[0]
    assert first.startswith('2023-01-17 18:34:55 draft 1.1 "Errors for logged-in users" MAJOR Editing: partial outage; '
                            "suspect deployer1's scap backport; because MediaWiki exceptions"), first
    assert " say " not in out


def test_standard_input_and_two_logs():
    whole = OUTAGE_2023.read_bytes()
    code, out, err = replay("--json", "--assume-confirm", "30s", "-", input=whole)
    assert code == 0, err
    assert happened(out) == EVENTS_2023
    code, out, err = replay("--json", "--assume-confirm", "30s", OUTAGE_2023, OUTAGE_2025)
    assert code == 0, err
    assert happened(out) == EVENTS_2023 + EVENTS_2025


def test_what_it_refuses(tmp_path):
    assert replay()[0] == 64
    assert replay(OUTAGE_2023, config=None)[0] == 64
    assert replay("--frobnicate", OUTAGE_2023)[0] == 64
    code, out, err = replay("--assume-confirm", "soon", OUTAGE_2023)
    assert code == 64 and "soon" in err and not out
    code, out, err = replay(tmp_path / "none.log")
    assert code == 66 and "none.log" in err and not out
    broken = tmp_path / "broken.cfg"
    broken.write_text("pages = (")
    code, _, err = replay(OUTAGE_2023, config=broken)
    assert code == 78 and "broken.cfg:1" in err
    with open("/dev/full", "w") as full:
        done = subprocess.run([CRIER, "replay", "-c", CONFIG, OUTAGE_2023], stdout=full, stderr=subprocess.PIPE,
                              timeout=60, check=False)
    assert done.returncode == 74, done.stderr


def test_bad_input_is_told_and_the_rest_is_replayed(tmp_path):
    log = tmp_path / "channel.log"
    lines = OUTAGE_2023.read_bytes().splitlines(keepends=True)
    log.write_bytes(b"".join([*lines[:6], b"[2023-01-17 18:3x:55] <someuser> what is this\n", *lines[6:]]))
    code, out, err = replay("--json", "--assume-confirm", "30s", log)
    assert code == 65, err
    assert f"{log}:7:" in err
    assert happened(out) == EVENTS_2023


def test_logs_as_people_have_them(tmp_path):
    lines = [line for line in OUTAGE_2023.read_text().splitlines() if line.startswith("[")]
    clock = "".join(line.replace("[2023-01-17 ", "[") + "\n" for line in lines)
    channel = tmp_path / "#wikimedia-operations"
    channel.mkdir()
    (channel / "20230117.txt.gz").write_bytes(gzip.compress(clock.encode()))
    tabs = re.compile(r"^\[(.{19})\] <(\S+)> ", re.MULTILINE)
    weechat = tmp_path / "irc.libera.#wikimedia-operations.weechatlog"
    weechat.write_text(tabs.sub(r"\1\t+\2\t", "\n".join(lines)))
    objects = tmp_path / "channel.json"
    objects.write_text("".join(json.dumps({"time": m[1], "nick": m[2], "text": line[m.end():]}) + "\n"
                               for line in lines for m in [tabs.match(line)]))
    for log in (channel, weechat, objects):
        code, out, err = replay("--json", "--assume-confirm", "30s", log)
        assert code == 0, err
        assert happened(out) == EVENTS_2023
    code, out, err = replay("--json", "-", input=clock.encode())
    assert code == 65 and not out
    assert "(standard input):1: the day cannot be told" in err and "--date 2023-01-17" in err
    options = ["--date", "2023-01-17", "--channel", "#wikimedia-operations", "--format", "wm-bot"]
    code, out, err = replay("--json", "--assume-confirm", "30s", *options, "-", input=clock.encode())
    assert code == 0, err
    assert happened(out) == EVENTS_2023
    assert replay("--date", "yesterday", OUTAGE_2023)[0] == 64
    assert replay("--format", "mirc", OUTAGE_2023)[0] == 64


def test_help():
    done = subprocess.run([CRIER, "help", "replay"], capture_output=True, timeout=60, check=True)
    for word in ("--json", "--say", "--explain", "--assume-confirm", "--obey"):
        assert word in done.stdout.decode()


def test_a_terminal_is_safe_from_what_a_log_or_configuration_says(tmp_path):
    bad = "\x1b]0;t\x07\x1b[2J\x02\x0304 \u202e\u200b\x9b31m \x85"
    log = tmp_path / "hostile.log"
    text = OUTAGE_2023.read_text().replace("Backport", f"Backport {bad}")
    log.write_text(text.replace(" CRITICAL", f" CRITICAL{bad}"))
    config = tmp_path / "hostile.cfg"
    config.write_text(f'state_dir = "/x{bad}";\nnobody{bad} = 1;\n')
    for (code, out, err), told in ((replay("--assume-confirm", "30s", "--say", "--explain", log), "draft"),
                                   (replay("--json", "--say", "--explain", log), "draft"),
                                   (replay(log, config=config), "hostile.cfg:1:")):
        assert told in out + err, (code, out, err)
        assert not [c for c in out + err if c != "\n" and (c < " " or "\x7f" <= c < "\xa0" or c in "\u202e\u200b")]
