#!/usr/bin/env python3
"""A step with variants in every command that speaks of messages: which text goes to whom is said before and after."""
import csv
import io
import json

from running_site import GREET, Daemon, Site, check, timestamp, wait_for

HALVES = GREET.replace("  event: customer.created", "  event: customer.created\n  after: 1 hour").replace(
    "- email: welcome\n", "- email: welcome\n    variants: {welcome-short: 50%}\n")
STORY = """test: greet
starts: 2026-03-02 10:00
people:
  C0: {email: c0@example.com, consent: marketing}
  C1: {email: c1@example.com, consent: marketing}
  C2: {email: c2@example.com, consent: marketing}
cases:
  - name: who gets which text
    story:
      - {at: day 0, customer: {id: C0, created_at: day 0}}
      - {at: day 0, customer: {id: C1, created_at: day 0}}
      - {at: day 0, customer: {id: C2, created_at: day 0}}
      - {at: day 1, expect: [VARIANTS]}
"""

with Site() as site:
    for file in (site.directory / "tests").glob("*.yaml"):
        file.unlink()
    site.only_rule("greet", HALVES)
    text = site.run("check")
    check(text.returncode == 1 and "unknown template `welcome-short`" in text.stderr + text.stdout, text.stdout + text.stderr)
    site.write("templates/welcome-short.en.liquid", "---\nsubject: Hello in short\n---\n<p>Hello {{ customer.frst_name }}</p>\n")
    text = site.run("check")
    check(text.returncode == 1 and "frst_name" in text.stdout + text.stderr, "no mail of the variant was composed: " + text.stdout + text.stderr)
    site.write("templates/welcome-short.en.liquid", "---\nsubject: Hello in short\n---\n<p>Hello</p>\n")
    check(site.run("check").returncode == 0, site.run("check").stderr)
    site.load_customers(0, 20, timestamp(-3590))

    plan = json.loads(site.run("plan", "--json").stdout)
    planned = {row["customer"]: row["variant"] for row in plan["rows"]}
    counts = {name: list(planned.values()).count(name) for name in ("welcome", "welcome-short")}
    check(sum(counts.values()) == 20 and min(counts.values()) > 2, f"{counts}")
    shown = site.run("plan").stdout
    for name, count in counts.items():
        check(f"{count}  greet email:welcome: {name}\n" in shown, f"{name} {count} is not in:\n{shown}")
    listed = list(csv.DictReader(io.StringIO(site.run("plan", "--csv", "-").stdout)))
    check({row["customer"]: row["variant"] for row in listed} == planned, f"{listed}")

    short, control = (next(key for key, text in planned.items() if text == name) for name in ("welcome-short", "welcome"))
    seen = site.run("preview", "greet", "--customer", short).stdout
    check("variant   welcome-short\nalso      --variant welcome\n" in seen and "Subject:  Hello in short" in seen, seen)
    seen = site.run("preview", "greet", "--customer", short, "--variant", "welcome").stdout
    check("variant   welcome\n" in seen and "Hello in short" not in seen, seen)
    refused = site.run("preview", "greet", "--customer", short, "--variant", "welcome-shrt")
    check(refused.returncode == 1 and "did you mean `welcome-short`?" in refused.stderr, refused.stderr)

    told = [f"{{email: welcome, to: C{i}, variant: {planned[f'C{i}']}}}" for i in range(3)]
    site.write("tests/greet.yaml", STORY.replace("VARIANTS", ", ".join(told)))
    played = site.run("test")
    check(played.returncode == 0, played.stdout + played.stderr)
    wrong = [line.replace("welcome-short}", "X").replace("variant: welcome}", "variant: welcome-short}").replace("X", "welcome}") for line in told]
    site.write("tests/greet.yaml", STORY.replace("VARIANTS", ", ".join(wrong)))
    played = site.run("test")
    check(played.returncode == 1 and f"which is the variant `{planned['C0']}`" in played.stdout, played.stdout + played.stderr)

    # What waits keeps its text, whatever becomes of the shares; a preview says so.
    site.run("hold", "--all", "--because", "a test")
    site.load_customers(20, 1, timestamp(-3700))
    check(site.run("run", "--until-idle").returncode == 0, "the waiting one is not planned")
    kept = site.query("SELECT m.variant FROM message m JOIN customers c ON c.id = m.customer WHERE c.key = 'C20'")[0][0]
    site.only_rule("greet", HALVES.replace("50%", "1%" if kept == "welcome-short" else "100%"))
    seen = site.run("preview", "greet", "--customer", "C20").stdout
    check(f"variant   {kept}\n" in seen, f"{kept} waits, and the preview shows:\n{seen}")
    site.only_rule("greet", HALVES)
    site.run("release", "--all")
    planned["C20"] = kept
    counts[kept] += 1

    with Daemon(site) as daemon:
        daemon.wait_started()
        wait_for("the mails", lambda: len(site.query("SELECT 1 FROM message WHERE state = 4")) == 21)
        got = dict(site.query("SELECT c.key, m.variant FROM message m JOIN customers c ON c.id = m.customer"))
        check(got == planned, f"{got} instead of {planned}")
        mails = [mail.read_text() for mail in site.mails()]
        check(sum("Hello in short" in mail for mail in mails) == counts["welcome-short"], "other texts than the ledger says")
        told = site.run("status")
        for name, count in counts.items():
            check(any(line.split() == [name, "(email:welcome)", str(count), "0", "0"] for line in told.stdout.splitlines()), f"{name} {count}: {told.stdout}")
        rule = next(rule for rule in json.loads(site.run("status", "--json").stdout)["rules"] if rule["id"] == "greet")
        check({one["variant"]: one["sent"] for one in rule["variants"]} == counts, f"{rule}")
        check("variant welcome-short" in site.run("outbox", "--customer", short).stdout, site.run("outbox").stdout)
        check(json.loads(site.run("outbox", "--json", "--customer", control).stdout)["variant"] == "welcome", "no variant in JSON")
        for command in (("explain", "greet", "--customer", short), ("timeline", short)):
            ran = site.run(*command)
            said = ran.stdout + ran.stderr
            check("email:welcome (variant welcome-short)" in said, f"{command}: {said}")
