#!/usr/bin/env python3
"""`run --until-idle` waits for a mail server that is slow to greet, and does not wait for one that is away."""
import socket
import socketserver
import threading
import time

from running_site import NOTICE, Site, check

taken = []


class Mta(socketserver.StreamRequestHandler):
    def say(self, line):
        self.wfile.write(line.encode() + b"\r\n")

    def handle(self):
        time.sleep(1)
        self.say("220 slow.example ESMTP")
        while line := self.rfile.readline():
            word = line.split(b" ")[0].strip().upper()
            if word == b"DATA":
                self.say("354 go on")
                while self.rfile.readline() not in (b".\r\n", b""):
                    pass
                taken.append(line)
            if word == b"QUIT":
                return self.say("221 bye")
            self.say("250 fine")


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


def settings(site, port):
    site.edit("retaind.yaml", "deliver: maildir", f"deliver: live\nsmtp: {{host: 127.0.0.1, port: {port}, tls: none}}")
    for file in (site.directory / "rules").glob("*.yaml"):
        file.unlink()
    site.write("rules/greet.yaml", NOTICE)
    site.load("customers", "key,email,created_at\nC1,c1@example.com,2026-01-01T00:00:00Z\n")


def main():
    with Server(("127.0.0.1", 0), Mta) as server, Site() as site:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        settings(site, server.server_address[1])
        ran = site.run("run", "--until-idle")
        check(ran.returncode == 0, f"exit status {ran.returncode}: {ran.stderr}")
        check(len(taken) == 1, f"{len(taken)} mails arrived:\n{ran.stderr}")
        check(site.query("SELECT state FROM message") == [(4,)], "the message is not `sent`")
        server.shutdown()
    with socket.socket() as taken_port, Site() as site:
        taken_port.bind(("127.0.0.1", 0))  # and nobody listens
        settings(site, taken_port.getsockname()[1])
        begin = time.monotonic()
        ran = site.run("run", "--until-idle")
        check(time.monotonic() - begin < 30, "it waits for a server that is away")
        check("no connection" in ran.stderr, f"nothing is said about the server:\n{ran.stderr}")
        check(ran.returncode == 1, f"exit status {ran.returncode}: {ran.stderr}")
        check("messages that are due wait" in ran.stderr and "nothing is due" not in ran.stderr, ran.stderr)
        check(site.query("SELECT state FROM message") == [(0,)], "the message does not wait")


main()
