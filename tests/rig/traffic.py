#!/usr/bin/python3
"""Logs that are too long to be kept: a quiet week, and storms. The same seed gives the same log.

traffic.py FOLDER [SEED]   writes them all, with their expectations beside them.
"""

import random
import re
import shutil
import sys
import time
from pathlib import Path

DATA = Path(__file__).resolve().parent.parent / "data"
EXPECTATIONS = DATA / "scenarios" / "generated.txt"
SAMPLES = DATA / "lines.tsv"
SEED = 20230117
DAY = 24 * 3600
MONDAY = 1725235200  # 2024-09-02
STORM_LINES = 20_000

LINK = "https://alerts.wikimedia.org/?q=alertname%3D"

# What Icinga says on an ordinary day: {host} is one of those named behind it.
NOISE = (
    ("Check systemd state", "mw db an-worker puppetmaster", "CRITICAL - degraded: The following units failed: foo.service"),
    ("Disk space", "an-worker elastic ms-be", "DISK CRITICAL - free space: / 1423 MB (2% inode=93%):"),
    ("puppet last run", "mw cp wtp", "CRITICAL: Puppet has 1 failures. Last run 4 minutes ago with 1 failures"),
    ("PHP7 rendering", "mw", "CRITICAL - Socket timeout after 10 seconds"),
    ("Apache HTTP", "mw", "CRITICAL - Socket timeout after 10 seconds"),
    ("Nginx local proxy to apache", "mw", "connect to address 10.64.0.7 and port 443: Connection refused"),
    ("mediawiki-installation DSH group", "mw", "Host is not in mediawiki-installation dsh group"),
    ("SSH", "wtp elastic ms-be", "connect to address 10.64.0.30 and port 22: Connection refused"),
    ("MariaDB Replica Lag: s1", "db", "CRITICAL slave_sql_lag Replication lag: 612.30 seconds"),
    ("MariaDB Replica SQL: s4", "db", "CRITICAL slave_sql_state Slave_SQL_Running: No"),
    ("Varnish HTTP text-frontend - port 3120", "cp", "connect to address 10.20.0.68 and port 3120: Connection refused"),
    ("ElasticSearch health check for shards on 9200", "elastic", "CRITICAL - elasticsearch inactive shards 302 threshold =0.15"),
    ("kartotherian endpoints health", "maps", "/{src}/{z}/{x}/{y}.{format} (Untitled test) is CRITICAL: Test returned 301"),
    ("restbase endpoints health", "restbase", "/en.wikipedia.org/v1/page/title/{title} (Get rev by title) timed out"),
    ("Query Service HTTP Port", "wdqs", "HTTP CRITICAL: HTTP/1.1 503 Service Unavailable - 448 bytes in 1.087 second"),
    ("BGP status", "cr", "BGP CRITICAL - AS6939/IPv6: Active - HE"),
    ("Router interfaces", "cr", "CRITICAL: host 208.80.154.198, interfaces up: 45, down: 1, dormant: 0"),
    ("IPMI Sensor Status", "db ms-be", "Sensor Type(s) Temperature, Power_Supply Status: Critical"),
    ("Host", "mw db elastic ms-be an-worker cp", "PING CRITICAL - Packet loss = 100%"),
)

# Alerts that one sees in any week, without an outage: name, summary.
ALERTS = (
    ("MediaWikiLatencyExceeded", "p75 latency high: {site} mw-web releases routed via main (k8s) 900ms"),
    ("MediaWikiLatencyExceeded", "p75 latency high: {site} mw-parsoid releases routed via main (k8s) 1.2s"),
    ("ProbeDown", "Service wdqs{number}:443 has failed probes (http_wdqs_internal_sparql_endpoint_ip4)"),
    ("ProbeDown", "Service kartotherian:6543 has failed probes (http_kartotherian_ip4)"),
    ("ProbeDown", "Service people{number}:443 has failed probes (http_people_wikimedia_org_ip4)"),
    ("SystemdUnitFailed", "wmf_auto_restart_cron.service on db{number}:9100"),
    ("JobUnavailable", "Reduced availability for job sidekiq in ops@{site}"),
    ("TransitBGPDown", "Transit BGP session down between cr1-{site} and Example Transit (192.0.2.17)"),
    ("BFDdown", "BFD session down between cr4-{site} and 10.128.0.6"),
    ("MediaWikiHighErrorRate", "Elevated rate of MediaWiki errors - kube-mw-jobrunner"),
    ("CirrusSearchBackendMemoryIssue", "CirrusSearch backend failed 30 times in the last 10 minutes due to memory usage"),
    ("ThumborHighHaproxyErrorRate", "Thumbor haproxy error rate for pod thumbor-main-{number} - {site}"),
    ("SwaggerProbeHasFailures", "Not all openapi/swagger endpoints returned healthy"),
    ("NELByCountryHigh", "Elevated Network Error Logging events (tcp.timed_out from XX)"),
)

