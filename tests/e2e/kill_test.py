#!/usr/bin/env python3
"""kill -9, fifty times (RETAIND_KILLS), into a real SMTP server and a real HTTP server, then the server's own log against the ledger.

The server decides when the daemon dies: while a transaction is open, at the end of data with the message stored, at the end of data
with the message dropped, and just after its 250. So both delivered and undelivered messages end `unknown`."""
import asyncio
import collections
import email
import http.server
import json
import os
import random
import signal
import sqlite3
import sys
import threading
import time

from running_site import Daemon, Site, check, wait_for

try:
    from aiosmtpd.controller import Controller
    from aiosmtpd.smtp import SMTP
except ImportError:
    # The system's Python has Debian's package even when another one comes first on the PATH.
    if sys.executable != "/usr/bin/python3" and os.path.exists("/usr/lib/python3/dist-packages/aiosmtpd"):
        os.execv("/usr/bin/python3", ["/usr/bin/python3", *sys.argv])
    print("skipped: aiosmtpd is not installed (apt-get install python3-aiosmtpd)")
    sys.exit(0)

CUSTOMERS = int(os.environ.get("RETAIND_KILL_CUSTOMERS", "1500"))
KILLS = int(os.environ.get("RETAIND_KILLS", "50"))
CONNECTIONS = 4
DEPTH = 4
dice = random.Random(int(os.environ.get("RETAIND_SEED", "1")))

RULE = """rule: {rule}
about: For the test
purpose: {purpose}
status: live
when:
  event: customer.created
then:
  - {step}
backlog: all
brake: 1000000
"""


class Peer:
    """What the servers have taken, and which daemon to kill when."""

    def __init__(self):
        self.lock = threading.Lock()
        self.delivered = collections.Counter()   # by Message-ID
        self.hooks = collections.defaultdict(list)  # webhook-id -> bodies
        self.kinds = collections.Counter()
        self.daemon = None
        self.armed = None       # how the next kill comes about
        self.countdown = 0

    def arm(self, daemon, kind, after):
        with self.lock:
            self.daemon, self.armed, self.countdown = daemon, kind, after

    def strikes(self, kind):
        """True when the daemon has just been killed for this."""
        with self.lock:
            if self.armed != kind:
                return False
            self.countdown -= 1
            if self.countdown > 0:
                return False
            self.armed = None
            self.daemon.process.send_signal(signal.SIGKILL)
            self.kinds[kind] += 1
        self.daemon.process.wait()
        return True


peer = Peer()


class Handler:
    async def handle_EHLO(self, server, session, envelope, hostname):
        session.host_name = hostname
        return "250-PIPELINING\r\n250 HELP"

    async def handle_RCPT(self, server, session, envelope, address, options):
        envelope.rcpt_tos.append(address)
        peer.strikes("open transaction")
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        message = email.message_from_bytes(envelope.content)
        if peer.strikes("dropped at end of data"):
            return "451 4.3.0 lost"
        with peer.lock:
            peer.delivered[message["Message-ID"]] += 1
        peer.strikes("stored, no reply")
        if peer.armed == "after the reply":
            threading.Timer(dice.random() * 0.002, peer.strikes, ["after the reply"]).start()
        return "250 OK"


