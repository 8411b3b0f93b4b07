"""Channel logs in the form `[YYYY-MM-DD HH:MM:SS] <nick> text`, and playing them again."""

import calendar
import re
import threading
import time
from pathlib import Path

DATA = Path(__file__).resolve().parent.parent / "data"
OUTAGE = DATA / "outage-2023-01-17.log"
LINE = re.compile(r"^\[(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)\] <(\S+)> (.*)$")


class Entry:
    """One line of a log: second (of the epoch), clock (HH:MM:SS), nick, text."""

    def __init__(self, stamp, nick, text):
        self.second = calendar.timegm(time.strptime(stamp, "%Y-%m-%d %H:%M:%S"))
        self.clock = stamp[11:]
        self.nick = nick
        self.text = text


def read_log(path=OUTAGE):
    return [Entry(*found.groups()) for found in map(LINE.match, path.read_text().splitlines()) if found]


class Player:
    """Says a log's lines in its own rhythm; gaps longer than `gap_s` are idle and cut to that."""

    def __init__(self, entries, say, gap_s):
        self._entries = entries
        self._say = say  # (nick, text) -> whatever
        self._gap_s = gap_s
        self._clock = threading.Event()
        self._due = None
        self._next = 0

    def play(self, until=None):
        """Up to and with the line of that clock, or to the end; what `say` returned for the last."""
        said = None
        while self._next < len(self._entries):
            entry = self._entries[self._next]
            if self._due is None:
                self._due = time.monotonic()
            elif self._next:
                gap = entry.second - self._entries[self._next - 1].second
                self._due = max(self._due + min(gap, self._gap_s), time.monotonic())
            self._clock.wait(max(0.0, self._due - time.monotonic()))
            said = self._say(entry.nick, entry.text)
            self._next += 1
            if entry.clock == until:
                return said
        if until:
            raise ValueError(f"no line at {until}")
        return said
