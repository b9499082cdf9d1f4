#!/usr/bin/env python3
"""`explain` beside a running daemon: it reads only, answers in numbers and in words, and refuses what it cannot know."""
import json

from running_site import GREET, Daemon, Site, check, timestamp, wait_for

with Site() as site:
    site.only_rule("greet", GREET.replace("event: customer.created", "event: customer.created\n  after: 1 hour"))
    site.load_customers(0, 2, timestamp(-1800))
    with Daemon(site) as daemon:
        daemon.wait_started()
        counts = "SELECT (SELECT count(*) FROM message), (SELECT count(*) FROM firing), (SELECT count(*) FROM trigger_name)"
        before = site.query(counts)
        files = sorted(file.name for file in site.directory.iterdir())
        asked = site.run("explain", "greet", "--customer", "C1")
        check(asked.returncode == 0, asked.stderr)
        for line in ("greet (live, marketing) for customer C1, at ", "customer.created of customer C1\n", "would be sent\n",
                     "    consent      ok   marketing: given ", "  can change  "):
            check(line in asked.stdout, f"{line!r} is not in:\n{asked.stdout}")
        report = json.loads(site.run("explain", "greet", "--customer", "c1@example.com", "--json").stdout)
        one = report["occurrences"][0]
        check(one["verdict"] == "send" and one["before_due"] and one["changes_at"] == one["due"], f"{one}")
        later = json.loads(site.run("explain", "greet", "--customer", "C1", "--at", "2036-01-01", "--json").stdout)
        check(later["occurrences"][0]["reason"] == "late-limit", f"{later}")
        past = site.run("explain", "greet", "--customer", "C1", "--at", "2020-01-01")
        check(past.returncode == 0 and "the rule did not run yet\n" in past.stdout and "lived again from the dated facts" in past.stdout, f"{past}")
        check(before == site.query(counts), "explain has changed the store")
        check(files == sorted(file.name for file in site.directory.iterdir()), "explain has left a file")
    for words, status, text in ((("greet",), 2, "--customer is needed"), (("gret", "--customer", "C1"), 1, "did you mean `greet`?"),
                                (("greet", "--customer", "C9"), 1, "there is no customer `C9`"),
                                (("greet", "--customer", "C1", "--at", "soon"), 2, "write it as 2026-03-02")):
        refused = site.run("explain", *words)
        check(refused.returncode == status and text in refused.stderr, f"{words}: {refused.returncode} {refused.stderr}")
