#!/usr/bin/env python3
"""The password of the mail server comes from its file, or from systemd's credential of the same name, and goes to the
server encrypted only; a file that cannot be had is named before anything runs."""
import base64
import os
import shutil
import socketserver
import ssl
import subprocess
import sys
import threading

from running_site import NOTICE, Site, check

seen = []  # (encrypted, line) as the server got them


class Mta(socketserver.StreamRequestHandler):
    tls = None
    secure = False

    def say(self, line):
        self.wfile.write(line.encode() + b"\r\n")

    def greet(self):
        offers = ["mta.example", "AUTH PLAIN"] if self.secure else ["mta.example", "STARTTLS"]
        for offer in offers[:-1]:
            self.say(f"250-{offer}")
        self.say(f"250 {offers[-1]}")

    def handle(self):
        self.say("220 mta.example ESMTP")
        signed_in = False
        while line := self.rfile.readline():
            seen.append((self.secure, line.strip()))
            word = line.split(b" ")[0].strip().upper()
            if word == b"EHLO":
                self.greet()
            elif word == b"STARTTLS":
                self.say("220 go on")
                self.connection = self.tls.wrap_socket(self.connection, server_side=True)
                self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb", 0)
                self.secure = True
            elif word == b"AUTH":
                wanted = b"\0shop\0s3cret of the shop"
                signed_in = base64.b64decode(line.split(b" ")[2]) == wanted
                self.say("235 welcome" if signed_in else "535 5.7.8 no")
            elif word == b"DATA":
                self.say("354 go on")
                while self.rfile.readline() not in (b".\r\n", b""):
                    pass
                self.say("250 taken")
            elif word == b"QUIT":
                self.say("221 bye")
                return
            elif word in (b"MAIL", b"RCPT", b"RSET"):
                self.say("250 fine" if signed_in else "530 5.7.0 sign in first")
            else:
                self.say("502 what")


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


def certificate(directory):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
                    "-keyout", f"{directory}/key.pem", "-out", f"{directory}/ca.pem"],
                   check=True, capture_output=True)
    Mta.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    Mta.tls.load_cert_chain(f"{directory}/ca.pem", f"{directory}/key.pem")


def settings(site, port):
    site.edit("retaind.yaml", "deliver: maildir",
              "deliver: live\nsmtp:\n  host: localhost\n  port: %d\n  tls: starttls\n  ca-file: ca.pem\n"
              "  user: shop\n  password-file: smtp-password" % port)
    site.only_rule("greet", NOTICE)


def send_one(site, key, environment=None):
    """One more customer is greeted; what the daemon said, and in which state the mail is."""
    site.load("customers", f"key,email,created_at\n{key},{key}@example.com,2026-01-01T00:00:00Z\n")
    ran = site.run("run", "--until-idle", environment=environment)
    states = site.query("SELECT count(*) FROM message WHERE state = 4")
    return ran, states[0][0]


def main():
    if not shutil.which("openssl"):
        print("skipped: no openssl(1) to make a certificate with")
        return
    with Server(("127.0.0.1", 0), Mta) as server, Site() as site:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        certificate(site.directory)
        settings(site, server.server_address[1])
        # 1. No file: said before a connection is made, with the setting and what to do.
        ran, sent = send_one(site, "c1")
        check(ran.returncode == 1 and sent == 0, f"without the file: {ran.returncode}, {sent} sent")
        check("smtp: password-file" in ran.stderr and "smtp-password" in ran.stderr, ran.stderr)
        check(not seen, f"the server was asked before the password was there: {seen}")
        # 2. The file; its line end is none of the password.
        site.write("smtp-password", "s3cret of the shop\n")
        ran, sent = send_one(site, "c2")
        check(ran.returncode == 0 and sent == 2, f"with the file: {ran.returncode}, {sent} sent\n{ran.stderr}")
        check(all(secure for secure, line in seen if line.upper().startswith(b"AUTH")), "the password went in clear")
        check(any(line.upper().startswith(b"AUTH PLAIN") for _, line in seen), "nobody signed in")
        # 3. systemd's credential of the same name comes before the file.
        site.write("smtp-password", "an old one\n")
        credentials = site.directory / "credentials"
        credentials.mkdir()
        (credentials / "smtp-password").write_text("s3cret of the shop")
        ran, sent = send_one(site, "c3", {"CREDENTIALS_DIRECTORY": str(credentials)})
        check(ran.returncode == 0 and sent == 3, f"with the credential: {ran.returncode}, {sent} sent\n{ran.stderr}")
        # 4. A wrong password: the server's words and which file to look at; the mail waits.
        ran, sent = send_one(site, "c4")
        check(sent == 3, "something was sent with a wrong password")
        check("535" in ran.stderr and "password-file" in ran.stderr, ran.stderr)
        check("s3cret" not in ran.stderr and "an old one" not in ran.stderr, "the log holds a password")
        waiting = site.query("SELECT count(*) FROM message WHERE state IN (0, 1) AND next_at IS NOT NULL")
        check(waiting[0][0] == 1, f"{waiting[0][0]} mails wait")
    print("ok")


if __name__ == "__main__":
    main()
