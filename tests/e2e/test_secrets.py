"""Secrets of a whole run are looked for everywhere; by the ordinary build, as sanitizers need a process that can be traced."""

import base64
import json
import os
import re
import resource
import secrets
import shutil
import signal
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

from test_backtest import OUTAGE
from test_pager import with_pager

from rig.crier import TREE, Raw, environment, private_file, run_crier
from rig.house import CONFIRM, PUBLIC
from rig.process import PATIENCE_S, free_port

BUILD = Path(os.environ.get("CRIER_PLAIN_BUILD", TREE / "build"))
_web = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def forms(secret):
    """The bytes by which it would still be itself: as it is, and as protocols and dumps write it."""
    raw = secret.encode()
    quoted = urllib.parse.quote(secret, safe="")
    found = {raw, raw.hex().encode(), raw.hex().upper().encode(), quoted.encode(), quoted.lower().encode(),
             json.dumps(secret)[1:-1].replace("/", "\\/").encode()}
    for ahead in range(3):  # the first and the last characters also depend on the neighbours
        text = base64.b64encode(b"x" * ahead + raw).rstrip(b"=")
        found.add(text[0 if not ahead else 4:-4])
    return found


def new_secret():
    """With bytes that protocols write in several ways."""
    return f"s3/{secrets.token_hex(9)}+{secrets.token_hex(9)}"


class Search:
    """Everything that may not hold a secret, and what was found in it."""

    def __init__(self, known):
        self.known = [(name, form) for name, secret in known.items() for form in forms(secret)]
        self.looked_at = {}
        self.found = []

    def see(self, where, data):
        data = data.encode() if isinstance(data, str) else data
        self.looked_at[where] = self.looked_at.get(where, 0) + len(data)
        self.found += [f"{name} as {form.decode()} in {where}" for name, form in self.known if form in data]

    def see_folder(self, what, folder, but=()):
        for path in sorted(folder.rglob("*")):
            if path.is_file() and path not in but:
                self.see(f"{what} {path.relative_to(folder)}", path.read_bytes())


