"""The rights that crier gives up after its start; by the ordinary build, since sanitizers need more."""

import os
import re
import signal
import subprocess
from pathlib import Path

import pytest
from test_backtest import OUTAGE, REFUSED, reload_with, without_any_rule
from test_drill import Practice
from test_pager import with_pager

from rig.crier import TREE
from rig.house import PUBLIC, Network

BUILD = Path(os.environ.get("CRIER_PLAIN_BUILD", TREE / "build"))
ATTEMPTS = BUILD / "tests" / "e2e" / "programs" / "confined"

# What a confined process tries (see programs/confined.c), and how that must end.
FILES_INSIDE = ("write-inside append-inside mkdir-inside rename-inside unlink-inside read-outside stat-outside "
                "write-null fchmod")
FILES_OUTSIDE = "write-outside unlink-outside rename-from-outside create-outside mkdir-outside rename-to-outside"
CALLS_NEEDED = ("tgkill-self socket-inet socket-inet6-udp socket-unix socketpair prctl-name getrlimit jit-memory "
                "getaddrinfo thread socket-upper-half fcntl-flags")
CALLS_REFUSED = ("truncate-by-open truncate-outside link-from-outside symlink-inside execve execveat fork clone3 "
                 "libc-fork ptrace process_vm_readv process_vm_writev kill tgkill-other pidfd_open mount umount2 "
                 "fsopen chroot unshare setns bpf keyctl add_key init_module reboot perf_event_open userfaultfd "
                 "io_uring_setup open_by_handle_at personality setuid unknown-call socket-raw socket-packet "
                 "socket-netlink-audit socket-vsock tiocsti prctl-dumpable setrlimit thread-socket-packet thread-fork "
                 "fcntl-owner fcntl-signal fchmod-set-id")


def test_a_confined_process_can_do_no_more_than_crier_needs(tmp_path):
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    inside.mkdir()
    outside.mkdir()
    (outside / "victim").write_text("untouched")
    done = subprocess.run([ATTEMPTS, inside, outside], capture_output=True, text=True, timeout=60, check=True)
    told = dict(line.split(": ") for line in done.stdout.splitlines())
    kernel = {name: int(told.pop(name)) for name in ("landlock", "filter", "no-new-privs")}
    assert (kernel["filter"], kernel["no-new-privs"]) == (1, 1), done.stderr
    wanted = dict.fromkeys((FILES_INSIDE + " " + CALLS_NEEDED).split(), "ok")
    wanted |= dict.fromkeys(CALLS_REFUSED.split(), "ENOSYS")
    if kernel["landlock"]:
        wanted |= dict.fromkeys(FILES_OUTSIDE.split(), "EACCES")
        assert (outside / "victim").read_text() == "untouched"
        assert os.listdir(outside) == ["victim"]
    else:  # such a kernel has crier say so
        assert "without Landlock crier can write wherever its user may" in done.stderr
        for name in FILES_OUTSIDE.split():
            told.pop(name)
    assert told == wanted


def rights(pid):
    """(Seccomp, NoNewPrivs) of each thread of a process."""
    return {tuple(re.search(rf"^{name}:\s*(\d+)", status.read_text(), re.MULTILINE)[1]
                  for name in ("Seccomp", "NoNewPrivs"))
            for status in Path(f"/proc/{pid}/task").glob("*/status")}


def test_what_reads_past_logs_is_confined():
    config = TREE / "config" / "wikimedia.cfg"
    with subprocess.Popen([BUILD / "crier", "check", "-c", config, "--against", config, "--replay", "-"],
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE) as trial:
        trial.stdin.write(OUTAGE.read_bytes() + b"\n" * (1 << 20))  # more than a pipe holds: some was read
        trial.stdin.flush()
        found = rights(trial.pid)
        said = trial.communicate(timeout=60)[0]
    assert found == {("2", "1")}
    assert b": 1 draft before, 1 now; 0 lost" in said and trial.returncode == 0


@pytest.fixture
def own_network():
    """A network that this test may break."""
    made = Network("confined")
    yield made
    made.close()


def test_a_whole_outage_confined(make_house, own_network, monkeypatch):
    """Drill, draft, trial on past logs, pager, confirm: by a process that can start no program."""
    monkeypatch.setenv("CRIER_BINARY", str(BUILD / "crier"))
    house = make_house(on=own_network)
    page = with_pager(house)
    house.settings["reload"] = {"backtest": [str(OUTAGE)]}
    practice = Practice(house)
    practice.start()
    said = house.crier.log
    assert re.search(r"run: confined: no programs", said) or "without Landlock" in said
    assert rights(house.crier.process.pid) == {("2", "1")}

    practice.enter("deployer1", "deployer1")
    practice.ask("deployer1", "!status drill start 2025-03-29", r"images and other media")
    practice.ask("deployer1", "!status drill stop", r"SCORE: ")

    house.crowd("logmsgbot", "icinga-wm")
    number = house.draft("deployer1")
    mark = reload_with(house, without_any_rule)
    house.crier.wait_log(REFUSED, mark)
    reload_with(house, lambda text: text)
    house.crier.wait_log(r"configuration reloaded", mark)

    own_network.server.kill()
    house.crier.wait_log(r"pager: paged: sent as number 17")
    assert page.exists()
    mark = house.crier.mark()
    own_network.server.start()
    house.crier.wait_joined(house.channel, mark)

    house.clients.pop("deployer1").quit()
    house.client("deployer1", "deployer1")
    assert rights(house.crier.process.pid) == {("2", "1")}
    house.ask("deployer1", f"!status confirm {number}", PUBLIC)
    assert house.crier.stop() == 0


def test_confine_may_be_switched_off_and_says_so(house, monkeypatch):
    monkeypatch.setenv("CRIER_BINARY", str(BUILD / "crier"))
    house.settings["confine"] = False
    house.start(joined=False)
    assert "confine = false: crier keeps every right of its user" in house.crier.log
    assert rights(house.crier.process.pid) == {("0", "0")}
    mark = house.crier.mark()
    house.settings["confine"] = True
    house.crier.write_config()
    house.crier.process.send(signal.SIGHUP)
    house.crier.wait_log("confine has changed: that takes a restart", mark)


def test_a_database_that_is_a_link_to_elsewhere_is_told(house, monkeypatch):
    monkeypatch.setenv("CRIER_BINARY", str(BUILD / "crier"))
    house.start(joined=False)
    if "without Landlock" in house.crier.log:
        return  # such a kernel lets it be
    assert house.crier.stop() == 0
    database, elsewhere = Path(house.settings["state_dir"]) / "crier.db", house.folder.path / "elsewhere.db"
    database.rename(elsewhere)
    database.symlink_to(elsewhere)
    house.crier.start(ready=False)
    house.crier.wait_log(r"crier\.db: .* is a symbolic link, and crier writes in state_dir alone")
    assert house.crier.process.wait() == 73
    database.unlink()
    elsewhere.rename(database)
    house.crier.start()
    assert house.crier.stop() == 0
