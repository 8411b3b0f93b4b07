"""Somebody on IRC for measurements: one thread, so that no other one is waited for.

rig/client.py is for tests: its reader thread costs about as long as what is measured here.
"""

import base64
import re
import select
import socket
import time

from rig.client import password_of
from rig.process import PATIENCE_S, Timeout

NOW = time.perf_counter


class Wire:
    """A registered connection in one channel after the other; reads only while it waits."""

    def __init__(self, port, nick, account=None):
        self.nick = nick
        self._pending = b""
        self._lines = []  # (time at which it came, text), not looked at yet
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if account:
            self.send("CAP REQ :sasl")
        self.send(f"NICK {nick}")
        self.send(f"USER {nick} 0 * :{nick}")
        if account:
            self.wait(r" CAP \S+ ACK ")
            self.send("AUTHENTICATE PLAIN")
            self.wait(r"^AUTHENTICATE|AUTHENTICATE \+")
            self.send("AUTHENTICATE " + base64.b64encode(
                f"{account}\0{account}\0{password_of(account)}".encode()).decode())
            self.wait(r" 903 ")
            self.send("CAP END")
        self.wait(r" 001 ")

    def fileno(self):
        return self._socket.fileno()

    def send(self, text):
        self._socket.sendall(text.encode() + b"\r\n")

    def send_lines(self, channel, texts):
        """Many at once, as one write."""
        self._socket.sendall(b"".join(f"PRIVMSG {channel} :{text}\r\n".encode() for text in texts))

    def join(self, channel):
        self.send(f"JOIN {channel}")
        self.wait(rf" 366 \S+ {re.escape(channel)} ")

    def say(self, channel, text):
        """Returns the time at which it left."""
        data = f"PRIVMSG {channel} :{text}\r\n".encode()
        left = NOW()
        self._socket.sendall(data)
        return left

    def _read(self):
        """Takes what is there: waits for the first byte.

        The server's second small segment waits (Nagle) for the acknowledgement of the first, which
        Linux would send up to 40 ms later; that would be all that is measured.
        """
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        data = self._socket.recv(65536)
        came = NOW()
        if not data:
            raise Timeout(f"{self.nick}: the server has closed, after\n"
                          + "\n".join(line for _, line in self._lines[-5:]))
        *lines, self._pending = (self._pending + data).split(b"\n")
        for line in lines:
            if line.startswith(b"PING"):
                self._socket.sendall(b"PONG" + line[4:] + b"\n")
        self._lines += [(came, line.decode("utf-8", "replace").rstrip("\r")) for line in lines]

    def wait(self, pattern):
        """The next line that the pattern is found in: (time at which it came, match)."""
        wanted = re.compile(pattern)
        deadline = time.monotonic() + PATIENCE_S
        seen = []
        while True:
            while self._lines:
                came, line = self._lines.pop(0)
                found = wanted.search(line)
                if found:
                    return came, found
                seen.append(line)
            if not select.select([self], [], [], max(0, deadline - time.monotonic()))[0]:
                raise Timeout(f"{self.nick}: nothing like {pattern!r}, but\n" + "\n".join(seen[-20:]))
            self._read()

    def barrier(self):
        """Returns when the server has worked through all that was sent; what came is dropped."""
        token = f"b{time.monotonic_ns()}"
        self.send(f"PING {token}")
        self.wait(rf" PONG \S+ :?{token}$")

    def drain(self):
        """Reads away what is there without waiting."""
        while select.select([self], [], [], 0)[0]:
            self._read()
        self._lines.clear()

    def close(self):
        self._socket.close()
