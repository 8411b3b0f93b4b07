"""Alert lines as Icinga's bot writes them: many checks on many hosts, with their recoveries."""

import random

# Names of the shape that check names have; some are of watched checks, some of ignored ones.
CHECKS = (
    "MediaWiki exceptions and fatals per minute for appserver", "HTTP availability for Varnish",
    "PHP7 rendering", "Apache HTTP", "Nginx local proxy to apache", "mediawiki-installation DSH group",
    "Check systemd state", "Disk space", "puppet last run", "SSH", "Check size of conntrack table",
    "DPKG", "MD RAID", "configured eth", "dhclient process", "Memory correctable errors -EDAC-",
    "Check whether ferm is active", "MariaDB Replica Lag: s1", "MariaDB Replica SQL: s4",
    "MariaDB read only m3", "Elasticsearch HTTPS", "ElasticSearch health check for shards",
    "Kafka Broker Under Replicated Partitions", "Restbase root url", "Restbase edge", "Swift HTTP backend",
    "Varnish HTTP text-frontend", "Varnish HTTP upload-backend", "traffic_server backend process restarted",
    "Confd template for /srv/config-master", "LVS appservers codfw port 80/tcp", "PyBal backends health check",
    "BGP status", "OSPF status", "Router interfaces", "Juniper alarms", "Ensure local MW versions match",
    "Check no envoy runtime configuration is left persistent", "Long running screen/tmux", "IPMI Sensor Status",
)
KINDS = ("mw", "db", "cp", "elastic", "ms-be", "restbase", "kafka-main", "lvs", "wtp", "parse")
HOSTS = [f"{kind}{site}{number:03d}" for kind in KINDS for site in (1, 2) for number in range(1, 101)]
OUTPUTS = (
    "connect to address 10.{a}.{b}.7 and port 80: Connection refused",
    "{a}.{b}e+04 gt 100 https://grafana.example.org/d/000000438/alerts?panelId=2&fullscreen",
    "HTTP CRITICAL: HTTP/1.1 500 Internal Server Error - {a}{b} bytes in 0.{a} second response time",
    "CRITICAL - degraded: The following units failed: service-{a}.service, timer-{b}.service",
    "DISK CRITICAL - free space: / {a}{b} MB (3% inode=96%): /srv 81 GB (12% inode=99%)",
    "CRITICAL: Puppet has {a} failures. Last run {b} minutes ago with {a} failures. Failed resources: "
    "Service[something], Package[other]",
    "slave_sql_lag Replication lag: {a}{b}.9 seconds https://wikitech.example.org/wiki/MariaDB/troubleshooting",
)


class AlertLines:
    """The same lines in each run. What fires recovers later; as many recover as begin."""

    def __init__(self, firing=4_000):
        self._random = random.Random(20230117)
        self._limit = firing
        self._firing = []
        self._seen = set()

    @property
    def distinct(self):
        """Checks on hosts that have fired so far."""
        return len(self._seen)

    @property
    def firing(self):
        return len(self._firing)

    def next(self):
        draw = self._random
        if self._firing and draw.random() < len(self._firing) / self._limit / 2:
            index = draw.randrange(len(self._firing))
            self._firing[index], self._firing[-1] = self._firing[-1], self._firing[index]
            check, host = self._firing.pop()
            return f"RECOVERY - {check} on {host} is OK: OK - {draw.randrange(1000)} things in order"
        check, host = draw.choice(CHECKS), draw.choice(HOSTS)
        self._seen.add((check, host))
        self._firing.append((check, host))
        output = draw.choice(OUTPUTS).format(a=draw.randrange(1, 99), b=draw.randrange(1, 99))
        return f"PROBLEM - {check} on {host} is {draw.choice(('CRITICAL', 'CRITICAL', 'WARNING'))}: {output}"
