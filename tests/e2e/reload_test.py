#!/usr/bin/env python3
"""Ten faulty reloads under load change nothing, and each says so; a good one is taken over."""
import datetime
import signal

from site_under_test import Daemon, Site, check, wait_for


def customers(first, count, at):
    rows = "".join(f"C{i},c{i}@example.com,{at}\n" for i in range(first, first + count))
    return "key,email,created_at\n" + rows


def consents(first, count, at):
    return "customer,purpose,granted,at\n" + "".join(f"C{i},marketing,yes,{at}\n" for i in range(first, first + count))


RULE = """rule: greet
about: Greet at once, for the test
purpose: marketing
status: live
when:
  event: customer.created
then:
  - email: welcome
once-per: customer
brake: 100000
"""

with Site() as site:
    for file in (site.directory / "rules").glob("*.yaml"):
        file.unlink()
    site.write("rules/greet.yaml", RULE)
    with Daemon(site) as daemon:
        daemon.wait_started()
        faults = [
            ("rules/greet.yaml", RULE.replace("event: customer.created", "event: customer.creatd"), "did you mean `customer.created`"),
            ("rules/greet.yaml", RULE.replace("brake: 100000", "late-limit: 90"), "90"),
            ("rules/greet.yaml", "rule: [", "rules/greet.yaml"),
            ("rules/greet.yaml", RULE.replace("email: welcome", "email: welcom"), "welcom"),
            ("rules/other.yaml", RULE, "greet"),
            ("templates/welcome.en.liquid", "---\nsubject: {{ oops\n---\n<p>x</p>\n", "welcome.en.liquid"),
            ("retaind.yaml", "shop: [\n", "retaind.yaml"),
            ("retaind.yaml", lambda text: text.replace("deliver: maildir", "deliver: live"), "needs a mail server"),
            ("retaind.yaml", lambda text: text.replace("time-zone: UTC", "time-zone: Asia/Tokyo"), "time-zone"),
            ("retaind.yaml", lambda text: text.replace("store: retaind.db", "store: other.db"), "store"),
        ]
        planned = 0
        for number, (path, text, said) in enumerate(faults):
            at = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=1)).isoformat(timespec="seconds")
            site.load("customers", customers(planned, 40, at))
            site.load("consent", consents(planned, 40, at))
            planned += 40
            file = site.directory / path
            before = file.read_text() if file.exists() else None
            file.write_text(text(before) if callable(text) else text)
            reload = site.run("reload")
            check(reload.returncode == 1, f"fault {number} was taken over: {reload.stdout}")
            check(said in reload.stderr, f"fault {number}: {said!r} is not said: {reload.stderr}")
            # With settings that cannot be read, or that name another store, the command does not reach this daemon.
            if number not in (6, 7, 9):
                status = site.run("status")
                check("reload    failed" in status.stdout, f"fault {number} is not in status: {status.stdout}")
            file.write_text(before) if before is not None else file.unlink()
            daemon.process.send_signal(signal.SIGHUP)
        sent = lambda: site.query("SELECT count(*) FROM message WHERE state = 4")[0][0]
        wait_for(f"{planned} messages", lambda: sent() == planned, 90)
        revisions = site.query("SELECT count(*) FROM rule_revision")[0][0]
        check(revisions == 1, f"a faulty reload made a revision: {revisions}")
        check(site.query("SELECT count(*) FROM rule")[0][0] == 1, "a faulty reload made a rule")
        check(len(site.mails()) == planned, f"{len(site.mails())} mails for {planned} messages")
        errors = daemon.text().count("the running rules stay")
        # All but the two that do not reach this daemon.
        check(errors == 8, f"the log has {errors} of the failures")

        site.edit("rules/greet.yaml", "event: customer.created", "event: customer.created\n  after: 1 hour")
        reload = site.run("reload")
        check(reload.returncode == 0 and "1 rule taken over" in reload.stdout, reload.stdout + reload.stderr)
        check(site.query("SELECT count(*) FROM rule_revision")[0][0] == 2, "the good reload made no revision")
        check("reload    failed" not in site.run("status").stdout, "status still shows the failure")
        check(daemon.stop() == 0, daemon.text())
print(f"{len(faults)} faulty reloads changed nothing while {planned} messages left")
