"""What goes wrong in each run: by seed, or at each point in turn.

A plan follows from the seed and its number alone, so that a failed run can be repeated alone.
"""

import random
import re
from collections import Counter
from pathlib import Path

from .scenario import Plan

TREE = Path(__file__).resolve().parent.parent.parent.parent
POINT = re.compile(r'\bCRASH_POINT\("([^"]+)"\)')

# Lines of the channel after which a random kill comes, each with how late it may.
MOMENTS = (("icinga-wm-\\d+> PROBLEM", 0.2), ("!status confirm \\d+\\.1$", 0.15), ("is public since", 0.1),
           ("!status update", 0.15), ("!status confirm \\d+\\.2$", 0.15), ("!status resolve", 0.15),
           ("!status confirm \\d+\\.3$", 0.15), ("is resolved on the page", 0.1))
WRITES = ({"kind": "create"}, {"kind": "update"}, {"kind": "update"})
GRACE_S = 3


def source_points():
    """The names of all points, as they are in the source."""
    files = [path for part in ("bot", "adapters") for path in sorted((TREE / part).glob("*.c"))]
    return sorted({name for path in files for name in POINT.findall(path.read_text())})


def points_of(trace):
    """Every point of a run's trace, as often as it was passed: NAME:1, NAME:2, ..."""
    counts = Counter(trace)
    return [f"{name}:{number}" for name in sorted(counts) for number in range(1, counts[name] + 1)]


def point_plan(point):
    return Plan(f"point {point}", "point", points=(point,), grace_s=2)


def _write_rule(stage, action, following=1):
    """A fault of the write of that stage, and of as many after it."""
    return {"on": dict(WRITES[stage]), "nth": 2 if stage == 2 else 1, "next": following, "do": action}


def _losses(pick):
    """How one request may come to nothing, or seem to."""
    return pick.choice((
        {"drop": True}, {"drop": "reset"},                                # applied, no answer
        {"apply": False, "drop": True}, {"apply": False, "drop": "reset"},
        {"status": pick.choice((500, 502, 503, 504)), "apply": True},
        {"status": pick.choice((500, 502, 503, 504))},
        {"status": 408, "apply": True},
        {"status": pick.choice((420, 429)), "retry_after": 1},
        {"status": 422},
        {"distort": pick.choice(("truncate", "garbage", "html", "wrong_types", "empty"))},
        {"cut": pick.randrange(0, 200)},
        {"drop": True, "late": round(pick.uniform(0, GRACE_S - 0.3), 2)},  # applied after hanging up
        {"drop": True, "late": round(pick.uniform(0, GRACE_S - 0.3), 2)},
        {"stall_before": round(pick.uniform(0.1, 1), 2), "drop": True},
    ))


def _spoiled_readings(pick):
    """The page is hard to read, too, just when it is read to settle a doubt."""
    return {"on": {"kind": "list"}, "nth": pick.randrange(1, 5), "next": pick.randrange(1, 3),
            "do": pick.choice(({"status": 503}, {"drop": True}, {"distort": "garbage"},
                               {"distort": "wrong_types"}, {"cut": 10}))}


def _loss_plan(pick, name):
    rules = [_write_rule(stage, _losses(pick), pick.choice((1, 1, 1, 2)))
             for stage in sorted(pick.sample(range(3), pick.choice((1, 1, 2, 3))))]
    if pick.random() < 0.3:
        rules.append(_spoiled_readings(pick))
    return Plan(name, "loss", rules=rules, grace_s=GRACE_S, signal_end=pick.random() < 0.5)


def _slow_page(pick):
    """Requests take so long that a kill at a random moment finds them under way."""
    return {"on": {"kind": pick.choice(("manage", "create", "update"))}, "always": True,
            "do": {pick.choice(("stall_before", "stall_after")): round(pick.uniform(0.02, 0.3), 2)}}


def _moment(pick):
    pattern, most_s = pick.choice(MOMENTS)
    return ("after", (pattern, round(pick.uniform(0, most_s), 3)))


def _kill_plan(pick, name, points):
    """One to three lives end early: at a moment, at a point, or while the page holds a write."""
    lives = pick.choice((1, 1, 1, 2, 2, 3))
    at, kills, rules = [], [], []
    for life in range(lives):
        how = pick.choice(("moment", "moment", "point", "held"))
        at.append(None)
        kills.append(None)
        if how == "moment":
            kills[-1] = _moment(pick) if life == 0 else ("after", ("", round(pick.uniform(0, 2), 3)))
        elif how == "point":
            at[-1] = f"{pick.choice(points)}:{pick.randrange(1, 20 if life == 0 else 6)}"
        elif not rules:
            phase = pick.choice(("stall_before", "stall_after", "late"))
            action = ({"late": round(pick.uniform(0, GRACE_S - 0.5), 2)} if phase == "late"
                      else {phase: round(pick.uniform(0.3, 1), 2)})
            rules.append(_write_rule(pick.randrange(3), action))
            kills[-1] = ("held", "hangup" if phase == "late" else phase)
    if not rules and pick.random() < 0.6:
        rules.append(_slow_page(pick))
    return Plan(name, "kill", points=tuple(at), kills=tuple(kills), rules=rules, grace_s=GRACE_S,
                signal_end=pick.random() < 0.2)


def _twin_plan(pick, name):
    """Applied later than doubt_grace: what cannot be prevented is found and removed."""
    rule = {"on": {"kind": "create"}, "do": {"drop": True, "late": round(pick.uniform(2.5, 5), 2)}}
    return Plan(name, "twin", rules=[rule], grace_s=1, twin=pick.choice(("waits", "ends")))


def seeded_plan(seed, number):
    """Run `number` of a seed. Kills and losses take turns; each twentieth makes a twin."""
    pick = random.Random(f"crier {seed} {number}")
    name = f"seed {seed}, run {number}"
    if number % 20 == 19:
        return _twin_plan(pick, name)
    return _kill_plan(pick, name, source_points()) if number % 2 else _loss_plan(pick, name)


def broken_plans():
    """Runs that must fail when what is in doubt is sent again without reading the page."""
    rules = [{"on": {"kind": kind}, "do": action} for kind in ("create", "update")
             for action in ({"drop": True}, {"status": 502, "apply": True})]
    plans = [Plan(f"broken {rule}", "loss", rules=[rule]) for rule in rules]
    for point in ("page.body-sent:1", "page.answer-begun:8", "page.answer-parsed:7"):
        plans.append(Plan(f"broken at {point}", "point", points=(point,)))
    return plans