# Pages that are for others than readers.
PAGES = (
    ("CephClusterInError", "#page Ceph cluster in {site} is in error status"),
    ("AirflowDeploymentUnavailable", "airflow-webserver.airflow-main is unavailable on dse-k8s-{site} #page"),
    ("PrometheusDown", "Prometheus ops in {site} is down #page"),
)

TALK = (
    "good morning", "lunch", "jouncebot: nowandnext", "can you look at my patch?", "yes", "thanks!", "restarting it",
    "that #page of last week is in the report now", "is the deploy done?", "looks good on the test servers",
    "I will depool that one", "db1131 #page is DOWN, said icinga last month, remember", "the graph looks odd",
    "PROBLEM - that I have no coffee", "any objections to a backport?", "done", "FIRING: me, soon, if this goes on",
)
SERVICES = ("kartotherian/deploy", "restbase/deploy", "analytics/refinery", "airflow-dags/analytics", "netbox/deploy",
            "wdqs/wdqs", "citoid/deploy", "mobileapps/deploy")


class Log:
    """Lines in any order, written in that of their times."""

    def __init__(self, about):
        self._about = about
        self._lines = []

    def say(self, second, nick, text):
        self._lines.append((second, len(self._lines), nick, text))

    def write(self, path):
        self._lines.sort()
        with path.open("w") as out:
            out.write(f"# {self._about}\n")
            for second, _, nick, text in self._lines:
                clock = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(second))
                out.write(f"[{clock}] <{nick}> {text}\n")


def host_of(draw, kinds):
    kind = draw.choice(kinds.split())
    return f"cr{draw.choice((1, 2))}-{draw.choice(('eqiad', 'codfw'))}" if kind == "cr" else f"{kind}{draw.randrange(1001, 1400)}"


def icinga(log, second, over, check, host, output):
    if check == "Host":
        log.say(second, "icinga-wm", f"PROBLEM - Host {host} is DOWN: {output}")
        log.say(over, "icinga-wm", f"RECOVERY - Host {host} is UP: PING OK - Packet loss = 0%, RTA = 0.24 ms")
    else:
        log.say(second, "icinga-wm", f"PROBLEM - {check} on {host} is CRITICAL: {output}")
        log.say(over, "icinga-wm", f"RECOVERY - {check} on {host} is OK: OK")


def jinxer(log, second, over, name, summary):
    text = f"{name}: {summary} - {LINK}{name}"
    log.say(second, "jinxer-wm", f"FIRING: {text}")
    if over:
        log.say(over, "jinxer-wm", f"RESOLVED: {text}")


def backport(log, draw, begin):
    """@return when it is over."""
    number = draw.randrange(1060000, 1070000)
    change = f"Backport for [[gerrit:{number}|Change number {number} of the week (T{number // 3})]]"
    who = "!log deployer1@deploy1003"
    log.say(begin, "logmsgbot", f"{who} Started scap sync-world: {change}")
    tested = begin + draw.randrange(100, 240)
    log.say(tested, "logmsgbot", f"{who} deployer1: {change} synced to the testservers "
                                 "(see https://wikitech.wikimedia.org/wiki/Mwdebug). Changes can now be verified there.")
    went_on = tested + draw.randrange(20, 300)
    if draw.random() < 0.06:
        log.say(went_on, "logmsgbot", f"{who} Sync cancelled.")
        return went_on
    log.say(went_on, "logmsgbot", f"{who} deployer1: Continuing with sync")
    end = went_on + draw.randrange(300, 600)
    took = end - begin
    log.say(end, "logmsgbot", f"{who} Finished scap sync-world: {change} (duration: {took // 60:02d}m {took % 60:02d}s)")
    return end


