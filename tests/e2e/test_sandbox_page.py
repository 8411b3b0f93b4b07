"""The sandbox's page for people, looked at with a real browser."""

import base64
import json
import re
import struct
import subprocess
import urllib.request

import pytest

from rig.browser import CONTRAST, FLAGS, Browser, chromium
from rig.crier import Sandbox, environment
from rig.process import PATIENCE_S, Folder

_web = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@pytest.fixture(scope="module")
def folder():
    made = Folder("page")
    yield made
    made.remove()


def manage(sandbox, method, path, body):
    request = urllib.request.Request(
        f"{sandbox.url}/v1/pages/{sandbox.page}{path}", data=json.dumps(body).encode(),
        method=method, headers={"Authorization": f"OAuth {sandbox.key}",
                                "Content-Type": "application/json"})
    with _web.open(request, timeout=PATIENCE_S) as answer:
        return json.load(answer)


@pytest.fixture(scope="module")
def sandbox(folder):
    """A page with an open incident, a past one, one with words that fit no screen, and a plan."""
    made = Sandbox(folder.path, components="Reading,Editing," + "Unbroken" * 30)
    parts = {row["name"]: row["id"] for row in made.get("/api/v2/components.json")["components"]}
    past = manage(made, "POST", "/incidents", {"incident": {
        "name": "Slow pages", "components": {parts["Reading"]: "degraded_performance"}}})
    manage(made, "PATCH", f"/incidents/{past['id']}", {"incident": {
        "status": "resolved", "components": {parts["Reading"]: "operational"}}})
    manage(made, "POST", "/incidents", {"incident": {
        "name": "W" * 255, "body": "https://example.org/" + "x" * 300, "impact_override": "none"}})
    manage(made, "POST", "/incidents", {"incident": {
        "name": "Database maintenance", "status": "scheduled", "component_ids": [parts["Editing"]],
        "scheduled_for": "2099-01-02T03:00:00Z", "scheduled_until": "2099-01-02T05:00:00Z"}})
    made.incident = manage(made, "POST", "/incidents", {"incident": {
        "name": "Errors for <logged-in> users", "body": "We are looking.\n\n<b>Reading</b> works.",
        "components": {parts["Editing"]: "partial_outage"}}})["id"]
    yield made
    assert made.stop() == 0


@pytest.fixture(scope="module")
def browser(folder):
    made = Browser(folder.sub("browser"))
    yield made
    made.close()


def pages(sandbox):
    return ["/", f"/incidents/{sandbox.incident}", "/history", "/nothing"]


def test_the_page_reads_like_a_status_page(sandbox, folder):
    done = subprocess.run(
        [chromium(), *FLAGS, f"--user-data-dir={folder.path / 'dump'}", "--dump-dom",
         sandbox.url + "/"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True,
        env=environment(), timeout=PATIENCE_S)
    dom = done.stdout.decode()
    assert re.search(r"<title>\S.* status</title>", dom)
    assert dom.count("<h1>") == 1 and "Partial System Outage" in dom
    for words in ("Errors for &lt;logged-in&gt; users", "&lt;b&gt;Reading&lt;/b&gt; works.",
                  "Major impact", "Open incidents", "Components", "Partial outage", "Operational",
                  "Scheduled maintenance", "2 January 2099", "Past incidents", "Slow pages",
                  "This incident has been resolved.", "No incidents reported."):
        assert words in dom, words
    assert "<script" not in dom and "onload=" not in dom
    order = [dom.index(words) for words in ("Partial System Outage", "Open incidents",
                                            ">Components<", "Past incidents")]
    assert order == sorted(order)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width, height", [(1200, 900), (390, 844), (320, 640)])
def test_nothing_sticks_out_of_the_screen(sandbox, browser, width, height, scheme):
    for path in pages(sandbox):
        browser.open(sandbox.url + path, width, height, scheme)
        assert browser.value("innerWidth") == width, path
        assert browser.value("document.documentElement.scrollWidth") <= width, path
        outside = browser.value(
            "[...document.body.querySelectorAll('*')].filter(e => {"
            " const r = e.getBoundingClientRect();"
            " return r.width && (r.right > innerWidth + 0.5 || r.left < -0.5)})"
            ".map(e => e.outerHTML.slice(0, 80))")
        assert outside == [], path
        assert browser.value("parseFloat(getComputedStyle(document.body).fontSize)") >= 16


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_can_be_read_in_both_colour_schemes(sandbox, browser, scheme):
    for path in pages(sandbox):
        browser.open(sandbox.url + path, 1200, 900, scheme)
        found = browser.value(CONTRAST)
        assert found["seen"] > 5 and found["poor"] == [], path
        background = browser.value("getComputedStyle(document.body).backgroundColor")
        brightness = sum(int(part) for part in re.findall(r"\d+", background)[:3])
        assert (brightness > 600) == (scheme == "light"), background


def test_the_page_needs_nothing_else_and_breaks_no_rule_of_its_own(sandbox, browser):
    for path in pages(sandbox)[:3]:
        browser.open(sandbox.url + path, 1200, 900, "light")
        assert browser.complaints() == [], path
        fetched = [url for url in browser.requested() if not url.startswith("data:")]
        assert fetched == [sandbox.url + path]
        assert browser.value("document.scripts.length") == 0


def test_headings_form_an_outline_and_links_lead_somewhere(sandbox, browser):
    for path in pages(sandbox):
        browser.open(sandbox.url + path, 1200, 900, "light")
        levels = browser.value("[...document.querySelectorAll('h1,h2,h3,h4')]"
                               ".map(e => Number(e.tagName[1]))")
        assert levels[0] == 1 and levels.count(1) == 1, path
        assert all(after - before <= 1 for before, after in zip(levels, levels[1:])), (path, levels)
        assert browser.value("document.documentElement.lang") == "en"
        for link in set(browser.value("[...document.links].map(e => e.getAttribute('href'))")):
            with _web.open(sandbox.url + link, timeout=PATIENCE_S) as answer:
                assert answer.status == 200, link


def test_a_picture_of_the_phone_shows_the_banner_in_its_colour(sandbox, browser):
    browser.open(sandbox.url + "/", 390, 844, "light")
    box = browser.value("(r => [r.x, r.y, r.width, r.height])"
                        "(document.querySelector('.banner').getBoundingClientRect())")
    tone = browser.value("getComputedStyle(document.querySelector('.banner')).backgroundColor")
    # The picture is read back by the browser itself, on a page that has no policy against scripts.
    picture = base64.b64decode(browser.call("Page.captureScreenshot", format="png")["data"])
    assert picture[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", picture[16:24]) == (390, 844)
    browser.open("about:blank", 390, 844, "light")
    pixel = browser.call("Runtime.evaluate", awaitPromise=True, returnByValue=True, expression=f"""
        (async () => {{
          const bytes = Uint8Array.from(atob('{base64.b64encode(picture).decode()}'), c => c.charCodeAt(0));
          const image = await createImageBitmap(new Blob([bytes], {{type: 'image/png'}}));
          const canvas = new OffscreenCanvas(image.width, image.height), to = canvas.getContext('2d');
          to.drawImage(image, 0, 0);
          return [...to.getImageData({int(box[0] + box[2] / 2)}, {int(box[1] + 5)}, 1, 1).data];
        }})()""")["result"]["value"]
    assert pixel[:3] == [int(part) for part in re.findall(r"\d+", tone)[:3]]
