"""Somebody on IRC: a person, a bot, or the test's own eyes."""

import base64
import re
import socket
import ssl
import threading
import time

from .process import PATIENCE_S, Lines, Timeout

LINE = re.compile(r"^(?:@(?P<tags>\S+) )?(?::(?P<prefix>\S+) )?(?P<command>\S+)(?: (?P<rest>.*))?$")


class Client:
    """One connection. Every line that comes is kept; `said` keeps what people can read.

    said holds lines of the form `#channel <nick> text`, also the client's own, with the time at which
    they came (its own: at which they were handed to the kernel).
    """

    def __init__(self, port, nick, ca=None, account=None, password=None, caps=(), user=None,
                 cert=None, timeout=PATIENCE_S):
        self.nick = nick
        self.raw = Lines(f"raw lines of {nick}")
        self.said = Lines(f"what {nick} sees")
        self._send_lock = threading.Lock()
        sock = socket.create_connection(("127.0.0.1", port), timeout=timeout)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if ca:
            context = ssl.create_default_context(cafile=str(ca))
            if cert:
                context.load_cert_chain(*map(str, cert))
            sock = context.wrap_socket(sock, server_hostname="localhost")
        sock.settimeout(None)
        self._sock = sock
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        try:
            self._register(account, password, caps, user or nick, timeout)
        except BaseException:
            self.close()
            raise

    def _register(self, account, password, caps, user, timeout):
        wanted = list(caps)
        if account:
            wanted.append("sasl")
        if wanted:
            self.send("CAP LS 302")
        self.send(f"NICK {self.nick}")
        self.send(f"USER {user} 0 * :{self.nick}")
        if wanted:
            self.raw.wait_for(r" CAP \S+ LS :", timeout=timeout)
            self.send("CAP REQ :" + " ".join(wanted))
            self.raw.wait_for(r" CAP \S+ ACK ", timeout=timeout)
            if account:
                self._login(account, password or password_of(account), timeout)
            self.send("CAP END")
        _, _, found = self.raw.wait_for(r"^(?:@\S+ )?:\S+ (001|433|432|465|ERROR)\b", timeout=timeout)
        if found.group(1) != "001":
            raise Timeout(f"{self.nick}: not let in: {found.string}")

    def _login(self, account, password, timeout):
        self.send("AUTHENTICATE PLAIN")
        self.raw.wait_for(r"AUTHENTICATE :?\+", timeout=timeout)
        token = base64.b64encode(f"{account}\0{account}\0{password}".encode()).decode()
        self.send("AUTHENTICATE " + token)
        _, _, found = self.raw.wait_for(r" (903|904|905|906) ", timeout=timeout)
        if found.group(1) != "903":
            raise Timeout(f"{self.nick}: login as {account} refused: {found.string}")

    def _read(self):
        pending = b""
        while True:
            try:
                data = self._sock.recv(65536)
            except (OSError, ValueError):
                data = b""
            if not data:
                break
            *lines, pending = (pending + data).split(b"\n")
            for line in lines:
                self._take(line.decode("utf-8", "replace").rstrip("\r"))
        self.raw.close()
        self.said.close()

    def _take(self, line):
        found = LINE.match(line)
        if found and found["command"] == "PING":
            self.send("PONG " + (found["rest"] or ""))
        if found and found["command"] in ("PRIVMSG", "NOTICE"):
            target, _, text = (found["rest"] or "").partition(" ")
            nick = (found["prefix"] or "").partition("!")[0]
            self.said.add(f"{target} <{nick}> {text.removeprefix(':')}")
        self.raw.add(line)

    def send(self, line):
        """One line as it is, with CR LF added. Bytes pass as they are."""
        data = line if isinstance(line, bytes) else line.encode()
        with self._send_lock:
            try:
                self._sock.sendall(data + b"\r\n")
            except OSError:
                pass  # the reader sees the end too

    def say(self, target, text):
        """Says it; returns the place in `said` to wait from. Own lines are not echoed by the server."""
        mark = self.said.mark()
        self.said.add(f"{target} <{self.nick}> {text}")
        self.send(f"PRIVMSG {target} :{text}")
        return mark + 1

    def join(self, channel, timeout=PATIENCE_S):
        mark = self.raw.mark()
        self.send(f"JOIN {channel}")
        self.raw.wait_for(rf" 366 \S+ {re.escape(channel)} ", mark, timeout)
        return self

    def barrier(self, timeout=PATIENCE_S):
        """Returns when the server has worked through everything sent so far."""
        mark = self.raw.mark()
        token = f"b{mark}"
        self.send(f"PING {token}")
        self.raw.wait_for(rf" PONG \S+ :?{token}$", mark, timeout)

    def hears(self, pattern, since=0, timeout=PATIENCE_S):
        """Waits for a line of `said`; the match."""
        return self.said.wait_for(pattern, since, timeout)[2]

    def quit(self):
        """Leaves and waits until the server has closed, so that the nick is free again."""
        self.send("QUIT :bye")
        self._reader.join(10)
        self.close()

    def close(self):
        try:
            self._sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._sock.close()
        self._reader.join(10)


def password_of(account):
    """The password that an account of the tests has."""
    return f"pw-{account}"


def _await_services(client, timeout):
    """Services link to the server some time after it listens."""
    deadline = time.monotonic() + timeout
    while True:
        mark = client.raw.mark()
        client.send("WHOIS NickServ")
        _, _, found = client.raw.wait_for(r"^(?:@\S+ )?:\S+ (311|401) ", mark, timeout)
        if found.group(1) == "311":
            return
        if time.monotonic() > deadline:
            raise Timeout(f"there is no NickServ after {timeout:g} s")
        threading.Event().wait(0.05)


def register_accounts(port, accounts, timeout=PATIENCE_S):
    """Makes services accounts, one after the other over one connection."""
    client = Client(port, accounts[0], timeout=timeout)
    try:
        _await_services(client, timeout)
        for account in accounts:
            mark = client.raw.mark()
            client.send(f"NICK {account}")
            client.send(f"PRIVMSG NickServ :REGISTER {password_of(account)} mail@irc.test")
            _, _, found = client.raw.wait_for(r"^(?:@\S+ )?:\S+ (900 |401 |.*[Ii]nvalid|.*already)", mark,
                                              timeout)
            if found.group(1) != "900 ":
                raise Timeout(f"{account}: not registered: {found.string}")
            client.send("PRIVMSG NickServ :LOGOUT")
            client.raw.wait_for(r"^(?:@\S+ )?:\S+ 901 ", mark, timeout)
    finally:
        client.quit()
