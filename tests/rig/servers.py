"""IRC servers as they are in the world: InspIRCd with Atheme services over TLS, and plain ngIRCd.

Each runs as an ordinary process on free loopback ports, from a private folder.
"""

import base64
import hashlib
import os
import socket
import subprocess
import time

from .process import PATIENCE_S, Process, Timeout, free_port

SERVER = "irc.test"
SERVICES = "services.test"


def openssl(*words, folder):
    subprocess.run(["openssl", *words], cwd=folder, check=True, stdin=subprocess.DEVNULL,
                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


class Certificates:
    """A certificate authority, the server's certificate, and one for a client."""

    def __init__(self, folder):
        self.folder = folder
        self.ca = folder / "ca.pem"
        self._authority("ca", "crier test authority")
        self.cert, self.key = self._leaf("server", f"DNS:{SERVER},DNS:localhost,IP:127.0.0.1")
        self.client_cert, self.client_key = self._leaf("client", "DNS:client.test")
        # A group that everybody knows: making one of our own takes too long.
        self.dh = folder / "dh.pem"
        openssl("dhparam", "-dsaparam", "-out", "dh.pem", "1024", folder=folder)
        for path in folder.iterdir():
            path.chmod(0o600)

    def _authority(self, name, subject):
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                "-days", "30", "-subj", f"/CN={subject}", "-keyout", f"{name}.key",
                "-out", f"{name}.pem", "-addext", "keyUsage=critical,keyCertSign,cRLSign",
                folder=self.folder)

    def leaf(self, name, names, days=30, authority="ca"):
        """Another server's certificate and key; with days -1 it has run out."""
        return self._leaf(name, names, days, authority)

    def stranger(self, name, names):
        """A certificate and key that look alike, of an authority that nobody knows."""
        self._authority("stranger", "crier test authority")
        return self._leaf(name, names, authority="stranger")

    def pin(self, cert):
        """The key of a certificate as the configuration's `pin` names it."""
        key = subprocess.run(["openssl", "x509", "-in", cert, "-pubkey", "-noout"], check=True,
                             capture_output=True).stdout
        der = subprocess.run(["openssl", "pkey", "-pubin", "-outform", "der"], input=key, check=True,
                             capture_output=True).stdout
        return "sha256//" + base64.b64encode(hashlib.sha256(der).digest()).decode()

    def _leaf(self, name, names, days=30, authority="ca"):
        (self.folder / f"{name}.ext").write_text(
            f"subjectAltName={names}\nbasicConstraints=CA:FALSE\nkeyUsage=digitalSignature\n")
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.csr",
                folder=self.folder)
        openssl("x509", "-req", "-in", f"{name}.csr", "-CA", f"{authority}.pem",
                "-CAkey", f"{authority}.key", "-CAcreateserial", "-days", str(days), "-extfile", f"{name}.ext", "-out", f"{name}.pem",
                folder=self.folder)
        return self.folder / f"{name}.pem", self.folder / f"{name}.key"


def wait_port(port, process, timeout=PATIENCE_S):
    """Waits until somebody listens there, or the process is gone."""
    deadline = time.monotonic() + timeout
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
            return
        except OSError:
            if not process.alive:
                process.wait()
                raise Timeout(f"{process.name}: ended at start:\n{process.lines.text()}") from None
            if time.monotonic() > deadline:
                raise Timeout(f"{process.name}: nobody listens on {port}:\n"
                              + process.lines.text()) from None
            # A refused connect returns at once; the child's next line, or a moment, is the pace.
            try:
                process.lines.wait_for(r"", process.lines.mark(), 0.02)
            except Timeout:
                pass


INSPIRCD_CONF = """
<config format="xml">
<server name="{server}" description="test" network="testnet">
<admin name="x" nick="x" email="x@irc.test">
<bind address="127.0.0.1" port="{plain}" type="clients">
<bind address="127.0.0.1" port="{tls}" type="clients" sslprofile="clients">
<bind address="127.0.0.1" port="{link}" type="servers">
<connect name="all" allow="*" timeout="60" pingfreq="120" localmax="1000" globalmax="1000"
  recvq="1048576" softsendq="8388608" hardsendq="8388608" threshold="1000000" commandrate="1000000"
  fakelag="no" maxchans="100" resolvehostnames="no" modes="+i">
<class name="Boss" commands="*" privs="*" usermodes="*" chanmodes="*">
<type name="Boss" classes="Boss">
<oper name="boss" password="boss" host="*@*" type="Boss" autologin="no">
<files motd="{folder}/motd">
<dns server="127.0.0.1" timeout="1">
<pid file="{folder}/inspircd.pid">
<options prefixquit="Quit: " defaultmodes="not" moronbanner="no" splitwhois="no">
<performance nouserdns="yes" somaxconn="128" softlimit="10000" clonesonconnect="no">
<security announceinvites="all" maxtargets="20">
<whowas groupsize="10" maxgroups="1000" maxkeep="1d">
<cloak mode="full" key="0123456789abcdefghijklmnopqrstuvwxyz0123" prefix="test/">
<chanhistory maxlines="100" prefixmsg="no" bots="yes">
{modules}
<sslprofile name="clients" provider="gnutls" certfile="{cert}" keyfile="{key}" dhfile="{dh}"
  hash="sha256">
<uline server="{services}" silent="yes">
<sasl target="{services}" requiressl="no">
<link name="{services}" ipaddr="127.0.0.1" port="{link}" allowmask="127.0.0.0/8"
  sendpass="link" recvpass="link">
"""

