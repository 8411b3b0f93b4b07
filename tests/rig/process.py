"""Child processes whose output is read as it comes, and which never outlive the test."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

# Machines may be slow, and sanitizers make them slower: a deadline is for hangs, not for speed.
PATIENCE_S = 60.0


def free_port():
    """A TCP port of the loopback interface that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def leaks_can_be_found():
    """The leak checker stops the other threads through /proc, which a bare chroot does not have."""
    return os.path.exists("/proc/self/task")


def look_into(pid, name):
    """Lines of /proc/PID/NAME, or the names in that directory. crier shows those of memory and files to
    root alone: others ask sudo, and get nothing, and are told so, where it wants a password."""
    path = Path(f"/proc/{pid}/{name}")
    try:
        return os.listdir(path) if path.is_dir() else path.read_text().splitlines()
    except PermissionError:
        done = subprocess.run(["sudo", "-n", "ls" if name == "fd" else "cat", str(path)], capture_output=True, text=True, check=False)
        if done.returncode:
            print(f"note: only root may read {path}: it is not counted", file=sys.stderr)
            return []
        return done.stdout.splitlines()


class Timeout(AssertionError):
    """What was waited for did not come; says what came instead."""


class Lines:
    """Lines with the time at which they came, which any thread may wait for."""

    def __init__(self, name):
        self.name = name
        self.seen = []  # (monotonic seconds, text)
        self.closed = False
        self._changed = threading.Condition()

    def add(self, text):
        with self._changed:
            self.seen.append((time.monotonic(), text))
            self._changed.notify_all()

    def close(self):
        with self._changed:
            self.closed = True
            self._changed.notify_all()

    def mark(self):
        """A place to wait from: whatever comes after now."""
        with self._changed:
            return len(self.seen)

    def wait_for(self, pattern, since=0, timeout=PATIENCE_S):
        """The first line from `since` on that the pattern is found in: (index, time, match)."""
        wanted = re.compile(pattern)
        deadline = time.monotonic() + timeout
        index = since
        with self._changed:
            while True:
                while index < len(self.seen):
                    when, text = self.seen[index]
                    found = wanted.search(text)
                    if found:
                        return index, when, found
                    index += 1
                left = deadline - time.monotonic()
                if self.closed or left <= 0:
                    why = "it ended" if self.closed else f"{timeout:g} s passed"
                    raise Timeout(f"{self.name}: {why} without a line like {pattern!r}; since then:\n"
                                  + "\n".join("    " + text for _, text in self.seen[since:][-60:]))
                self._changed.wait(left)

    def matching(self, pattern, since=0):
        """The texts so far in which the pattern is found."""
        with self._changed:
            return [text for _, text in self.seen[since:] if re.search(pattern, text)]

    def text(self):
        with self._changed:
            return "\n".join(text for _, text in self.seen)


class Process:
    """One program in its own process group; its output goes to a file and can be waited for."""

    def __init__(self, name, argv, folder, env=None, user=None):
        self.name = name
        self.folder = Path(folder)
        self.lines = Lines(name)
        # The child must not outlive a test that is killed.
        front = ["setpriv", "--pdeathsig", "KILL"]
        if user and os.getuid() == 0:
            front += ["--reuid", user, "--regid", user, "--clear-groups"]
        self._child = subprocess.Popen([*front, *map(str, argv)], cwd=self.folder, env=env,
                                       stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                       stderr=subprocess.STDOUT, start_new_session=True)
        self.pid = self._child.pid
        self._log = open(self.folder / f"{name}.log", "ab")
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self._child.stdout:
            self._log.write(line)
            self._log.flush()
            self.lines.add(line.decode("utf-8", "replace").rstrip("\r\n"))
        self.lines.close()
        self._log.close()

    @property
    def alive(self):
        return self._child.poll() is None

    def send(self, number):
        """To one that has ended, also just now in the eyes of another thread, nothing is sent."""
        self._child.send_signal(number)

    def freeze(self):
        self.send(signal.SIGSTOP)

    def thaw(self):
        self.send(signal.SIGCONT)

    def wait(self, timeout=PATIENCE_S):
        """The exit code; negative for a signal."""
        try:
            code = self._child.wait(timeout)
        except subprocess.TimeoutExpired:
            raise Timeout(f"{self.name}: did not end within {timeout:g} s:\n"
                          + self.lines.text()) from None
        self._reader.join(PATIENCE_S)
        return code

    def kill(self):
        """Ends it at once, without asking."""
        self.send(signal.SIGKILL)
        return self.wait()

    def stop(self):
        """Asks it to end; kills it when it does not."""
        if self.alive:
            self.thaw()
            self.send(signal.SIGTERM)
            try:
                return self.wait(20)
            except Timeout:
                return self.kill()
        return self.wait()


class Folder:
    """A temporary folder that everything of one test lives in; kept when the test failed."""

    def __init__(self, name):
        self.path = Path(tempfile.mkdtemp(prefix=f"crier-{name}-"))
        self.path.chmod(0o711)  # services that run as another user go through it

    def sub(self, name, user=None):
        path = self.path / name
        path.mkdir(mode=0o700)
        if user and os.getuid() == 0:
            shutil.chown(path, user, user)
        return path

    def remove(self):
        shutil.rmtree(self.path, ignore_errors=True)
