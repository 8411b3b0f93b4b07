"""Each fault of crier sandbox --faults, seen from the client's side of a real connection."""

import http.client
import json
import socket
import time
import urllib.error

import pytest

from rig.crier import Sandbox
from rig.process import PATIENCE_S, Folder

CREATE = {"incident": {"name": "x", "status": "investigating", "body": "words"}}


@pytest.fixture
def sandbox():
    folder = Folder("faults")
    made = Sandbox(folder.path, faults=True)
    yield made
    assert made.stop() == 0
    folder.remove()


class Client:
    """One connection to the manage API with the right key."""

    def __init__(self, sandbox, timeout=PATIENCE_S):
        self.root = f"/v1/pages/{sandbox.page}"
        self.key = sandbox.key
        self.wire = http.client.HTTPConnection("127.0.0.1", sandbox.port, timeout=timeout)

    def send(self, method="POST", path="/incidents", body=None):
        headers = {"Authorization": f"OAuth {self.key}"}
        if method != "GET":
            headers["Content-Type"] = "application/json"
            body = json.dumps(body or CREATE)
        self.wire.request(method, self.root + path, body=body, headers=headers)
        return self

    def answer(self):
        return self.wire.getresponse()

    def ask(self, *what, **more):
        """(status, headers, bytes)"""
        answer = self.send(*what, **more).answer()
        return answer.status, answer.headers, answer.read()

    def close(self):
        self.wire.close()


@pytest.fixture
def client(sandbox):
    made = Client(sandbox)
    yield made
    made.close()


def last_line(sandbox):
    """Of the log: status, and what the fault did (without the times)."""
    line = sandbox.requests()[-1]
    fault = {key: value for key, value in line.get("fault", {}).items() if key != "arrived"}
    return line["status"], fault, len(line["mails"])


def carried_out(sandbox):
    """Waits until the sandbox says that it carries out what it held: (time, line)."""
    _, when, found = sandbox.process.lines.wait_for(r'fault "the fault" carries out POST')
    return when, found.string


def hit(rule, applied, would, told):
    return {"rule": rule, "applied": applied, "would": would, "told": told}


def on_create(do, **more):
    return {"name": "the fault", "on": {"kind": "create"}, "do": do, **more}


@pytest.mark.parametrize("do, status, retry_after, applied", [
    ({"status": 500}, 500, None, False),
    ({"status": 503, "retry_after": 30}, 503, "30", False),
    ({"status": 504, "apply": True}, 504, None, True),
    ({"status": 420}, 420, None, False),
    ({"status": 420, "retry_after": 2}, 420, "2", False),
    ({"status": 429, "retry_after": "Wed, 21 Oct 2026 07:28:00 GMT"}, 429,
     "Wed, 21 Oct 2026 07:28:00 GMT", False),
    ({"status": 401}, 401, None, False),
    ({"status": 422, "body": "{\"error\":[\"no\"]}"}, 422, None, False),
])
def test_any_status(sandbox, client, do, status, retry_after, applied):
    sandbox.faults([on_create(do)])
    got, headers, body = client.ask()
    assert (got, headers["Retry-After"]) == (status, retry_after)
    assert "error" in json.loads(body)
    assert len(sandbox.incidents()) == applied
    assert last_line(sandbox) == (201 if applied else status,
                                  hit("the fault", applied, 201, status), applied)
    assert client.ask()[0] == 201  # over the same connection


def test_apply_then_drop_on_the_second_post(sandbox, client):
    sandbox.faults([on_create({"drop": True}, nth=2)])
    assert client.ask()[0] == 201
    with pytest.raises(http.client.RemoteDisconnected):
        client.ask()
    assert len(sandbox.incidents()) == 2
    assert last_line(sandbox) == (201, hit("the fault", True, 201, None), 1)
    assert client.ask()[0] == 201
    (rule,) = sandbox.faults_now()["rules"]
    assert (rule["matched"], rule["fired"]) == (3, 1)


def test_drop_before_applying_and_reset(sandbox, client):
    sandbox.faults([on_create({"drop": True, "apply": False}), on_create({"drop": "reset"})])
    with pytest.raises(http.client.RemoteDisconnected):
        client.ask()
    assert sandbox.incidents() == []
    assert last_line(sandbox) == (0, hit("the fault", False, 201, None), 0)
    with pytest.raises(ConnectionResetError):
        client.ask()
    assert len(sandbox.incidents()) == 1


