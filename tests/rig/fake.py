"""Servers that say what a test wants: IRC with any bytes, HTTP with any page, names without answers."""

import http.server
import re
import socket
import subprocess
import threading
import urllib.error
import urllib.request
from pathlib import Path

from .process import PATIENCE_S, Lines


class FakeIrc:
    """One IRC server for one client at a time: it lets everybody in and says what it is told to say.

    late_sasl: services link right behind the client's CAP END, and a CAP REQ holds the registration up
    until the next CAP END, as InspIRCd does it. caps: what it offers otherwise.
    """

    def __init__(self, late_sasl=False, caps=""):
        self._late_sasl = late_sasl
        self._caps = "cap-notify" if late_sasl else caps
        self._held = False
        self.received = Lines("what the fake server received")
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._client = None
        self._channel = None
        self._nick = "*"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self._client = client
            pending = b""
            while True:
                try:
                    data = client.recv(65536)
                except OSError:
                    data = b""
                if not data:
                    break
                *lines, pending = (pending + data).split(b"\n")
                for line in lines:
                    self._answer(line.decode("utf-8", "replace").rstrip("\r"))
            self.received.add("(closed)")

    def _answer(self, line):
        command, _, rest = line.partition(" ")
        if command == "CAP" and rest.startswith("LS"):
            self.send(":fake.test CAP * LS :" + self._caps)
        elif command == "CAP" and rest.startswith("REQ"):
            self.send(f":fake.test CAP {self._nick} ACK {rest.partition(' ')[2]}")
        elif command == "CAP" and rest == "END" and self._late_sasl:
            if self._held:
                self._welcome()
            else:
                self._held = True
                self.send(f":fake.test CAP {self._nick} DEL :sasl")
                self.send(f":fake.test CAP {self._nick} NEW :sasl=PLAIN")
        elif line == "AUTHENTICATE PLAIN":
            self.send("AUTHENTICATE :+")
        elif command == "AUTHENTICATE":
            self.send(f":fake.test 900 {self._nick} x!y@z crier :You are now logged in as crier")
            self.send(f":fake.test 903 {self._nick} :SASL authentication successful")
        elif command == "NICK":
            self._nick = rest.removeprefix(":")
        elif command == "USER":
            if not self._late_sasl and not self._caps:
                self._welcome()
        elif command == "CAP" and rest == "END" and self._caps and not self._late_sasl:
            self._welcome()
        elif command == "JOIN":
            self._channel = rest.split()[0].removeprefix(":")
            self.send(f":{self._nick}!crier@127.0.0.1 JOIN :{self._channel}")
            self.send(f":fake.test 353 {self._nick} = {self._channel} :{self._nick} @boss")
            self.send(f":fake.test 366 {self._nick} {self._channel} :End")
        elif command == "PING":
            self.send(f":fake.test PONG fake.test {rest}")
        elif command == "WHOIS":
            self.send(f":fake.test 318 {self._nick} {rest.split()[-1]} :End of /WHOIS list.")
        self.received.add(line)

    def _welcome(self):
        for text in ("001 {} :Welcome", "005 {} CASEMAPPING=rfc1459 CHANTYPES=# :are supported",
                     "422 {} :no message"):
            self.send(":fake.test " + text.format(self._nick))

    def send(self, line):
        """One line, or bytes exactly as they are."""
        data = line if isinstance(line, bytes) else line.encode() + b"\r\n"
        try:
            self._client.sendall(data)
        except OSError:
            pass

    def barrier(self, timeout=PATIENCE_S):
        """Returns when crier has answered a PING sent behind all else: it still hears."""
        mark = self.received.mark()
        token = f"b{mark}"
        self.send(f"PING :{token}")
        self.received.wait_for(rf"^PONG .*{re.escape(token)}", mark, timeout)

    def drop(self):
        """Closes the connection from this side."""
        self._client.shutdown(socket.SHUT_RDWR)

    def close(self):
        self._listener.close()
        if self._client:
            self._client.close()


class HtmlPage:
    """An API that answers every request with a page for people, as a broken proxy does.

    With `behind`, the URL of a working one, it lets pass what only reads; repair() lets all pass.
    """

    def __init__(self, status=200, behind=None):
        outer = self
        self.repaired = False
        self.requests = Lines("requests to the page")

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _answer(self):
                sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                outer.requests.add(f"{self.command} {self.path}")
                code, kind = status, "text/html"
                body = b"<html><body><h1>Bad <b>gateway</b>\r\n</h1></body></html>"
                if behind and (outer.repaired or self.command == "GET"):
                    code, kind, body = self._pass_on(sent)
                self.send_response(code)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def _pass_on(self, sent):
                headers = {name: self.headers[name] for name in ("Authorization", "Content-Type")
                           if self.headers[name]}
                request = urllib.request.Request(behind + self.path, sent or None, headers,
                                                 method=self.command)
                try:
                    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(
                            request, timeout=PATIENCE_S) as answer:
                        return answer.status, "application/json", answer.read()
                except urllib.error.HTTPError as answer:
                    return answer.code, "application/json", answer.read()

            do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _answer

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def repair(self):
        self.repaired = True

    def close(self):
        self._server.shutdown()
        self._server.server_close()


SILENT_RESOLVER = r"""
#define _GNU_SOURCE
#include <netdb.h>
#include <string.h>
#include <unistd.h>
#include <dlfcn.h>
/* Names that end in .test are asked of a name server that never answers; all others as usual. */
int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                struct addrinfo **ret)
{
    size_t n = name ? strlen(name) : 0;
    int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);

    while (n > 5 && !strcmp(name + n - 5, ".test"))
        pause();
    *(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
    return real(name, service, hints, ret);
}
"""


def silent_resolver(folder):
    """A library to preload: looking up NAME.test never comes back, as with a dead name server.

    The real thing would need a resolver configuration of our own, which takes privileges (and a
    mount) that a test may not have; to the program both are a getaddrinfo() that does not return.
    """
    source = Path(folder) / "silent.c"
    library = Path(folder) / "silent.so"
    source.write_text(SILENT_RESOLVER)
    subprocess.run(["gcc", "-shared", "-fPIC", "-O1", "-o", str(library), str(source), "-ldl"],
                   check=True)
    return {"LD_PRELOAD": str(library),
            "ASAN_OPTIONS": "detect_leaks=0:exitcode=99:verify_asan_link_order=0"}
