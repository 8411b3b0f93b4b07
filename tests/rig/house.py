"""Everything together: a network with accounts, and for each test its channel, page and crier."""

import itertools
import re
from concurrent.futures import ThreadPoolExecutor

from .client import Client, password_of, register_accounts
from .crier import TREE, Crier, Raw, Sandbox, private_file
from .process import PATIENCE_S, Folder
from .servers import Atheme, Certificates, InspIRCd, Ngircd

# Bots and people of the channel; each account belongs to whoever has the same nick in the log.
BOTS = ("icinga-wm", "jinxer-wm", "logmsgbot")
PEOPLE = ("deployer1", "deployer2", "sre1", "reader1", "someuser")
ACCOUNTS = ("crier", *BOTS, *PEOPLE)

# The two lines that an outage takes, and the channel's prompt.
DEPLOY_STARTS = ("!log deployer1@deploy1002 Started scap: Backport for "
                 "[[gerrit:880001|Use the new heading markup (T314714)]]")
ALERT = ("PROBLEM - MediaWiki exceptions and fatals per minute for appserver on alert1001 is CRITICAL: "
         "2.651e+04 gt 100")
CONFIRM = r"`!status confirm (?P<number>\d+\.\d+)`"
PUBLIC = r"\b(?P<id>\d+) is public since \d\d:\d\d:\d\d, investigating: (?P<url>http\S+)"

_numbers = itertools.count(1)


class Network:
    """InspIRCd with Atheme and the accounts above, shared by every test that leaves it as it is."""

    def __init__(self, name="network", services=True, without=()):
        self.folder = Folder(name)
        self.certificates = Certificates(self.folder.sub("certificates"))
        self.server = InspIRCd(self.folder.sub("inspircd"), self.certificates, without=without)
        self.atheme = Atheme(self.folder.sub("atheme", "irc"), self.server, start=services)
        if services:
            try:
                register_accounts(self.server.plain, ACCOUNTS)
            except BaseException:
                self.close()
                raise

    def client(self, nick, account=None, tls=False, **more):
        """Somebody who is connected; with services account `account` when one is named."""
        if tls:
            return Client(self.server.tls, nick, ca=self.certificates.ca, account=account, **more)
        return Client(self.server.plain, nick, account=account, **more)

    def settings(self, channel, nick, home, **more):
        """How crier gets there: TLS, SASL."""
        return network_settings(self.server.tls, channel, nick, home, ca=self.certificates.ca, **more)

    def close(self):
        self.atheme.stop()
        self.server.stop()
        self.folder.remove()


class PlainNetwork:
    """ngIRCd: nobody has an account, and nobody can be asked."""

    def __init__(self):
        self.folder = Folder("plain")
        self.server = Ngircd(self.folder.sub("ngircd"))

    def client(self, nick, _account=None, **more):
        return Client(self.server.plain, nick, **more)

    def settings(self, channel, nick, home, **more):
        return network_settings(self.server.plain, channel, nick, home, sasl=False, **more)

    def close(self):
        self.server.stop()
        self.folder.remove()


def people_settings(network="test"):
    """People of the channel as the configuration names them."""
    return [
        {"name": "deployer1", "accounts": [f"{network}/deployer1"], "shell": "deployer1",
         "roles": ["deployer"]},
        {"name": "deployer2", "accounts": [f"{network}/deployer2"], "shell": "deployer2",
         "roles": ["deployer"]},
        {"name": "sre1", "accounts": [f"{network}/sre1"], "roles": ["sre", "operator"]},
        {"name": "reader1", "accounts": [f"{network}/reader1"], "roles": []},
    ]


def network_settings(port, channel, nick, folder, ca=None, name="test", sasl=True, **more):
    """One network; TLS with that authority where one is given."""
    settings = {
        "name": name, "host": "localhost" if ca else "127.0.0.1", "port": port, "tls": bool(ca),
        "ca_file": ca, "nick": nick, "alt_nicks": [nick + "_"],
        "reconnect_min": "200 ms", "reconnect_max": "2 s",
        "channels": [{"name": channel, "roles": ["watch", "talk"]}],
    }
    if sasl:
        secret = private_file(folder / f"password-{name}", password_of("crier") + "\n")
        settings.update(sasl="plain", sasl_account="crier", sasl_password_file=secret)
    settings.update(more)
    return settings


def page_settings(url, page_id, key_file):
    return {"name": "main", "id": page_id, "api_url": url, "public_url": url, "key_file": key_file,
            "notify": ["investigating", "resolved"], "allow_plain_http": True}


