"""crier sandbox as a process, spoken to over real HTTP by somebody who is not crier."""

import json
import os
import signal
import socket
import urllib.error
import urllib.request

import pytest

from rig.crier import Sandbox, binary, environment, run_crier
from rig.process import PATIENCE_S, Folder, Process

_web = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Client:
    """The manage API with the right key, unless another one is given."""

    def __init__(self, sandbox):
        self.sandbox = sandbox
        self.root = f"{sandbox.url}/v1/pages/{sandbox.page}"

    def ask(self, method, path, body=None, authorization=None, kind="application/json"):
        """(status, headers, parsed body)"""
        data = body if isinstance(body, (bytes, type(None))) else json.dumps(body).encode()
        request = urllib.request.Request(self.root + path, data=data, method=method)
        request.add_header("Authorization", authorization or f"OAuth {self.sandbox.key}")
        if data is not None:
            request.add_header("Content-Type", kind)
        try:
            with _web.open(request, timeout=PATIENCE_S) as answer:
                return answer.status, answer.headers, json.loads(answer.read() or "null")
        except urllib.error.HTTPError as refusal:
            with refusal:
                return refusal.code, refusal.headers, json.loads(refusal.read() or "null")

    def component(self, name):
        status, _, rows = self.ask("GET", "/components?page=1&per_page=100")
        assert status == 200
        return next(row["id"] for row in rows if row["name"] == name)


@pytest.fixture
def folder():
    made = Folder("sandbox")
    yield made
    made.remove()


@pytest.fixture
def sandbox(folder):
    made = Sandbox(folder.path)
    yield made
    assert made.stop() == 0


@pytest.fixture
def client(sandbox):
    return Client(sandbox)


def test_an_outage_from_beginning_to_end(sandbox, client):
    editing = client.component("Editing")
    status, _, made = client.ask("POST", "/incidents", {"incident": {
        "name": "Errors for logged-in users", "status": "investigating",
        "body": "People who are logged in may see an error.", "component_ids": [editing],
        "components": {editing: "partial_outage"}, "deliver_notifications": True,
        "metadata": {"crier": {"incident": "1"}}}})
    assert status == 201
    assert made["shortlink"] == f"{sandbox.url}/incidents/{made['id']}"
    assert sandbox.get("/api/v2/status.json")["status"]["indicator"] == "major"
    assert sandbox.components_now() == {"Reading": "operational", "Editing": "partial_outage"}
    assert [row["id"] for row in client.ask("GET", "/incidents/unresolved")[2]] == [made["id"]]

    where = f"/incidents/{made['id']}"
    assert client.ask("PATCH", where, {"incident": {"status": "identified"}})[0] == 200
    status, _, over = client.ask("PATCH", where, {"incident": {
        "status": "resolved", "body": "All is well.", "components": {editing: "operational"},
        "deliver_notifications": False}})
    assert status == 200
    assert [update["status"] for update in over["incident_updates"]] \
        == ["resolved", "identified", "investigating"]
    assert sandbox.get("/api/v2/incidents/unresolved.json")["incidents"] == []
    assert sandbox.incidents()[0]["impact"] == "major"
    page = sandbox.text(where)
    assert "All is well." in page and "Errors for logged-in users" in page

    mails = [mail for row in sandbox.requests() for mail in row["mails"]]
    assert [mail["status"] for mail in mails] == ["investigating", "identified"]
    assert len({mail["update_id"] for mail in mails}) == 2


@pytest.mark.parametrize("name, body, kind, status", [
    ("no root", {"name": "x"}, "application/json", 400),
    ("unknown field", {"incident": {"name": "x", "message": "y"}}, "application/json", 400),
    ("array of components", {"incident": {"name": "x", "components": []}}, "application/json", 400),
    ("flat metadata", {"incident": {"name": "x", "metadata": {"a": "b"}}}, "application/json", 422),
    ("long name", {"incident": {"name": "x" * 256}}, "application/json", 422),
    ("bad status", {"incident": {"name": "x", "status": "over"}}, "application/json", 422),
    ("form", b"incident[name]=x", "application/x-www-form-urlencoded", 415),
    ("no JSON", b"{", "application/json", 400),
])
def test_bad_requests_are_refused(sandbox, client, name, body, kind, status):
    got, headers, answer = client.ask("POST", "/incidents", body, kind=kind)
    assert got == status, name
    assert headers["Content-Type"].startswith("application/json")
    assert list(answer) == ["error"]
    assert sandbox.incidents() == []


