#!/usr/bin/python3
"""Runs everything that `make check` stands for, and counts it.

check.py PART...   with the parts lint, unit, seeds, e2e, in the order given. Nothing stops at the first
failure. The last line says `N passed, N failed`; the exit code is 1 when anything failed. What was
skipped counts as failed: a check that does not run checks nothing.
"""

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from rig.process import leaks_can_be_found  # noqa: E402

TREE = Path(__file__).resolve().parent.parent.parent
BUILD = TREE / "build"
UNIT_LIMIT_S = 300
E2E_LIMIT_S = 2400


class Counts:
    """Passed and failed so far, and the names of what failed."""

    def __init__(self):
        self.passed = 0
        self.failures = []

    def ok(self, number=1):
        self.passed += number

    def failed(self, name):
        self.failures.append(name)

    def step(self, name, argv, limit_s=900):
        """One command that must exit with 0; its output is shown when it does not."""
        started = time.monotonic()
        code, output = run(argv, limit_s)
        took = time.monotonic() - started
        if code == 0:
            print(f"ok      {name} ({took:.0f} s)", flush=True)
            self.ok()
            return True
        print(output)
        print(f"FAILED  {name} (exit {code}, {took:.0f} s)", flush=True)
        self.failed(name)
        return False


def run(argv, limit_s, env=None):
    """Exit code (or the word timeout) and what was written."""
    with subprocess.Popen(argv, cwd=TREE, env=env, text=True, errors="replace",
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, start_new_session=True) as process:
        try:
            output, _ = process.communicate(timeout=limit_s)
            return process.returncode, output
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            output, _ = process.communicate()
            return "timeout", output


@contextlib.contextmanager
def proc_mounted():
    """A bare chroot has no /proc, which the leak checker and some tests read: for the time being."""
    mine = not leaks_can_be_found() and os.getuid() == 0 and \
        subprocess.run(["mount", "-t", "proc", "proc", "/proc"], check=False).returncode == 0
    if mine:
        print("note: /proc was not mounted; it is while the checks run")
    elif not leaks_can_be_found():
        print("note: /proc is not mounted, so leaks are not looked for and some tests will fail")
    try:
        yield
    finally:
        if mine:
            subprocess.run(["umount", "--lazy", "/proc"], check=False)


def jobs():
    return f"-j{os.cpu_count() or 2}"


def lint(counts):
    script = TREE / "tests" / "lint"
    counts.step("build with gcc, warnings are errors", ["make", "-k", jobs(), "objects", "all"])
    counts.step("build with clang and CFI, warnings are errors",
                ["make", "-k", jobs(), "CC=clang", "CFI=1", "objects", "all"])
    for check in sorted(script.glob("check-*")):
        counts.step(f"lint {check.name.removeprefix('check-')}", [str(check)])


def unit(counts):
    made = counts.step("build the unit tests with ASan and UBSan",
                       ["make", "-k", jobs(), "SAN=1", "unit-programs"])
    sources = sorted((TREE / "tests" / "unit").glob("test_*.c"))
    if not sources:
        counts.failed("unit: there is no unit test")
    env = dict(os.environ, ASAN_OPTIONS=f"detect_leaks={int(leaks_can_be_found())}",
               UBSAN_OPTIONS="print_stacktrace=1", CMOCKA_MESSAGE_OUTPUT="STDOUT")
    for source in sources:
        program = BUILD / "san" / "tests" / "unit" / source.stem
        if not program.exists():
            if made:
                counts.failed(f"{source.stem}: was not built")
            continue
        code, output = run([str(program)], UNIT_LIMIT_S, env)
        passed = sum(int(n) for n in re.findall(r"\[  PASSED  \] (\d+) test", output))
        names = re.findall(r"^\[  FAILED  \] (\w\S*)$", output, re.MULTILINE)
        skipped = re.findall(r"^\[  SKIPPED \] (\w\S*)$", output, re.MULTILINE)
        failed = sorted(set(names) | set(skipped))
        if code != 0 and not failed:
            failed = [f"exit {code}"]  # crashed, leaked or hung: no count of its own
        if passed == 0 and not failed:
            failed = ["ran no test"]
        counts.ok(passed)
        for name in failed:
            counts.failed(f"{source.stem}: {name}")
        print(f"{'FAILED' if failed else 'ok    '}  {source.stem}: {passed} passed, "
              f"{len(failed)} failed", flush=True)
        if failed:
            print(output)