def family(pid):
    """A process with its children."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(one for child in children for one in family(int(child)))]


def memory(pid):
    """All that the process has written or could; only root may read it."""
    parts = []
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as mem:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            begin, end = (int(word, 16) for word in line.split()[0].split("-"))
            if "w" not in line.split()[1]:
                continue
            try:
                mem.seek(begin)
                parts.append(mem.read(end - begin))
            except OSError:
                pass  # not the process's own, such as the kernel's pages
    return b"\n".join(parts)


def ask(url, body=None, **fields):
    """Header and body of the answer, whatever it is."""
    try:
        with _web.open(urllib.request.Request(url, data=body, headers=fields), timeout=PATIENCE_S) as answer:
            return f"{answer.status}\n{answer.headers}\n{answer.read().decode()}"
    except urllib.error.HTTPError as error:
        return f"{error.code}\n{error.headers}\n{error.read().decode()}"


class Run:
    """A house where every secret is new, and what they are."""

    def __init__(self, house):
        self.house = house
        self.folder = house.folder.sub("secrets")
        self.known = {name: new_secret() for name in (
            "API key", "SASL password", "wrong password", "webhook token", "board token", "channel key")}
        self.known["channel key"] = "k-" + secrets.token_hex(9)  # no colon, comma or blank, and short
        self.account = f"keeper{house.nick.rpartition('-')[2]}"
        self.locked = house.channel + "-locked"
        self.port = free_port()
        self.keeper = house.client(self.account, join=False)
        self.settle_irc()
        self.settle_page()
        self.page_file = with_pager(house, after="1 h")

    def file(self, name):
        return private_file(self.folder / name.replace(" ", "-"), self.known[name] + "\n")

    def settle_irc(self):
        """An account with that password, a channel with that key, a certificate."""
        house, certificates = self.house, self.house.network.certificates
        mark = self.keeper.raw.mark()
        self.keeper.send(f"PRIVMSG NickServ :REGISTER {self.known['SASL password']} mail@irc.test")
        self.keeper.raw.wait_for(r" 900 ", mark)
        self.keeper.join(self.locked)
        self.keeper.send(f"MODE {self.locked} +k {self.known['channel key']}")
        self.keeper.barrier()
        self.known["client key"] = certificates.client_key.read_text().splitlines()[2]
        network = house.settings["networks"][0]
        network.update(sasl_account=self.account, sasl_password_file=self.file("SASL password"),
                       client_cert=certificates.client_cert, client_key=certificates.client_key)
        network["channels"].append({"name": self.locked, "key_file": self.file("channel key"), "roles": ["watch"]})

    def settle_page(self):
        """The page wants that key; readers and an Alertmanager show tokens, of which one is in the environment."""
        house = self.house
        house.sandbox.stop()
        house.sandbox.key = self.known["API key"]
        house.sandbox.start()
        house.settings["pages"][0].update(key_file=self.file("API key"), api_url=house.sandbox.url,
                                          public_url=house.sandbox.url)
        house.settings["http"] = {"port": self.port, "token_env": "CRIER_BOARD_TOKEN"}
        house.crier.env = environment(CRIER_BOARD_TOKEN=self.known["board token"])
        house.settings["shipped"] = Raw(house.settings["shipped"].replace(
            'name = "jinxer";',
            f'name = "jinxer"; webhook = true; webhook_token_file = "{self.file("webhook token")}";'))

    def echoing(self, status):
        """What a proxy in front of the page answers that shows what it was asked."""
        key = self.known["API key"]
        return {"status": status, "body": json.dumps({
            "error": f"bad gateway: Authorization: OAuth {key}",
            "request": {"Authorization": "OAuth " + key}}).replace("s3/", "s3\\/", 1)}

    def answers(self):
        """Of the board and the webhook, to who has the token and who has not."""
        board, hook = f"http://127.0.0.1:{self.port}/", f"http://127.0.0.1:{self.port}/alertmanager/jinxer"
        for name, token in (("right", self.known["board token"]), ("wrong", self.known["board token"][:-1])):
            basic = base64.b64encode(f"reader:{token}".encode()).decode()
            for path in ("", "incident/1", "health", "no/such"):
                yield f"board, {name} token", ask(board + path, Authorization="Basic " + basic)
        for name, token in (("right", self.known["webhook token"]), ("wrong", self.known["webhook token"][:-1])):
            for body in (b"{", b'{"version": "4"}'):
                yield f"webhook, {name} token", ask(hook, body, Authorization="Bearer " + token)

    def typed_in_the_channel(self):
        """By somebody who may publish: refused, and kept nowhere. Only they and the channel have read it."""
        house = self.house
        for name in ("API key", "SASL password"):
            place = house.say("deployer1", f"!status update 1 identified: We lost {self.known[name]}")
            house.heard("deployer1", r"one of crier's own secrets is in that: change it now", place)
        house.say("icinga-wm", f"!status help {self.known['API key']}")  # who guesses gets no answer
        house.say("logmsgbot", f"!log deployer1@deploy1002 Started scap: {self.known['webhook token']}")
        for nick in ("icinga-wm", "logmsgbot"):
            house.clients[nick].barrier()
        house.ask("deployer1", "!status show 1", r"Problems with saving edits")
        told = house.clients["deployer1"].said.matching(r"one of crier's own secrets")
        assert len(told) == 2 and all("> deployer1: " in line for line in told)

    def login_is_refused_once(self):
        """By a wrong password, until the file is right."""
        house, path = self.house, self.folder / "SASL-password"
        path.write_text(self.known["wrong password"] + "\n")
        house.start(joined=False)
        house.crier.wait_log(r"(?i)irc: .*(sasl|login|password)")
        path.write_text(self.known["SASL password"] + "\n")
        house.crier.wait_joined(house.channel)
        house.crier.wait_joined(self.locked)


def test_no_secret_is_found_anywhere_after_a_whole_run(house, monkeypatch):
    monkeypatch.setenv("CRIER_BINARY", str(BUILD / "crier"))
    run = Run(house)
    house.crier.options = ["-v"]
    search = Search(run.known)
    house.sandbox.faults([{"on": {"kind": "list"}, "do": run.echoing(502)}])
    house.start()
    house.crier.wait_joined(run.locked)
    run.keeper.send(f"MODE {run.locked} -k {run.known['channel key']}")  # crier sees it
    run.keeper.send(f"MODE {run.locked} +k {run.known['channel key']}")
    house.crowd("icinga-wm", "logmsgbot", "deployer1")
    number = house.draft("deployer1")
    house.sandbox.faults([{"on": {"kind": "create"}, "do": run.echoing(422)}])
    place = house.say("deployer1", f"!status confirm {number}")
    house.heard("deployer1", r"refused .*OAuth \S+\)", place)
    assert house.sandbox.faults_now()["rules"][0]["fired"] == 1  # it was echoed
    number = house.ask("deployer1", "!status edit 1 title Problems with saving edits", CONFIRM)["number"]
    house.ask("deployer1", f"!status confirm {number}", PUBLIC)
    mark = house.crier.mark()
    house.crier.process.send(signal.SIGHUP)
    house.crier.wait_log(r"configuration reloaded", mark)
    for where, text in run.answers():
        search.see(where, text)

    pid = house.crier.process.pid
    assert len(family(pid)) >= 2  # the helper that pages
    for one in family(pid):
        for name in ("cmdline", "environ"):
            search.see(f"/proc/PID/{name}", Path(f"/proc/{one}/{name}").read_bytes())
    search.see("cmdline of the sandbox", Path(f"/proc/{house.sandbox.process.pid}/cmdline").read_bytes())
    if os.geteuid() == 0:
        inside = memory(pid)
        assert run.known["API key"].encode() in inside  # so it was looked at the right place
        token = f"{run.account}\0{run.account}\0{run.known['SASL password']}".encode()
        for form in (*forms(run.known["SASL password"]), token, base64.b64encode(token)):
            assert form not in inside, f"the password stays in memory as {form}"

    run.typed_in_the_channel()  # behind the look at the memory, through which it goes
    house.crier.kill()
    run.login_is_refused_once()
    house.ask("deployer1", "!status show 1", r"\S")
    dest = house.folder.path / "crier.backup"
    for words in (("check", "--dump"), ("check",), ("audit", "--json"), ("audit", "--verify"), ("report", "1"),
                  ("report", "1", "--format", "markdown"), ("report", "1", "--json"), ("backup", dest),
                  ("replay", "--json", "--say", "--explain", OUTAGE)):
        code, said = run_crier(words[0], "-c", house.crier.config, *words[1:], folder=house.crier.folder,
                               env=house.crier.env)
        assert code == 0, said
        search.see(f"crier {words[0]}", said)
    assert re.search(r'^ *key_file = "', run_crier("check", "-c", house.crier.config, "--dump",
                                                   folder=house.crier.folder)[1], re.MULTILINE)
    search.see("the log", house.crier.log)
    house.crier.stop()
    search.see("the backup", dest.read_bytes())
    search.see_folder("state", house.settings["state_dir"], but=[house.settings["state_dir"] / "password-test"])
    search.see_folder("pager", house.folder.path / "pager")
    search.see("the public page", house.sandbox.text("/") + json.dumps(house.sandbox.incidents()))
    for nick in ("deployer1", "icinga-wm", "logmsgbot"):
        search.see("the channel", "\n".join(house.clients[nick].raw.matching(rf"^(?:@\S+ )?:{house.nick}")))
    assert search.found == []
    for where in ("state crier.db", "state running.cfg", "state crier.log", "crier check", "crier audit", "the channel",
                  "board, right token", "webhook, wrong token", "/proc/PID/cmdline"):
        assert search.looked_at[where], where


def test_nobody_but_root_looks_into_crier_and_it_leaves_no_core(house, monkeypatch):
    """As another user than root where that can be had: to root everything is open."""
    program = house.folder.path / "crier-for-all"
    shutil.copy(BUILD / "crier", program)
    monkeypatch.setenv("CRIER_BINARY", str(program))
    other = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"] if os.geteuid() == 0 else []
    if other:
        house.crier.write_config(house.settings)
        for path in (house.crier.folder, *house.crier.folder.iterdir(), house.sandbox.folder, house.sandbox.key_file):
            os.chown(path, 65534, 65534)
    # Without a limit, and to the same user, both would be there:
    open_to_all = subprocess.Popen([*other, "sh", "-c", "ulimit -c unlimited; read line; kill -ABRT $$"],
                                   cwd=house.crier.folder, stdin=subprocess.PIPE)
    house.crier.start(front=other)

    def readable(pid, name):
        return subprocess.run([*other, "head", "-c", "1", f"/proc/{pid}/{name}"], stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE, check=False).returncode == 0

    pids = family(house.crier.process.pid)
    assert readable(open_to_all.pid, "environ") and readable(open_to_all.pid, "maps")
    for pid in pids:
        assert os.stat(f"/proc/{pid}/status").st_uid == 0
        for name in ("environ", "maps", "mem", "stack", "io"):
            assert not readable(pid, name), name
    with open(f"/proc/{pids[0]}/limits", encoding="ascii") as limits:
        assert re.search(r"^Max core file size +0 +0 ", limits.read(), re.MULTILINE)

    subprocess.run(["prlimit", f"--pid={pids[0]}", "--core=unlimited:unlimited"], check=False)  # root could
    house.crier.process.send(signal.SIGABRT)
    ended = os.waitid(os.P_PID, pids[0], os.WEXITED | os.WNOWAIT)
    assert (ended.si_status, ended.si_code) == (signal.SIGABRT, os.CLD_KILLED)  # and not CLD_DUMPED
    open_to_all.stdin.write(b"now\n")
    open_to_all.stdin.close()
    control = os.waitid(os.P_PID, open_to_all.pid, os.WEXITED)
    if resource.getrlimit(resource.RLIMIT_CORE)[1] == resource.RLIM_INFINITY:
        assert control.si_code == os.CLD_DUMPED  # so a core could have come
    assert len(list(house.crier.folder.glob("*core*"))) <= 1  # the other's
