"""Webhooks of a real Alertmanager: one outage is one draft, whatever is restarted in between."""

import http.client
import json
import signal
import sqlite3
import threading
import time
import urllib.error
import urllib.request
from collections import Counter

import pytest

from crash import prove
from rig.alertmanager import Alertmanager
from rig.crier import Raw, environment, private_file
from rig.house import CONFIRM
from rig.process import PATIENCE_S, Timeout, free_port

TOKEN = "token-of-the-tests"
SUMMARY = "varnish-text has reduced HTTP availability #page"
OUTAGE = ("VarnishUnavailable", SUMMARY)
LABELS = {"cluster": "text", "severity": "page"}
RELAYED = (f"FIRING: VarnishUnavailable: {SUMMARY} - https://wikitech.example.org/wiki/Varnish - "
           "https://alerts.example.org/?q=alertname%3DVarnishUnavailable")
DRAFT = r"DRAFT (?P<number>\d+)\.\d+, not public"

_web = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Hook:
    """A house whose source jinxer also has a webhook, and the Alertmanager that posts there."""

    def __init__(self, house):
        self.house = house
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.token_file = private_file(house.folder.sub("tokens") / "alertmanager", TOKEN + "\n")
        self.manager = None
        house.settings["http"] = {"port": self.port}
        house.settings["shipped"] = Raw(house.settings["shipped"].replace(
            'name = "jinxer";',
            f'name = "jinxer"; webhook = true; webhook_token_file = "{self.token_file}";'))

    def start(self, **more):
        self.manager = Alertmanager(self.house.folder.sub("alertmanager"),
                                    self.url + "/alertmanager/jinxer", TOKEN, **more)
        return self.manager

    def rows(self, words):
        with sqlite3.connect(f"file:{self.house.crier.folder}/crier.db?mode=ro", uri=True) as db:
            return db.execute(words).fetchall()

    def timeline(self):
        """What alerts did, as it is stored: [(kind, text)]."""
        return self.rows("SELECT kind, text FROM timeline WHERE kind IN "
                         "('firing', 'paging', 'resolved', 'flapped') ORDER BY id")

    def wait_timeline(self, count, timeout=PATIENCE_S):
        deadline = time.monotonic() + timeout
        pace = threading.Event()
        while len(found := self.timeline()) < count:
            if time.monotonic() > deadline:
                raise Timeout(f"the timeline has {found}")
            pace.wait(0.05)
        return found

    def drafts(self):
        """How often each draft's words were shown in the channel: {"1.1": 1}."""
        said = self.house.clients["deployer1"].said.matching(rf"<{self.house.nick}_*> .*DRAFT \d+\.\d+, ")
        return Counter(line.split("DRAFT ")[1].split(",")[0] for line in said)

    def post(self, body, token=TOKEN, path="/alertmanager/jinxer", kind="application/json"):
        """By hand: (status, text, header fields)."""
        request = urllib.request.Request(self.url + path, method="POST", data=body,
                                         headers={"Content-Type": kind})
        if token:
            request.add_header("Authorization", "Bearer " + token)
        try:
            with _web.open(request, timeout=PATIENCE_S) as answer:
                return answer.status, answer.read().decode(), answer.headers
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode(), error.headers


@pytest.fixture
def hook(house):
    made = Hook(house)
    yield made
    if made.manager:
        made.manager.stop()


def test_a_group_fires_and_recovers(hook):
    house = hook.house
    house.start()
    house.crowd("deployer1")
    manager = hook.start()
    manager.fire(*OUTAGE, instance="cp1", **LABELS)
    manager.fire(*OUTAGE, instance="cp2", **LABELS)
    house.heard("deployer1", DRAFT)
    house.heard("deployer1", CONFIRM)
    before = manager.posts()
    manager.recover(*OUTAGE, instance="cp1", **LABELS)  # cp2 still fires, and so does the group
    manager.wait_posts(before)
    manager.recover(*OUTAGE, instance="cp2", **LABELS)
    kinds = [kind for kind, _ in hook.wait_timeline(2)]
    assert kinds == ["paging", "resolved"]
    # and crier asks whether to publish it as over already
    house.heard("deployer1", r"DRAFT 1\.2, over already")
    assert hook.drafts() == {"1.1": 1, "1.2": 1}
    assert manager.posts("notifications_failed_total") == 0


