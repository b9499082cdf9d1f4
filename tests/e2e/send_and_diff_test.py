#!/usr/bin/env python3
"""`send-test` sends one marked mail through the site's own transport and leaves the ledger alone; `diff` says what a reload would do."""
import email
import email.policy
import json
import socketserver
import threading

from running_site import GREET, Daemon, Site, check, timestamp


class Server:
    """Keeps what it is given; refuses one address."""

    def __init__(self):
        self.mails = []
        self.quits = 0
        outer = self

        class Session(socketserver.StreamRequestHandler):
            def handle(self):
                say = lambda line: self.wfile.write(line.encode() + b"\r\n")
                say("220 test.example ESMTP")
                rcpt = []
                while line := self.rfile.readline():
                    word = line.upper()
                    if word.startswith(b"RCPT"):
                        if b"nobody@" in line:
                            say("550 no such user")
                        else:
                            rcpt.append(line.decode().split("<")[1].split(">")[0])
                            say("250 fine")
                    elif word.startswith(b"DATA"):
                        if not rcpt:
                            say("554 no valid recipients")
                            continue
                        say("354 go on")
                        text = b""
                        while (part := self.rfile.readline()) not in (b".\r\n", b""):
                            text += part
                        outer.mails.append((rcpt, text))
                        rcpt = []
                        say("250 taken as 4711")
                    elif word.startswith(b"QUIT"):
                        outer.quits += 1
                        return say("221 bye")
                    else:
                        say("250 test.example" if word.startswith(b"EHLO") else "250 fine")

        class Tcp(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True

        server = Tcp(("127.0.0.1", 0), Session)
        self.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, daemon=True).start()


TABLES = ("message", "firing", "coupon", "survey", "message_body", "cap", "once", "decision", "rule")

with Site() as site:
    site.only_rule("greet", GREET.replace("event: customer.created", "event: customer.created\n  after: 1 hour"))
    site.load_customers(0, 3, timestamp(-1800))
    before = [site.query(f"SELECT count(*) FROM {table}") for table in TABLES]
    shown = site.run("send-test", "greet", "--customer", "C1", "--to", "me@example.org")
    check(shown.returncode == 0 and "without `deliver: live` nothing leaves this machine" in shown.stdout, shown.stdout + shown.stderr)
    check(len(site.mails()) == 1 and "Subject: [test] " in site.mails()[0].read_text(), f"{site.mails()}")
    server = Server()
    site.send_to(server)
    sent = site.run("send-test", "greet", "--customer", "C1", "--to", "me@example.org")
    check(sent.returncode == 0 and "sent to me@example.org" in sent.stdout and "4711" in sent.stdout, sent.stdout + sent.stderr)
    check(len(server.mails) == 1 and server.mails[0][0] == ["me@example.org"], f"{server.mails}")
    check(server.quits == 1, "send-test went away without QUIT")
    mail = email.message_from_bytes(server.mails[0][1], policy=email.policy.default)
    check(mail["Subject"].startswith("[test] ") and mail["To"] == "me@example.org" and mail["X-Retaind-Test"] == "yes", f"{mail.items()}")
    check("List-Unsubscribe" not in mail and "c1@example.com" not in str(mail["To"]), f"{mail.items()}")
    check(before == [site.query(f"SELECT count(*) FROM {table}") for table in TABLES], "send-test has written in the ledger")
    refused = site.run("send-test", "greet", "--customer", "C1", "--to", "nobody@example.org")
    check(refused.returncode == 1 and "refused" in refused.stderr and "no such user" in refused.stderr, refused.stderr)
    for words, status, said in ((("--customer", "C1"), 2, "--to is needed"), (("--customer", "C1", "--to", "nonsense"), 2, "is no e-mail address"),
                                (("--to", "me@example.org"), 2, "--customer is needed"),
                                (("--customer", "C9", "--to", "me@example.org"), 1, "there is no customer `C9`")):
        refused = site.run("send-test", "greet", *words)
        check(refused.returncode == status and said in refused.stderr, f"{words}: {refused.returncode} {refused.stderr}")
    site.edit("retaind.yaml", f"port: {server.port}", "port: 1")
    refused = site.run("send-test", "greet", "--customer", "C1", "--to", "me@example.org")
    check(refused.returncode == 1 and "nothing was sent, check `smtp:`" in refused.stderr, refused.stderr)
    site.edit("retaind.yaml", "port: 1", f"port: {server.port}")
    settings = site.directory / "retaind.yaml"
    settings.write_text(settings.read_text() + "\nonly-to:\n  - '@example.org'\n")
    refused = site.run("send-test", "greet", "--customer", "C1", "--to", "me@elsewhere.org")
    check(refused.returncode == 1 and "`only-to:` in retaind.yaml lets no mail go to me@elsewhere.org" in refused.stderr, refused.stderr)
    check(len(server.mails) == 1, "a refused test was sent")

with Site() as site:
    site.only_rule("greet", GREET.replace("event: customer.created", "event: customer.created\n  after: 1 hour"))
    site.load_customers(0, 3, timestamp(-1800))
    with Daemon(site) as daemon:
        daemon.wait_started()
        same = site.run("diff")
        check(same.returncode == 0 and "no rule differs" in same.stdout and "the plan stays the same" in same.stdout, same.stdout + same.stderr)
        site.write("rules/late.yaml", GREET.replace("rule: greet", "rule: late").replace("backlog: all\n", ""))
        site.edit("rules/greet.yaml", "after: 1 hour", "after: 2 hours")
        files = sorted(str(file) for file in site.directory.rglob("*"))
        told = site.run("diff")
        for line in ("changed   greet (live): when\n", "added     late (live)\n          3 past occurrences left out; `backlog:` would take them\n",
                     "0 messages appear, 0 vanish, 3 move", "instead of"):
            check(line in told.stdout, f"{line!r} is not in:\n{told.stdout}{told.stderr}")
        check(files == sorted(str(file) for file in site.directory.rglob("*")), "diff has left a file")
        report = json.loads(site.run("diff", "--json").stdout)
        moved = {entry["customer"]: entry["after"]["at"] for entry in report["messages"]}
        check([entry["kind"] for entry in report["messages"]] == ["moves"] * 3, f"{report}")
        # Applied, it is what runs.
        check(site.run("reload").returncode == 0, "reload")
        check("no rule differs" in site.run("diff").stdout, "the files run now")
        plan = json.loads(site.run("plan", "--json").stdout)
        check({row["customer"]: row["at"] for row in plan["rows"] if row["outcome"] == "sent"} == moved, f"{plan}")
    refused = site.run("diff", "--days", "0")
    check(refused.returncode == 2 and "--days is from 1 to 366" in refused.stderr, refused.stderr)
