#!/usr/bin/env python3
"""SIGTERM under load: nothing new is claimed, what is on the wire gets its outcome, the exit status is 0."""
import datetime
import socketserver
import threading
import time

from site_under_test import Daemon, Site, check, wait_for

RULE = """rule: greet
about: Greet at once, for the test
purpose: marketing
status: live
when:
  event: customer.created
then:
  - email: welcome
once-per: customer
backlog: all
brake: 100000
"""
COUNT = 400
accepted = []
lock = threading.Lock()


class Mta(socketserver.StreamRequestHandler):
    """Takes every mail, a third of a second after its final dot."""

    def say(self, line):
        self.wfile.write(line.encode() + b"\r\n")

    def handle(self):
        self.say("220 slow.example ESMTP")
        while line := self.rfile.readline():
            word = line.split(b" ")[0].strip().upper()
            if word == b"EHLO":
                self.say("250 slow.example")
            elif word == b"DATA":
                self.say("354 go on")
                name = None
                while (text := self.rfile.readline()) not in (b".\r\n", b""):
                    if text.lower().startswith(b"message-id:"):
                        name = text.split(b":", 1)[1].strip().strip(b"<>").decode()
                if not text:
                    return
                time.sleep(0.3)
                with lock:
                    accepted.append(name)
                self.say("250 taken")
            elif word == b"QUIT":
                self.say("221 bye")
                return
            else:
                self.say("250 fine")


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


server = Server(("127.0.0.1", 0), Mta)
threading.Thread(target=server.serve_forever, daemon=True).start()

with Site() as site:
    for file in (site.directory / "rules").glob("*.yaml"):
        file.unlink()
    site.write("rules/greet.yaml", RULE)
    site.edit("retaind.yaml", "deliver: maildir", "deliver: live")
    site.edit("retaind.yaml", "webhooks: ", "smtp:\n  host: 127.0.0.1\n  port: %d\n  tls: none\n\nwebhooks: " % server.server_address[1])
    at = (datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(hours=1)).isoformat(timespec="seconds")
    site.load("customers", "key,email,created_at\n" + "".join(f"C{i},c{i}@example.com,{at}\n" for i in range(COUNT)))
    site.load("consent", "customer,purpose,granted,at\n" + "".join(f"C{i},marketing,yes,{at}\n" for i in range(COUNT)))
    with Daemon(site) as daemon:
        wait_for("the first mails", lambda: len(accepted) >= 16)
        begin = time.monotonic()
        status = daemon.stop()
        took = time.monotonic() - begin
        check(status == 0, f"the exit status is {status}: {daemon.text()}")
        check(took < 20, f"draining took {took:.1f} s")
        check("on the way" in daemon.text(), f"the log does not say that it waits: {daemon.text()}")
        states = dict(site.query("SELECT state, count(*) FROM message GROUP BY state"))
        sent, handed = states.get(4, 0), states.get(2, 0) + states.get(3, 0)
        check(handed == 0, f"{handed} messages were left on the wire: {states}")
        check(states.get(5, 0) == 0 and sent == len(accepted), f"{len(accepted)} mails arrived, the ledger says {states}")
        check(sent < COUNT, "everything had been sent already: no load")
    # The rest goes out after a restart, each once.
    with Daemon(site):
        wait_for("the rest", lambda: len(accepted) >= COUNT, 120)
    check(len(set(accepted)) == COUNT, f"{len(accepted)} mails for {COUNT} customers")
print(f"drained in {took:.1f} s: {sent} of {COUNT} sent, none unknown; the rest went out once after a restart")