@pytest.mark.parametrize("do, phase, published", [
    ({"stall_before": "released"}, "stall_before", 0),
    ({"stall_after": "released"}, "stall_after", 1),
])
def test_stalls_until_released(sandbox, client, do, phase, published):
    sandbox.faults([on_create(do)])
    client.send()
    (held,) = sandbox.wait_held(phase)
    assert (held["rule"], held["method"], held["gone"], held["due"]) == ("the fault", "POST", False, None)
    assert len(sandbox.incidents()) == published  # others are served meanwhile
    assert sandbox.release("another")["held"]
    sandbox.release("the fault")
    assert client.answer().status == 201
    assert len(sandbox.incidents()) == 1
    assert sandbox.faults_now()["held"] == []


@pytest.mark.parametrize("do", [{"stall_before": 0.7}, {"stall_after": 0.7}])
def test_stalls_for_a_time(sandbox, client, do):
    sandbox.faults([on_create(do)])
    began = time.monotonic()
    assert client.ask()[0] == 201
    assert time.monotonic() - began >= 0.7
    assert last_line(sandbox) == (201, hit("the fault", True, 201, 201), 1)


def test_stalled_clients_do_not_wait_for_each_other(sandbox):
    sandbox.faults([on_create({"stall_before": "released"}, always=True)])
    clients = [Client(sandbox).send() for _ in range(20)]
    sandbox.wait_held(count=20)
    sandbox.release()
    for client in clients:
        assert client.answer().status == 201
        client.close()
    assert len(sandbox.incidents()) == 20


def test_a_write_is_applied_some_time_after_the_client_has_hung_up(sandbox):
    sandbox.faults([on_create({"late": 0.8})])
    client = Client(sandbox, timeout=0.3).send()
    with pytest.raises(TimeoutError):
        client.answer()
    assert [row["phase"] for row in sandbox.faults_now()["held"]] == ["hangup"]
    gone = time.monotonic()
    client.close()
    (held,) = sandbox.wait_held("late")
    assert held["gone"]
    when = carried_out(sandbox)[0]
    assert when - gone >= 0.8
    assert [incident["name"] for incident in sandbox.incidents()] == ["x"]
    assert last_line(sandbox) == (201, hit("the fault", True, 201, None), 1)


@pytest.mark.parametrize("reset", [False, True])
def test_a_late_write_may_hang_up_itself_and_needs_no_request_to_wake_it(sandbox, reset):
    sandbox.faults([on_create({"late": 1, "drop": "reset" if reset else True})])
    client = Client(sandbox)
    began = time.monotonic()
    with pytest.raises(ConnectionResetError if reset else http.client.RemoteDisconnected):
        client.ask()
    # Nobody asks anything while this waits.
    assert carried_out(sandbox)[0] - began >= 1
    assert len(sandbox.incidents()) == 1


def test_a_client_that_does_not_wait_for_a_stall_gets_it_done_all_the_same(sandbox):
    sandbox.faults([on_create({"stall_before": 0.5})])
    client = Client(sandbox).send()
    sandbox.wait_held("stall_before")
    client.close()
    sandbox.wait_incident(lambda incident: incident["name"] == "x")
    assert last_line(sandbox)[1]["told"] is None


def test_a_body_drips(sandbox, client):
    size = len(client.ask("GET", "/components")[2])
    sandbox.faults([{"on": {"kind": "list"}, "do": {"drip": size}}])
    began = time.monotonic()
    answer = client.send("GET", "/components").answer()
    assert answer.read(1) == b"["
    assert time.monotonic() - began < 30
    assert len(answer.read()) == size - 1
    assert time.monotonic() - began >= 0.9
    assert client.ask("GET", "/components")[0] == 200


def test_a_body_is_cut_short_of_its_length(sandbox, client):
    sandbox.faults([{"on": {"kind": "list"}, "do": {"cut": 7}},
                    {"on": {"kind": "list"}, "do": {"cut": 0}}])
    for bytes_sent in (7, 0):
        with pytest.raises(http.client.IncompleteRead) as caught:
            client.ask("GET", "/components")
        assert len(caught.value.partial) == bytes_sent and caught.value.expected > 100
        client.close()


def test_an_endless_body(sandbox, client):
    sandbox.faults([{"on": {"kind": "list"}, "do": {"endless": True}}])
    answer = client.send("GET", "/components").answer()
    read = answer.read(10_000_000)
    assert len(read) == 10_000_000 and json.loads(read)[0]["name"] == "Reading"
    assert sandbox.components_now()["Reading"] == "operational"  # others are served meanwhile
    client.close()


