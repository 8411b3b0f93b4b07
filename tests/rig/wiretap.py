"""Servers that write down every byte that a client lets them have, over TLS of any kind or without."""

import socket
import ssl
import threading

from .process import Lines


class Wiretap:
    """A server on a free loopback port; `seen` is told how each connection went.

    Lines: `in` (somebody connected), `tls ok` or `tls failed: WHY`, `got: TEXT` for each line of what
    came through, `(closed)`. With `answers`, {beginning of a line: what is said to it}, it answers;
    `greeting` it says first.
    """

    def __init__(self, cert=None, key=None, newest=None, answers=None, greeting=b"",
                 address="127.0.0.1"):
        self.seen = Lines("what the wiretap saw")
        self.answers = answers or {}
        self.greeting = greeting
        self._tls = None
        if cert:
            self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._tls.load_cert_chain(cert, key)
            if newest:
                # Otherwise the library itself would not speak anything so old.
                self._tls.set_ciphers("ALL:@SECLEVEL=0")
                self._tls.minimum_version = ssl.TLSVersion.TLSv1
                self._tls.maximum_version = newest
        self._listener = socket.create_server((address, 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._talk, args=(client,), daemon=True).start()

    def _talk(self, client):
        self.seen.add("in")
        with client:
            if self._tls:
                try:
                    client = self._tls.wrap_socket(client, server_side=True)
                except OSError as why:
                    self.seen.add(f"tls failed: {why}")
                    return
                self.seen.add("tls ok")
            with client:
                self._listen(client)
        self.seen.add("(closed)")

    def _listen(self, client):
        pending = b""
        client.sendall(self.greeting)
        while True:
            try:
                data = client.recv(65536)
            except OSError:
                data = b""
            if not data:
                if pending:
                    self.seen.add("got: " + pending.decode("utf-8", "replace"))
                return
            *lines, pending = (pending + data).split(b"\n")
            for line in lines:
                text = line.decode("utf-8", "replace").rstrip("\r")
                self.seen.add("got: " + text)
                for begin, answer in self.answers.items():
                    if text.startswith(begin):
                        try:
                            client.sendall(answer.encode())
                        except OSError:
                            return

    def got(self):
        """Every line that came through so far."""
        return [line.removeprefix("got: ") for line in self.seen.matching(r"^got: ")]

    def close(self):
        self._listener.close()
