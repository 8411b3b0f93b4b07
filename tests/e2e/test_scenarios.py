"""The corpus: each scenario of the expectations through `crier replay --expect`, one test each."""

import re
import subprocess
from pathlib import Path

import pytest

from rig import traffic
from rig.crier import binary

TREE = Path(__file__).resolve().parent.parent.parent
CONFIG = TREE / "config" / "wikimedia.cfg"
CORPUS = TREE / "tests" / "data" / "scenarios" / "expect.txt"
GENERATED = TREE / "tests" / "data" / "scenarios" / "generated.txt"
SHIPPED = TREE / "config" / "wikimedia.expect"
LIMIT_S = 120


def names(path):
    return re.findall(r'^scenario "(.*)"$', path.read_text(), re.MULTILINE)


def expect(path, *words):
    return subprocess.run([binary(), "replay", "-c", CONFIG, "--expect", path, *words], text=True,
                          capture_output=True, timeout=LIMIT_S, check=False)


def holds(path, name):
    done = expect(path, name)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module", name="generated")
def _generated(tmp_path_factory):
    """The expectations of generated logs beside these logs."""
    return traffic.make(tmp_path_factory.mktemp("traffic"), GENERATED)


@pytest.mark.parametrize("name", names(CORPUS))
def test_recorded(name):
    holds(CORPUS, name)


@pytest.mark.parametrize("name", names(SHIPPED))
def test_shipped_with_the_configuration(name):
    holds(SHIPPED, name)


@pytest.mark.parametrize("name", names(GENERATED))
def test_generated(generated, name):
    holds(generated, name)


def test_the_corpus_is_as_large_as_it_was():
    every = names(CORPUS) + names(GENERATED) + names(SHIPPED)
    assert len(names(CORPUS)) >= 35
    assert len(every) == len(set(every)), "two scenarios have one name"
    logs = {p.name for p in CORPUS.parent.glob("*.log")}
    text = CORPUS.read_text()
    assert [log for log in sorted(logs) if f"log {log}\n" not in text] == []


def test_what_does_not_hold_is_shown(tmp_path):
    path = tmp_path / "expect.txt"
    path.write_text('scenario "a page opens a draft"\n'
                    "  day 2024-05-01\n"
                    "  line 10:00:00 <jinxer-wm> FIRING: HaproxyUnavailable: HAProxy (cache_text) "
                    "has reduced HTTP availability #page\n"
                    "  draft at 10:00:05 impact minor suspect none\n"
                    'scenario "nothing happens"\n'
                    "  line 10:00:00 <someuser> hello\n"
                    "  no draft\n")
    done = expect(path)
    assert done.returncode == 1
    assert done.stdout == (
        "FAILED  a page opens a draft\n"
        f"  {path}:4: draft at 10:00:05 impact minor suspect none\n"
        "    - draft at 10:00:05\n"
        "    + draft at 10:00:00\n"
        "    - impact minor\n"
        "    + impact major\n"
        "  what happened:\n"
        '    2024-05-01 10:00:00 draft 1.1 "Wikipedia and other wikis not loading for many people" '
        "MAJOR Reading: partial outage, Editing: partial outage; because page HaproxyUnavailable, "
        "HAProxy (cache_text) has reduced HTTP availability 10:00:00\n"
        "ok      nothing happens\n")
    assert done.stderr == "crier replay: 2 scenarios, 1 as expected, 1 not\n"


def test_mistakes_are_told_and_the_rest_runs(tmp_path):
    path = tmp_path / "expect.txt"
    path.write_text('scenario "a"\n'
                    "  log gone.log\n"
                    "  no draft\n"
                    'scenario "b"\n'
                    "  line 10:00:00 <someuser> hello\n"
                    "  draft soon\n"
                    'scenario "c"\n'
                    "  line 10:00:00 <someuser> hello\n"
                    "  no draft\n")
    done = expect(path)
    assert done.returncode == 65
    assert done.stdout == "wrong   a\nwrong   b\nok      c\n"
    assert f"{path}:2: {tmp_path}/gone.log: No such file or directory\n" in done.stderr
    assert f'{path}:6: "soon" is not known here; write at, by, before' in done.stderr
    assert "3 scenarios, 1 as expected, 2 not" in done.stderr


def test_no_such_file_and_no_such_name(tmp_path):
    done = expect(tmp_path / "none.txt")
    assert (done.returncode, done.stdout) == (66, "")
    assert "No such file or directory" in done.stderr
    done = expect(CORPUS, "a scenario that is not there")
    assert (done.returncode, done.stdout) == (64, "")
    assert "no scenario of such a name" in done.stderr