def test_a_body_beyond_the_limit_is_refused(sandbox, client):
    got = client.root.removeprefix("http://").split("/")[0].split(":")
    with socket.create_connection((got[0], int(got[1])), timeout=PATIENCE_S) as raw:
        raw.sendall(b"POST /v1/pages/x/incidents HTTP/1.1\r\nHost: x\r\n"
                    b"Content-Length: 100000000\r\n\r\n")
        assert raw.recv(64).startswith(b"HTTP/1.1 413 ")
    assert sandbox.incidents() == []


@pytest.mark.parametrize("authorization", ["Bearer {}", "oauth {}", "{}", "OAuth {}x", "OAuth"])
def test_only_the_key_lets_in(client, authorization):
    status, _, answer = client.ask("GET", "/components",
                                   authorization=authorization.format(client.sandbox.key))
    assert (status, answer) == (401, {"error": "Could not authenticate"})


def test_the_sixty_first_request_of_a_minute_has_to_wait(client):
    answers = [client.ask("GET", "/incidents/unresolved") for _ in range(61)]
    assert [status for status, _, _ in answers] == [200] * 60 + [420]
    assert 0 < int(answers[-1][1]["Retry-After"]) <= 60
    assert "limit" in answers[-1][2]["error"]


def test_what_was_published_outlives_kill_9(sandbox, client):
    assert client.ask("POST", "/incidents", {"incident": {"name": "kept"}})[0] == 201
    sandbox.process.kill()
    sandbox.start()
    assert [incident["name"] for incident in sandbox.incidents()] == ["kept"]
    assert [row["method"] for row in sandbox.requests()] == ["POST"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_leaves_cleanly_on_a_signal_with_a_client_connected(folder, number):
    made = Sandbox(folder.path)
    host, port = made.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))):
        made.process.send(number)
        assert made.process.wait() == 0


@pytest.mark.parametrize("words, code, said", [
    (["--port", "70000"], 64, "70000"),
    (["--port", "8o"], 64, "8o"),
    (["--page", "Not/An/Id"], 64, "page id"),
    (["--rate", "0"], 64, "--rate"),
    (["extra"], 64, "extra"),
    (["--nonsense"], 64, "nonsense"),
    (["--db", "/nonexistent/sandbox.db"], 73, "unable to open"),
    (["--help"], 0, "--components"),
])
def test_its_command_line_says_what_is_wrong(folder, words, code, said):
    got, output = run_crier("sandbox", *words, folder=folder.path)
    assert got == code and said in output


def test_a_second_one_on_the_same_port_or_file_is_told(sandbox, folder):
    code, output = run_crier("sandbox", "--port", str(sandbox.port), folder=folder.path)
    assert code == 69 and "in use" in output
    code, output = run_crier("sandbox", "--db", folder.path / "sandbox.db", folder=folder.path)
    assert code == 73 and "locked" in output


def test_the_key_may_come_from_the_environment_or_is_made(folder):
    for env, pattern in (({"CRIER_SANDBOX_KEY": "from-outside"}, r"key in \$CRIER_SANDBOX_KEY"),
                         ({}, r"^sandbox: key ([a-z0-9]{24})$")):
        process = Process("sandbox", [binary(), "sandbox"], folder.path, environment(**env))
        try:
            url = process.lines.wait_for(r"sandbox: (http://127\.0\.0\.1:\d+)/ page (\S+)")[2]
            found = process.lines.wait_for(pattern)[2]
            key = found.group(1) if found.groups() else "from-outside"
            request = urllib.request.Request(f"{url.group(1)}/v1/pages/{url.group(2)}",
                                             headers={"Authorization": f"OAuth {key}"})
            with _web.open(request, timeout=PATIENCE_S) as answer:
                assert json.load(answer)["id"] == url.group(2)
        finally:
            assert process.stop() == 0
    assert "from-outside" not in process.lines.text()


def test_it_listens_on_the_loopback_interface_only(sandbox):
    with open("/proc/net/tcp", encoding="ascii") as table:
        listening = [row.split()[1] for row in table if f":{sandbox.port:04X} " in row.split()[1] + " "
                     and row.split()[3] == "0A"]
    assert listening == [f"0100007F:{sandbox.port:04X}"]
    assert os.path.exists(sandbox.folder / "sandbox.db")
