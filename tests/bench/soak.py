#!/usr/bin/python3
"""Ten bad minutes in one, again and again: soak.py [--crier FILE] [--seconds N]

Real servers, the release build. Alert storms, chatter, strangers' commands; the page fails, drops
and is away; the IRC server is killed, services are restarted, the configuration is read again; all
the while a deployer opens, publishes, updates and resolves incidents, and somebody asks `!status`.
Prints what it measured. Ends with 1 when memory or descriptors grow, when a published step is not on
the page exactly once, when an authorised person got no answer, or when crier does not leave cleanly.
"""

import argparse
import itertools
import json
import math
import os
import random
import re
import signal
import statistics
import sys
import threading
import time
import traceback
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.lines import CHECKS  # noqa: E402
from rig.house import House, Network  # noqa: E402
from rig.process import Timeout, look_into  # noqa: E402

SAMPLE_S = 5.0
STORM_LINES = 2000
STORM_EVERY_S = 40.0
SLICE = 40          # lines in one write: InspIRCd takes 10 kB from a client and then waits
HOSTS = 60          # so that the alerts known do not grow for ever
PAGE = "CoreDown on soak{number} is CRITICAL: 1 gt 0 #page"
ANSWER_S = 60.0     # after that a line of an authorised person counts as unanswered
STEP_S = 150.0      # for a step to become public, also through a page that is away
GROWTH = 1.10       # second half of the memory samples over the first, medians, plus
GROWTH_MIB = 2.0
GROWTH_FDS = 2
QUIET_S = 20.0      # at the end no more trouble, so that what waits can end
LEAVE_S = 5.0
CHATTER = (
    "anyone looking at this?", "!status", "!statusconfirm 1", "the page is green?", "\x02bold\x0f",
    "PROBLEM - not a bot", "\x01ACTION looks\x01", "ünïcödé ☃ " * 8, "x" * 380, "!status confirm 1.1",
)
STRANGE = (
    "!status confirm 1.1", "!status resolve 1", "!status discard 1", "!status edit 1 title owned",
    "!status open Everything is down", "!status help", "!status who", "!status " + "a" * 300,
    "!status update 1 identified: owned", "!status mute 1h fun", "!status confirm 99999999999999999999",
)


class Soak:
    """What all actors share."""

    def __init__(self, house, seconds):
        self.house = house
        self.ends = time.monotonic() + seconds
        self.over = threading.Event()
        self.closed = threading.Event()
        self.trouble_until = 0.0   # IRC is away, or was so lately: nobody can be answered
        self.trouble = threading.Lock()
        self.faults = []           # what an actor found wrong
        self.counts = {}
        self.words = []            # (number, words) of each update and resolution that was done
        self.bodies = itertools.count(1)

    def count(self, what, number=1):
        with self.trouble:
            self.counts[what] = self.counts.get(what, 0) + number

    def wrong(self, text):
        print(f"  !! {text}", flush=True)
        self.faults.append(text)

    def tell(self, text):
        left = max(0, self.ends - time.monotonic())
        print(f"  {left:4.0f} s left: {text}", flush=True)

    @property
    def calm(self):
        return time.monotonic() > self.trouble_until

    def begin_trouble(self):
        self.trouble_until = float("inf")

    def end_trouble(self):
        self.trouble_until = time.monotonic() + 5


