"""crier's own web page, looked at with a real browser, while an outage goes on."""

import base64
import json
import os
import re
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from rig.browser import CONTRAST, Browser
from rig.crier import private_file
from rig.house import ALERT, CONFIRM
from rig.process import PATIENCE_S, Folder, free_port
from test_full_disk import SICK, WELL, start

HOSTILE = "</td><script>alert(1)</script><img src=x onerror=alert(2)> \"'&"
TOKEN = "token-of-the-tests-0123456789"
_web = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def get(url, **fields):
    """(status, header, body), whatever the status."""
    try:
        with _web.open(urllib.request.Request(url, headers=fields), timeout=PATIENCE_S) as answer:
            return answer.status, answer.headers, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read().decode()


@pytest.fixture
def browser():
    folder = Folder("browser")
    made = Browser(folder.path)
    yield made
    made.close()
    folder.remove()


@pytest.fixture
def board(house):
    house.settings["http"] = {"port": free_port()}
    house.board = f"http://127.0.0.1:{house.settings['http']['port']}"
    return house


def keep(browser, name):
    """Where CRIER_PICTURES names a folder, for eyes; the tests need none."""
    folder = os.environ.get("CRIER_PICTURES")
    browser.picture(Path(folder) / f"{name}.png" if folder else None)


def look(browser, url, name):
    """Everything that holds for every page: in two schemes and three widths."""
    for scheme in ("light", "dark"):
        for width in (1200, 390, 360):
            browser.open(url, width, 900, scheme)
            assert browser.complaints() == [], url
            assert browser.requested() == [url]
            assert browser.value("document.scripts.length") == 0
            assert browser.value("document.images.length") == 0
            assert browser.value("document.documentElement.scrollWidth") <= width, (url, width)
            found = browser.value(CONTRAST_OF_HTML)
            assert found["seen"] > 3 and found["poor"] == [], (url, scheme, found)
            assert browser.value(SMALL) == [], (url, width)
            assert browser.value(OVERLAPPING) == [], (url, width)
            keep(browser, f"{name}-{width}-{scheme}")
    levels = browser.value("[...document.querySelectorAll('h1,h2,h3')].map(e => +e.tagName[1])")
    assert levels.count(1) == 1 and levels[0] == 1
    assert all(after - before <= 1 for before, after in zip(levels, levels[1:])), levels


# Texts of pictures have an outline of their own: they are looked at below.
CONTRAST_OF_HTML = CONTRAST.replace("if (!text ||", "if (e.closest('svg') || !text ||")
assert CONTRAST_OF_HTML != CONTRAST

# Texts that nobody can read on that screen.
SMALL = r"""
[...document.querySelectorAll('svg text, p, td, li, a')].filter(e => e.getClientRects().length)
  .filter(e => { const svg = e.closest('svg');
    const scale = svg ? svg.getBoundingClientRect().width / svg.viewBox.baseVal.width : 1;
    return parseFloat(getComputedStyle(e).fontSize) * scale < 11.5; })
  .map(e => e.textContent.slice(0, 40))
"""

# Texts of a picture that lie over one another, or outside of it.
OVERLAPPING = r"""
[...document.querySelectorAll('svg.lanes')].filter(s => s.getClientRects().length).flatMap(svg => {
  const frame = svg.getBoundingClientRect(), bad = [];
  const all = [...svg.querySelectorAll('text')].map(e => [e, e.getBoundingClientRect()]);
  all.forEach(([e, r], i) => {
    if (r.left < frame.left - 1 || r.right > frame.right + 1) bad.push('outside: ' + e.textContent);
    all.slice(0, i).forEach(([f, q]) => {
      if (r.left < q.right - 1 && q.left < r.right - 1 && r.top < q.bottom - 4 && q.top < r.bottom - 4)
        bad.push(e.textContent + ' over ' + f.textContent); });
  });
  return bad; })
"""


# Here the deployer is faster than a second, sometimes.
WAITED = re.compile(r"the public (?:waited|was told at once)", re.IGNORECASE)


