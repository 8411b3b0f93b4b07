"""Fixtures: one network for the whole run, one house for each test."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from rig.house import House, Network, PlainNetwork  # noqa: E402


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    if report.failed:
        item.failed_once = True
        for value in getattr(item, "houses", []):
            report.sections.append(("the house", value.diary()))


@pytest.fixture(scope="session")
def network():
    """InspIRCd with Atheme. Tests that stop, freeze or reconfigure it make their own."""
    made = Network()
    yield made
    made.close()


@pytest.fixture(scope="session")
def plain_network():
    """ngIRCd."""
    made = PlainNetwork()
    yield made
    made.close()


@pytest.fixture
def make_house(request, network):
    """Makes houses that are closed at the end; a failed test's folders are kept."""
    made = request.node.houses = []

    def make(on=None, **more):
        made.append(House(on or network, **more))
        return made[-1]

    yield make
    for house in made:
        house.close()
        if not getattr(request.node, "failed_once", False):
            house.folder.remove()


@pytest.fixture
def house(make_house):
    return make_house()