class Actor(threading.Thread):
    """Somebody on IRC who comes back when the server was away."""

    def __init__(self, soak, nick, account=None):
        super().__init__(daemon=True)
        self.soak = soak
        self.nick = nick
        self.account = account
        self.client = None
        self.asked = 0.0  # when the last thing was said that is to be answered

    @property
    def excused(self):
        """Whatever was asked before that may be unanswered: crier was not there."""
        return self.soak.trouble_until

    def connect(self):
        while not self.soak.over.is_set():
            try:
                self.client = self.soak.house.network.client(self.nick, self.account, timeout=20)
                self.client.join(self.soak.house.channel, timeout=20)
                return True
            except (Timeout, OSError):
                self.drop()
                self.soak.over.wait(0.5)
        return False

    def drop(self):
        if self.client:
            self.client.close()
            self.client = None

    def run(self):
        while not self.soak.over.is_set():
            if not self.client and not self.connect():
                break
            try:
                self.act()
            except Timeout as problem:
                if self.client.raw.closed:
                    self.drop()
                elif self.excused < self.asked:
                    self.soak.wrong(f"{self.nick}: " + "\n".join(
                        line[:300] for line in str(problem).splitlines()
                        if "<" not in line or f"<{self.soak.house.nick}" in line or self.nick in line))
            except Exception:  # pylint: disable=broad-except
                self.soak.wrong(f"{self.nick} broke: {traceback.format_exc(limit=-3)}")
                self.soak.over.wait(1)
        self.drop()

    def act(self):
        raise NotImplementedError

    def say(self, text):
        return self.say_to(self.soak.house.channel, text)

    def say_to(self, target, text):
        self.asked = time.monotonic()
        return self.client.say(target, text)

    def hears(self, pattern, since, timeout=ANSWER_S):
        """A line of crier in the channel."""
        return self.client.hears(rf"^#\S+ <{self.soak.house.nick}_*> (?:.*?)(?:{pattern})", since, timeout)