@pytest.mark.parametrize("do, kind, is_json", [
    ({"distort": "truncate"}, "application/json", False),
    ({"distort": "garbage"}, "application/json", False),
    ({"distort": "html"}, "text/html", False),
    ({"distort": "empty"}, "application/json", False),
    ({"distort": "wrong_types"}, "application/json", True),
    ({"body": "null"}, "application/json", True),
    ({"body": "OK", "type": "text/plain"}, "text/plain", False),
    ({"set": {"id": 7}}, "application/json", True),
])
def test_answers_that_are_none(sandbox, client, do, kind, is_json):
    sandbox.faults([on_create(do)])
    status, headers, body = client.ask()
    assert status == 201 and headers["Content-Type"].startswith(kind)
    assert len(body) == int(headers["Content-Length"])
    if is_json:
        answer = json.loads(body)
        assert answer is None or isinstance(answer["id"], int)
    else:
        with pytest.raises(ValueError):
            json.loads(body)
    assert last_line(sandbox) == (201, hit("the fault", True, 201, 201), 1)


def test_a_page_of_a_list_comes_twice(sandbox, client):
    sandbox.faults([{"on": {"kind": "list", "query": "page=2&*"}, "do": {"page": 1}}])
    pages = [json.loads(client.ask("GET", f"/components?page={n}&per_page=1")[2])[0]["name"]
             for n in (1, 2, 2)]
    assert pages == ["Reading", "Reading", "Editing"]


def test_the_clock_is_wrong(sandbox, client):
    sandbox.faults([on_create({"skew": -31536000})])
    year = int(json.loads(client.ask()[2])["created_at"][:4])
    _, headers, body = client.ask()
    assert int(json.loads(body)["created_at"][:4]) == year + 1
    assert int(sandbox.requests()[0]["time"][:4]) == year + 1
    assert len(headers.get_all("Date")) == 1


def test_the_date_field_is_wrong_too_and_there_is_one(sandbox, client):
    sandbox.faults([on_create({"skew": 864000})])
    dates = [client.ask()[1].get_all("Date") for _ in range(2)]
    assert [len(date) for date in dates] == [1, 1]
    assert dates[0] != dates[1]


def test_the_public_side_can_fail_too(sandbox):
    sandbox.faults([{"on": {"kind": "public"}, "do": {"status": 502, "distort": "html"}}])
    with pytest.raises(urllib.error.HTTPError) as caught:
        sandbox.get("/api/v2/status.json")
    with caught.value:
        assert caught.value.code == 502
    assert sandbox.get("/api/v2/status.json")["status"]["indicator"] == "none"


def test_what_is_wrong_with_a_script_is_told(sandbox):
    with pytest.raises(urllib.error.HTTPError) as caught:
        sandbox.faults([{"do": {"sttaus": 503}}])
    with caught.value as refusal:
        assert refusal.code == 422
        assert json.load(refusal) == {"error": ["rule 1: do: unknown member: sttaus"]}
    assert sandbox.faults_now() == {"rules": [], "held": []}


def test_it_stops_with_everything_in_the_air(sandbox):
    sandbox.faults([on_create({"stall_before": "released"}), on_create({"stall_after": "released"}),
                    on_create({"late": 100}), on_create({"late": 100, "drop": True}),
                    on_create({"drip": 1}), on_create({"endless": True})])
    clients = [Client(sandbox).send() for _ in range(6)]
    sandbox.wait_faults(lambda now: all(rule["fired"] for rule in now["rules"]))
    assert sandbox.stop() == 0  # the sanitizers would have something to say
    for client in clients:
        client.close()
    sandbox.start()


def test_nothing_of_it_without_the_option():
    folder = Folder("faults")
    sandbox = Sandbox(folder.path)
    try:
        for method, path in (("GET", ""), ("PUT", ""), ("POST", ""), ("DELETE", ""), ("POST", "/release")):
            with pytest.raises(urllib.error.HTTPError) as caught:
                sandbox.send(method, "/sandbox/faults" + path, {"rules": [on_create({"status": 500})]})
            with caught.value:
                assert caught.value.code in (404, 405)
        client = Client(sandbox)
        assert client.ask()[0] == 201
        client.close()
        assert list(sandbox.requests()[0]) == ["time", "method", "path", "status", "error", "mails"]
    finally:
        assert sandbox.stop() == 0
        folder.remove()


def test_half_a_request_is_no_request(sandbox):
    sandbox.faults([on_create({"stall_before": "released"})])
    with socket.create_connection(("127.0.0.1", sandbox.port), timeout=PATIENCE_S) as raw:
        raw.sendall(b"POST /v1/pages/testpage0001/incidents HTTP/1.1\r\nHost: x\r\n"
                    b"Content-Length: 50\r\n\r\n{")
        assert sandbox.faults_now()["rules"][0]["matched"] == 0