class Hook(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with peer.lock:
            peer.hooks[self.headers["webhook-id"]].append(body)
        peer.strikes("webhook taken, no reply")
        try:
            self.send_response(204)
            self.send_header("Content-Length", "0")
            self.end_headers()
        except OSError:
            pass

    def log_message(self, *ignored):
        pass


def settings(site, smtp_port, http_port):
    site.edit("retaind.yaml", "deliver: maildir", "deliver: live")
    site.edit("retaind.yaml", "# smtp:\n#   host: smtp.example.com\n#   port: 587\n#   tls: starttls ",
              f"smtp:\n  host: 127.0.0.1\n  port: {smtp_port}\n  tls: none\n  connections: {CONNECTIONS}\n  pipeline: {DEPTH}\n#   tls: starttls ")
    site.edit("retaind.yaml", "https://support.example.com/hooks/retaind", f"http://127.0.0.1:{http_port}/hook\n    allow-private: yes")
    for file in (site.directory / "rules").glob("*.yaml"):
        file.unlink()
    site.write("rules/news.yaml", RULE.format(rule="news", purpose="marketing", step="email: welcome"))
    site.write("rules/notice.yaml", RULE.format(rule="notice", purpose="transactional", step="email: welcome"))
    site.write("rules/hook.yaml", RULE.format(rule="hook", purpose="internal", step="webhook: support-desk"))
    checked = site.run("check")
    check(checked.returncode == 0, f"check: {checked.stdout}{checked.stderr}")


def handed(site):
    """Messages that were on their way when the daemon died."""
    return [row[0] for row in site.query("SELECT id FROM message WHERE state = 3 AND channel = 1")]


def main():
    controller = Controller(Handler(), hostname="127.0.0.1", port=0, server_kwargs={"enable_SMTPUTF8": True})
    for port in range(25300 + dice.randrange(3000), 32000):
        controller.port = port
        try:
            controller.start()
            break
        except OSError:
            continue
    hook = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    hook.daemon_threads = True
    hook.handle_error = lambda *ignored: None  # a killed client resets its connections
    threading.Thread(target=hook.serve_forever, daemon=True).start()

    with Site() as site:
        settings(site, controller.port, hook.server_address[1])
        site.load("customers", "key,email,first_name,created_at\n" + "".join(
            f"C{i},c{i}@example.com,Name {i},2026-01-01T00:00:00Z\n" for i in range(CUSTOMERS)))
        site.load("consent", "customer,purpose,granted,at\n" + "".join(
            f"C{i},marketing,yes,2026-01-01T00:00:00Z\n" for i in range(CUSTOMERS)))

        of_fifty = {"open transaction": 30, "stored, no reply": 6, "dropped at end of data": 6, "after the reply": 4,
                    "webhook taken, no reply": 4}
        kinds = [kind for kind, times in of_fifty.items() for _ in range(times * KILLS // 50)]
        dice.shuffle(kinds)
        most = 0
        lost = collections.Counter()  # by message: kills while it was handed over
        for number, kind in enumerate(kinds):
            with Daemon(site) as daemon:
                peer.arm(daemon, kind, 1 + dice.randrange(CUSTOMERS // KILLS))
                end = time.monotonic() + 60
                while daemon.process.poll() is None and time.monotonic() < end:
                    time.sleep(0.005)
                check(daemon.process.poll() == -signal.SIGKILL, f"kill {number} ({kind}) never came:\n{daemon.text()[-2000:]}")
            ids = handed(site)
            lost.update(ids)
            on_the_way = len(ids)
            most = max(most, on_the_way)
            check(on_the_way <= CONNECTIONS * DEPTH, f"{on_the_way} messages were handed at once")
        with Daemon(site) as daemon:
            wait_for("the rest to go", lambda: not site.query(
                "SELECT 1 FROM message WHERE next_at IS NOT NULL OR state IN (2, 3) LIMIT 1"), 240)
            daemon.stop()

        waiting = site.query("SELECT count(*) FROM message WHERE state < 4")[0][0]
        check(waiting == 0, f"{waiting} messages have no final state")
        salt = site.query("SELECT value FROM meta WHERE key = 'message_id_salt'")[0][0]
        outcomes = collections.Counter()
        for rule, message, state, reason, reply in site.query(
                "SELECT r.name, m.id, m.state, m.reason, m.reply FROM message m JOIN rule r ON r.id = m.rule WHERE m.channel = 1"):
            times = peer.delivered[f"<{message}.{salt}@example.com>"]
            outcomes[rule, state, min(times, 2)] += 1
            if rule == "news":
                check(times <= 1, f"marketing message {message} arrived {times} times")
                check(state in (4, 5), f"message {message} of {rule} ended in state {state}, reason {reason}: {reply}")
            # Nothing arrives twice but what was on its way when the daemon died.
            check(times <= 1 + lost[message], f"message {message} of {rule} arrived {times} times, {lost[message]} kills")
            if rule == "notice":
                check(state == 4, f"message {message} of {rule} ended in state {state}, reason {reason}: {reply}")
            if state == 4:
                check(times >= 1, f"message {message} of {rule} is `sent` and never arrived")
        check(sum(peer.delivered.values()) >= 2 * CUSTOMERS - KILLS * CONNECTIONS * DEPTH, "too little arrived")
        planned = dict(site.query("SELECT r.name, count(*) FROM message m JOIN rule r ON r.id = m.rule GROUP BY 1"))
        check(planned == {"news": CUSTOMERS, "notice": CUSTOMERS, "hook": CUSTOMERS}, f"planned {planned}")
        unknown = {times: outcomes["news", 5, times] for times in (0, 1)}
        check(unknown[0] > 0 and unknown[1] > 0, f"unknown but delivered and unknown and lost must both occur: {unknown}")
        repeated = outcomes["notice", 4, 2]
        check(repeated > 0, "no transactional message was repeated, so nothing was proved about them")
        check(len(peer.hooks) == CUSTOMERS, f"{len(peer.hooks)} of {CUSTOMERS} webhooks arrived")
        for identity, bodies in peer.hooks.items():
            check(len(set(bodies)) == 1, f"webhook {identity} came with different bodies")
        print(f"{KILLS} kills: {dict(peer.kinds)}; at most {most} handed at once")
        print(f"news: {outcomes['news', 4, 1]} sent, {unknown[1]} unknown and delivered, {unknown[0]} unknown and lost, 0 twice")
        print(f"notice: {outcomes['notice', 4, 1]} sent once, {repeated} repeated with the same Message-ID; "
              f"webhooks: {sum(len(b) for b in peer.hooks.values()) - CUSTOMERS} repeated with the same id and bytes")
    controller.stop()
    hook.shutdown()


main()
