#!/usr/bin/python3
"""How fast `crier replay` reads a log, beside grep with the same alternation and wc on the same file."""

import argparse
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))
from tests.bench.channel import Channel  # noqa: E402

TREE = Path(__file__).resolve().parent.parent.parent
LINES = 2_000_000
RUNS = 3


def posix(pattern):
    """A pattern of the configuration as grep -E knows it. What it lacks is made wider, never narrower."""
    pattern = pattern.replace("\\\\", "\\")
    pattern = re.sub(r"\(\?<[a-z]+>", "(", pattern)
    pattern = pattern.replace("(?i:!log)", "![lL][oO][gG]").replace("(?i:", "(").replace("(?:", "(")
    return re.sub(r"([+*?])\?", r"\1", pattern)


def alternation(path):
    lines = [line for line in path.read_text().splitlines() if not line.lstrip().startswith("#")]
    patterns = re.findall(r'pattern = "((?:[^"\\]|\\.)*)"', "\n".join(lines))
    return "> (" + "|".join(posix(pattern) for pattern in dict.fromkeys(patterns)) + ")$"


def one_core():
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def timed(argv, env):
    """@return seconds, KiB resident at most, what it printed."""
    begun = time.monotonic()
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = subprocess.Popen(argv, stdout=out, stderr=err, env={**os.environ, **env}, preexec_fn=one_core)
        _, status, usage = os.wait4(child.pid, 0)
        took = time.monotonic() - begun
        child.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        printed, told = out.read().decode(), err.read().decode()
    if child.returncode:
        raise SystemExit(f"{argv[0]} left with {child.returncode}: {told[-2000:]}")
    return took, usage.ru_maxrss, printed, told


def measure(crier, config, lines, directory):
    log, short = Path(directory) / "2023.log", Path(directory) / "short.log"
    channel = Channel()
    channel.write(log, lines)
    with open(log) as long, open(short, "w") as out:
        for _, line in zip(range(lines // 10), long):
            out.write(line)
    pattern = alternation(config.parent / "formats.cfg")
    replay = [crier, "replay", "-c", str(config)]
    rows = {
        "wc -l": (["wc", "-l", str(log)], {}),
        "grep -cE (LC_ALL=C, its fastest)": (["grep", "-cE", pattern, str(log)], {"LC_ALL": "C"}),
        "crier replay": ([*replay, str(log)], {}),
        "crier replay --assume-confirm 30s": ([*replay, "--assume-confirm", "30s", str(log)], {}),
    }
    times = {name: [] for name in rows}
    memory, told = {}, ""
    for _ in range(RUNS):  # in turn, so that none has the quieter machine
        for name, (argv, env) in rows.items():
            took, kib, printed, err = timed(argv, env)
            times[name].append(took)
            memory[name] = kib
            if name.startswith("grep"):
                matched = int(printed)
            if name == "crier replay":
                told = err
    _, few, _, _ = timed([*replay, str(short)], {})
    print(f"A log of {lines:,} lines ({log.stat().st_size / 1e6:.0f} MB, a year of a busy channel), one core, "
          f"medians of {RUNS} runs")
    best = {name: statistics.median(values) for name, values in times.items()}
    for name, seconds in best.items():
        print(f"  {name:34} {seconds:7.2f} s {lines / seconds:12,.0f} lines/s")
    print(f"  {matched:,} lines match, by grep; aim: faster than grep "
          f"(crier / grep {best['crier replay'] / best['grep -cE (LC_ALL=C, its fastest)']:.2f})")
    print(f"  memory of crier replay: {memory['crier replay'] / 1024:.1f} MiB; of a tenth of the log "
          f"{few / 1024:.1f} MiB; aim: flat")
    for line in told.splitlines():
        print(f"  {line}")


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--crier", default=str(TREE / "build" / "crier"))
    options.add_argument("--config", type=Path, default=TREE / "config" / "wikimedia.cfg")
    options.add_argument("--lines", type=int, default=LINES)
    options.add_argument("--keep", help="a directory where the log stays")
    chosen = options.parse_args()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if chosen.keep:
        measure(chosen.crier, chosen.config, chosen.lines, chosen.keep)
        return
    with tempfile.TemporaryDirectory(dir="/var/tmp") as directory:
        measure(chosen.crier, chosen.config, chosen.lines, directory)


if __name__ == "__main__":
    main()
