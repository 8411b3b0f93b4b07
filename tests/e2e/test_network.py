"""What happens to connections in the world: late services, frozen and dead servers, taken nicks."""

import signal
import time

import pytest

from rig.fake import FakeIrc
from rig.house import PUBLIC, Network, network_settings

# A server that freezes is noticed within this, with the default settings.
FROZEN_LIMIT_S = 60.0
LEAVE_LIMIT_S = 2.0


@pytest.fixture
def own_network():
    """A network that this test may break."""
    made = Network("own")
    yield made
    made.close()


def outage_works(house):
    """An outage begins, is confirmed and is public: everything works."""
    number = house.draft("deployer1")
    house.ask("deployer1", f"!status confirm {number}", PUBLIC)
    assert len(house.sandbox.incidents()) == 1


def test_services_come_up_late(make_house, own_network):
    own_network.atheme.stop()  # the accounts are saved
    house = make_house(on=own_network)
    house.start(joined=False)
    watcher = house.client("someuser")
    watcher.barrier()
    house.crier.wait_log(r"irc: ")
    assert not watcher.raw.matching(rf":{house.nick}!\S+ JOIN")  # not without its account
    own_network.atheme.start()
    house.crier.wait_joined(house.channel)
    house.crowd("icinga-wm", "logmsgbot", "deployer1")
    outage_works(house)


def test_without_services_it_shows_and_obeys_nobody(make_house, own_network):
    house = make_house(on=own_network)
    house.settings["networks"][0]["services_patience"] = "1 s"
    house.crowd("icinga-wm", "logmsgbot", "deployer1")  # logged in while that was possible
    own_network.atheme.stop()
    house.start()
    number = house.draft("deployer1")
    house.ask("deployer1", f"!status confirm {number}", r"\S")
    assert house.sandbox.incidents() == []
    own_network.atheme.start()
    house.crier.wait_log(r"irc: .*logged in to the services account")
    house.ask("deployer1", f"!status confirm {number}", PUBLIC)
    assert len(house.sandbox.incidents()) == 1


def test_services_link_in_the_middle_of_the_registration(make_house):
    """SASL appears between CAP END and 001: asking for it then holds the registration up again."""
    fake = FakeIrc(late_sasl=True)
    try:
        house = make_house()
        house.settings["networks"] = [network_settings(
            fake.port, house.channel, "crier", house.folder.path, sasl_without_tls_is_dangerous=True)]
        house.start()
        assert fake.received.matching("^AUTHENTICATE PLAIN")
    finally:
        fake.close()


def test_frozen_server_is_noticed(make_house, own_network):
    house = make_house(on=own_network)
    house.start()
    mark = house.crier.mark()
    own_network.server.process.freeze()
    began = time.monotonic()
    house.crier.wait_log(r"(?i)irc: .*(dead|silent|silence|nothing|no answer|lost|timed out)", mark,
                         timeout=FROZEN_LIMIT_S + 30)
    assert time.monotonic() - began < FROZEN_LIMIT_S
    own_network.server.process.thaw()
    house.crier.wait_joined(house.channel, mark)
    house.crowd("icinga-wm", "logmsgbot", "deployer1")
    outage_works(house)


def test_server_killed_and_back(make_house, own_network):
    house = make_house(on=own_network)
    house.start()
    house.crowd("icinga-wm", "logmsgbot", "deployer1")
    number = house.draft("deployer1")
    mark = house.crier.mark()
    own_network.server.kill()
    for client in house.clients.values():
        client.close()
    own_network.server.start()
    house.crier.wait_joined(house.channel, mark)
    house.crowd("deployer1")
    house.ask("deployer1", f"!status confirm {number}", PUBLIC)
    assert len(house.sandbox.incidents()) == 1


