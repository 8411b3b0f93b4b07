"""A real Chromium, driven over its debugging pipe."""

import base64
import fcntl
import json
import os
import shutil
import signal
import subprocess
import threading

from .crier import environment
from .process import PATIENCE_S

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
         "--no-first-run", "--no-default-browser-check", "--disable-dev-shm-usage",
         "--disable-extensions", "--password-store=basic"]


def chromium():
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if shutil.which(name):
            return name
    raise FileNotFoundError("chromium is missing: apt-get install chromium")


class Browser:
    """Chromium over --remote-debugging-pipe: JSON messages that end with NUL, on descriptors 3 and 4.

    Source: Chrome DevTools Protocol.
    """

    def __init__(self, folder):
        ours_in, theirs_out = os.pipe()
        theirs_in, ours_out = os.pipe()
        # Out of the way of 3 and 4, where the browser looks.
        spare = [fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 20) for fd in (theirs_in, theirs_out)]
        os.close(theirs_in)
        os.close(theirs_out)

        def place():
            os.dup2(spare[0], 3)
            os.dup2(spare[1], 4)

        self.errors = open(folder / "chromium.log", "wb")
        self.child = subprocess.Popen(
            [chromium(), *FLAGS, f"--user-data-dir={folder / 'profile'}", "--remote-debugging-pipe"],
            stdin=subprocess.DEVNULL, stdout=self.errors, stderr=self.errors, env=environment(),
            preexec_fn=place, pass_fds=(3, 4), start_new_session=True)
        for fd in spare:
            os.close(fd)
        self.out = os.fdopen(ours_out, "wb")
        self.into = os.fdopen(ours_in, "rb")
        self.rest = b""
        self.number = 0
        self.session = None
        self.events = []
        # Whatever hangs ends with the browser's end, and a message that says so.
        self.watch = threading.Timer(PATIENCE_S, self.kill)
        self.watch.start()
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(domain + ".enable")

    def _message(self):
        while b"\0" not in self.rest:
            got = os.read(self.into.fileno(), 1 << 16)
            assert got, "the browser is gone; see chromium.log"
            self.rest += got
        text, self.rest = self.rest.split(b"\0", 1)
        return json.loads(text)

    def call(self, method, **params):
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        self.out.write(json.dumps(message).encode() + b"\0")
        self.out.flush()
        while True:
            answer = self._message()
            if answer.get("id") == self.number:
                assert "error" not in answer, answer
                return answer["result"]
            self.events.append(answer)

    def open(self, url, width, height, scheme):
        """Shows a page on a screen of that size, and waits until it has loaded."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height,
                  deviceScaleFactor=1, mobile=width < 800)
        self.call("Emulation.setEmulatedMedia",
                  features=[{"name": "prefers-color-scheme", "value": scheme}])
        self.events.clear()
        self.call("Page.navigate", url=url)
        while not any(event.get("method") == "Page.loadEventFired" for event in self.events):
            self.events.append(self._message())

    def value(self, expression):
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    def complaints(self):
        """What the console would show: refused styles, failed loads, errors."""
        return [event["params"] for event in self.events
                if event.get("method") in ("Log.entryAdded", "Runtime.exceptionThrown")]

    def requested(self):
        return [event["params"]["request"]["url"] for event in self.events
                if event.get("method") == "Network.requestWillBeSent"]

    def picture(self, path=None):
        """The whole page as PNG, also written to a file where one is named."""
        high = self.value("document.documentElement.scrollHeight")
        wide = self.value("innerWidth")
        data = base64.b64decode(self.call(
            "Page.captureScreenshot", format="png", captureBeyondViewport=True,
            clip={"x": 0, "y": 0, "width": wide, "height": high, "scale": 1})["data"])
        if path:
            path.write_bytes(data)
        return data

    def kill(self):
        if self.child.poll() is None:
            os.killpg(self.child.pid, signal.SIGKILL)  # its own group, made above

    def close(self):
        self.watch.cancel()
        self.kill()
        self.child.wait()
        self.out.close()
        self.into.close()
        self.errors.close()


# The contrast of every text with what is behind it. Source: WCAG 2.1, relative luminance.
CONTRAST = r"""
(() => {
  const parts = c => c.match(/[\d.]+/g).map(Number);
  const light = c => { const [r, g, b] = parts(c).slice(0, 3).map(v => v / 255)
    .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const behind = e => { for (; e; e = e.parentElement) {
    const c = getComputedStyle(e).backgroundColor, p = parts(c);
    if (p.length < 4 || p[3] > 0) return c; } return 'rgb(255,255,255)'; };
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), poor = [];
  let seen = 0;
  while (walk.nextNode()) {
    const text = walk.currentNode.data.trim(), e = walk.currentNode.parentElement;
    if (!text || !e.getClientRects().length) continue;
    const a = light(getComputedStyle(e).color), b = light(behind(e));
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    seen++;
    if (ratio < 4.5) poor.push(ratio.toFixed(2) + ' ' + text.slice(0, 40));
  }
  return {seen, poor};
})()
"""