class Storms(Actor):
    """Icinga's bot: thousands of lines at once, and now and then one that pages."""

    def __init__(self, soak):
        super().__init__(soak, "icinga-wm", "icinga-wm")
        self.draw = random.Random(20230117)
        self.firing = set()
        self.next_storm = time.monotonic() + 10

    def line(self):
        known = (self.draw.choice(CHECKS), f"mw{self.draw.randrange(HOSTS):04d}")
        check, host = known
        if known in self.firing:
            self.firing.discard(known)
            return f"RECOVERY - {check} on {host} is OK: OK - in order"
        self.firing.add(known)
        return f"PROBLEM - {check} on {host} is CRITICAL: connect to address 10.0.0.1: refused"

    def act(self):
        self.soak.over.wait(max(0.05, self.next_storm - time.monotonic()))
        if self.soak.over.is_set() or time.monotonic() > self.soak.ends - QUIET_S:
            self.soak.over.wait(1)
            return
        self.next_storm = time.monotonic() + STORM_EVERY_S
        for _ in range(STORM_LINES // SLICE):
            self.client.send("\r\n".join(f"PRIVMSG {self.soak.house.channel} :{self.line()}"
                                         for _ in range(SLICE)))
        self.client.barrier()
        self.soak.count("alert lines", STORM_LINES)


class Chatter(Actor):
    """People without an account, who talk and who try."""

    def act(self):
        for text in (*CHATTER, *STRANGE):
            if self.soak.over.wait(0.2):
                return
            self.say(text)
            self.soak.count("strangers' lines")
        self.client.send(f"PRIVMSG {self.soak.house.nick} :" + random.choice(STRANGE))
        self.client.barrier()


class Scribe(Chatter):
    """One of them, who also writes down what crier says: channel.log in the house's folder."""

    def drop(self):
        if self.client:
            began = time.time() - time.monotonic()
            with open(self.soak.house.folder.path / "channel.log", "a", encoding="utf-8") as diary:
                for when, text in self.client.said.seen:
                    if f"<{self.soak.house.nick}" in text or "<deployer1>" in text:
                        diary.write(f"{time.strftime('%H:%M:%S', time.gmtime(began + when))} {text}\n")
        super().drop()


class Asker(Actor):
    """An authorised person who asks in private and measures how long that takes."""

    def __init__(self, soak):
        super().__init__(soak, "sre1", "sre1")
        self.times = []

    def act(self):
        self.soak.over.wait(1.0)
        if not self.soak.calm:
            return
        asked = time.monotonic()
        since = self.say_to(self.soak.house.nick, "!status")
        try:
            self.client.hears(rf"^{self.nick} <{self.soak.house.nick}_*> \S", since, ANSWER_S)
        except Timeout:
            if self.excused < self.asked and not self.client.raw.closed:
                self.soak.count("unanswered")
            raise
        self.times.append(time.monotonic() - asked)
        self.soak.count("answers")


class Reader(threading.Thread):
    """The public, who read the page."""

    def __init__(self, soak):
        super().__init__(daemon=True)
        self.soak = soak

    def run(self):
        while not self.soak.over.wait(0.5):
            try:
                self.soak.house.sandbox.text("/")
                self.soak.house.sandbox.incidents()
                self.soak.count("page reads", 2)
            except OSError:
                pass  # it is away at times


class Deployer(Actor):
    """Opens, publishes, updates, corrects and resolves; comes back to what a trouble left behind."""

    def __init__(self, soak):
        super().__init__(soak, "deployer1", "deployer1")

    def ask(self, text, pattern, timeout=ANSWER_S):
        self.soak.count("commands")
        return self.hears(pattern, self.say(text), timeout)

    def open_ones(self):
        """What is open: [(number, kind)]."""
        since = self.say_to(self.soak.house.nick, "!status")
        self.soak.count("commands")
        text = self.client.hears(rf"^{self.nick} <{self.soak.house.nick}_*> (.*)$", since, ANSWER_S).group(1)
        return re.findall(r"(?:^|\| )(\d+) (draft|public|being published|seen|on the page)", text)

    def confirm(self, number, done):
        """Confirms whatever of it is shown now, until that is public; what was said then, or None."""
        deadline = time.monotonic() + STEP_S
        first = None
        while time.monotonic() < deadline:
            # others are answered in the channel as well: only what is said of this one counts
            shown = self.ask(f"!status show {number}", rf"`!status confirm {number}\.(?P<now>\d+)`|"
                             rf"\b{number} (?P<sent>by hand at )|there is no {number}\b|"
                             rf"\b{number} (?:is public|is being published|is closed|is no|was)")
            said = self.said_since(done, first)
            if said or not (shown["now"] or shown["sent"]):
                return said
            if shown["now"]:
                since = self.say(f"!status confirm {number}.{shown['now']}")
                first = since if first is None else first
                self.soak.count("confirms")
                self.hears(self.end_of(number, shown["now"]), since, STEP_S)
                said = self.said_since(done, first)
                if said:
                    return said
            self.soak.over.wait(2)
        raise Timeout(f"{self.nick}: {number} does not become public in {STEP_S:g} s")

    @staticmethod
    def end_of(number, revision):
        """What is said when a revision was confirmed: it is done, or something is wrong with it. Not its
        own words, which may be shown late."""
        return (rf"\b{number} (?:is public since|updated at|is resolved on the page|is closed|has nothing)|"
                rf"(?<!DRAFT )(?<!PROPOSAL )(?<!confirm )\b{number}\.{revision}\b|"
                rf"(?:DRAFT|PROPOSAL) {number}\.(?!{revision}\b)|there is no {number}\b")

    def said_since(self, pattern, since):
        """The line of crier that was heard by now, or None; since None is never."""
        if since is None:
            return None
        try:
            return self.hears(pattern, since, 0)
        except Timeout:
            return None

    def step(self, number, command, done):
        """One update or resolution with words of its own. @return whether it was done."""
        words = f"Word {next(self.soak.bodies)} of the soak."
        # what was confirmed before may have become public only now, and may have ended it
        self.ask(f"!status {command} {words}",
                 rf"\b{number}\.\d+\b|\b{number} is (?:closed|being published|not public yet)\b")
        if not self.confirm(number, done):
            return False
        self.soak.words.append((number, words))
        return True

    def resolve(self, number):
        if self.step(number, f"resolve {number}:", rf"\b{number} is resolved on the page"):
            self.soak.count("incidents resolved")

    def act(self):
        if time.monotonic() > self.soak.ends - QUIET_S:
            self.tidy()
            self.soak.over.wait(2)
            return
        opened = self.tidy()
        if opened:
            return
        number = self.ask("!status open Soak is in the way",
                          r'DRAFT (?P<number>\d+)\.\d+, not public: "Soak is in the way')["number"]
        self.confirm(number, rf"\b{number} is public since")
        self.step(number, f"update {number} identified:", rf"\b{number} updated at")
        self.step(number, f"update {number} monitoring:", rf"\b{number} updated at")
        self.resolve(number)

    def tidy(self):
        """Ends what is open. @return whether there was anything."""
        found = self.open_ones()
        for number, kind in found:
            if kind == "draft" and int(number) % 2:
                self.ask(f"!status discard {number} soak", rf"\b{number}\b")
                self.soak.count("drafts discarded")
            elif kind == "draft":
                self.confirm(number, rf"\b{number} is public since")
                self.resolve(number)
            elif kind == "public":
                self.resolve(number)
            else:
                self.soak.over.wait(1)
        return bool(found)


class Sampler(threading.Thread):
    """What crier takes of the machine."""

    def __init__(self, soak, folder):
        super().__init__(daemon=True)
        self.soak = soak
        self.folder = folder
        self.rows = []  # (seconds, private MiB, resident MiB, descriptors, threads, database MiB)
        self.began = time.monotonic()

    def run(self):
        while not self.soak.over.is_set():
            self.rows.append(self.look())
            self.soak.over.wait(SAMPLE_S)

    def look(self):
        pid = self.soak.house.crier.process.pid
        sizes = dict.fromkeys(("Private_Clean", "Private_Dirty", "Rss"), math.nan)  # where we may not look
        sizes.update(re.findall(r"^(\w+): +(\d+) kB$", "\n".join(look_into(pid, "smaps_rollup")), re.MULTILINE))
        threads = re.search(r"^Threads:\s+(\d+)", "\n".join(look_into(pid, "status")), re.MULTILINE)
        database = sum(path.stat().st_size for path in self.folder.glob("crier.db*"))
        return (time.monotonic() - self.began,
                (float(sizes["Private_Clean"]) + float(sizes["Private_Dirty"])) / 1024,
                float(sizes["Rss"]) / 1024, len(look_into(pid, "fd")), int(threads.group(1)), database / 2**20)


class Trouble(threading.Thread):
    """Breaks everything around crier, one after the other."""

    def __init__(self, soak):
        super().__init__(daemon=True)
        self.soak = soak
        self.house = soak.house

    def run(self):
        self.work()
        self.soak.closed.wait()  # a process dies with the thread that started it

    def work(self):
        seconds = self.soak.ends - time.monotonic() - QUIET_S
        acts = (self.reload, self.page_fails, self.irc_dies, self.page_drops, self.reload_changed,
                self.page_is_away, self.services_restart, self.page_is_slow, self.irc_dies, self.page_fails,
                self.reload)
        for act in acts:
            if self.soak.over.wait(seconds / (len(acts) + 1) / 2):
                return
            self.soak.tell(act.__name__.replace("_", " "))
            self.soak.count("troubles")
            act(max(2.0, seconds / len(acts) / 3))
            if self.soak.over.wait(seconds / (len(acts) + 1) / 6):
                return

    def reload(self, _):
        mark = self.house.crier.mark()
        self.house.crier.process.send(signal.SIGHUP)
        self.house.crier.wait_log("configuration reloaded", mark)

    def reload_changed(self, _):
        self.house.settings["chat"]["revision_interval"] = "3 s"
        self.house.crier.write_config(self.house.settings)
        self.reload(_)

    def with_faults(self, rules, seconds):
        self.house.sandbox.faults(rules)
        self.soak.over.wait(seconds)
        self.house.sandbox.faults([])

    def page_fails(self, seconds):
        self.with_faults([{"on": {"kind": "manage"}, "always": True, "do": {"status": 503}}], seconds)

    def page_drops(self, seconds):
        self.with_faults([{"on": {"kind": kind}, "probability": 0.5, "seed": 1, "do": {"drop": True}}
                          for kind in ("create", "update")], seconds)

    def page_is_slow(self, seconds):
        self.with_faults([{"on": {"kind": "manage"}, "always": True, "do": {"stall_after": 1.5}}], seconds)

    def page_is_away(self, seconds):
        self.house.sandbox.stop()
        self.soak.over.wait(seconds)
        self.house.sandbox.start()

    def irc_dies(self, seconds):
        """The server is killed; accounts are back as soon as services have linked again."""
        self.soak.begin_trouble()
        mark = self.house.crier.mark()
        self.house.network.server.kill()
        self.soak.over.wait(min(seconds, 5))
        self.house.network.server.start()
        self.wait_back(mark)

    def services_restart(self, seconds):
        """crier stays where it is, and believes who was logged in."""
        self.soak.begin_trouble()
        self.house.network.atheme.stop()
        self.soak.over.wait(min(seconds, 5))
        self.house.network.atheme.start()
        self.soak.end_trouble()

    def wait_back(self, mark):
        try:
            self.house.crier.wait_joined(self.house.channel, mark, 120)
        except Timeout as problem:
            self.soak.wrong(f"crier does not come back: {str(problem)[:800]}")
        self.soak.end_trouble()


# ---- the end -------------------------------------------------------------------------------------------------


def every_incident(sandbox):
    """What the page has, by the manage API."""
    rows = []
    for number in range(1, 100):
        request = urllib.request.Request(
            f"{sandbox.url}/v1/pages/{sandbox.page}/incidents?limit=100&page={number}",
            headers={"Authorization": f"OAuth {sandbox.key}"})
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=60) as answer:
            page = json.load(answer)
        rows += page
        if len(page) < 100:
            return rows
    return rows