def test_nick_taken(make_house):
    house = make_house(nick="crier")
    squatter = house.client("crier")
    house.client("someuser")
    house.start()
    # The other nick first, and then its own, taken back through services.
    seen = house.clients["someuser"].raw
    seen.wait_for(r":crier_!\S+ (JOIN|NICK)")
    seen.wait_for(r":crier_!\S+ NICK :?crier$")
    squatter.raw.wait_for(r"ERROR|KILL|NICK")
    house.crowd("icinga-wm", "logmsgbot", "deployer1")
    outage_works(house)


def test_kicked(house):
    boss = house.client("boss")  # first in the channel: its operator
    house.start()
    house.crowd("icinga-wm", "logmsgbot", "deployer1")
    mark = boss.raw.mark()
    boss.send(f"KICK {house.channel} {house.nick} :out")
    boss.raw.wait_for(rf" KICK {house.channel} {house.nick} ", mark)
    boss.raw.wait_for(rf":{house.nick}!\S+ JOIN :?{house.channel}", mark)
    outage_works(house)


def test_killed_by_an_operator(house):
    boss = house.client("boss")
    house.start()
    house.crowd("icinga-wm", "logmsgbot", "deployer1")
    boss.send("OPER boss boss")
    boss.raw.wait_for(r" 381 ")
    mark = boss.raw.mark()
    boss.send(f"KILL {house.nick} :out")
    boss.raw.wait_for(rf":{house.nick}!\S+ QUIT", mark)
    boss.raw.wait_for(rf":{house.nick}!\S+ JOIN :?{house.channel}", mark)
    outage_works(house)


def test_sigterm_leaves_with_quit(house):
    house.start()
    watcher = house.client("someuser")
    mark = watcher.raw.mark()
    began = time.monotonic()
    house.crier.process.send(signal.SIGTERM)
    _, gone, _ = watcher.raw.wait_for(rf":{house.nick}!\S+ QUIT :?(?!.*(EOF|reset|closed))", mark)
    assert house.crier.process.wait() == 0
    assert gone - began < LEAVE_LIMIT_S
    assert time.monotonic() - began < LEAVE_LIMIT_S + 1  # the leak checker looks on behind it


def test_sigterm_in_the_middle_of_a_storm(house):
    house.start()
    house.crowd("icinga-wm", "logmsgbot")
    house.say("logmsgbot", "!log deployer1@deploy1002 Started scap: Backport for something")
    for number in range(300):
        house.say("icinga-wm", f"PROBLEM - MediaWiki exceptions and fatals per minute for group{number} "
                  "on alert1001 is CRITICAL: 2.651e+04 gt 100")
    began = time.monotonic()
    house.crier.process.send(signal.SIGTERM)
    assert house.crier.process.wait() == 0
    assert time.monotonic() - began < LEAVE_LIMIT_S + 1


def test_sighup_takes_a_good_configuration(house):
    house.start()
    more = house.channel + "-more"
    house.settings["networks"][0]["channels"].append({"name": more, "roles": ["talk"]})
    house.crier.write_config(house.settings)
    mark = house.crier.mark()
    house.crier.process.send(signal.SIGHUP)
    house.crier.wait_joined(more, mark)
    house.crowd("icinga-wm", "logmsgbot", "deployer1")
    outage_works(house)


def test_sighup_refuses_a_bad_configuration_whole(house):
    house.start()
    good = dict(house.settings)
    more = house.channel + "-more"
    bad = dict(good)
    bad["networks"] = [dict(good["networks"][0], channels=[
        {"name": house.channel, "roles": ["watch", "talk"]}, {"name": more, "roles": ["talk"]}])]
    bad["chat"] = {"confirm_gard": "2 s"}
    house.crier.write_config(bad)
    mark = house.crier.mark()
    house.crier.process.send(signal.SIGHUP)
    house.crier.wait_log(r"crier\.cfg:\d+: .*confirm_gard", mark)
    house.crowd("icinga-wm", "logmsgbot", "deployer1")
    outage_works(house)
    assert not house.crier.process.lines.matching(rf"joined {more}")
