#!/usr/bin/env python3
"""`plan` beside a running daemon: what it says is what is sent; it stores nothing and its numbers add up."""
import csv
import io
import json
import pathlib

from running_site import GREET, Daemon, Site, check, timestamp, wait_for

SOON = GREET.replace("event: customer.created", "event: customer.created\n  after: 1 hour") + "holdout: 30%\n"

with Site() as site:
    site.only_rule("greet", SOON)
    site.write("rules/noted.yaml", SOON.replace("rule: greet", "rule: noted").replace("status: live", "status: draft").replace("holdout: 30%\n", ""))
    site.load_customers(0, 20, timestamp(-3590))
    site.load("customers", f"key,email,created_at\nquiet,quiet@example.com,{timestamp(-3590)}\n")
    tables = ("message", "firing", "coupon", "once", "rule")
    files = sorted(str(file) for file in site.directory.rglob("*"))
    shown = site.run("plan")
    check(shown.returncode == 0, shown.stderr)
    check(files == sorted(str(file) for file in site.directory.rglob("*")), "plan has left a file")
    check("matched 42 = " in shown.stdout and "the numbers add up" in shown.stdout, shown.stdout)
    for line in ("noted (draft)", "greet: no-consent", "noted: no-consent", "greet: held-out", "who gets what, in local time:", "quiet  no-consent"):
        check(line in shown.stdout, f"{line!r} is not in:\n{shown.stdout}")
    # However long, its table fits a page: of days, weeks or months, with the same sums.
    for days, legend in ((14, None), (15, "by weeks, each named by its first day"), (100, "by weeks"), (101, "by months"), (366, "by months")):
        lines = site.run("plan", "--days", str(days)).stdout.splitlines()
        at = next(i for i, line in enumerate(lines) if line.endswith("    total"))
        check(lines[at - 1] == "" if legend is None else lines[at - 1].startswith(legend), f"{days} days: {lines[at - 1]}")
        check(len(lines[at]) < 160, f"{days} days: {lines[at]}")
        check([line.split()[-1] for line in lines if line.startswith(("greet ", "noted (draft)", "total "))] ==
              [line.split()[-1] for line in shown.stdout.splitlines() if line.startswith(("greet ", "noted (draft)", "total "))], f"{lines}")
    report = json.loads(site.run("plan", "--days", "2", "--json").stdout)
    check(report["even"] and report["matched"] == 42 == report["sent"] + report["would_send"] + report["not_sent"] + report["waiting"], f"{report}")
    one = json.loads(site.run("plan", "--rule", "greet", "--json").stdout)
    check({row["rule"] for row in one["rows"]} == {"greet"} and one["matched"] == 21 and one["even"], f"{one}")
    listed = list(csv.DictReader(io.StringIO(site.run("plan", "--rule", "greet", "--csv", "-").stdout)))
    check(len(listed) == 21, f"{listed}")
    expected = sorted(row["customer"] for row in listed if row["outcome"] == "sent")
    check(0 < len(expected) < 20, f"{expected}")
    with Daemon(site) as daemon:
        daemon.wait_started()
        wait_for("the mails", lambda: len(site.query("SELECT 1 FROM message WHERE state = 4")) == len(expected))
        got = sorted(row[0] for row in site.query("SELECT c.key FROM message m JOIN customers c ON c.id = m.customer WHERE m.state = 4"))
        check(got == expected, f"{got} instead of {expected}")
        wait_for("every occurrence", lambda: site.query("SELECT count(*) FROM firing") == [(42,)])
        before = [site.query(f"SELECT count(*) FROM {table}") for table in tables]
        after = json.loads(site.run("plan", "--json").stdout)
        check(after["matched"] == 0 and before == [site.query(f"SELECT count(*) FROM {table}") for table in tables], f"{after}")
    file = pathlib.Path(site.base) / "plan.csv"
    check(site.run("plan", "--csv", str(file)).returncode == 0 and file.read_text().startswith("day,rule,step,"), "no list")
    for words, status, said in ((("--csv", str(file)), 1, "exists and is not overwritten"), (("--rule", "gret"), 1, "did you mean `greet`?"),
                                (("--days", "0"), 2, "--days is from 1 to 366"), (("--json", "--csv", "-"), 2, "leave one out")):
        refused = site.run("plan", *words)
        check(refused.returncode == status and said in refused.stderr, f"{words}: {refused.returncode} {refused.stderr}")
    site.write("rules/greet.yaml", SOON.replace("after: 1 hour", "after: 1"))
    refused = site.run("plan")
    check(refused.returncode == 1 and refused.stderr.startswith("error[R021]"), refused.stderr)
