"""A Server Admin Log that is served as an Atom feed, as conditional and compressed as the real one."""

import gzip
import hashlib
import http.server
import threading
import time
from xml.sax.saxutils import escape

from .process import Lines


def iso(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


class Feed:
    """What was logged, newest first; `requests` keeps "STATUS PATH" of each request.

    log() takes what was said in the channel: "!log user@host text" of the bot, or "!log text" of a
    person with the nick.
    """

    def __init__(self):
        outer = self
        self.requests = Lines("requests to the feed")
        self.failing = None  # a status that every request gets
        self._entries = []
        self._lock = threading.Lock()

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                body = gzip.compress(outer.document().encode(), mtime=0)
                tag = '"' + hashlib.sha256(body).hexdigest()[:16] + '"'
                status = outer.failing or (304 if self.headers.get("If-None-Match") == tag else 200)
                if status != 200 or "gzip" not in self.headers.get("Accept-Encoding", ""):
                    body = b"" if status != 200 else outer.document().encode()
                self.send_response(status)
                if status == 200:
                    self.send_header("Content-Type", "application/atom+xml; charset=utf-8")
                    if "gzip" in self.headers.get("Accept-Encoding", ""):
                        self.send_header("Content-Encoding", "gzip")
                self.send_header("ETag", tag)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
                outer.requests.add(f"{status} {self.path}")

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/atom/production"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def log(self, line, nick="logmsgbot", when=None):
        text = line.removeprefix("!log ")
        first, _, rest = text.partition(" ")
        author = nick
        if nick == "logmsgbot" and "@" in first:
            author, text = first, rest
        with self._lock:
            self._entries.insert(0, (len(self._entries), author, text, when or time.time()))

    def document(self):
        with self._lock:
            entries = self._entries[:50]
        return ('<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom">'
                "<id>tag:sal.test</id><title>SAL</title>" + "".join(
                    f"<entry><id>{self.url}/{number}</id><title>{escape(text)}</title>"
                    f"<author><name>{escape(author)}</name></author><published>{iso(when)}</published>"
                    f"<updated>{iso(when)}</updated></entry>"
                    for number, author, text, when in entries) + "</feed>\n")

    def asked_again(self):
        """Returns when a request that began after this call has been answered."""
        mark = self.requests.mark()
        for _ in range(2):
            mark = self.requests.wait_for("", mark)[0] + 1

    def close(self):
        self._server.shutdown()
        self._server.server_close()
