"""The record: crier report beside a running crier, the timeline in chat, the postmortem's draft."""

import json
import re

from rig.crier import run_crier
from rig.house import CONFIRM, PUBLIC
from rig.process import PATIENCE_S

SECRETS = ("deployer1", "alert1001", "exceptions", "scap", "gerrit")


def report(house, *words):
    return run_crier("report", "-c", house.crier.config, *words, folder=house.crier.folder)


def resolve(house):
    settled = house.ask("deployer1", "!status resolve 1", CONFIRM)["number"]
    house.ask("deployer1", f"!status confirm {settled}", r"\b1\b.*\bresolved\b")


def test_the_record_of_an_outage(house):
    code, said = report(house, "1")
    assert code == 66 and "there is no" in said, said  # crier never ran
    house.settings["report"] = {"postmortem_draft": True}
    house.start()
    house.crowd("icinga-wm", "logmsgbot", "deployer1")
    code, said = report(house, "1")
    assert code == 66 and "there is no incident 1" in said, said
    number = house.draft("deployer1")
    house.ask("deployer1", f"!status confirm {number}", PUBLIC)

    house.ask("deployer1", "!status open Search is slow", r"DRAFT 2\.1")
    code, said = report(house)
    assert code == 0 and re.search(r"^ +2  \d{4}-.* draft +Search is slow$", said, re.MULTILINE), said
    house.ask("deployer1", "!status discard 2", "2 discarded")

    # Beside the running crier, of an incident that is not over.
    code, said = report(house, "1")
    assert code == 0, said
    assert said.startswith("{{irdoc|status=draft}}"), said
    assert re.search(r"^\* \d\d:\d\d:\d\d First alert: <code><nowiki>&lt;icinga&gt; PROBLEM - MediaWiki .*"
                     r"'''OUTAGE BEGINS'''$", said, re.MULTILINE), said
    assert re.search(r"^\| Process \|\| Was the public status page updated\? \|\| yes \|\| public at "
                     r".*not resolved yet$", said, re.MULTILINE), said
    code, said = report(house, "1", "--json")
    assert code == 0, said
    record = json.loads(said)
    assert record["incident"]["state"] == "public"
    assert record["figures"]["status_page_updated"] is True
    kinds = [row["kind"] for row in record["timeline"]]
    for kind in ("deploy started", "firing", "draft", "shown", "confirm", "published"):
        assert kinds.count(kind) == 1, (kind, kinds)
    code, said = report(house, "1", "--format", "svg")
    assert code == 0 and "<svg" in said, said[:500]
    code, said = report(house, "1", "--format", "markdown")
    assert code == 0 and "](data:image/svg+xml;base64," in said, said[:500]

    # In chat it goes to whoever asked, alone.
    client = house.clients["deployer1"]
    since = client.say(house.channel, "!status timeline 1")
    client.said.wait_for(rf"^{client.nick} <{house.nick}_*> 1 \".*\", public\. UTC, .*: began .*, public ",
                         since, PATIENCE_S)
    client.said.wait_for(rf"^{client.nick} <{house.nick}_*> \d\d:\d\d:\d\d alert MediaWiki exceptions",
                         since, PATIENCE_S)
    house.ask("deployer1", "!status report 1", r"report of 1: `crier report 1`")
    house.ask("deployer1", "!status timeline 9", r"there is no 9; the last one is 2")

    # On resolve the page has a draft of a postmortem that readers do not see.
    resolve(house)
    house.sandbox.wait_requests(lambda rows: any(
        row["method"] == "PUT" and row["path"].endswith("/postmortem") for row in rows))
    incident = house.sandbox.incidents()[0]
    draft = house.sandbox.manage(f"/incidents/{incident['id']}/postmortem")
    assert "## What happened" in draft["body_draft"]
    assert "People who are logged in may see an error" in draft["body_draft"]
    assert draft["published_at"] is None and draft["body"] is None
    for secret in SECRETS:
        assert secret not in draft["body_draft"].lower()
    assert "What happened" not in house.sandbox.text("/")
    assert "What happened" not in json.dumps(house.sandbox.get("/api/v2/incidents.json"))

    # And when crier does not run.
    house.crier.stop()
    code, said = report(house, "1", "--format=json")
    assert code == 0, said
    assert json.loads(said)["incident"]["state"] == "resolved"
    code, said = report(house)
    assert code == 0 and re.search(r"^ +1  \d{4}-.* resolved ", said, re.MULTILINE), said
    code, said = report(house, "7")
    assert code == 66 and "there is no incident 7; the last ones are 2, 1" in said, said
    code, said = report(house, "x")
    assert code == 64 and "an incident has a number, such as 7, not x" in said, said
    code, said = report(house, "1", "--format", "pdf")
    assert code == 64 and "--format takes wikitext, markdown, json or svg, not pdf" in said, said
    house.start()  # the reader left nothing that is in the way
