"""The command line itself, and what `make install` puts where."""

import re
import subprocess

import pytest

from rig.crier import TREE, run_crier
from rig.process import Folder

OK, USAGE = 0, 64  # sysexits(3)


@pytest.fixture
def folder():
    made = Folder("commands")
    yield made.path
    made.remove()


@pytest.mark.parametrize("words, code, said", [
    (["version"], OK, r"crier "),
    (["help"], OK, "crier run"),
    (["help", "run"], OK, "SIGHUP"),
    (["help", "nonsense"], USAGE, "nonsense"),
    (["nonsense"], USAGE, "nonsense"),
    (["run"], USAGE, "run -c FILE"),
    (["check"], USAGE, "check -c FILE"),
    (["drill"], USAGE, "drill -c FILE"),
    (["drill", "-c", "x", "a", "b"], USAGE, "drill -c FILE"),
    (["check", "-c"], USAGE, "check -c FILE"),
    (["check", "-c", "x", "surplus"], USAGE, "check -c FILE"),
    (["sandbox", "--port", "70000"], USAGE, "--port"),
    (["sandbox", "--nonsense"], USAGE, "usage"),
])
def test_command_line(folder, words, code, said):
    got, output = run_crier(*words, folder=folder)
    assert (got, said in output) == (code, True), output


@pytest.mark.parametrize("name", ["crier.cfg", "wikimedia.cfg"])
def test_shipped_configuration_has_only_the_mistakes_it_must_have(folder, name):
    """Checked where it is: only the two secrets that it names are missing."""
    code, output = run_crier("check", "-c", TREE / "config" / name, folder=folder)
    wrong = [line for line in output.splitlines() if ".cfg:" in line]
    assert code == 78
    # /etc/crier is not there, and what is not there is not repeated: it might be the secret itself
    assert wrong and all(re.search(r"(API key|SASL password): there is no such file in /etc\b", line)
                         for line in wrong), output


def test_install(folder):
    subprocess.run(["make", "-s", "install", f"DESTDIR={folder}", "PREFIX=/usr"], cwd=TREE, check=True,
                   stdin=subprocess.DEVNULL)
    files = {str(path.relative_to(folder)): path.stat().st_mode & 0o777
             for path in folder.rglob("*") if path.is_file()}
    shared = {f"usr/share/crier/{path.name}": 0o644 for kind in ("*.cfg", "*.expect")
              for path in (TREE / "config").glob(kind)}
    shared |= {f"usr/share/crier/scenarios/{path.name}": 0o644
               for path in (TREE / "config" / "scenarios").glob("*.log")}
    shared |= {f"usr/share/doc/crier/{path.relative_to(TREE)}": 0o644
               for path in [TREE / "README.md", *(TREE / "docs").glob("*.md")]}
    shared["usr/lib/systemd/system/crier.service"] = 0o644
    assert files == {"usr/bin/crier": 0o755} | shared
