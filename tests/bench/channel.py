"""A channel's log as long as you like: chatter, bots that crier does not know, deploys, and few alerts.

The lines of the bots that crier knows are those of tests/data/lines.tsv; the same seed gives the same log.
"""

import random
import re
import time
from pathlib import Path

SAMPLES = Path(__file__).resolve().parent.parent / "data" / "lines.tsv"
NICKS = {"icinga": "icinga-wm", "jinxer": "jinxer-wm", "logmsgbot": "logmsgbot"}
BEGIN = 1672531200  # 2023-01-01

# Of a hundred lines.
SHARES = (("chatter", 48), ("others", 33), ("logmsgbot", 12), ("icinga", 4), ("jinxer", 3))

WORDS = (
    "the a of to is it in that on for we are with be this have not was will as can just but there if from you at so "
    "do any what all out now then when which should server deploy patch config cache wiki search error looking "
    "yes no thanks hi ack restarting done morning lunch meeting review merged revert graph latency memcached php "
    "mediawiki database replica s4 codfw eqiad puppet swift traffic ticket task page alert fine okay maybe later"
).split()
PEOPLE = [f"user{number}" for number in range(120)]
OTHERS = (
    ("wikibugs", "(PS{a}) Someone: Change number {b} of the example [puppet] - https://gerrit.example.org/r/{c} (https://"
                 "phabricator.example.org/T{d})"),
    ("wikibugs", "(CR) Someone: [C: +2] \"Change number {b} of the example, with a comment that is somewhat longer\" "
                 "[mediawiki/core] - https://gerrit.example.org/r/{c}"),
    ("wikibugs", "Operations, ops-eqiad: Replace the disk of example{a} - https://phabricator.example.org/T{d} (user{a}) "
                 "p:Triage>Normal"),
    ("stashbot", "T{d}: Example task that somebody mentioned - https://phabricator.example.org/T{d}"),
    ("stashbot", "Logged the message at https://wikitech.example.org/wiki/Server_Admin_Log"),
    ("grrrit-wm", "(Merged) jenkins-bot: Change number {b} of the example [extensions/Example] (wmf/1.40.0-wmf.{a}) - "
                  "https://gerrit.example.org/r/{c}"),
)


RECOVERIES = (
    (re.compile(r"PROBLEM - Host (\S+) is DOWN.*"), r"RECOVERY - Host \1 is UP: PING OK - Packet loss = 0%"),
    (re.compile(r"PROBLEM - (.*) on (\S+) is (?:CRITICAL|WARNING|UNKNOWN).*"), r"RECOVERY - \1 on \2 is OK: OK"),
    (re.compile(r"FIRING: (.*)"), r"RESOLVED: \1"),
    (re.compile(r"(\(.*?\)) firing: (.*)"), r"\1 resolved: \2"),
)


def samples():
    """Of each known bot: what it says, and for an alert how it is told to be over. None of them pages."""
    lines = {source: [] for source in NICKS}
    for row in SAMPLES.read_text().splitlines():
        source, _, rest = row.partition("\t")
        text = rest.partition("\t")[0]
        if source not in lines or "#page" in text:
            continue
        over = [pattern.sub(way, text) for pattern, way in RECOVERIES if pattern.fullmatch(text)]
        if source == "logmsgbot" or over:
            lines[source].append((text, over[0] if over else None))
    return lines


class Channel:
    def __init__(self, seed=20230117, seconds_per_line=16):
        self._random = random.Random(seed)
        self._samples = samples()
        self._pace = seconds_per_line
        self._firing = {"icinga": [], "jinxer": []}
        self._kinds = [kind for kind, share in SHARES for _ in range(share)]
        # Whole sentences are made once: making two million of them takes longer than reading them.
        self._chatter = [" ".join(self._random.choice(WORDS) for _ in range(self._random.randint(2, 25)))
                         for _ in range(5000)]

    def _say(self, kind):
        draw = self._random
        if kind == "chatter":
            return draw.choice(PEOPLE), draw.choice(self._chatter)
        if kind == "others":
            nick, text = draw.choice(OTHERS)
            return nick, text.format(a=draw.randrange(1, 99), b=draw.randrange(9999), c=draw.randrange(100000, 999999),
                                     d=draw.randrange(100000, 400000))
        if kind in self._firing and len(self._firing[kind]) > draw.randrange(20):
            return NICKS[kind], self._firing[kind].pop(0)
        text, over = draw.choice(self._samples[kind])
        if over:
            self._firing[kind].append(over)
        return NICKS[kind], text

    def write(self, path, lines):
        """Writes so many lines; one each 16 s on average makes two million of them a year."""
        at, shown, stamp = BEGIN, 0, ""
        with open(path, "w", buffering=1 << 20) as out:
            for _ in range(lines):
                at += self._random.randrange(2 * self._pace)
                if at != shown:
                    shown, stamp = at, time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(at))
                nick, text = self._say(self._random.choice(self._kinds))
                out.write(f"[{stamp}] <{nick}> {text}\n")
