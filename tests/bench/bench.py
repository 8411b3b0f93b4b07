#!/usr/bin/python3
"""What crier costs, in one run on one machine: bench.py [--crier FILE] [--lines N] [--quick]

Everything is on loopback: InspIRCd with Atheme, the sandbox page, crier over TLS with SASL. Three
questions, each with its yardstick from the same run; nothing is asserted, the table is the result.
The configuration is the tests' own, except that crier's flood bucket is so large that it never
waits (1000 lines, one more each 10 ms), and that the sandbox takes 100000 requests a minute.
"""

import argparse
import http.client
import itertools
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.lines import AlertLines  # noqa: E402
from bench.wire import NOW, Wire  # noqa: E402
from rig.house import CONFIRM, PUBLIC, House, Network  # noqa: E402
from rig.process import PATIENCE_S, Process, Timeout, look_into  # noqa: E402

DRAFTS = 40
CONFIRMS = 40
BATCH = 5  # confirms of one crier: the page allows 60 requests a minute, and crier keeps to that
ALERTS = 100_000
CHUNK = 5_000  # lines between two readings of the memory
SLICE = 40  # lines in one write: InspIRCd takes 10 kB from a client and then waits up to a second
ALERT = ("PROBLEM - MediaWiki exceptions and fatals per minute for appserver on bench{number} is "
         "CRITICAL: 2.651e+04 gt 100 #page")
ECHO_CHANNEL = "#echo"


def ms(seconds):
    return 1000 * seconds


