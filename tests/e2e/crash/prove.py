#!/usr/bin/python3
"""The proof that what is confirmed becomes public exactly once: crier is killed, its page is cut off.

prove.py [--seed N] [--runs M] [--only K] [--point NAME:N] [--workers W] [--quick] [--no-self-test]

Runs M seeded runs, then one for each point of the source as often as an ordinary run passes it, then
the self-test: with the reconciling broken on purpose, runs must fail. Exit code 1 when anything is
not as promised. A failed run says how it can be repeated alone.
"""

import argparse
import os
import queue
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

if __name__ == "__main__":
    sys.path[:0] = [str(Path(__file__).resolve().parent.parent.parent),
                    str(Path(__file__).resolve().parent.parent)]

from rig.house import Network  # noqa: E402
from rig.process import Folder, Timeout  # noqa: E402

from crash import plan as plans  # noqa: E402
from crash.scenario import Bench, Plan, Run, Violation  # noqa: E402

TREE = Path(__file__).resolve().parent.parent.parent.parent
BINARY = TREE / "build" / "crash" / "crier"
SEED = 20230117
# The fixed set of `make check`: enough of each kind, and the points around a write.
QUICK_RUNS = (0, 1, 2, 3, 4, 5, 7, 9, 11, 13, 19)
QUICK_POINTS = ("turn.commit:9", "store.commit:9", "store.committed:9", "store.report:9", "page.hand:8",
                "page.send:9", "page.body-begun:1", "page.body-sent:1", "page.answer-begun:8",
                "page.answer-parsed:8", "page.body-sent:3", "say.sent:3")


