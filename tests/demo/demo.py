#!/usr/bin/python3
"""The outage of 2023-01-17 on real servers: an IRC network with services, a status page, and crier.

demo.py [--crier FILE] [--keep]
"""

import argparse
import os
import shutil
import signal
import sys
import textwrap
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from rig.client import password_of  # noqa: E402
from rig.house import CONFIRM, PUBLIC, House, Network  # noqa: E402
from rig.logs import Player, read_log  # noqa: E402
from rig.process import Lines, Timeout  # noqa: E402

IDLE_S = 2.2     # longer silences of the log are cut to this
THINKING_S = 2.0  # what people take to read and type
SETTLE = "8 s"   # quiet for so long, in place of 10 min: resolved is proposed
WATCHER = "you"


class Screen:
    """What the person in front of the terminal sees."""

    NICKS = {"crier": "1;32", "deployer1": "1;36", "icinga-wm": "31", "jinxer-wm": "31",
             "logmsgbot": "33", "stashbot": "2"}

    def __init__(self):
        self.colour = sys.stdout.isatty() and os.environ.get("TERM") != "dumb" \
            and "NO_COLOR" not in os.environ
        self.width = shutil.get_terminal_size((100, 24)).columns if sys.stdout.isatty() else 0
        self._lock = threading.Lock()

    def paint(self, code, text):
        return f"\033[{code}m{text}\033[0m" if self.colour and code else text

    def _print(self, text):
        with self._lock:
            print(text, flush=True)

    def tell(self, text=""):
        """The demo's own words."""
        self._print(self.paint("2", text))

    def head(self, text):
        self._print(self.paint("1", text))

    def heard(self, nick, text):
        margin = max(11, len(nick)) + 3
        lines = [text]
        if self.width > margin + 30:
            lines = textwrap.wrap(text, self.width - margin, break_long_words=True,
                                  break_on_hyphens=False) or [""]
        shown = self.paint(self.NICKS.get(nick, "35"), f"<{nick}>".rjust(margin - 1))
        body = [self.paint("1", line) if nick == "crier" else line for line in lines]
        self._print(f"{shown} " + ("\n" + " " * margin).join(body))


class Eyes:
    """Prints whatever is said in the channel, from now on, as one of its members hears it."""

    def __init__(self, screen, client):
        self._screen = screen
        self._said = client.said
        self._printed = Lines("printed lines")
        threading.Thread(target=self._follow, daemon=True).start()

    def _follow(self):
        index = 0
        while True:
            try:
                index, _, found = self._said.wait_for(r"^#\S+ <(\S+)> (.*)$", index, timeout=3600)
            except Timeout:
                return
            self._screen.heard(found.group(1), found.group(2))
            self._printed.add(found.string)
            index += 1

    def wait_printed(self, pattern):
        """Returns when such a line is on the screen."""
        self._printed.wait_for(pattern)


class Deployer:
    """deployer1 reads along, and confirms whatever crier asks for, until he goes."""

    ASKED = rf"<crier> deployer1: (?:nothing is published, [\d.]+ was replaced: )?{CONFIRM}"

    def __init__(self, house):
        self._house = house
        self._gone = threading.Event()
        threading.Thread(target=self._follow, daemon=True).start()

    def go(self):
        """From now on confirming is left to whoever looks at the demo."""
        self._gone.set()

    def _follow(self):
        said = self._house.clients["deployer1"].said
        index, done = 0, set()
        while True:
            try:
                index, _, found = said.wait_for(self.ASKED, index, timeout=3600)
            except Timeout:
                return
            if self._gone.is_set():
                return
            index += 1
            if found["number"] not in done:
                done.add(found["number"])
                think()
                self._house.say("deployer1", f"!status confirm {found['number']}")


