"""The wire: whom crier believes to be its servers, and what it lets nobody else have."""

import ssl
import warnings

import pytest

from rig.house import network_settings
from rig.wiretap import Wiretap

WRONG_PIN = "sha256//" + "A" * 43 + "="
HERE = "DNS:localhost,IP:127.0.0.1"


@pytest.fixture
def tap():
    """Makes wiretaps that are closed at the end."""
    made = []

    def make(*words, **more):
        made.append(Wiretap(*words, **more))
        return made[-1]

    yield make
    for one in made:
        one.close()


def old_tls(tap, pair):
    """TLS 1.1 and nothing newer."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of the constant's own name
        return tap(*pair, newest=ssl.TLSVersion.TLSv1_1)


def only_network(house, name, port, **more):
    """Settings of one more network of the house's crier."""
    return network_settings(port, "#" + name, "crier", house.crier.folder, name=name, **more)


def test_impostors_of_servers_get_not_one_byte(make_house, network, tap):
    """Each has something wrong with it; crier tries each again and again, and lets none have a word."""
    house = make_house()
    made = network.certificates
    good = (made.cert, made.key)
    stranger = made.stranger("unknown", HERE)
    servers = {
        "wronghost": (tap(*made.leaf("elsewhere", "DNS:elsewhere.test")), {}),
        "unknownca": (tap(*stranger), {}),
        "expired": (tap(*made.leaf("expired", HERE, days=-1)), {}),
        "oldtls": (old_tls(tap, good), {}),
        "wrongpin": (tap(*good), {"pin": [WRONG_PIN]}),
        "notls": (tap(greeting=b":plain.test NOTICE * :hello\r\n"), {}),
    }
    page = tap(*good)
    house.settings["pages"][0].update(api_url=f"https://localhost:{page.port}", ca_file=made.ca,
                                      pin=[WRONG_PIN])
    house.settings["networks"][0]["pin"] = [WRONG_PIN, made.pin(made.cert)]  # the next key is listed
    house.settings["networks"] += [only_network(house, name, server.port, ca=made.ca, **more)
                                   for name, (server, more) in servers.items()]
    house.start()  # beside all these its own network works, with a pin that fits
    for name, (server, _) in servers.items():
        failed = rf"irc: {name}: cannot connect: .*; next try in"
        first, _, _ = house.crier.process.lines.wait_for(failed)
        house.crier.wait_log(failed, first + 1)
        said = server.got()
        if name == "notls":  # what TLS itself begins with is all it sees
            assert not [line for line in said if any(
                word in line for word in ("CAP", "NICK", "USER", "AUTHENTICATE", "PASS"))]
        else:
            assert said == [], name
    house.crier.wait_log(r"irc: wrongpin: cannot connect: the server's key is not a pinned one")
    house.crier.wait_log(r"(statuspage|page): .*the server's key is not a pinned one")
    assert page.got() == []
    assert house.sandbox.key not in house.crier.log


def test_a_password_does_not_leave_without_tls_unless_that_is_asked_for(make_house, tap):
    """The adapter's own refusal, where the configuration's is not asked, is a unit test."""
    server = tap(answers={"CAP LS": ":plain.test CAP * LS :sasl=PLAIN\r\n",
                          "CAP REQ :sasl": ":plain.test CAP * ACK :sasl\r\n",
                          "AUTHENTICATE PLAIN": "AUTHENTICATE +\r\n"})
    house = make_house()
    house.settings["networks"].append(only_network(house, "plain", server.port))
    house.crier.write_config(house.settings)
    code, said = house.crier.check()
    assert code != 0 and "shows the password to everybody on the way" in said
    house.crier.start(ready=False)
    assert house.crier.process.wait() != 0  # it does not run so
    assert server.got() == []
    house.settings["networks"][-1]["sasl_without_tls_is_dangerous"] = True
    house.start(joined=False)
    server.seen.wait_for(r"^got: AUTHENTICATE (?!PLAIN)\S{8,}")


def connections(server):
    return len(server.seen.matching(r"^in$"))


def test_a_server_that_asks_for_tls_is_reached_by_tls_alone(make_house, network, tap):
    """IRCv3 sts: told once without TLS, kept over a restart, never undone by a failing connection."""
    made = network.certificates
    register = {"CAP END": ":tls.test 001 crier :Welcome\r\n"}
    secure = tap(made.cert, made.key,
                 answers={"CAP LS": ":tls.test CAP * LS :sts=port=1,duration=600\r\n", **register})
    forgets = tap(made.cert, made.key,
                  answers={"CAP LS": ":tls.test CAP * LS :sts=duration=0\r\n", **register})
    impostor = tap(*made.leaf("elsewhere2", "DNS:elsewhere.test"), address="127.0.0.2")
    # One policy holds for one host: each network reaches this machine by another name.
    hosts = {secure: "localhost", forgets: "127.0.0.1", impostor: "127.0.0.2"}
    plain = {to: tap(answers={"CAP LS": f":plain.test CAP * LS :sts=port={to.port},duration=9\r\n"},
                     address=host.replace("localhost", "127.0.0.1")) for to, host in hosts.items()}
    house = make_house()
    for name, to in (("kept", secure), ("forgotten", forgets), ("failing", impostor)):
        house.settings["networks"].append(only_network(
            house, name, plain[to].port, sasl=False, host=hosts[to], ca_file=made.ca))
    house.start(joined=False)
    house.crier.wait_log(r"irc: kept: registered as crier")
    house.crier.wait_log(r"irc: forgotten: registered as crier")
    failed = r"irc: failing: cannot connect: SSL: .*certificate"
    first, _, _ = house.crier.process.lines.wait_for(failed)
    house.crier.wait_log(failed, first + 1)  # again by TLS, never without
    for to, server in plain.items():
        assert server.got() == ["CAP LS 302"], hosts[to]
        assert connections(server) == 1
    assert impostor.got() == []
    assert not secure.seen.matching(r"got: CAP REQ.*sts")
    house.crier.stop()
    house.start(joined=False)
    house.crier.wait_log(r"irc: kept: TLS, although the configuration says tls = false")
    house.crier.wait_log(r"irc: kept: registered as crier")
    assert connections(plain[secure]) == 1  # not asked again
    first, _, _ = plain[forgets].seen.wait_for(r"^in$")
    plain[forgets].seen.wait_for(r"^in$", first + 1)  # forgotten as it was told
