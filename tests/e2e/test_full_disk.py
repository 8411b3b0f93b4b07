"""A disk that fills up under a running crier: it says so, refuses, answers, and goes on when there is room."""

import subprocess

from rig.house import ALERT, DEPLOY_STARTS, PUBLIC

SICK = r"my database cannot be written \((?P<why>.*)\): nothing can be confirmed or published until it can"
WELL = r"my database can be written again"
KIT = r'title "(?P<title>[^"]+)", text "(?P<body>[^"]+)"'


class Tmpfs:
    """A small file system of crier's own, in a mount namespace of its own."""

    front = ("unshare", "--mount", "--propagation", "private", "sh", "-c",
             'mount -t tmpfs -o size=8m,mode=0700 tmpfs "$1" && shift && exec "$@"', "sh")

    @classmethod
    def permitted(cls, folder):
        return subprocess.run([*cls.front, folder, "true"], stdin=subprocess.DEVNULL, check=False,
                              capture_output=True).returncode == 0

    def __init__(self, house):
        self.house = house
        self.words = (*self.front, house.settings["state_dir"])

    @property
    def _filler(self):
        """Where others than crier see its files."""
        return f"/proc/{self.house.crier.process.pid}/root{self.house.settings['state_dir']}/filler"

    def fill(self):
        with open(self._filler, "wb", buffering=0) as file:
            try:
                while True:
                    file.write(b"x" * 4096)
            except OSError:
                pass

    def free(self):
        with open(self._filler, "wb"):
            pass


class Limit:
    """Files that may not grow: a write fails as on a full disk, wherever that is not permitted."""

    words = ()

    def __init__(self, house):
        self.house = house

    def _limit(self, size):
        subprocess.run(["prlimit", "--pid", str(self.house.crier.process.pid), f"--fsize={size}:"],
                       check=True, stdin=subprocess.DEVNULL)

    def fill(self):
        self._limit(1)

    def free(self):
        self._limit("unlimited")


def start(house, kind=None):
    """The house on a disk that can be filled."""
    house.settings["state_dir"] = house.folder.sub("disk")
    if kind is None:
        kind = Tmpfs if Tmpfs.permitted(house.settings["state_dir"]) else Limit
    disk = kind(house)
    house.crier.write_config(house.settings)
    house.crier.start(joined=[house.channel], front=disk.words)
    return disk


def test_full_disk_refuses_answers_and_heals(house):
    disk = start(house)
    house.crowd("icinga-wm", "logmsgbot", "deployer1", "sre1")
    number = house.draft("deployer1")
    words = house.ask("deployer1", "!status show 1", r'not public: "(?P<words>[^"]+)"')["words"]
    mark = house.clients["deployer1"].said.mark()
    disk.fill()
    house.say("logmsgbot", DEPLOY_STARTS.replace("880001", "880002"))
    why = house.heard("deployer1", SICK, mark)[1]["why"]
    assert "crier.db" in why

    # Refused at once, with all that is needed to post by hand.
    for command in (f"confirm {number}", "confirm", "edit 1 impact minor", "discard 1"):
        asked = house.say("deployer1", f"!status {command}")
        house.heard("deployer1", r"deployer1: my database cannot be written", asked)
        house.heard("deployer1", rf"1 by hand at http\S+/pages/{house.sandbox.page}: investigating", asked)
        kit = house.heard("deployer1", KIT, asked)[1]
        assert f"{kit['title']}. {kit['body']}" == words
    # Asked, it answers, though what happens cannot be written down.
    house.ask("sre1", "!status", r"1 draft, not public")
    house.ask("sre1", "!status show", KIT)
    assert house.sandbox.incidents() == []
    assert not house.sandbox.requests("POST")

    asked = house.clients["deployer1"].said.mark()
    disk.free()
    house.heard("deployer1", WELL, asked)
    house.ask("deployer1", f"!status confirm {number}", PUBLIC)
    assert len(house.sandbox.incidents()) == 1
    assert house.sandbox.incidents()[0]["impact"] == "major"  # what was refused was not taken
    assert house.crier.stop() == 0


def test_an_outage_that_begins_on_a_full_disk_is_told_and_kept(house):
    disk = start(house, Limit)
    house.crowd("icinga-wm", "logmsgbot", "deployer1")
    house.ask("deployer1", "!status", r"nothing is open")
    mark = house.clients["deployer1"].said.mark()
    disk.fill()
    house.say("logmsgbot", DEPLOY_STARTS)
    house.heard("deployer1", SICK, mark)
    house.say("icinga-wm", ALERT)
    house.heard("deployer1", r"an outage may have begun \(.*\), but my database cannot be written", mark)
    kit = house.heard("deployer1", KIT, mark)[1]
    assert not house.clients["deployer1"].said.matching(r"DRAFT 1", since=mark)

    disk.free()
    number = house.heard("deployer1", r"DRAFT (?P<number>\d+\.\d+), not public", mark)[1]["number"]
    house.ask("deployer1", "!status", r"1 draft, not public")
    house.crier.kill()
    house.crier.start(joined=[house.channel])
    shown = house.ask("deployer1", "!status show 1", r'not public: "(?P<words>[^"]+)"')
    assert shown["words"] == f"{kit['title']}. {kit['body']}"
    house.ask("deployer1", f"!status confirm {number}", PUBLIC)
    assert len(house.sandbox.incidents()) == 1


def test_leaving_while_the_disk_is_full_is_as_fast_as_ever(house):
    disk = start(house, Limit)
    house.crowd("icinga-wm", "logmsgbot", "deployer1")
    house.draft("deployer1")
    mark = house.clients["deployer1"].said.mark()
    disk.fill()
    house.say("logmsgbot", DEPLOY_STARTS.replace("880001", "880002"))
    house.heard("deployer1", SICK, mark)
    assert house.crier.stop() == 0
    assert "rows that could not be written" in house.crier.log
    house.crier.start(joined=[house.channel])
    house.ask("deployer1", "!status", r"1 draft, not public")