def deploys(log, draw, day, weekday):
    if weekday > 3 and draw.random() < 0.9:
        return
    for hour in (7, 13, 20):
        at = day + hour * 3600 + draw.randrange(0, 300)
        log.say(at, "jouncebot", "deployer1: How many deployers does it take to do a backport window? This is it.")
        for _ in range(draw.randrange(1, 6)):
            at = backport(log, draw, at + draw.randrange(30, 300))
    if weekday in (1, 2, 3):
        group = ("group0", "group1", "all")[weekday - 1]
        log.say(day + 13 * 3600 + 50 * 60, "logmsgbot",
                f"!log deployer1@deploy1003 rebuilt and synchronized wikiversions files: {group} wikis to 1.43.0-wmf.21  refs T366966")
    for _ in range(draw.randrange(2, 5)):
        at = day + draw.randrange(8, 20) * 3600 + draw.randrange(3600)
        log.say(at, "logmsgbot", f"!log deployer1@deploy1003 Synchronized wmf-config/ProductionServices.php: "
                                 f"T{draw.randrange(300000, 380000)} (duration: 06m {draw.randrange(60):02d}s)")


def upkeep(log, draw, day):
    """What operators do all day, and what their bots tell of it."""
    for _ in range(draw.randrange(60, 110)):
        at, number = day + draw.randrange(DAY), draw.randrange(1000, 1400)
        task = draw.randrange(300000, 380000)
        kind = draw.randrange(6)
        if kind == 0:
            log.say(at, "logmsgbot", f"!log sre1@cumin1002 dbctl commit (dc=all): 'Depool db{number} T{task}', diff saved to "
                                     f"https://phabricator.wikimedia.org/P{task} and previous config saved to /var/cache/x.json")
        elif kind == 1:
            log.say(at, "logmsgbot", f"!log sre1@cumin1002 START - Cookbook sre.hosts.reimage for host mw{number}.eqiad.wmnet")
            log.say(at + 2000, "logmsgbot", f"!log sre1@cumin1002 END ({draw.choice(('PASS', 'FAIL'))}) - Cookbook "
                                            f"sre.hosts.reimage (exit_code=0) for host mw{number}.eqiad.wmnet")
        elif kind == 2:
            log.say(at, "logmsgbot", f"!log sre1@puppetserver1001 conftool action : set/pooled=no; selector: name=mw{number}.*")
        elif kind == 3:
            log.say(at, "logmsgbot", "!log sre1@deploy1003 helmfile [codfw] DONE helmfile.d/services/shellbox: apply")
        elif kind == 4:
            repo = draw.choice(SERVICES)
            log.say(at, "logmsgbot", f"!log user3@deploy1003 Started deploy [{repo}@{task:07x}]: T{task}")
            log.say(at + 90, "logmsgbot", f"!log user3@deploy1003 Finished deploy [{repo}@{task:07x}]: T{task} (duration: 01m 30s)")
        else:
            log.say(at, "sre1", f"!log restarting the thing on db{number} - T{task}")
            log.say(at + 1, "stashbot", "Logged the message at https://wikitech.wikimedia.org/wiki/Server_Admin_Log")


def people(log, draw, day):
    for _ in range(draw.randrange(250, 450)):
        at = day + draw.randrange(6 * 3600, 23 * 3600)
        log.say(at, draw.choice(("deployer1", "sre1", "someuser", "user4", "user5")), draw.choice(TALK))
        if draw.random() < 0.4:
            task = draw.randrange(300000, 380000)
            log.say(at + 5, "wikibugs", f"Operations: Change number {task} - https://phabricator.wikimedia.org/T{task} (user4)")