class Samples:
    """Milliseconds; what is told of them is the median and how they scatter."""

    def __init__(self):
        self.values = []

    def add(self, milliseconds):
        self.values.append(milliseconds)

    @property
    def median(self):
        return statistics.median(self.values)

    def __str__(self):
        ordered = sorted(self.values)
        low, high = ordered[len(ordered) // 10], ordered[-1 - len(ordered) // 10]
        return f"{self.median:8.3f} ms   ({low:.3f} to {high:.3f}, n {len(ordered)})"


class Page:
    """The sandbox over one kept-alive connection, headers and body in one write."""

    def __init__(self, sandbox):
        self.sandbox = sandbox
        self.connection = http.client.HTTPConnection("127.0.0.1", sandbox.port, timeout=60)
        self.connection.connect()

    def send(self, method, path, body=None):
        text = (f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{self.sandbox.port}\r\n"
                f"Authorization: OAuth {self.sandbox.key}\r\n")
        if body is not None:
            text += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        self.connection.sock.sendall(text.encode() + b"\r\n" + (body or b""))

    def answer(self, method="GET"):
        response = http.client.HTTPResponse(self.connection.sock, method=method)
        response.begin()
        body = response.read()
        if response.status >= 300:
            raise Timeout(f"the sandbox says {response.status}: {body.decode(errors='replace')}")
        return json.loads(body)

    def ask(self, method, path, body=None):
        self.send(method, path, body)
        return self.answer(method)

    def close(self):
        self.connection.close()


def memory_of(pid):
    """(private, of that dirty, resident) in MiB; not numbers where we may not look."""
    fields = dict.fromkeys(("Private_Clean", "Private_Dirty", "Rss"), math.nan)
    for line in look_into(pid, "smaps_rollup"):
        name, _, rest = line.partition(":")
        if rest.endswith(" kB"):
            fields[name] = int(rest[:-3]) / 1024
    return (fields["Private_Clean"] + fields["Private_Dirty"], fields["Private_Dirty"], fields["Rss"])


def same_body(incident):
    """The request that made this incident, put together again from what the manage API shows."""
    update = incident["incident_updates"][-1]
    wanted = {
        "name": incident["name"], "status": update["status"], "body": update["body"],
        "component_ids": [row["id"] for row in incident["components"]],
        "components": {row["id"]: row["status"] for row in incident["components"]},
        "impact_override": incident["impact_override"],
        "deliver_notifications": update["deliver_notifications"], "metadata": incident["metadata"],
    }
    return json.dumps({"incident": wanted}, separators=(",", ":")).encode()


def public_since(page, left):
    """When the public API shows an incident that is open; asked without a pause."""
    while not page.ask("GET", "/api/v2/incidents/unresolved.json")["incidents"]:
        if NOW() - left > PATIENCE_S:
            raise Timeout("the incident does not become public")
    return NOW()


class Bench:
    """The house, and the three people of it: the alert bot, a member, a deployer."""

    def __init__(self, network, tools):
        self.network = network
        self.tools = tools
        self.hosts = itertools.count(1)
        self.house = None
        self.clients = []

    def furnish(self):
        """A new channel, page and crier."""
        self.house = House(self.network, sandbox_options=["--rate", "100000"])
        irc = self.house.settings["networks"][0]
        irc.update(flood_burst_lines=1000, flood_interval="10 ms")
        self.house.settings["chat"].update(revision_interval="0 s", confirm_guard="0 s")
        self.house.start()
        self.clients = [Wire(self.network.server.plain, nick, account) for nick, account in
                        (("icinga-wm", "icinga-wm"), ("deployer1", "deployer1"))]
        self.bot, self.person = self.clients
        for client in self.clients:
            client.join(self.house.channel)

    def leave(self):
        for client in self.clients:
            client.close()
        self.clients = []
        if self.house:
            self.house.close()
            self.house.folder.remove()
            self.house = None

    def restart(self):
        self.house.crier.stop()
        self.house.crier.start(joined=[self.house.channel])
        self.settle()

    def settle(self):
        """Crier has nothing left to do: it has answered, and everybody has read it."""
        self.command("!status", "")
        for client in self.clients:
            client.barrier()
            client.drain()

    def crier_says(self, pattern):
        return self.person.wait(rf":{self.house.nick}_*!\S+ PRIVMSG \S+ :.*?(?:{pattern})")

    def command(self, text, pattern):
        self.person.say(self.house.channel, text)
        return self.crier_says(pattern)

    def draft(self):
        """An alert opens one: (milliseconds until it is in the channel, its number N.R)."""
        left = self.bot.say(self.house.channel, ALERT.format(number=next(self.hosts)))
        came, _ = self.crier_says("DRAFT")
        return ms(came - left), self.crier_says(CONFIRM)[1]["number"]

    # ---- from alert to draft ----------------------------------------------------------------

    def measure_drafts(self, rounds):
        """Echo, commit and draft in turn, so that all three see the same machine."""
        echo, commit, draft = Samples(), Samples(), Samples()
        for client in self.clients:
            client.join(ECHO_CHANNEL)
        folder = self.house.folder.path
        echo_bot = Process("echo", [self.tools / "echo", self.network.server.plain, "echo",
                                    ECHO_CHANNEL, "icinga-wm"], folder)
        committer = Committer(self.tools / "commit", folder / "commit.db")
        try:
            echo_bot.lines.wait_for("joined")
            for warm in range(-3, rounds):
                if warm == 0:
                    echo, commit, draft = Samples(), Samples(), Samples()
                left = self.bot.say(ECHO_CHANNEL, ALERT.format(number=0))
                echo.add(ms(self.person.wait(rf":echo!\S+ PRIVMSG {ECHO_CHANNEL} ")[0] - left))
                commit.add(committer.commit())
                took, number = self.draft()
                draft.add(took)
                self.command(f"!status discard {number.partition('.')[0]}", "discarded")
                self.settle()
        finally:
            committer.close()
            echo_bot.stop()
        return echo, commit, draft

    # ---- from confirm to public -------------------------------------------------------------

    def resolve(self, number):
        number = number.partition(".")[0]
        self.command(f"!status resolve {number}", CONFIRM)
        self.command(f"!status confirm {number}", "is resolved")

    def measure_confirms(self, rounds):
        """A bare POST, a commit and a confirm in turn. The sandbox has one thread, and whoever polls
        it is in the way of the request: so every second round does that, for both."""
        post, post_seen = Samples(), Samples()
        confirm, confirm_seen, commit = Samples(), Samples(), Samples()
        page, eyes = Page(self.house.sandbox), Page(self.house.sandbox)
        committer = Committer(self.tools / "commit", self.house.folder.path / "commit.db")
        try:
            _, number = self.draft()
            self.command(f"!status confirm {number}", PUBLIC)
            path = f"/v1/pages/{self.house.sandbox.page}/incidents"
            body = same_body(page.ask("GET", path)[0])
            self.resolve(number)
            for index in range(rounds):
                if index % BATCH == 0:
                    self.restart()
                _, number = self.draft()
                self.settle()

                left = NOW()
                page.send("POST", path, body)
                if index % 2:
                    post_seen.add(ms(public_since(eyes, left) - left))
                made = page.answer()
                if index % 2 == 0:
                    post.add(ms(NOW() - left))
                page.ask("PATCH", f"{path}/{made['id']}", b'{"incident":{"status":"resolved"}}')
                commit.add(committer.commit())

                left = self.person.say(self.house.channel, f"!status confirm {number}")
                if index % 2:
                    confirm_seen.add(ms(public_since(eyes, left) - left))
                came, _ = self.crier_says(PUBLIC)
                if index % 2 == 0:
                    confirm.add(ms(came - left))
                self.resolve(number)
                self.settle()
        finally:
            committer.close()
            eyes.close()
            page.close()
        return post, post_seen, commit, confirm, confirm_seen

    # ---- memory -----------------------------------------------------------------------------

    def measure_memory(self, count, chunk):
        """Private memory at start and while `count` alert lines come as fast as they are taken in."""
        crier = self.house.crier.process
        self.settle()
        self.house.sandbox.stop()  # it is the same program and would share its pages
        rows = [(0, memory_of(crier.pid))]
        lines = AlertLines()
        seconds = 0.0
        for sent in range(0, count, chunk):
            texts = [lines.next() for _ in range(chunk)]
            before = NOW()
            for part in range(0, chunk, SLICE):
                self.bot.send_lines(self.house.channel, texts[part:part + SLICE])
                self.bot.barrier()
            came, _ = self.command("!status", "")
            self.person.drain()
            seconds += came - before
            rows.append((sent + chunk, memory_of(crier.pid)))
        if not crier.alive or "reconnect" in self.house.crier.log.split("joined")[-1]:
            raise Timeout("crier lost its connection:\n" + self.house.crier.log[-2000:])
        return rows, count / seconds, lines


class Committer:
    """tests/bench/commit.c, one transaction for each call."""

    def __init__(self, program, database):
        self._child = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", program, database], bufsize=0,
                                       stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def commit(self):
        self._child.stdin.write(b"\n")
        return float(self._child.stdout.readline()) / 1000

    def close(self):
        self._child.stdin.close()
        self._child.wait(60)
        self._child.stdout.close()


# ---- the table --------------------------------------------------------------------------------------


def tell(text=""):
    print(text, flush=True)


def machine():
    pretty = "?"
    for line in Path("/etc/os-release").read_text().splitlines():
        if line.startswith("PRETTY_NAME="):
            pretty = line.partition("=")[2].strip('"')
    return f"{len(os.sched_getaffinity(0))} cores, {pretty}, Linux {os.uname().release}"


def tell_drafts(echo, commit, draft):
    allowed = echo.median + commit.median + 1
    tell("From the alert line leaving the alert bot to the draft line at a member of the channel")
    tell(f"  bare echo bot on the same server       {echo}")
    tell(f"  one committed SQLite transaction       {commit}")
    tell(f"  draft                                  {draft}")
    tell(f"  draft / (echo + commit)                {draft.median / (echo.median + commit.median):8.2f}")
    tell(f"  draft - (echo + commit)                {draft.median - allowed + 1:8.3f} ms   "
         "aim: at most 1 ms")
    tell()


def tell_confirms(post, post_seen, commit, confirm, confirm_seen):
    tell("From `!status confirm` leaving the person")
    tell(f"  bare keep-alive POST of the same body  {post}")
    tell(f"  one committed SQLite transaction       {commit}")
    tell(f"  confirm to the answer in the channel   {confirm}")
    tell(f"  answer / POST                          {confirm.median / post.median:8.2f}      aim: at most 2")
    tell(f"  answer - (POST + its two commits)      "
         f"{confirm.median - post.median - 2 * commit.median:8.3f} ms")
    tell("  and while the public API is asked without a pause,")
    tell(f"  bare POST to the API showing it        {post_seen}")
    tell(f"  confirm to the API showing it          {confirm_seen}")
    tell(f"  confirm / POST                         {confirm_seen.median / post_seen.median:8.2f}      "
         "aim: at most 2")
    tell()


def tell_memory(rows, rate, lines):
    tell(f"Memory while {rows[-1][0]:,} alert lines come ({lines.distinct:,} checks on hosts, "
         f"{lines.firing:,} firing at the end)")
    tell("      lines     private   of that dirty   resident")
    for count, (private, dirty, resident) in rows:
        if count == rows[0][0] or count % (4 * CHUNK) == 0 or count == rows[-1][0]:
            tell(f"  {count:9,}  {private:6.2f} MiB     {dirty:6.2f} MiB  {resident:6.2f} MiB")
    last, first = rows[-1][1][0], rows[0][1][0]
    tell(f"  growth since the start                 {last - first:8.2f} MiB  aim: 6 MB private, flat")
    tell(f"  taken in                               {rate:8,.0f} lines/s")


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--crier", type=Path, help="the program; default build/crier")
    options.add_argument("--tools", type=Path, required=True, help="where echo and commit are")
    options.add_argument("--only", choices=("drafts", "confirms", "memory"), help="a part of it")
    options.add_argument("--lines", type=int, default=ALERTS, help="alert lines; default %(default)s")
    chosen = options.parse_args()
    if chosen.crier:
        os.environ["CRIER_BINARY"] = str(chosen.crier.resolve())
    # A real disk: /tmp may be memory.
    tempfile.tempdir = "/var/tmp"
    started = time.monotonic()
    tell(f"crier on {machine()}; one run, all on loopback; medians, in brackets the 10th and 90th "
         "percentile")
    tell()
    network = Network("bench")
    bench = Bench(network, chosen.tools.resolve())
    try:
        if chosen.only in (None, "drafts"):
            bench.furnish()
            tell_drafts(*bench.measure_drafts(DRAFTS))
            bench.leave()
        if chosen.only in (None, "confirms"):
            bench.furnish()
            tell_confirms(*bench.measure_confirms(CONFIRMS))
            bench.leave()
        if chosen.only in (None, "memory"):
            bench.furnish()
            tell_memory(*bench.measure_memory(chosen.lines, CHUNK))
    except Timeout as problem:
        print(f"bench: {problem}\n\ncrier said:\n{bench.house.crier.log[-4000:] if bench.house else ''}",
              file=sys.stderr)
        return 1
    finally:
        bench.leave()
        network.close()
    tell(f"\nThis took {time.monotonic() - started:.0f} s.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
