#!/usr/bin/env python3
"""What a message is about, and why a peer did not take it, is said wherever messages are shown."""
import json
import sqlite3

from running_site import GREET, Daemon, Site, SlowServer, check, timestamp, wait_for

THANKS = GREET.replace("rule: greet", "rule: thanks").replace("event: customer.created", "event: order.completed") \
    .replace("email: welcome", "survey: nps\n  - email: thanks").replace("purpose: marketing", "purpose: transactional").replace("once-per: customer", "once-per: order")
REMIND = """rule: remind
about: Somebody waits.
purpose: internal
status: live
when:
  ticket: unresolved
  for: 1 hour
then:
  - notify: support
    template: ticket-reminder
backlog: all
"""
REFUSED = "451 4.7.1 come back later"


def shown(site, *words):
    asked = site.run(*words)
    check(asked.returncode == 0, f"{words}: {asked.stderr}")
    return asked.stdout


# A ticket need not have a customer, and a customer has more than one order.
with Site() as site:
    site.only_rule("thanks", THANKS)
    site.write("rules/remind.yaml", REMIND)
    site.load_customers(0, 1, timestamp(-86400))
    site.load("orders", "key,customer,status,total,currency,placed_at,completed_at\n" +
              "".join(f"o{i},C0,completed,10.00,EUR,{timestamp(-7200)},{timestamp(-3600 - i)}\n" for i in (1, 2)))
    told = site.load("tickets", "key,customer,subject,status,opened_at\n" f"N1,,Printer,open,{timestamp(-9000)}\n")
    check("1 row without a customer: stored, matched by reminders to a team alone" in told, told)
    planned = shown(site, "plan")
    for part in ("thanks email:thanks  C0 for o1", "thanks email:thanks  C0 for o2", "remind notify:ticket-reminder  (no customer) for N1"):
        check(part in planned, f"{part!r} is not in:\n{planned}")
    with Daemon(site, words=("--until-idle",)) as daemon:
        check(daemon.process.wait(60) == 0, daemon.text())
    outbox = shown(site, "outbox")
    for part in ("sent  order o1", "sent  order o2", "sent  ticket N1"):
        check(sum(part in line for line in outbox.splitlines()) == 1, f"{part!r} is not in:\n{outbox}")
    rows = [json.loads(line) for line in shown(site, "outbox", "--json").splitlines()]
    check(sorted((row["subject"], row["subject_id"]) for row in rows) == [("order", "o1"), ("order", "o2"), ("ticket", "N1")], f"{rows}")
    lived = shown(site, "timeline", "C0")
    check("thanks email:thanks of order o1: sent" in lived and "thanks email:thanks of order o2: sent" in lived, lived)

# A ticket's reopening is a fact like its solution.
with Site() as site:
    site.load_customers(0, 1, timestamp(-86400 * 9))
    for days, status in ((8, "open"), (6, "solved"), (4, "open"), (2, "solved")):
        site.load("tickets", "key,customer,subject,status,opened_at,as_of\n"
                  f"T1,C0,Printer,{status},{timestamp(-86400 * 8)},{timestamp(-86400 * days)}\n")
    lived = [line[23:] for line in shown(site, "timeline", "C0").splitlines() if "ticket T1" in line]
    check(lived == [f"ticket T1 {word} (Printer)" for word in ("opened", "solved", "reopened", "solved")], f"{lived}")

# A peer that defers is quoted, and when the next try comes.
server = SlowServer(0, answer=REFUSED)
with Site() as site:
    site.only_rule("greet", GREET)
    site.send_to(server)
    site.load_customers(0, 1, timestamp(-60))
    with Daemon(site) as daemon:
        wait_for("a refusal", lambda: site.query("SELECT 1 FROM message WHERE reply LIKE '451%'"))
        check(daemon.stop() == 0, daemon.text())
    explained = shown(site, "explain", "greet", "--customer", "C0")
    check(f"tried once, the last answer: {REFUSED}" in explained and "result      is tried again on " in explained, explained)
    check("handed over" not in explained and ", at the next try; before that only when facts change" in explained, explained)
    message = json.loads(shown(site, "explain", "greet", "--customer", "C0", "--json"))["occurrences"][0]["messages"][0]
    check(message["attempts"] == 1 and message["reply"] == REFUSED, f"{message}")
    lived = shown(site, "timeline", "C0")
    check(f"greet email:welcome: planned, tried once, the last answer: {REFUSED}" in lived, lived)
    # Held for something else since: nobody knows until when, and the next try says nothing.
    site.write("rules/greet.yaml", GREET.replace("then:", "late-limit: none\nhold-while:\n  - customer.orders_count = 0\nthen:"))
    with sqlite3.connect(site.directory / "retaind.db") as store:
        store.execute("UPDATE message SET next_at = 0")  # the next try has come
    with Daemon(site) as daemon:
        wait_for("the hold", lambda: site.query("SELECT 1 FROM message WHERE state = 1"))
        check(daemon.stop() == 0, daemon.text())
    explained = shown(site, "explain", "greet", "--customer", "C0")
    check("can change  only when facts change" in explained and "at the next try" not in explained and "9999" not in explained, explained)