def shipped(place, network="test"):
    """Wikimedia's own sources, rules and wordings as they are shipped, for another channel."""
    text = (TREE / "config" / "wikimedia.cfg").read_text()
    blocks = re.findall(r"^(?:sources|rules|wordings|internal_words) = .*?^[)\]];$", text,
                        re.MULTILINE | re.DOTALL)
    if len(blocks) != 4:
        raise ValueError("config/wikimedia.cfg has another shape")
    taken = "\n\n".join(blocks).replace("libera/#wikimedia-operations", place)
    return Raw(f'@include "{TREE}/config/formats.cfg"\n' + taken.replace("libera/", network + "/"))


class House:
    """One test's own channel, status page and crier, on a network that others may share.

    `settings` may be changed until start(). Everything that is opened here is closed by close().
    """

    def __init__(self, network, nick=None, channel=None, sandbox_options=()):
        number = next(_numbers)
        self.network = network
        self.folder = Folder("house")
        self.channel = channel or f"#ops-{number}"
        self.nick = nick or f"crier-{number}"
        self.place = f"test/{self.channel}"
        self.clients = {}
        self.crier = None
        self.sandbox = None
        self.sandbox = Sandbox(self.folder.sub("sandbox"), faults=True, options=sandbox_options)
        home = self.folder.sub("crier")
        self.settings = self.default_settings(home)
        self.crier = Crier(home, self.settings)

    def default_settings(self, home):
        settings = {
            "state_dir": home,
            "pages": [page_settings(self.sandbox.url, self.sandbox.page, self.sandbox.key_file)],
            "components": [{"name": "Reading"}, {"name": "Editing"}],
            "people": people_settings(),
            # Logs are played faster than they were written.
            "chat": {"revision_interval": "2 s", "confirm_guard": "2 s"},
            "shipped": shipped(self.place),
        }
        if self.network:
            settings["networks"] = [self.network.settings(self.channel, self.nick, home)]
        return settings

    def start(self, ready=True, joined=True):
        self.crier.write_config(self.settings)
        self.crier.start(ready=ready, joined=[self.channel] if joined else ())
        return self

    def client(self, nick, account=None, join=True, **more):
        """Somebody in the channel, as `account` when one is named."""
        client = self.network.client(nick, account, **more)
        self.clients[nick] = client
        if join:
            client.join(self.channel)
        return client

    def crowd(self, *nicks, **accounts):
        """Several at once: by nick with an account of the same name; NICK=None for one without."""
        wanted = {nick: nick for nick in nicks} | accounts
        with ThreadPoolExecutor(len(wanted)) as pool:
            clients = list(pool.map(lambda pair: self.network.client(*pair), wanted.items()))
        for nick, client in zip(wanted, clients):
            self.clients[nick] = client
        for client in clients:
            client.join(self.channel)
        return clients

    def say(self, nick, text):
        """Somebody says it in the channel: the place in what they see that an answer comes after."""
        return self.clients[nick].say(self.channel, text)

    def heard(self, nick, pattern, since=0, timeout=PATIENCE_S):
        """What crier said that the pattern is found in, in the eyes of somebody: (time, match)."""
        _, when, found = self.clients[nick].said.wait_for(
            rf"^\S+ <{self.nick}_*> (?:.*?)(?:{pattern})", since, timeout)
        return when, found

    def ask(self, nick, text, pattern, timeout=PATIENCE_S):
        """Somebody says it, and crier answers with that: the match."""
        return self.heard(nick, pattern, self.say(nick, text), timeout)[1]

    def draft(self, nick):
        """An outage begins, as short as it can be: a deploy, an alert. The draft's number, as N.R."""
        self.say("logmsgbot", DEPLOY_STARTS)
        self.clients["logmsgbot"].barrier()
        self.say("icinga-wm", ALERT)
        return self.heard(nick, CONFIRM)[1]["number"]

    def close(self):
        for client in self.clients.values():
            client.quit()
        if self.crier:
            self.crier.stop()
        if self.sandbox:
            self.sandbox.stop()

    def diary(self):
        """For a failed test: what crier wrote, and what was said."""
        parts = [f"folder: {self.folder.path}", "crier:", self.crier.log if self.crier else ""]
        for nick, client in list(self.clients.items())[-1:]:
            parts += [f"said, as {nick} saw it:", client.said.text()]
        return "\n".join(parts)