class Proof:
    """Runs plans on a few benches at once, and counts."""

    def __init__(self, network, workers, out=print):
        self.network = network
        self.folder = Folder("crash")
        self.counts = Counter()
        self.failures = []
        self._out = out
        self._lock = threading.Lock()
        self._benches = [Bench(network, number, self.folder.sub(f"bench-{number}"))
                         for number in range(1, workers + 1)]
        # A child does not outlive the thread that made it: each bench has one for all its life.
        self._hands = [ThreadPoolExecutor(1) for _ in self._benches]
        self._made = 0

    def close(self):
        for hand, bench in zip(self._hands, self._benches):
            hand.submit(bench.close).result()
            hand.shutdown()
        if not self.failures:
            self.folder.remove()

    def _one(self, bench, plan, env, expect_failure):
        with self._lock:
            self._made += 1
            folder = self.folder.sub(f"run-{self._made}")
        run, problem = None, None
        started = time.monotonic()
        try:
            run = Run(bench, plan, folder, env)
            run.go()
        except (Violation, Timeout) as broken:
            problem = f"{type(broken).__name__}: {broken}"
        except Exception as broken:  # a worker that dies silently would prove nothing
            problem = f"{type(broken).__name__} in the test itself: {broken!r}"
        bench.spoiled = bool(problem)
        with self._lock:
            self.counts["runs"] += 1
            self.counts[f"runs: {plan.kind}"] += 1
            self.counts.update(run.counts if run else {})
            if problem and not expect_failure:
                self.failures.append(plan)
                self._out(f"FAILED  {plan.describe()}\n        {problem}\n        {self._again(plan)}\n"
                          f"        state and logs: {folder}")
                if run:
                    (folder / "diary").write_text(run.diary())
            elif not problem:
                self._out(f"ok      {plan.name}: {run.counts['crashes']} crashes, "
                          f"{run.counts['faults']} faults, {time.monotonic() - started:.1f} s")
            if plan.kind == "point" and not problem and not run.counts["crashes"]:
                # How often the loop turns is not always the same; once is, whatever happens.
                self.counts["points not passed so often this time"] += 1
                if plan.points[0].endswith(":1"):
                    problem = "the point was not passed"
                    self.failures.append(plan)
                    self._out(f"FAILED  {plan.describe()}: {problem}")
        return problem

    @staticmethod
    def _again(plan):
        if plan.kind == "point":
            return f"again: make check-crash CRASH_ARGS='--point {plan.points[0]}'"
        if plan.kind == "ordinary":
            return "again: make check-crash, which begins with it"
        return "again: make check-crash CRASH_ARGS='--seed {} --only {}'".format(
            *plan.name.removeprefix("seed ").split(", run "))

    def run(self, wanted, env=None, expect_failure=False):
        """Runs them all; the problems of those that failed, by name."""
        todo, problems = queue.SimpleQueue(), {}
        for plan in wanted:
            todo.put(plan)

        def work(bench):
            while True:
                try:
                    plan = todo.get_nowait()
                except queue.Empty:
                    return
                problem = self._one(bench, plan, env, expect_failure)
                if problem:
                    problems[plan.name] = problem

        for done in [hand.submit(work, bench) for hand, bench in zip(self._hands, self._benches)]:
            done.result()
        return problems

    def trace(self):
        """What an ordinary run passes, in order."""
        path = self.folder.path / "trace"
        path.unlink(missing_ok=True)
        self.run([Plan("ordinary run", "ordinary")], {"CRIER_CRASH_TRACE": str(path)})
        return path.read_text().split()

    def check_points(self, trace):
        """Each point of the source is one that an ordinary run passes; else the list is stale."""
        missing = set(plans.source_points()) - set(trace)
        if missing:
            self.failures.append(Plan(f"points that no run passes: {sorted(missing)}", "ordinary"))
            self._out(f"FAILED  {self.failures[-1].name}")

    def self_test(self):
        """With the reconciling broken, each of these runs must fail."""
        wanted = plans.broken_plans()
        problems = self.run(wanted, {"CRIER_BREAK_RECONCILE": "1"}, expect_failure=True)
        caught = [name for name, problem in problems.items() if problem.startswith("Violation")]
        self.counts["self-test: caught"] += len(caught)
        for plan in wanted:
            if plan.name in caught:
                self._out(f"ok      {plan.name}: fails, as it must ({problems[plan.name]})")
            else:
                self.failures.append(plan)
                self._out(f"FAILED  {plan.name}: the test did not notice "
                          f"({problems.get(plan.name, 'it passed')})")

    def summary(self):
        c = self.counts
        kinds = ", ".join(f"{c[name]} {name.removeprefix('runs: ')}" for name in sorted(c)
                          if name.startswith("runs: "))
        return (f"{c['runs']} runs ({kinds}), {c['crashes']} crashes, {c['starts']} starts, "
                f"{c['faults']} faults of the page, {c['confirms']} confirms typed; "
                f"{c['found']} writes found on the page instead of sent twice, {c['again']} sent again, "
                f"{c['twins']} twins found and removed; self-test {c['self-test: caught']} caught; "
                f"{c['points not passed so often this time']} points not passed so often; "
                f"{len(self.failures)} violations")


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--seed", type=int, default=SEED)
    options.add_argument("--runs", type=int, default=300)
    options.add_argument("--only", type=int, help="the run of that number alone")
    options.add_argument("--point", help="that point alone, NAME:N")
    options.add_argument("--workers", type=int, default=2)
    options.add_argument("--quick", action="store_true", help="the fixed set of make check")
    options.add_argument("--self-test", action="store_true", help="that the proof can fail, alone")
    chosen = options.parse_args()
    os.environ["CRIER_BINARY"] = str(BINARY)
    network, proof = Network("crash"), None
    started = time.monotonic()
    try:
        proof = Proof(network, chosen.workers, lambda text: print(text, flush=True))
        if chosen.only is not None:
            proof.run([plans.seeded_plan(chosen.seed, chosen.only)])
        elif chosen.point:
            proof.run([plans.point_plan(chosen.point)])
        elif chosen.self_test:
            proof.self_test()
        elif chosen.quick:
            quick(proof)
        else:
            trace = proof.trace()
            proof.check_points(trace)
            proof.run([plans.seeded_plan(chosen.seed, number) for number in range(chosen.runs)])
            proof.run([plans.point_plan(point) for point in plans.points_of(trace)])
            proof.self_test()
        print(f"\n{proof.summary()}; {time.monotonic() - started:.0f} s", flush=True)
        return 1 if proof.failures else 0
    finally:
        if proof:
            proof.close()
        network.close()


def quick(proof):
    """The small fixed set."""
    proof.check_points(proof.trace())
    proof.run([plans.seeded_plan(SEED, number) for number in QUICK_RUNS]
              + [plans.point_plan(point) for point in QUICK_POINTS])


if __name__ == "__main__":
    sys.exit(main())
