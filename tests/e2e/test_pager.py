"""Nobody can be reached by IRC, and something waits: a human is paged."""

import pytest

from rig.house import Network
from rig.process import Timeout

SCRIPT = """#!/bin/sh
folder=$1
shift
{ printf '%s\\n' "$#" "$@"; cat; } >"$folder/page.new"
mv "$folder/page.new" "$folder/page"
echo sent as number 17
"""


@pytest.fixture
def own_network():
    """A network that this test may break."""
    made = Network("own")
    yield made
    made.close()


def with_pager(house, after="1 s"):
    folder = house.folder.sub("pager")
    script = folder / "page it"
    script.write_text(SCRIPT)
    script.chmod(0o700)
    house.settings["pager"] = {"command": [script, folder, "$(touch x);"], "after": after}
    return folder / "page"


def test_a_lost_network_with_an_open_draft_pages(make_house, own_network):
    house = make_house(on=own_network)
    page = with_pager(house)
    house.start()
    house.crowd("icinga-wm", "logmsgbot", "deployer1")
    house.draft("deployer1")
    house.ask("deployer1", "!status", r"\b1\b")
    assert not page.exists()
    own_network.server.kill()
    house.crier.wait_log(r"pager: paged: sent as number 17")
    count, odd, argument, stdin = page.read_text().splitlines()
    assert (count, odd) == ("2", "$(touch x);")
    assert argument == stdin
    assert argument.startswith("crier: no IRC channel can be reached since ")
    assert "and 1 draft, proposal or confirmed step waits" in argument
    assert argument.endswith(f"/pages/{house.sandbox.page}")

    # Once. When the network is back, everything goes on.
    mark = house.crier.mark()
    own_network.server.start()
    house.crier.wait_joined(house.channel, mark)
    assert len(house.crier.process.lines.matching(r"paging a human")) == 1
    assert house.crier.stop() == 0


def test_without_anything_that_waits_nobody_is_paged(make_house, own_network):
    house = make_house(on=own_network)
    page = with_pager(house, after="1 s")
    house.start()
    own_network.server.kill()
    house.crier.wait_log(r"irc: .*(again|retry|reconnect|refused|cannot)")
    # Twice as long as it would take; a page would have come with the log of its sending.
    with pytest.raises(Timeout):
        house.crier.wait_log(r"paging a human", timeout=3)
    assert not page.exists()


def test_a_pager_that_cannot_run_is_told_beforehand(house):
    house.settings["pager"] = {"command": ["/no/such/program"]}
    house.crier.write_config(house.settings)
    code, said = house.crier.check()
    assert code == 0, said
    assert "nobody can be paged: /no/such/program: No such file or directory" in said
    assert "PCRE2's JIT works" in said
    house.settings["pager"] = {"command": ["page-oncall"]}
    house.crier.write_config(house.settings)
    code, said = house.crier.check()
    assert code == 78, said
    assert 'pager.command begins with "page-oncall"' in said