def alerts(log, draw, day):
    for _ in range(draw.randrange(60, 120)):
        check, kinds, output = draw.choice(NOISE)
        at = day + draw.randrange(DAY)
        icinga(log, at, at + draw.randrange(60, 7200), check, host_of(draw, kinds), output)
    for _ in range(draw.randrange(15, 30)):
        name, summary = draw.choice(ALERTS)
        at = day + draw.randrange(DAY)
        summary = summary.format(site=draw.choice(("eqiad", "codfw")), number=draw.randrange(1001, 1020))
        jinxer(log, at, at + draw.randrange(120, 3600) if draw.random() < 0.9 else 0, name, summary)
    if draw.random() < 0.5:
        name, summary = draw.choice(PAGES)
        at = day + draw.randrange(DAY)
        jinxer(log, at, at + 1800, name, summary.format(site="eqiad"))


def week(path, seed):
    """Seven days without an outage: deploys, upkeep, alerts of single servers, talk."""
    draw = random.Random(seed)
    log = Log(f"A quiet week, made with the seed {seed}.")
    for weekday in range(7):
        day = MONDAY + weekday * DAY
        deploys(log, draw, day, weekday)
        upkeep(log, draw, day)
        people(log, draw, day)
        alerts(log, draw, day)
    log.write(path)


def samples_week(path, seed):
    """Every sample line of an alert that is nobody's outage by itself, at random times of a week."""
    draw = random.Random(seed)
    log = Log(f"A week of sample lines, made with the seed {seed}.")
    for row in SAMPLES.read_text().splitlines():
        source, _, rest = row.partition("\t")
        text, _, meaning = rest.partition("\t")
        if source != "jinxer" or "#page" in text or "firing" not in meaning:
            continue
        at = MONDAY + draw.randrange(7 * DAY)
        over = re.sub(r"^FIRING:", "RESOLVED:", re.sub(r"^(\(.*?\)) firing:", r"\1 resolved:", text))
        log.say(at, "jinxer-wm", text)
        log.say(at + draw.randrange(60, 3600), "jinxer-wm", over)
    log.write(path)


def storm(path, seed, first):
    """Nearly everything fails at once. @param first what tells first: (nick, text) of each line."""
    draw = random.Random(seed)
    log = Log(f"A storm of {STORM_LINES} lines, made with the seed {seed}.")
    begin = MONDAY + 10 * 3600
    for nick, text in first:
        log.say(begin, nick, text)
    checks = ("PHP7 rendering", "Apache HTTP", "Nginx local proxy to apache", "restbase endpoints health", "SSH", "Disk space",
              "Varnish HTTP text-frontend - port 3120", "Check systemd state", "High average GET latency for mw requests",
              "MediaWiki exceptions and fatals per minute", "LVS HTTPS IPv4", "MariaDB Replica IO: s6")
    half = STORM_LINES // 2
    for number in range(half):
        check = draw.choice(checks)
        host = f"{draw.choice(('mw', 'db', 'cp', 'restbase', 'elastic'))}{draw.randrange(1001, 2400)}"
        at = begin + 5 + number * 1200 // half
        over = begin + 2400 + number * 1200 // half
        icinga(log, at, over, check, host, "CRITICAL - Socket timeout after 10 seconds")
    for nick, text in first:
        log.say(begin + 3700, nick, text.replace("FIRING", "RESOLVED").replace("PROBLEM", "RECOVERY").replace("CRITICAL", "OK", 1))
    log.write(path)


PAGE = (("jinxer-wm", f"FIRING: HaproxyUnavailable: HAProxy (cache_text) has reduced HTTP availability #page - {LINK}HaproxyUnavailable"),)
NO_PAGE = (("icinga-wm", "PROBLEM - Text HTTP 5xx reqs/min on graphite1001 is CRITICAL: CRITICAL: 10.00% of data above 1000"),)


def make(folder, expectations=EXPECTATIONS, seed=SEED):
    """@return the expectations beside the logs that they speak of."""
    folder = Path(folder)
    week(folder / "quiet-week.log", seed)
    week(folder / "another-week.log", seed + 1)
    samples_week(folder / "samples-week.log", seed)
    storm(folder / "storm-page.log", seed, PAGE)
    storm(folder / "storm.log", seed, NO_PAGE)
    return Path(shutil.copy(expectations, folder / "expect.txt"))


if __name__ == "__main__":
    print(make(sys.argv[1], seed=int(sys.argv[2]) if len(sys.argv) > 2 else SEED))
