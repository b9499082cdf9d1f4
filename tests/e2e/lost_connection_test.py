#!/usr/bin/env python3
"""A server that dies after the final dot, or refuses for now: the outcome is written at once, and the daemon goes on."""
import socketserver
import threading

from running_site import GREET, Daemon, Site, check, timestamp, wait_for


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    mode = "drop"
    accepted = 0


class Session(socketserver.StreamRequestHandler):
    def handle(self):
        say = lambda line: self.wfile.write(line + b"\r\n")
        mode = self.server.mode
        say(b"220 lost.example ESMTP")
        while line := self.rfile.readline():
            word = line.split(b" ")[0].strip().upper()
            if word == b"MAIL" and mode == "refuse":
                say(b"530 5.7.0 authenticate first")
            elif word == b"DATA":
                say(b"354 go on")
                while self.rfile.readline() not in (b".\r\n", b""):
                    pass
                if mode == "drop":
                    return
                if mode == "later":
                    say(b"454 4.3.0 not now")
                else:
                    self.server.accepted += 1
                    say(b"250 taken")
            elif word == b"QUIT":
                say(b"221 bye")
                return
            else:
                say(b"250 fine")


server = Server(("127.0.0.1", 0), Session)
server.port = server.server_address[1]
threading.Thread(target=server.serve_forever, daemon=True).start()

for purpose, mode in (("marketing", "drop"), ("transactional", "drop"), ("marketing", "later"), ("marketing", "refuse")):
    server.mode, server.accepted = mode, 0
    with Site() as site:
        site.only_rule("greet", GREET.replace("purpose: marketing", f"purpose: {purpose}"))
        site.send_to(server)
        with Daemon(site) as daemon:
            daemon.wait_started()
            site.load_customers(0, 1, timestamp(1.5))
            handed = lambda: site.query("SELECT count(*) FROM message WHERE state IN (2, 3)")[0][0]  # claimed, handed
            tried = lambda: site.query("SELECT count(*) FROM message WHERE handed_at IS NOT NULL")[0][0]
            wait_for("the first try", lambda: tried() or "tried again in" in site.run("status").stdout)
            wait_for(f"the outcome of {purpose}, {mode}", lambda: handed() == 0, 10)
            state, reply = site.query("SELECT state, reply FROM message")[0]
            if mode == "drop":
                check(state == 5, f"{purpose}, {mode}: state {state}, {reply}")
                number = site.query("SELECT id FROM message")[0][0]
                check(f"message {number}: it may or may not have arrived" in daemon.text(), f"the log does not name it: {daemon.text()}")
                check("@example.com" not in daemon.text(), f"the log has an address: {daemon.text()}")
            else:
                check(state in (0, 1), f"{purpose}, {mode}: state {state}, {reply}")
            server.mode = "good"
            if (purpose, mode) == ("marketing", "drop"):
                site.load_customers(1, 1, timestamp(1))
            else:
                # Not the retry table's minutes: what waits is looked at again after a restart, too.
                check(site.query("SELECT next_at FROM message")[0][0] is not None, "it is never tried again")
                continue
            wait_for("the next customer's mail", lambda: server.accepted == 1, 90)
            check(site.query("SELECT state FROM message ORDER BY id")[0][0] == 5, "a marketing message was sent again")
print("outcomes of lost and refusing servers are written at once")
