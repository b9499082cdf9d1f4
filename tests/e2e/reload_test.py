#!/usr/bin/env python3
"""Ten faulty reloads under load change nothing, and each says so; a good one is taken over."""
import signal

from running_site import GREET, Daemon, Site, SlowServer, check, timestamp, wait_for

COUNT = 800
REFUSED = "the running rules stay"
GOOD = "1 rule taken over"

server = SlowServer(0.5)
with Site() as site:
    site.only_rule("greet", GREET)
    site.send_to(server)
    site.load_customers(0, COUNT, timestamp(-3600))
    with Daemon(site) as daemon:
        wait_for("the first mails", lambda: len(server.accepted) >= 16)
        faults = [
            ("rules/greet.yaml", GREET.replace("event: customer.created", "event: customer.creatd"), "did you mean `customer.created`"),
            ("rules/greet.yaml", GREET.replace("brake: 1000000", "late-limit: 90"), "90"),
            ("rules/greet.yaml", "rule: [", "rules/greet.yaml"),
            ("rules/greet.yaml", GREET.replace("email: welcome", "email: welcom"), "welcom"),
            ("rules/other.yaml", GREET, "greet"),
            ("templates/welcome.en.liquid", "---\nsubject: {{ oops\n---\n<p>x</p>\n", "welcome.en.liquid"),
            ("retaind.yaml", "shop: [\n", "retaind.yaml"),
            ("retaind.yaml", lambda text: text.replace("smtp:\n  host: 127.0.0.1", "mail:\n  host: 127.0.0.1"), "mail"),
            ("retaind.yaml", lambda text: text.replace("time-zone: UTC", "time-zone: Asia/Tokyo"), "time-zone"),
            ("retaind.yaml", lambda text: text.replace("store: retaind.db", "store: other.db"), "store"),
        ]
        refusals = 0
        for number, (path, text, said) in enumerate(faults):
            file = site.directory / path
            before = file.read_text() if file.exists() else None
            file.write_text(text(before) if callable(text) else text)
            refused = daemon.text().count(REFUSED)
            daemon.process.send_signal(signal.SIGHUP)
            wait_for(f"refusal of fault {number}", lambda: daemon.text().count(REFUSED) > refused)
            reload = site.run("reload")
            check(reload.returncode == 1, f"fault {number} was taken over: {reload.stdout}")
            check(said in reload.stderr, f"fault {number}: {said!r} is not said: {reload.stderr}")
            for command in (("plan",), ("diff",), ("backtest", "--from", "2026-01-01", "--to", "2026-02-01")) if number == 0 else ():
                tried = site.run(*command)
                check(tried.returncode == 1 and "`retaind reload` would refuse these files and the running rules would stay" in tried.stderr,
                      f"{command[0]}: {tried.stderr}")
            # With settings that cannot be read the commands do not reach the daemon; SIGHUP did.
            refusals += 1 if number in (6, 7) else 2
            if number not in (6, 7, 9):  # 9 names another store, so status looks there
                status = site.run("status")
                check("reload    failed" in status.stdout, f"fault {number} is not in status: {status.stdout}")
            file.write_text(before) if before is not None else file.unlink()
            good = daemon.text().count(GOOD)
            daemon.process.send_signal(signal.SIGHUP)
            wait_for("the repaired files", lambda: daemon.text().count(GOOD) > good)
        check(len(server.accepted) < COUNT, "everything had been sent before the last reload: no load")
        server.delay = 0.02
        wait_for(f"{COUNT} mails", lambda: len(server.accepted) >= COUNT, 240)
        sent = lambda: site.query("SELECT count(*) FROM message WHERE state = 4")[0][0]
        wait_for(f"{COUNT} outcomes", lambda: sent() == COUNT)
        revisions = site.query("SELECT count(*) FROM rule_revision")[0][0]
        check(revisions == 1, f"a faulty reload made a revision: {revisions}")
        check(site.query("SELECT count(*) FROM rule")[0][0] == 1, "a faulty reload made a rule")
        check(len(set(server.accepted)) == len(server.accepted) == COUNT, f"{len(server.accepted)} mails for {COUNT} messages")
        errors = daemon.text().count(REFUSED)
        check(errors == refusals, f"the log has {errors} of {refusals} refusals")

        site.edit("rules/greet.yaml", "event: customer.created", "event: customer.created\n  after: 1 hour")
        reload = site.run("reload")
        check(reload.returncode == 0 and "1 rule taken over" in reload.stdout, reload.stdout + reload.stderr)
        check(site.query("SELECT count(*) FROM rule_revision")[0][0] == 2, "the good reload made no revision")
        check("reload    failed" not in site.run("status").stdout, "status still shows the failure")
        check(daemon.stop() == 0, daemon.text())
print(f"{len(faults)} faulty reloads changed nothing while {COUNT} messages left")