def test_an_outage_on_the_board(board, browser):
    board.start()
    board.crowd("icinga-wm", "logmsgbot", "deployer1", "sre1")
    status, header, text = get(board.board + "/")
    assert status == 200 and "Nothing is open" in text
    look(browser, board.board + "/", "idle")

    number = board.draft("deployer1")
    incident = number.split(".")[0]
    _, _, text = get(board.board + "/")
    for words in ("draft, not public", f"<code>!status confirm {number}</code>", "The public waits: "):
        assert words in text, words
    look(browser, board.board + "/", "draft")

    # What people and bots say is text, on the page and in the picture.
    board.ask("deployer1", f"!status note {incident} {HOSTILE}", r"noted|note")
    board.say("icinga-wm", "PROBLEM - <script>alert(3)</script> latency on alert1001 is CRITICAL: <b>9</b>")
    board.clients["icinga-wm"].barrier()
    board.ask("deployer1", f"!status confirm {number}", r"is public since")
    page = f"{board.board}/incident/{incident}"
    status, header, text = get(page)
    assert status == 200
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text and "<script" not in text
    for words in ("public: investigating", "Public now", "What the public was told"):
        assert words in text, words
    assert WAITED.search(text)
    look(browser, page, "public")
    assert browser.value("document.querySelector('meta[http-equiv=refresh]').content") == "30"

    number = board.ask("sre1", f"!status resolve {incident}: It is over.", CONFIRM)["number"]
    board.ask("sre1", f"!status confirm {number}", r"resolved")
    look(browser, page, "over")
    assert browser.value("document.querySelector('meta[http-equiv=refresh]')") is None
    _, _, text = get(board.board + "/")
    assert "Nothing is open" in text and WAITED.search(text)

    for end, kind, words in ((".wikitext", "text/plain", "{{"), (".md", "text/plain", "#"),
                             (".json", "application/json", "{"), (".svg", "image/svg+xml", "<svg ")):
        status, header, text = get(page + end)
        assert status == 200 and header["Content-Type"].startswith(kind) and words in text, end
        assert "default-src 'none'" in header["Content-Security-Policy"]
        if end == ".json":
            json.loads(text)
    # The picture stands alone.
    browser.open(page + ".svg", 1000, 700, "dark")
    assert browser.complaints() == []
    assert browser.value("document.documentElement.tagName") == "svg"
    assert browser.value("document.querySelectorAll('script').length") == 0
    assert WAITED.search(browser.value("document.querySelector('title').textContent"))


def test_what_the_header_says_and_what_is_not_there(board):
    board.start()
    status, header, _ = get(board.board + "/")
    assert status == 200
    policy = header["Content-Security-Policy"]
    for part in ("default-src 'none'", "frame-ancestors 'none'", "form-action 'none'", "base-uri 'none'"):
        assert part in policy
    assert "script-src" not in policy and "unsafe-eval" not in policy
    assert header["X-Content-Type-Options"] == "nosniff"
    assert header["X-Frame-Options"] == "DENY"
    assert header["Referrer-Policy"] == "no-referrer"
    assert "no-store" in header["Cache-Control"]
    for path in ("/incident/1", "/incident/", "/incident/x", "/incident/1.exe", "/incident/-1",
                 "/incident/99999999999999999999", "/incident/1/2", "/incident/%31", "/nothing",
                 "/incident/..%2f", "/incident/0"):
        assert get(board.board + path)[0] == 404, path
    request = urllib.request.Request(board.board + "/", data=b"x=1", method="POST")
    with pytest.raises(urllib.error.HTTPError) as refused:
        _web.open(request, timeout=PATIENCE_S)
    assert refused.value.code == 405
    with _web.open(urllib.request.Request(board.board + "/", method="HEAD"), timeout=PATIENCE_S) as got:
        assert got.status == 200 and got.read() == b""


def test_a_full_disk_hides_timelines_and_nothing_else(board):
    disk = start(board)
    board.crowd("icinga-wm", "logmsgbot", "deployer1", "sre1")
    number = board.draft("deployer1")
    confirm = f"<code>!status confirm {number}</code>"
    assert confirm in get(board.board + "/")[2]
    disk.fill()
    board.say("icinga-wm", ALERT.replace("appserver", "api_appserver"))
    board.heard("sre1", SICK)
    for path in ("/", "/incident/1"):
        status, _, text = get(board.board + path)
        assert status == 200 and "The database does not answer." in text and confirm in text, path
    for path in ("/incident/1.json", "/incident/2"):
        assert get(board.board + path)[0] == 503
    mark = board.clients["sre1"].said.mark()
    disk.free()
    board.heard("sre1", WELL, mark)
    status, _, text = get(board.board + "/incident/1")
    assert status == 200 and "does not answer" not in text and ">Timeline<" in text and confirm in text


def test_readers_show_the_token(board):
    board.settings["http"]["token_file"] = private_file(board.folder.path / "token", TOKEN + "\n")
    board.start()
    basic = base64.b64encode(f"anybody:{TOKEN}".encode()).decode()
    for path in ("/", "/incident/1", "/incident/1.json"):
        status, header, text = get(board.board + path)
        assert status == 401 and "Basic" in header["WWW-Authenticate"] and TOKEN not in text
        assert get(board.board + path, Authorization="Bearer wrong")[0] == 401
        assert get(board.board + path + "?token=" + TOKEN)[0] == 401
        assert get(board.board + path, Authorization=f"Bearer {TOKEN}")[0] != 401
        assert get(board.board + path, Authorization=f"Basic {basic}")[0] != 401
    assert not re.search(TOKEN, board.crier.log)
