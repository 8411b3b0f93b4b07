"""One outage from alert to resolved, with a crier that is killed or a page that breaks on the way.

A scripted deployer follows crier's lines: confirms what crier asks for, and confirms again only when
crier says that it is needed. What counts in the end is the page's own record.
"""

import json
import re
import threading
import time

from rig.crier import Crier, Sandbox, environment
from rig.house import (ALERT, CONFIRM, DEPLOY_STARTS, network_settings, page_settings, people_settings,
                       shipped)
from rig.process import PATIENCE_S, Timeout

STEPS = ("investigating", "identified", "resolved")
# What the page is told to mail about in these runs.
MAILED = ("investigating", "resolved")
COMMANDS = (None, "!status update {n} identified: The cause is known.", "!status resolve {n}")
TOLD = ((r"\b{n} is public since ", "investigating"), (r"\b{n} updated at [^,]+, identified: ", "identified"),
        (r"\b{n} is resolved on the page since ", "resolved"))
GONE = "(crier is gone)"
RUN_LIMIT_S = 180.0
RUNS_OF_A_SANDBOX = 25  # its log is read after each run

SHOWN = re.compile(r'(?:DRAFT|PROPOSAL) (?P<number>\d+\.\d+)[^"]*, not public: "(?P<words>[^"]*)"')
PROMPT = re.compile(CONFIRM + " publishes it")
STATUS = re.compile(r"> (?:nothing is open|\d+ (?:draft, not public|being published|public, ))")


class Violation(AssertionError):
    """The promise is broken; says how."""


class Plan:
    """What goes wrong in one run. All of it follows from the seed and the number of the run."""

    def __init__(self, name, kind, points=(), kills=(), rules=(), grace_s=3, twin=None, signal_end=False):
        self.name = name
        self.kind = kind          # "point", "kill", "loss" or "twin"
        self.points = points      # for each start of crier the point that ends it, NAME:N, or None
        self.kills = kills        # for each start of crier (trigger, argument), or None
        self.rules = rules        # the page's faults
        self.grace_s = grace_s
        self.twin = twin          # a twin comes: "waits", the deployer waits for it, or "ends"
        self.signal_end = signal_end  # at the end SIGTERM, else SIGKILL

    def describe(self):
        parts = [self.name]
        if any(self.points):
            parts.append("points " + json.dumps(self.points))
        if any(self.kills):
            parts.append("kills " + json.dumps(self.kills))
        if self.rules:
            parts.append("faults " + json.dumps(self.rules))
        return ", ".join(parts)


class Bench:
    """What stays between the runs: people on IRC, and a page."""

    def __init__(self, network, number, folder):
        self.network = network
        self.folder = folder
        self.number = number
        self.channel = f"#crash-{number}"
        self.nick = f"crier-{number}"
        self.sandbox = None
        self.spoiled = False  # a run has failed on it
        self._sandbox_runs = 0
        self._sandboxes = 0
        self.people = {account: network.client(f"{account}-{number}", account)
                       for account in ("logmsgbot", "icinga-wm", "deployer1")}
        for client in self.people.values():
            client.join(self.channel)
        self.said = self.people["deployer1"].said

    def page(self):
        """The page of the next run: the same as before, unless somebody has left something on it."""
        if not self.sandbox or self._sandbox_runs == RUNS_OF_A_SANDBOX or self.spoiled:
            if self.sandbox:
                self.sandbox.stop()
            self.spoiled = False
            self._sandboxes += 1
            home = self.folder / f"page-{self._sandboxes}"
            home.mkdir(mode=0o700)
            self.sandbox = Sandbox(home, faults=True, options=("--rate", "100000"))
            self._sandbox_runs = 0
        self._sandbox_runs += 1
        return self.sandbox

    def close(self):
        for client in self.people.values():
            client.quit()
        if self.sandbox:
            self.sandbox.stop()