def test_restarts_in_between_double_nothing(hook):
    house = hook.house
    house.start()
    house.crowd("deployer1")
    manager = hook.start(repeat="1s")
    manager.fire(*OUTAGE, **LABELS)
    number = house.heard("deployer1", DRAFT)[1]["number"]
    house.heard("deployer1", CONFIRM)
    house.clients["deployer1"].barrier()
    house.crier.kill()
    failed = manager.posts("notification_requests_failed_total")
    manager.wait_posts(failed, "notification_requests_failed_total")  # nobody is there
    house.crier.start(joined=[house.channel])
    for _ in range(3):  # repeats
        manager.wait_taken()
    house.crier.kill()
    manager.recover(*OUTAGE, **LABELS)
    house.crier.start(joined=[house.channel])
    hook.wait_timeline(2)
    house.ask("deployer1", "!status", r"\S")
    house.crier.kill()
    house.crier.start(joined=[house.channel])
    house.heard("deployer1", rf"DRAFT {number}\.2, over already")  # before the end, or after it
    assert [kind for kind, _ in hook.timeline()] == ["paging", "resolved"]
    assert set(hook.drafts()) == {number + ".1", number + ".2"}
    assert hook.rows("SELECT count(*) FROM incident") == [(1,)]
    assert hook.rows("SELECT count(*) FROM alert") == [(1,)]


def test_the_first_post_finds_nobody(hook):
    """It fires while crier is down: Alertmanager posts again, and the draft opens then."""
    house = hook.house
    house.start()
    house.crowd("deployer1")
    house.crier.kill()
    manager = hook.start()
    manager.fire(*OUTAGE, **LABELS)
    manager.wait_posts(0, "notification_requests_failed_total")
    house.crier.start(joined=[house.channel])
    house.heard("deployer1", DRAFT)
    manager.wait_posts(0)
    assert [kind for kind, _ in hook.wait_timeline(1)] == ["paging"]


@pytest.mark.parametrize("point", ["turn.commit", "store.commit", "store.committed", "store.report"])
def test_killed_while_the_webhook_is_written(hook, monkeypatch, point):
    """kill -9 between taking it and answering it: Alertmanager posts again, and it counts once."""
    monkeypatch.setenv("CRIER_BINARY", str(prove.BINARY))
    house = hook.house
    trace = house.crier.folder / "trace"
    house.crier.env = environment(CRIER_CRASH_TRACE=str(trace))
    house.start()
    house.crowd("deployer1")
    house.ask("deployer1", "!status", r"\S")
    passed = trace.read_text().split().count(point)
    house.crier.kill()
    house.crier.env = environment(CRIER_CRASH_AT=f"{point}:{passed + 1}")
    house.crier.start(joined=[house.channel])
    manager = hook.start()
    manager.fire(*OUTAGE, **LABELS)
    assert house.crier.process.wait() == -signal.SIGKILL
    house.crier.env = None
    house.crier.start(joined=[house.channel])
    manager.wait_posts(0)
    manager.wait_taken(0)
    manager.recover(*OUTAGE, **LABELS)
    assert [kind for kind, _ in hook.wait_timeline(2)] == ["paging", "resolved"]
    assert hook.rows("SELECT count(*) FROM incident") == [(1,)]
    assert hook.drafts()["1.1"] >= 1


def test_relay_and_webhook_tell_of_one_alert(hook):
    house = hook.house
    house.start()
    house.crowd("deployer1", "jinxer-wm")
    manager = hook.start()
    house.say("jinxer-wm", RELAYED)
    house.heard("deployer1", CONFIRM)
    manager.fire(*OUTAGE, **LABELS)
    manager.wait_taken()
    assert hook.rows("SELECT check_name, firing, length(group_key) > 0 FROM alert") == [
        ("VarnishUnavailable", 1, 1)]
    manager.recover(*OUTAGE, **LABELS)
    hook.wait_timeline(2)
    house.say("jinxer-wm", RELAYED.replace("FIRING", "RESOLVED"))
    house.clients["jinxer-wm"].barrier()
    house.ask("deployer1", "!status", r"\S")
    assert [kind for kind, _ in hook.timeline()] == ["paging", "resolved"]
    assert hook.timeline()[0][1] == RELAYED
    assert hook.drafts()["1.1"] == 1
    assert set(hook.drafts()) <= {"1.1", "1.2"}


def test_a_truncated_group_says_how_many(hook):
    house = hook.house
    house.start()
    house.crowd("deployer1")
    manager = hook.start(max_alerts=1)
    with _web.open(urllib.request.Request(
            manager.url + "/api/v2/alerts", method="POST", headers={"Content-Type": "application/json"},
            data=json.dumps([{"labels": {"alertname": OUTAGE[0], "instance": f"cp{n}", **LABELS},
                              "annotations": {"summary": SUMMARY}} for n in range(7)]).encode()),
            timeout=PATIENCE_S) as answer:
        assert answer.status == 200
    house.heard("deployer1", CONFIRM)
    kind, text = hook.wait_timeline(1)[0]
    assert (kind, text) == ("paging", f"FIRING: [7x] VarnishUnavailable: {SUMMARY}")


