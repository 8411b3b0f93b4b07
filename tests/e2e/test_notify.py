"""What a service manager is told: a socket of the test's stands for systemd's."""

import signal
import socket

import pytest

from rig.crier import environment
from rig.process import PATIENCE_S

WATCHDOG_S = 1.0


class Manager:
    """The socket that NOTIFY_SOCKET names."""

    def __init__(self, folder):
        self.path = str(folder / "notify")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)

    def next(self, timeout=PATIENCE_S):
        self.socket.settimeout(timeout)
        return self.socket.recv(1000).decode()

    def until(self, wanted):
        """The messages up to the one that begins with that; not those of the watchdog before it."""
        seen = []
        while not seen or not seen[-1].startswith(wanted):
            message = self.next()
            if message.startswith(wanted) or not message.startswith("WATCHDOG"):
                seen.append(message)
        return seen

    def drain(self):
        while True:
            try:
                self.next(0.001)
            except TimeoutError:
                return


@pytest.fixture
def manager(house):
    made = Manager(house.folder.path)
    house.crier.env = environment(NOTIFY_SOCKET=made.path, WATCHDOG_USEC=str(int(WATCHDOG_S * 1e6)))
    yield made
    made.socket.close()


def test_systemd_is_told_of_start_reload_hang_and_end(house, manager):
    house.start()
    assert manager.until("READY=1")[-1] == "READY=1\n"
    manager.until("STATUS=1 of 1 talk channels, 0 open incidents")
    manager.until("WATCHDOG=1")

    for change in ({}, {"nonsense": True}):  # taken, and refused with its mistakes: over either way
        house.settings |= change
        house.crier.write_config()
        house.crier.process.send(signal.SIGHUP)
        seen = manager.until("READY=1")
        assert [message.split("=")[0] for message in seen] == ["RELOADING", "READY"]
        assert "\nMONOTONIC_USEC=" in seen[0]
    assert "has mistakes" in house.crier.log

    house.crier.process.freeze()  # a loop that does not turn feeds nothing
    manager.drain()
    with pytest.raises(TimeoutError):
        manager.next(1.5 * WATCHDOG_S)
    house.crier.process.thaw()
    manager.until("WATCHDOG=1")

    house.crier.process.send(signal.SIGTERM)
    manager.until("STOPPING=1")
    assert house.crier.process.wait() == 0


def test_a_manager_that_has_gone_is_not_missed(house, manager):
    manager.socket.close()
    house.start()
    assert "cannot tell the service manager that crier is ready" in house.crier.log
    assert house.crier.stop() == 0
