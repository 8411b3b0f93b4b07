"""The program under test and its sandbox, run as they are run in production: as processes."""

import json
import os
import threading
import time
import urllib.request
from pathlib import Path

from .process import PATIENCE_S, Process, Timeout, leaks_can_be_found

TREE = Path(__file__).resolve().parent.parent.parent
_web = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def binary():
    """The program: CRIER_BINARY, else the sanitized build, else the ordinary one."""
    chosen = os.environ.get("CRIER_BINARY")
    if chosen:
        return Path(chosen)
    for path in (TREE / "build" / "san" / "crier", TREE / "build" / "crier"):
        if path.exists():
            return path
    raise FileNotFoundError("there is no build/crier; run make")


def environment(**more):
    """What the program gets: sanitizers that end it loudly, and no proxy of ours."""
    env = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    env["ASAN_OPTIONS"] = f"detect_leaks={int(leaks_can_be_found())}:exitcode=99"
    env["UBSAN_OPTIONS"] = "print_stacktrace=1:halt_on_error=1:exitcode=99"
    env.update(more)
    return env


def run_crier(*words, folder, timeout=PATIENCE_S, env=None):
    """One command of crier that ends by itself: (exit code, everything it wrote)."""
    process = Process("crier-" + str(words[0]), [binary(), *words], folder, env or environment())
    try:
        code = process.wait(timeout)
    finally:
        process.stop()
    return code, process.lines.text()


def private_file(path, text):
    """A file that only its owner reads, as secrets must be."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    return path


class Raw(str):
    """Text that goes into the configuration as it is, such as an @include."""


def libconfig(value, depth=0):
    """A Python value in libconfig's syntax: dict a group, list of dicts a list, other lists arrays."""
    pad = "    " * depth
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, (str, Path)):
        text = str(value).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        return f'"{text}"'
    if isinstance(value, dict):
        inner = "".join(f"{pad}    {key} = {libconfig(item, depth + 1)};\n"
                        for key, item in value.items() if item is not None)
        return "{\n" + inner + pad + "}"
    if value and isinstance(value[0], dict):
        return "(" + ", ".join(libconfig(item, depth) for item in value) + ")"
    return "[" + ", ".join(libconfig(item, depth) for item in value) + "]"


def config_text(settings):
    """The configuration file for a dict of its top-level keys; Raw values come first, verbatim."""
    head = "".join(value + "\n" for value in settings.values() if isinstance(value, Raw))
    return head + "".join(f"{key} = {libconfig(value)};\n" for key, value in settings.items()
                          if not isinstance(value, Raw) and value is not None)


class Crier:
    """crier run -c FILE, which may be killed and started again on the same state."""

    def __init__(self, folder, settings, env=None):
        self.folder = folder
        self.settings = settings
        self.config = folder / "crier.cfg"
        self.env = env
        self.options = []  # of crier run, such as "-v"
        self.process = None
        self.write_config()

    def write_config(self, settings=None):
        if settings is not None:
            self.settings = settings
        self.config.write_text(config_text(self.settings))

    def start(self, ready=True, joined=None, front=()):
        """Starts it; waits until it says that it is ready, and until it has joined these channels."""
        self.process = Process("crier", [*front, binary(), "run", "-c", self.config, *self.options],
                               self.folder, self.env or environment())
        if ready:
            self.wait_log(r"run: ready")
        for channel in joined or ():
            self.wait_joined(channel)
        return self

    def wait_log(self, pattern, since=0, timeout=PATIENCE_S):
        return self.process.lines.wait_for(pattern, since, timeout)[2]

    def wait_joined(self, channel, since=0, timeout=PATIENCE_S):
        return self.wait_log(rf"irc: .*\bjoined {channel}(?![^\s.,;:\"])", since, timeout)

    def mark(self):
        return self.process.lines.mark()

    @property
    def log(self):
        return self.process.lines.text() if self.process else ""

    def kill(self):
        """As a power cut would."""
        return self.process.kill()

    def stop(self):
        return self.process.stop() if self.process else 0

    def check(self, *words):
        return run_crier("check", "-c", self.config, *words, folder=self.folder, env=self.env)


