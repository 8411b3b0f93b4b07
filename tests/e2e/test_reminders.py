"""What crier says without being asked, to people who are really in the channel, or not."""

RED = r"page is green, 1 alert red for \d+ s: (?P<who>[^`]*): `!status confirm 1\.1` or `discard 1`"


def start(house, **reminders):
    house.settings["reminders"] = {"draft": "2 s", "duty": "0 s", "channel": "0 s"} | reminders
    house.start()
    house.crowd("icinga-wm", "logmsgbot", "deployer1", "deployer2", "sre1", "reader1")


def called(house, nick, since=0):
    """Who is called when nobody confirms."""
    return house.heard(nick, RED, since)[1]["who"].split(", ")


def test_who_is_there_is_called_and_who_has_left_is_not(house):
    start(house)
    house.clients["deployer2"].send(f"PART {house.channel} :good night")
    house.clients["sre1"].quit()
    house.clients["deployer1"].barrier()
    house.draft("deployer1")
    assert called(house, "deployer1") == ["deployer1"]


def test_who_was_there_first_is_known_from_the_list(house):
    """They are in the channel before crier is: the server's NAMES tell of them."""
    house.settings["reminders"] = {"draft": "2 s", "duty": "0 s", "channel": "0 s"}
    house.crowd("icinga-wm", "logmsgbot", "deployer1", "sre1", "reader1")
    house.start()
    house.draft("deployer1")
    assert called(house, "deployer1") == ["deployer1", "sre1"]


def test_another_nick_is_another_person(house):
    start(house)
    house.clients["deployer1"].send("NICK deployer1_away")
    house.clients["reader1"].send("NICK deployer1")  # crier calls a nick; it believes accounts alone
    house.clients["reader1"].barrier()
    house.clients["deployer2"].send(f"PART {house.channel}")
    house.clients["deployer2"].barrier()
    number = house.draft("sre1")
    assert called(house, "sre1") == ["deployer1", "sre1"]
    house.ask("reader1", f"!status confirm {number}", "refused")


def test_mute_is_heard(house):
    start(house, draft="4 s")
    house.draft("deployer1")
    house.ask("deployer1", "!status mute 1h we are on it", r"no reminders until \d\d:\d\d; ")
    house.ask("reader1", "!status", r"reminders are muted until \d\d:\d\d by deployer1 \| 1 draft")
    mark = house.clients["deployer1"].said.mark()
    house.ask("sre1", "!status unmute", "reminders are back")
    assert called(house, "deployer1", mark) == ["deployer1", "deployer2", "sre1"]


def test_second_channel_can_confirm(house):
    """Nobody answers in the first: the whole words are shown in the second, and confirmed there."""
    other = house.channel + "-sre"
    house.settings["networks"][0]["channels"].append({"name": other, "roles": ["talk"]})
    house.settings["reminders"] = {"draft": "0 s", "duty": "0 s", "channel": "2 s",
                                   "second_channel": f"test/{other}"}
    house.start()
    house.crowd("icinga-wm", "logmsgbot", "deployer1")
    sre = house.client("sre1", "sre1", join=False)
    sre.join(other)
    number = house.draft("deployer1")
    sre.hears(rf"{other} <\S+> DRAFT {number}, not public: \"[^\"]+\"")
    sre.hears(rf"nobody answers in {house.channel}: `!status confirm {number}`")
    sre.say(other, f"!status confirm {number}")
    house.heard("deployer1", r"1 is public since")
    assert len(house.sandbox.incidents()) == 1
