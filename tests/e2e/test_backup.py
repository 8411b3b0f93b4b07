"""crier backup beside a running crier, and the copy put back as the README says."""

import shutil
import stat

from rig.crier import run_crier
from rig.house import PUBLIC


def backup(house, dest, **more):
    return run_crier("backup", "-c", house.crier.config, dest, folder=house.crier.folder, **more)


def test_a_draft_comes_back_from_a_backup(house):
    house.start()
    house.crowd("icinga-wm", "logmsgbot", "deployer1")
    number = house.draft("deployer1")
    words = house.ask("deployer1", "!status show 1", r'"(?P<words>[^"]+)"')["words"]
    dest = house.folder.path / "crier.backup"
    code, said = backup(house, dest)
    assert code == 0, said
    size = dest.stat().st_size
    assert f"{dest}: {size} bytes" in said
    assert stat.S_IMODE(dest.stat().st_mode) == 0o600

    # Never over something that is there, be it a backup.
    code, said = backup(house, dest)
    assert code == 73, said
    assert "there already" in said
    assert dest.stat().st_size == size

    # The disk is lost with everything that came later, and another machine takes over.
    house.ask("deployer1", "!status discard 1", r"1 discarded")
    house.crier.kill()
    state = house.folder.sub("restored")
    shutil.copy(dest, state / "crier.db")
    house.settings["state_dir"] = state
    house.start()
    assert house.ask("deployer1", "!status show 1", r'"(?P<words>[^"]+)"')["words"] == words
    house.ask("deployer1", f"!status confirm {number}", PUBLIC)
    assert len(house.sandbox.incidents()) == 1


def test_a_backup_of_a_stopped_crier(house):
    house.start()
    house.crier.stop()
    dest = house.folder.path / "crier.backup"
    code, said = backup(house, dest)
    assert code == 0, said
    house.start()  # the reader left nothing that is in the way


def test_a_backup_that_cannot_be_made(house):
    dest = house.folder.path / "crier.backup"
    code, said = backup(house, dest)
    assert code == 66, said  # crier never ran: there is nothing to copy
    assert "there is no" in said
    house.start()
    code, said = backup(house, house.folder.path / "no" / "such" / "folder")
    assert code == 74, said
    assert "No such file or directory" in said