class Sandbox:
    """crier sandbox on a free port, and eyes for what it makes public."""

    def __init__(self, folder, page="testpage0001", key="sandbox-key-of-the-tests",
                 components="Reading,Editing", port=0, faults=False, options=()):
        self.options = options
        self.folder = folder
        self.may_misbehave = faults
        self.page = page
        self.key = key
        self.components = components
        self.port = port
        self.key_file = private_file(folder / "api-key", key + "\n")
        self.process = None
        self.start()

    def start(self):
        self.process = Process("sandbox", [
            binary(), "sandbox", "--port", str(self.port), "--db", self.folder / "sandbox.db",
            "--key", self.key, "--page", self.page, "--components", self.components,
            *(["--faults"] if self.may_misbehave else []), *self.options],
            self.folder, environment())
        _, _, found = self.process.lines.wait_for(r"sandbox: (http://127\.0\.0\.1:(\d+))/? page (\S+)")
        self.url, self.port = found.group(1), int(found.group(2))  # the same port when it comes back
        self.page = found.group(3)

    def stop(self):
        return self.process.stop()

    def get(self, path):
        """JSON that anybody may read."""
        with _web.open(self.url + path, timeout=PATIENCE_S) as answer:
            return json.load(answer)

    def manage(self, path):
        """JSON of the manage API, for whoever has the key; the path goes on behind the page."""
        request = urllib.request.Request(f"{self.url}/v1/pages/{self.page}{path}")
        request.add_header("Authorization", "OAuth " + self.key)
        with _web.open(request, timeout=PATIENCE_S) as answer:
            return json.load(answer)

    def text(self, path="/"):
        with _web.open(self.url + path, timeout=PATIENCE_S) as answer:
            return answer.read().decode()

    def incidents(self):
        """Public incidents, newest first."""
        return self.get("/api/v2/incidents.json")["incidents"]

    def components_now(self):
        """Name to status, as the public sees it."""
        return {row["name"]: row["status"]
                for row in self.get("/api/v2/components.json")["components"]}

    def requests(self, method=None):
        """What came over the manage API so far."""
        return [row for row in self.get("/sandbox/log") if method in (None, row["method"])]

    def faults(self, rules):
        """From now on it misbehaves by these rules and no others; see adapters/sandbox_faults.h.

        Rules of one fault: {"on": {"kind": "create"}, "nth": 2, "do": {"drop": True}}.
        """
        return self.send("PUT", "/sandbox/faults", {"rules": rules})

    def faults_now(self):
        """The script as it stands: {"rules": [{name, matched, fired, rule}], "held": [...]}."""
        return self.get("/sandbox/faults")

    def release(self, rule=None):
        """What faults hold back goes on now: all of it, or that rule's."""
        return self.send("POST", "/sandbox/faults/release", {"rule": rule} if rule else None)

    def wait_faults(self, wanted, timeout=PATIENCE_S):
        """faults_now() as soon as `wanted(it)` holds for it."""
        return self._wait(self.faults_now, wanted, timeout)

    def wait_held(self, phase=None, count=1, timeout=PATIENCE_S):
        """The requests that faults hold back, as soon as there are so many (in that phase)."""
        return self.wait_faults(lambda now: sum(
            phase in (None, row["phase"]) for row in now["held"]) >= count, timeout)["held"]

    def wait_unheld(self, timeout=PATIENCE_S):
        """Returns when the page holds nothing back any more."""
        self._wait(self.faults_now, lambda now: not now["held"], timeout)

    def send(self, method, path, body=None):
        """JSON to where no key is needed; the answer."""
        request = urllib.request.Request(self.url + path, method=method,
                                         data=None if body is None else json.dumps(body).encode())
        request.add_header("Content-Type", "application/json")
        with _web.open(request, timeout=PATIENCE_S) as answer:
            return json.load(answer)

    def wait_incident(self, wanted, timeout=PATIENCE_S):
        """The newest public incident as soon as `wanted(incident)` holds for it."""
        return self._wait(self.incidents, lambda found: found and wanted(found[0]), timeout)[0]

    def wait_requests(self, wanted, timeout=PATIENCE_S):
        """The requests so far as soon as `wanted(requests)` holds for them."""
        return self._wait(self.requests, wanted, timeout)

    def _wait(self, ask, wanted, timeout):
        deadline = time.monotonic() + timeout
        pace = threading.Event()
        while True:
            found = ask()
            if wanted(found):
                return found
            if time.monotonic() > deadline:
                raise Timeout(f"the page does not say so after {timeout:g} s; it says:\n"
                              + json.dumps(found, indent=1))
            pace.wait(0.02)