def check_page(soak, log):
    """Each published step of crier's own audit is on the page exactly once, and nothing else is."""
    published = {}
    for number, remote in re.findall(r"audit incident \d+: (\d+\.\d+) published as (\S+),", log):
        published.setdefault(remote, []).append(number)
    confirmed = set(re.findall(r"audit confirm (\d+\.\d+) by ", log))
    told = set(re.findall(r"audit incident \d+: confirm of (\d+\.\d+) by .* expired", log)) | \
        set(re.findall(r"audit incident \d+: the page refused (\d+\.\d+):", log))
    done = [number for numbers in published.values() for number in numbers]
    incidents = {row["id"]: row for row in every_incident(soak.house.sandbox)}
    keys = [json.dumps(row["metadata"]["crier"]["incident"]) for row in incidents.values()]
    if len(set(keys)) != len(keys):
        soak.wrong("an incident is on the page twice")
    if set(published) != set(incidents):
        soak.wrong(f"on the page but not published: {sorted(set(incidents) - set(published))}; "
                   f"published but not on the page: {sorted(set(published) - set(incidents))}")
    for remote, numbers in published.items():
        updates = incidents.get(remote, {}).get("incident_updates", [])
        if len(updates) != len(set(numbers)):
            soak.wrong(f"{remote}: {sorted(set(numbers))} were published, the page has {len(updates)} updates")
    if len(done) != len(set(done)):
        soak.wrong("a step was said to be published twice")
    lost = confirmed - set(done) - told
    if lost:
        soak.wrong(f"confirmed, and neither published nor told why not: {sorted(lost)}")
    bodies = [update["body"] for row in incidents.values() for update in row["incident_updates"]]
    for number, words in soak.words:
        if words not in bodies:  # a widening may say them again; steps are counted above
            soak.wrong(f"{number}: {words!r} was published and is not on the page")
    still = [row["id"] for row in incidents.values() if row["status"] != "resolved"]
    soak.counts.update({"steps published": len(done), "incidents on the page": len(incidents),
                        "left open": len(still), "confirms told as not sent": len(told)})
    soak.counts["found after a doubt"] = log.count("is found on the page after a doubt")


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def check_figures(soak, sampler, asker):
    """The table, and what in it is too much."""
    rows = sampler.rows[min(6, len(sampler.rows) // 10):]  # it has joined and begun by then
    half = len(rows) // 2
    names = ("private MiB", "resident MiB", "descriptors", "threads", "database MiB")
    print(f"\n{'':16}{'first half':>12}{'second half':>13}{'largest':>10}{'last':>10}    (medians)")
    for column, name in enumerate(names, 1):
        values = [row[column] for row in rows]
        first, second = statistics.median(values[:half]), statistics.median(values[half:])
        print(f"{name:16}{first:12.1f}{second:13.1f}{max(values):10.1f}{values[-1]:10.1f}")
        if name == "private MiB" and second > first * GROWTH + GROWTH_MIB:
            soak.wrong(f"memory grows: {first:.1f} MiB, then {second:.1f} MiB")
        if name in ("descriptors", "threads") and second > first + GROWTH_FDS:
            soak.wrong(f"{name} grow: {first:g}, then {second:g}")
    if asker.times:
        print(f"answer to !status: p50 {1000 * percentile(asker.times, 0.5):.0f} ms, "
              f"p99 {1000 * percentile(asker.times, 0.99):.0f} ms, max {1000 * max(asker.times):.0f} ms, "
              f"n {len(asker.times)}")
    else:
        soak.wrong("!status was never answered")
    for name, value in sorted(soak.counts.items()):
        print(f"{name:28}{value:8d}")
    for needed in ("steps published", "incidents resolved", "alert lines", "troubles"):
        if not soak.counts.get(needed):
            soak.wrong(f"{needed}: none, so nothing was tried")


def finish(soak, actors, sampler):
    """What waits may end; then crier leaves."""
    soak.over.wait(max(0.0, soak.ends - time.monotonic()))
    soak.over.set()
    for actor in actors:
        actor.join(STEP_S)
    process = soak.house.crier.process
    before = time.monotonic()
    process.send(signal.SIGTERM)
    code = process.wait(60)
    took = time.monotonic() - before
    print(f"crier left in {took:.2f} s with {code}")
    if code or took > LEAVE_S or not process.lines.matching("left cleanly"):
        soak.wrong(f"crier did not leave cleanly: {code} after {took:.1f} s")
    sampler.join(10)


def soak_it(house, seconds):
    soak = Soak(house, seconds)
    house.settings["pages"][0]["doubt_grace"] = "5 s"
    house.start()
    asker, sampler = Asker(soak), Sampler(soak, house.crier.folder)
    actors = [Storms(soak), Chatter(soak, "someuser"), Scribe(soak, "lurker"), asker, Deployer(soak),
              Reader(soak)]
    for actor in (sampler, *actors, Trouble(soak)):
        actor.start()
    finish(soak, actors, sampler)
    check_page(soak, house.crier.log)
    check_figures(soak, sampler, asker)
    soak.closed.set()
    return soak.faults


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--crier", type=Path, help="the program; default build/crier")
    options.add_argument("--seconds", type=float, default=600)
    chosen = options.parse_args()
    if chosen.crier:
        os.environ["CRIER_BINARY"] = str(chosen.crier.resolve())
    network = Network("soak")
    house, faults = None, ["it did not begin"]
    try:
        house = House(network)
        print(f"soak: {chosen.seconds:g} s", flush=True)
        faults = soak_it(house, chosen.seconds)
    finally:
        if house:
            house.close()
        network.close()
    if faults:
        print(f"\n{len(faults)} things wrong; what crier logged and said is in {house.folder.path if house else '-'}")
        for fault in faults:
            print("  " + fault.splitlines()[0])
        return 1
    house.folder.remove()
    print("\nall is well")
    return 0


if __name__ == "__main__":
    sys.exit(main())