def seeds(counts):
    """What the fuzzers begin with, and what they have found, through every target once."""
    if not counts.step("build the fuzzers' targets with ASan and UBSan",
                       ["make", "-k", jobs(), "SAN=1", "fuzz-programs"]):
        return
    targets = sorted((TREE / "tests" / "fuzz").glob("fuzz_*.c"))
    if not targets:
        counts.failed("seeds: there is no target")
    env = dict(os.environ, ASAN_OPTIONS=f"detect_leaks={int(leaks_can_be_found())}",
               UBSAN_OPTIONS="print_stacktrace=1")
    for target in targets:
        folder = TREE / "tests" / "fuzz" / "seeds" / target.stem
        code, output = run([str(BUILD / "san" / "tests" / "fuzz" / target.stem), str(folder)],
                           UNIT_LIMIT_S, env)
        replayed = re.search(r"^(\d+) inputs replayed$", output, re.MULTILINE)
        if code == 0 and replayed:
            counts.ok()
            print(f"ok      seeds of {target.stem}: {replayed[1]} inputs", flush=True)
        else:
            counts.failed(f"seeds of {target.stem}")
            print(f"{output}\nFAILED  seeds of {target.stem} (exit {code})", flush=True)


def e2e(counts):
    if not counts.step("build crier with ASan and UBSan", ["make", jobs(), "SAN=1", "all"]):
        return
    # Sanitizers need rights that crier gives up: these tests run the ordinary build.
    if not counts.step("build crier as it is installed",
                       ["make", jobs(), "all", "build/tests/e2e/programs/confined"]):
        return
    if not counts.step("build crier with crash points", ["make", jobs(), "CRASH=1", "all"]):
        return
    report = BUILD / "e2e.xml"
    report.unlink(missing_ok=True)
    env = dict(os.environ, CRIER_BINARY=str(BUILD / "san" / "crier"))
    # Two at a time, whole files each: most of their time they wait, on clocks as real as the servers.
    argv = ["/usr/bin/python3", "-m", "pytest", "-p", "no:cacheprovider", "-ra", "-v", "--tb=short",
            "-n", "2", "--dist", "loadfile", "--color=no", f"--junitxml={report}", "tests/e2e"]
    code = "timeout"
    with subprocess.Popen(argv, cwd=TREE, env=env, stdin=subprocess.DEVNULL,
                          start_new_session=True) as process:
        try:
            code = process.wait(timeout=E2E_LIMIT_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 15)
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, 9)
    before = counts.passed
    failed = []
    if report.exists():
        for case in ElementTree.parse(report).getroot().iter("testcase"):
            name = f"{case.get('classname', '')}.{case.get('name', '')}"
            if any(child.tag in ("failure", "error", "skipped") for child in case):
                failed.append(name)
            else:
                counts.ok()
    if code != 0 and not failed:
        failed.append(f"pytest: exit {code}")
    if counts.passed == before and not failed:
        failed.append("e2e: ran no test")
    for name in failed:
        counts.failed(name)


def main():
    parts = {"lint": lint, "unit": unit, "seeds": seeds, "e2e": e2e}
    wanted = sys.argv[1:]
    if not wanted or any(name not in parts for name in wanted):
        print(f"usage: check.py {'|'.join(parts)} ...", file=sys.stderr)
        return 64
    counts = Counts()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with proc_mounted():
        for name in wanted:
            print(f"== {name}", flush=True)
            parts[name](counts)
    if counts.failures:
        print("\nfailed:")
        for name in counts.failures:
            print(f"  {name}")
    print()
    print(f"{counts.passed} passed, {len(counts.failures)} failed", flush=True)
    return 1 if counts.failures else 0


if __name__ == "__main__":
    sys.exit(main())