def page_as_text(screen, house):
    """The public page in words: what a reader of it sees now."""
    summary = house.sandbox.get("/api/v2/summary.json")
    screen.head(f"The public page: {summary['status']['description']}")
    for row in summary["components"]:
        screen.tell(f"    {row['name']}: {row['status'].replace('_', ' ')}")
    for incident in house.sandbox.incidents():
        print()
        screen.head(f"    {incident['name']}  ({incident['impact']}, {incident['status']})")
        for update in reversed(incident["incident_updates"]):
            when = update["created_at"][11:19]
            print(f"      {when}  {update['status'].capitalize()}: {update['body']}")
    sys.stdout.flush()


def think():
    threading.Event().wait(THINKING_S)


def outage(screen, house):
    """Plays the log; deployer1 confirms each step that crier proposes, up to the end."""
    eyes = Eyes(screen, house.clients[WATCHER])
    player = Player(read_log(), house.say, IDLE_S)
    deployer = Deployer(house)
    player.play(until="18:34:55")
    url = house.heard("deployer1", PUBLIC)[1]["url"]
    eyes.wait_printed("is public since")
    screen.tell(f"-- from now on everybody can read it: {url}")
    player.play(until="18:49:10")
    house.heard("deployer1", r"\b1 is resolved on the page")
    player.play()
    eyes.wait_printed(r"Finished scap: Backport for \[\[gerrit:880006")
    deployer.go()


def keep_running(screen, house):
    network = house.network
    screen.tell()
    screen.head("Everything is left running until Ctrl-C.")
    screen.tell(f"    the page      {house.sandbox.url}/")
    screen.tell(f"    the channel   {house.channel} on 127.0.0.1, port {network.server.plain} (plain) or "
                f"{network.server.tls} (TLS)")
    for account in ("deployer1", "icinga-wm"):
        screen.tell(f"    log in as     {account}, password {password_of(account)} (SASL, or "
                    f"/msg NickServ IDENTIFY {account} {password_of(account)})")
    screen.tell(f"    crier's log   {house.crier.folder}/crier.log, configuration {house.crier.config}")
    threading.Event().wait()


def interrupted(*_):
    raise KeyboardInterrupt


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--crier", type=Path, help="the program; default build/crier")
    options.add_argument("--keep", action="store_true", help="leave all of it running until Ctrl-C")
    chosen = options.parse_args()
    if chosen.crier:
        os.environ["CRIER_BINARY"] = str(chosen.crier.resolve())
    signal.signal(signal.SIGTERM, interrupted)
    signal.signal(signal.SIGHUP, interrupted)

    screen = Screen()
    screen.tell("-- starting an IRC server with services, a status page and crier")
    network, house, code = None, None, 1
    try:
        network = Network("demo")
        house = House(network, nick="crier", channel="#operations")
        # What takes minutes in an outage may take seconds in a demo.
        house.settings["chat"].update(revision_interval="3 s", confirm_guard="1 s")
        house.settings["follow"] = {"settle": SETTLE}
        house.start()
        screen.tell(f"-- the status page is at {house.sandbox.url}/ and shows no incident; the channel is "
                    f"{house.channel}")
        screen.tell("-- now the outage of 2023-01-17 as its channel saw it, silences cut short: a deploy "
                    "breaks the site")
        print(flush=True)
        house.crowd("icinga-wm", "jinxer-wm", "logmsgbot", "deployer1", someuser=None, stashbot=None,
                    **{WATCHER: None})
        outage(screen, house)
        print(flush=True)
        page_as_text(screen, house)
        code = 0
        if chosen.keep:
            keep_running(screen, house)
        screen.tell(f"-- it was at {house.sandbox.url}/; `make demo KEEP=1` leaves it there to look at")
    except KeyboardInterrupt:
        print(flush=True)
    except Timeout as problem:
        print(f"\ndemo: {problem}\n\ncrier said:\n{house.crier.log if house else ''}", file=sys.stderr)
    finally:
        for made in (house, network):
            if made:
                made.close()
        if house and code == 0:
            house.folder.remove()
    return code


if __name__ == "__main__":
    sys.exit(main())
