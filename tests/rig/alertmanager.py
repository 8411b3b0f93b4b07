"""Prometheus Alertmanager as Debian ships it, posting to a webhook of crier, and amtool to feed it."""

import datetime
import json
import re
import subprocess
import threading
import time
import urllib.request

from .crier import private_file
from .process import PATIENCE_S, Process, Timeout, free_port
from .servers import wait_port

_web = urllib.request.build_opener(urllib.request.ProxyHandler({}))

CONFIG = """route:
  receiver: crier
  group_by: [alertname, cluster]
  group_wait: 200ms
  group_interval: 1s
  repeat_interval: {repeat}
receivers:
  - name: crier
    webhook_configs:
      - url: {url}
        send_resolved: true
        max_alerts: {max_alerts}
        http_config:
          authorization:
            type: Bearer
            credentials_file: {token_file}
"""


class Alertmanager:
    """One that posts every group to `url` with that token; its log and counts can be looked at."""

    def __init__(self, folder, url, token, max_alerts=0, repeat="1h"):
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        config = folder / "alertmanager.yml"
        config.write_text(CONFIG.format(url=url, max_alerts=max_alerts, repeat=repeat,
                                        token_file=private_file(folder / "token", token)))
        self.process = Process("alertmanager", [
            "prometheus-alertmanager", f"--config.file={config}", f"--storage.path={folder}",
            f"--web.listen-address=127.0.0.1:{self.port}", "--cluster.listen-address=",
            "--log.level=debug"], folder)
        wait_port(self.port, self.process)

    def fire(self, name, summary, until=None, **labels):
        """amtool alert add; with `until` (a time in the past) it has recovered."""
        words = [f"{key}={value}" for key, value in {"alertname": name, **labels}.items()]
        if until:
            words.append("--end=" + until)
        subprocess.run(["amtool", f"--alertmanager.url={self.url}", "alert", "add",
                        f"--annotation=summary={summary}", *words], check=True, timeout=PATIENCE_S,
                       stdin=subprocess.DEVNULL, capture_output=True)

    def recover(self, name, summary, **labels):
        """The same alert is over."""
        past = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(milliseconds=10)
        self.fire(name, summary, until=past.isoformat(timespec="milliseconds"), **labels)

    def posts(self, name="notifications_total"):
        """How many webhooks it counts under that metric."""
        with _web.open(self.url + "/metrics", timeout=PATIENCE_S) as answer:
            text = answer.read().decode()
        found = re.findall(rf'^alertmanager_{name}{{[^}}]*integration="webhook"[^}}]*}} (\S+)$', text,
                           re.MULTILINE)
        return sum(int(float(number)) for number in found)

    def wait_posts(self, more_than, name="notifications_total", timeout=PATIENCE_S):
        """The count as soon as it is above that."""
        deadline = time.monotonic() + timeout
        pace = threading.Event()
        while (count := self.posts(name)) <= more_than:
            if time.monotonic() > deadline:
                raise Timeout(f"alertmanager: {name} stays {count}:\n" + self.process.lines.text())
            pace.wait(0.05)
        return count

    def wait_taken(self, before=None, timeout=PATIENCE_S):
        """Returns when one more webhook was answered with 200, than `before` or than now."""
        deadline = time.monotonic() + timeout
        before = self.taken() if before is None else before
        pace = threading.Event()
        while self.taken() <= before:
            if time.monotonic() > deadline:
                raise Timeout("alertmanager: no webhook is taken:\n" + self.process.lines.text())
            pace.wait(0.05)

    def taken(self):
        return self.posts("notification_requests_total") - self.posts("notification_requests_failed_total")

    def alerts(self):
        with _web.open(self.url + "/api/v2/alerts", timeout=PATIENCE_S) as answer:
            return json.load(answer)

    def stop(self):
        return self.process.stop()