class Run:
    """One run; `counts` says afterwards what happened."""

    def __init__(self, bench, plan, folder, env=None):
        self.bench = bench
        self.plan = plan
        self.folder = folder
        self.env = env or {}
        self.page = bench.page()
        self.said = bench.said
        self.start_mark = self.said.mark()
        self.page.faults([])  # those of the run before would spoil what is read here
        self.known = {row["id"] for row in self._listed()}
        self.log_mark = len(self.page.requests())
        self.crier = Crier(folder, self._settings())
        self.starts = 0
        self.logs = []
        self.stage = 0
        self.number = None   # of the incident, in the channel
        self.words = {}      # revision: as it was shown last
        self.confirmed = {}  # step: the revision that was confirmed last
        self.told = dict.fromkeys(STEPS, 0)
        self.asking = False  # what became of it all, after a start: nothing is typed before the answer
        self.twin_told = False
        self.counts = {"crashes": 0, "starts": 0, "again": 0, "found": 0, "twins": 0, "confirms": 0,
                       "faults": 0}
        self.deadline = time.monotonic() + RUN_LIMIT_S
        self._over = False

    def _settings(self):
        bench, place = self.bench, f"test/{self.bench.channel}"
        page = page_settings(self.page.url, self.page.page, self.page.key_file)
        page.update(doubt_grace=f"{self.plan.grace_s} s", notify=list(MAILED))
        # Whoever was killed leaves a nick behind for a moment.
        irc = network_settings(bench.network.server.tls, bench.channel, bench.nick, self.folder,
                               ca=bench.network.certificates.ca, flood_burst_lines=1000)
        return {"state_dir": self.folder, "pages": [page], "people": people_settings(),
                "components": [{"name": "Reading"}, {"name": "Editing"}], "networks": [irc],
                "chat": {"revision_interval": "1 min", "confirm_guard": "1 s"}, "shipped": shipped(place)}

    # ---- crier's lives

    def _start(self):
        more = dict(self.env)
        at = self.plan.points[self.starts] if self.starts < len(self.plan.points) else None
        if at:
            more["CRIER_CRASH_AT"] = at
        self.crier.env = environment(**more)
        self.starts += 1
        self.crier.start(ready=False)
        process = self.crier.process
        self.logs.append(process.lines)
        threading.Thread(target=self._watch, args=(process,), daemon=True).start()
        kill = self.plan.kills[self.starts - 1] if self.starts <= len(self.plan.kills) else None
        if kill:
            threading.Thread(target=self._kill, args=(process, *kill), daemon=True).start()
        try:
            self.crier.wait_joined(self.bench.channel)
        except Timeout:
            if not process.lines.closed:
                raise
            return  # it was killed before
        if self.starts > 1:
            self.asking = True
            self._say("deployer1", "!status")

    def _watch(self, process):
        code = process.wait(RUN_LIMIT_S)
        if not self._over:
            self.said.add(f"{GONE} {code}")

    def _kill(self, process, trigger, argument):
        """kill -9 at some moment: seconds after a line, or as soon as the page holds a request."""
        try:
            if trigger == "after":
                pattern, delay_s = argument
                self.said.wait_for(pattern, self.start_mark, RUN_LIMIT_S)
                threading.Event().wait(delay_s)
            else:
                self.page.wait_held(argument, timeout=RUN_LIMIT_S)
        except (Timeout, OSError):
            return
        if not self._over and process.alive:
            process.kill()

    # ---- people

    def _say(self, account, text):
        client = self.bench.people[account]
        client.say(self.bench.channel, text)
        client.barrier()

    def _outage(self):
        self._say("logmsgbot", DEPLOY_STARTS)
        self._say("icinga-wm", ALERT)

    def _command(self):
        """What the deployer types for the stage that is reached."""
        if self.stage == 0:
            self._outage()
        elif self.stage < len(STEPS):
            self._say("deployer1", COMMANDS[self.stage].format(n=self.number))
        else:
            self._say("deployer1", "!status")

    def _confirm(self, number):
        self.counts["confirms"] += 1
        self.confirmed[STEPS[self.stage]] = number
        self._say("deployer1", f"!status confirm {number}")

    def _take_status(self, line):
        """The answer to "!status", asked after each start and at the end: what is to be done again?"""
        self.asking = False
        if self.stage == len(STEPS):
            if "nothing is open" not in line:
                self._command()
            elif not self.plan.twin or self.twin_told:
                self._over = True
            return
        waits = "waits for a confirm" in line or "draft, not public" in line or "being published" in line
        if not waits and STEPS[self.stage] not in self.confirmed:
            self._command()

    def _take_told(self, line):
        for index, (pattern, step) in enumerate(TOLD):
            if self.number is None or not re.search(pattern.format(n=self.number), line):
                continue
            self.told[step] += 1
            if index != self.stage:
                if index > self.stage:
                    raise Violation(f"told before it was asked for: {line}")
                return True
            self.stage += 1
            waits_for_twin = self.plan.twin == "waits" and not self.twin_told and self.stage == 1
            if not self.asking and not waits_for_twin:
                self._command()
            return True
        return False

    def _take(self, line):
        if line.startswith(GONE):
            self._take_end(line)
            return
        if f"<{self.bench.nick}" not in line:
            return
        shown, prompt = SHOWN.search(line), PROMPT.search(line)
        if shown:
            self.words[shown["number"]] = shown["words"]
            self.number = shown["number"].split(".")[0]
        elif prompt:
            if self.stage < len(STEPS):
                self._confirm(prompt["number"])
        elif "was NOT published" in line:
            self._confirm(re.search(r"\b(\d+\.\d+) was NOT", line)[1])
        elif "sending it again" in line:
            self.counts["again"] += 1
        elif re.search(r"the page had \d+ twice", line):
            self.counts["twins"] += 1
            waited = (self.plan.twin == "waits" and self.stage == 1) or self.stage == len(STEPS)
            if not self.twin_told and waited:
                self._command()
            self.twin_told = True
        elif "by hand, number" in line:
            raise Violation(f"crier takes its own for somebody else's: {line}")
        elif not self._take_told(line) and STATUS.search(line):
            self._take_status(line)

    def _take_end(self, line):
        code = int(line.removeprefix(GONE))
        self.counts["crashes"] += 1
        if code != -9:
            raise Violation(f"crier ended by itself with {code}")
        self._start()

    # ---- from the beginning to the end

    def go(self):
        """Raises Violation, or Timeout when something that must come does not."""
        self.page.faults(list(self.plan.rules))
        try:
            place = self.start_mark
            self._start()
            self._outage()
            while not self._over:
                place, _, found = self.said.wait_for(r"", place, self._left())
                place += 1
                self._take(found.string)
            self._end()
            self._judge()
        finally:
            self._over = True
            self.crier.process.kill()
            self.counts["starts"] = self.starts
            for lines in self.logs:
                self.counts["found"] += len(lines.matching(r"is found on the page after a doubt"))

    def _left(self):
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise Timeout(f"not over after {RUN_LIMIT_S:g} s")
        return min(left, PATIENCE_S)

    def _end(self):
        if not self.plan.signal_end:
            self.crier.process.kill()
            return
        code = self.crier.stop()
        if code != 0 and code != -9:
            raise Violation(f"crier left with {code}")

    def _settle_page(self):
        """Counts the faults, and ends them: what was held back goes its way, and must change nothing."""
        self.counts["faults"] = sum(rule["fired"] for rule in self.page.faults_now()["rules"])
        self.page.release()
        self.page.wait_unheld()
        self.page.faults([])

    # ---- the record

    def _listed(self):
        return self.page.manage("/incidents?limit=100&page=1")

    def _judge(self):
        self._settle_page()
        mine = [row for row in self._listed() if row["id"] not in self.known]
        rows = self.page.requests()[self.log_mark:]
        if len(mine) != 1:
            raise Violation(f"{len(mine)} incidents instead of one")
        self._judge_incident(mine[0])
        self._judge_requests(mine[0], rows)
        for step in STEPS:
            if not 1 <= self.told[step] <= 1 + self.counts["crashes"]:
                raise Violation(f"the channel was told {self.told[step]} times of {step}")
        if self.page.components_now() != {"Reading": "operational", "Editing": "operational"}:
            raise Violation(f"components are left as {self.page.components_now()}")

    def _judge_incident(self, incident):
        updates = incident["incident_updates"][::-1]
        if [update["status"] for update in updates] != list(STEPS):
            raise Violation(f"updates are {[update['status'] for update in updates]}")
        for update in updates:
            number = self.confirmed[update["status"]]
            mark = "" if incident["name"][-1] in ".!?" else "."
            public = f"{incident['name']}{mark} {update['body']}"
            if public != self.words[number]:
                raise Violation(f"{number} was confirmed as {self.words[number]!r}, public is {public!r}")
        if incident["status"] != "resolved":
            raise Violation(f"the incident is left as {incident['status']}")
        if incident["metadata"]["crier"]["step"] != self.confirmed["resolved"].split(".")[1]:
            raise Violation(f"the key is left as {incident['metadata']}")

    def _judge_requests(self, incident, rows):
        applied = [row for row in rows if row["method"] in ("POST", "PATCH", "PUT", "DELETE")
                   and 200 <= row["status"] < 300 and row.get("fault", {}).get("applied", True)]
        deleted = [row["path"].rsplit("/", 1)[1] for row in applied if row["method"] == "DELETE"]
        methods = [row["method"] for row in applied if row["path"].rsplit("/", 1)[1] not in deleted]
        if sorted(methods) != ["PATCH", "PATCH", *["POST"] * (2 if self.plan.twin else 1)]:
            raise Violation(f"applied was {methods}")
        if len(deleted) != (1 if self.plan.twin else 0):
            raise Violation(f"removed was {deleted}")
        mails = [mail for row in applied for mail in row["mails"] if mail["incident_id"] not in deleted]
        if [mail["status"] for mail in mails] != list(MAILED):
            raise Violation(f"mails went out for {[mail['status'] for mail in mails]}")
        if any(mail["incident_id"] != incident["id"] for mail in mails):
            raise Violation("mails went out for another incident")

    def diary(self):
        lines = [text for _, text in self.said.seen[self.start_mark:]]
        parts = ["what the channel saw:", *("    " + text for text in lines)]
        for number, log in enumerate(self.logs, 1):
            parts += [f"crier's life {number}:", *("    " + text for text in log.text().split("\n"))]
        parts.append("the page's log:")
        for row in self.page.requests()[self.log_mark:]:
            fault = row.get("fault")
            parts.append(f"    {row['time'][11:]} {row['method']} {row['path']} {row['status']}"
                         + (f" {json.dumps(fault)}" if fault else ""))
        return "\n".join(parts)