INSPIRCD_MODULES = ("ssl_gnutls cap sasl services_account ircv3 ircv3_accounttag ircv3_servertime "
                    "ircv3_batch ircv3_echomessage ircv3_capnotify ircv3_msgid spanningtree cloaking "
                    "chghost sslinfo deaf servprotect svshold topiclock sha256 pbkdf2 chanhistory "
                    "banredirect").split()


class InspIRCd:
    """InspIRCd 3 with everything that Libera's server offers and crier uses, but the modules in
    `without`."""

    def __init__(self, folder, certificates, name="inspircd", without=()):
        self.folder = folder
        self.name = name
        self.certificates = certificates
        self.plain, self.tls, self.link = free_port(), free_port(), free_port()
        (folder / "motd").write_text("A server for tests.\n")
        modules = "\n".join(f'<module name="{module}">' for module in INSPIRCD_MODULES
                            if module not in without)
        self.conf = folder / "inspircd.conf"
        self.conf.write_text(INSPIRCD_CONF.format(
            server=SERVER, services=SERVICES, folder=folder, modules=modules, plain=self.plain,
            tls=self.tls, link=self.link, cert=certificates.cert, key=certificates.key,
            dh=certificates.dh))
        self.process = None
        self.start()

    def start(self):
        argv = ["inspircd", "--nofork", "--nolog", "--config", self.conf]
        if os.getuid() == 0:
            argv.insert(1, "--runasroot")
        env = dict(os.environ, PATH=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
        self.process = Process(self.name, argv, self.folder, env)
        wait_port(self.plain, self.process)

    def kill(self):
        self.process.kill()

    def stop(self):
        self.process.stop()


ATHEME_CONF = """
loadmodule "modules/protocol/inspircd";
loadmodule "modules/backend/opensex";
loadmodule "modules/crypto/pbkdf2v2";
loadmodule "modules/nickserv/main";
loadmodule "modules/nickserv/register";
loadmodule "modules/nickserv/identify";
loadmodule "modules/nickserv/ghost";
loadmodule "modules/nickserv/group";
loadmodule "modules/nickserv/info";
loadmodule "modules/nickserv/cert";
loadmodule "modules/nickserv/logout";
loadmodule "modules/saslserv/main";
loadmodule "modules/saslserv/plain";
loadmodule "modules/saslserv/external";
loadmodule "modules/chanserv/main";
loadmodule "modules/chanserv/register";
loadmodule "modules/operserv/main";
crypto {{ pbkdf2v2_rounds = 10000; }};
serverinfo {{
    name = "{services}"; desc = "services"; numeric = "00A"; recontime = 1; netname = "testnet";
    adminname = "x"; adminemail = "x@irc.test"; registeremail = "x@irc.test"; hidehost = "services";
    mta = "/bin/true"; loglevel = {{ error; info; admin; network; wallops; }}; maxlogins = 1000;
    maxusers = 0; mdlimit = 30; emaillimit = 1000; emailtime = 300; auth = none; casemapping = rfc1459;
}};
uplink "{server}" {{
    host = "127.0.0.1"; send_password = "link"; receive_password = "link"; port = {link};
}};
nickserv {{ spam = no; nick = "NickServ"; user = "NickServ"; host = "{services}"; real = "Nicks"; }};
saslserv {{ nick = "SaslServ"; user = "SaslServ"; host = "{services}"; real = "SASL"; }};
chanserv {{ nick = "ChanServ"; user = "ChanServ"; host = "{services}"; real = "Channels"; }};
operserv {{ nick = "OperServ"; user = "OperServ"; host = "{services}"; real = "Operators"; }};
general {{ commit_interval = 5; clone_time = 0; flood_msgs = 0; ratelimit_uses = 0; ratelimit_period = 0; }};
"""


class Atheme:
    """Services accounts; `folder` must belong to the user irc when this runs as root."""

    def __init__(self, folder, server, name="atheme", start=True):
        self.folder = folder
        self.name = name
        self.conf = folder / "atheme.conf"
        self.conf.write_text(ATHEME_CONF.format(server=SERVER, services=SERVICES, link=server.link))
        self.conf.chmod(0o644)
        self.process = None
        if start:
            self.start()

    def start(self):
        self.process = Process(self.name, [
            "atheme-services", "-n", "-c", self.conf, "-l", self.folder / "services.txt",
            "-D", self.folder, "-p", self.folder / "atheme.pid"], self.folder, user="irc")

    def stop(self):
        """SIGTERM: the accounts are saved."""
        if self.process:
            self.process.stop()
            self.process = None

    def kill(self):
        self.process.kill()


NGIRCD_CONF = """
[Global]
    Name = ng.test
    Info = plain server
    AdminInfo1 = x
    AdminEMail = x@irc.test
    Listen = 127.0.0.1
    Ports = {plain}
    MotdPhrase = "hello"
    PidFile = {folder}/ngircd.pid
[Limits]
    MaxConnections = 0
    MaxConnectionsIP = 0
    MaxNickLength = 20
    PingTimeout = 120
    MaxPenaltyTime = 0
[Options]
    DNS = no
    Ident = no
    PAM = no
    SyslogFacility = local1
"""


class Ngircd:
    """A server of RFC 2812 and no more: no accounts, no tags, no services."""

    def __init__(self, folder, name="ngircd"):
        self.folder = folder
        self.name = name
        self.plain = free_port()
        self.conf = folder / "ngircd.conf"
        self.conf.write_text(NGIRCD_CONF.format(plain=self.plain, folder=folder))
        self.process = None
        self.start()

    def start(self):
        env = dict(os.environ, PATH=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
        self.process = Process(self.name, ["ngircd", "-n", "-f", self.conf], self.folder, env)
        wait_port(self.plain, self.process)

    def stop(self):
        self.process.stop()