def test_a_wrong_token_gets_nothing_in_until_it_is_mended(hook):
    house = hook.house
    private_file(hook.token_file, "another-token")
    house.start()
    house.crowd("deployer1")
    manager = hook.start()
    manager.fire(*OUTAGE, **LABELS)
    manager.process.lines.wait_for(r"unexpected status code 401")
    manager.wait_posts(0, "notifications_failed_total")
    house.crier.wait_log(r"source jinxer: refused a webhook with a wrong token")
    assert hook.timeline() == []
    private_file(hook.token_file, TOKEN)
    house.crier.process.send(signal.SIGHUP)
    house.crier.wait_log(r"configuration reloaded")
    house.heard("deployer1", CONFIRM)  # it posts again when the group is due


def test_a_storm_by_webhook_is_one_draft(hook):
    """4,000 alerts in one payload, each a signal of its own; once more; and all over."""
    house = hook.house
    house.settings["shipped"] = Raw(house.settings["shipped"].replace(
        "webhook = true;", 'webhook = true; webhook_host_label = "instance";'))
    house.settings["triage"] = {"max_signals": 5000}
    house.start()
    house.crowd("deployer1")
    for status in ("firing", "firing", "resolved"):
        body = json.dumps({
            "version": "4", "status": status, "groupKey": "{}:{}", "alerts": [{
                "status": status, "fingerprint": f"{number:016x}",
                "labels": {"alertname": OUTAGE[0], "instance": f"cp{number}:9100", **LABELS},
                "annotations": {"summary": SUMMARY, "description": "d" * 500}}
                for number in range(4000)]}).encode()
        assert hook.post(body)[0] == 200
    house.heard("deployer1", CONFIRM)
    assert hook.rows("SELECT count(*), sum(firing) FROM alert") == [(4000, 0)]
    assert hook.rows("SELECT count(*) FROM incident") == [(1,)]
    assert hook.drafts()["1.1"] == 1


def test_strangers_posts_are_refused_in_one_line(hook):
    house = hook.house
    house.start()
    status, text, fields = hook.post(b"{}", token=None)
    assert status == 401 and text.count("\n") == 1
    assert fields["WWW-Authenticate"] == 'Bearer realm="crier"'
    assert hook.post(b"{}", token="wrong")[0] == 401
    assert hook.post(b"{}", path="/alertmanager/icinga")[0] == 404
    assert hook.post(b"{}", kind="text/plain")[0] == 415
    for body in (b"", b"{}", b"[]", b"{" * 100000, b"\xff", b'{"version": "5"}',
                 b'{"version": "4", "status": "firing", "groupKey": "k", "alerts": "none"}'):
        status, text, _ = hook.post(body)
        assert status == 400 and text.count("\n") == 1, body[:40]
    client = http.client.HTTPConnection("127.0.0.1", hook.port, timeout=PATIENCE_S)
    client.putrequest("POST", "/alertmanager/jinxer")
    client.putheader("Content-Length", str(5 << 20))
    client.endheaders()
    assert client.getresponse().status == 413  # without waiting for it
    client.close()
    for path, status in (("/health", 200), ("/nothing", 404), ("/alertmanager/jinxer", 405)):
        try:
            with _web.open(hook.url + path, timeout=PATIENCE_S) as answer:
                assert answer.status == status
        except urllib.error.HTTPError as error:
            assert error.code == status
    assert len(house.crier.process.lines.matching(r"refused a webhook: ")) == 1
    house.crier.process.send(signal.SIGTERM)
    assert house.crier.process.wait() == 0


def test_the_server_moves_with_a_reload(hook):
    house = hook.house
    house.start()
    old, hook.port = hook.url, free_port()
    hook.url = f"http://127.0.0.1:{hook.port}"
    house.settings["http"] = {"port": hook.port}
    house.crier.write_config(house.settings)
    house.crier.process.send(signal.SIGHUP)
    house.crier.wait_log(r"configuration reloaded")
    with _web.open(hook.url + "/health", timeout=PATIENCE_S) as answer:
        assert answer.read() == b"ok\n"
    with pytest.raises(urllib.error.URLError):
        _web.open(old + "/health", timeout=PATIENCE_S)
