#!/usr/bin/env python3
"""`status` tells where mail goes, what each rule does next, which conditions lacked a value, and whether the books are even."""
import datetime
import json
import sqlite3

from running_site import GREET, Daemon, Site, check, timestamp, wait_for

CONDITIONS = """if:
  - customer.country = 'DE'
  - customer.birthday is not empty
unless:
  - customer.city = 'Bonn'
"""

with Site() as site:
    site.only_rule("greet", GREET.replace("then:", CONDITIONS + "then:"))
    at = timestamp(-3600)
    site.load_customers(0, 10, at)
    full = "".join(f"C{i},c{i}@example.com,{at},1980-01-01,DE,Köln\n" for i in range(4))
    no_city = "".join(f"C{i},c{i}@example.com,{at},1980-01-01,DE,\n" for i in range(4, 7))
    no_country = "".join(f"C{i},c{i}@example.com,{at},1980-01-01,,Köln\n" for i in range(7, 9))
    site.load("customers", "key,email,created_at,birthday,country,city\n" + full + no_city + no_country)
    with Daemon(site, words=("--until-idle",)) as daemon:
        check(daemon.process.wait(60) == 0, daemon.text())
    status = site.run("status").stdout
    # C9 has no birthday either, and is counted where it is false first.
    for line in ("not sent, because a value is missing: 5 of 10", "2 by `if: customer.country = 'DE'`", "3 by `unless: customer.city = 'Bonn'`"):
        check(line in status, f"{line!r} is not in status:\n{status}")
    report = json.loads(site.run("status", "--json").stdout)
    missing = {row["condition"]: row["count"] for row in report["rules"][0]["missing"]}
    check(sum(missing.values()) == report["rules"][0]["unknown_data"] == 5, f"{missing}")
    # The books are of the rules that run: a faulty file changes nothing but a line about itself.
    before = [line for line in status.splitlines() if "occurrences" in line or "messages" in line]
    check(any("10 = " in line for line in before), status)
    site.write("rules/broken.yaml", "rule: [")
    site.write("rules/greet.yaml", GREET.replace("email: welcome", "email: nothing-of-the-kind"))
    broken = site.run("status")
    check(all(line in broken.stdout for line in before), f"the books are gone:\n{broken.stdout}")
    check("the numbers add up" in broken.stdout and broken.returncode == 0, broken.stdout)
    check("files     have 2 errors" in broken.stdout, broken.stdout)
    # A store whose running rule cannot be read counts nothing, and says so.
    with sqlite3.connect(site.directory / "retaind.db") as store:
        store.execute("UPDATE rule_revision SET text = 'rule: ['")
    unread = site.run("status")
    check(unread.returncode == 1 and "the numbers add up" not in unread.stdout, unread.stdout)
    check("not counted: the running text of greet" in unread.stdout, unread.stdout)

with Site() as site:
    site.load("orders", "key,customer,status,placed_at,total,currency\n"
              f"o1,A,completed,{timestamp(-7200)},10.00,EUR\no2,A,completed,{timestamp(-3600)},7.00,USD\n")
    status = site.run("status").stdout
    check("sums      leave out 1 order in another currency" in status, status)
# Where mail goes, what each rule does next, and what it left out because it was not live yet.
def parsed(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def rule_line(site, rule):
    """The columns of a rule's line in `status`."""
    found = [line.split() for line in site.run("status").stdout.splitlines() if line.startswith(rule + " ")]
    check(len(found) == 1, f"{rule} has {len(found)} lines:\n{site.run('status').stdout}")
    return found[0]


with Site() as site:
    site.only_rule("greet", GREET.replace("event: customer.created", "event: customer.created\n  after: 1 hour")
                   .replace("backlog: all\n", ""))
    site.write("rules/late.yaml", GREET.replace("rule: greet", "rule: late").replace("status: live", "status: draft"))
    site.load_customers(0, 3, timestamp(-7200))
    with Daemon(site) as daemon:
        daemon.wait_started()
        soon = timestamp(1800)
        site.load_customers(3, 1, timestamp(-1800))
        due = wait_for("the next due time", lambda: [
            rule for rule in json.loads(site.run("status", "--json").stdout)["rules"] if rule["id"] == "greet" and "next_due" in rule])[0]
        status = site.run("status").stdout
        check(status.startswith("delivery  maildir: nothing leaves this machine (`deliver: live` changes that)\n"), status)
        check("\ndaemon    runs since 20" in status, status)
        # The site's zone is UTC: the due time of who came half an hour ago, to the minute.
        check(abs(parsed(due["next_due"]) - parsed(soon)) < 30, f"{due} is not due at {soon}")
        line = rule_line(site, "greet")
        check(line[1:5] == ["live", "0", "0", "0"], line)
        check(abs(parsed("T".join(line[5:7]) + "Z") - parsed(soon)) <= 60, f"{line} is not due at {soon}")
        check(rule_line(site, "late")[1] == "draft", status)
        check(status.count("left out when the rule went live, because they were due before: 3") == 1, status)
        check(due["left_out"] == 3, due)
        site.edit("rules/greet.yaml", "status: live", "status: paused")
        check(site.run("reload").returncode == 0, "the reload failed")
        check(rule_line(site, "greet")[1] == "paused", site.run("status").stdout)
    status = site.run("status").stdout
    check("\ndaemon    not running; start it with `retaind run`\n" in status and "next due" in status, status)
    check(rule_line(site, "greet")[5:] == ["-"], rule_line(site, "greet"))
    site.edit("retaind.yaml", "deliver: maildir", "deliver: live\nsmtp: {host: 127.0.0.1, port: 9, tls: none}")
    check(site.run("status").stdout.startswith("delivery  live: mail leaves this machine\n"), site.run("status").stdout)


# A book that is not even is never passed over: in words, in JSON and in the exit status.
def uneven(site, sql, *words):
    even = site.run("status")
    check(even.returncode == 0 and "the numbers add up" in even.stdout and "NOT EVEN" not in even.stdout, even.stdout)
    with sqlite3.connect(site.directory / "retaind.db") as store:
        check(store.execute(sql).rowcount == 1, f"{sql} touched no row")
    status = site.run("status")
    check(status.returncode == 1, f"exit status {status.returncode}:\n{status.stdout}")
    for word in (*words, "THE NUMBERS DO NOT ADD UP"):
        check(word in status.stdout, f"{word!r} is not in status:\n{status.stdout}")
    check("the numbers add up" not in status.stdout, status.stdout)
    report = site.run("status", "--json")
    check(report.returncode == 1 and json.loads(report.stdout)["even"] is False, report.stdout)


with Site() as site:
    site.only_rule("greet", GREET.replace("then:", CONDITIONS + "then:"))
    at = timestamp(-60)
    site.load_customers(0, 3, at)
    with Daemon(site, words=("--until-idle",)) as daemon:
        check(daemon.process.wait(60) == 0, daemon.text())
    uneven(site, "DELETE FROM firing WHERE id = (SELECT min(id) FROM firing)", "NOT EVEN: the ledger has 2")

with Site() as site:
    site.only_rule("greet", GREET)
    with Daemon(site) as daemon:
        daemon.wait_started()
        check(site.run("hold", "--all", "--because", "a test").returncode == 0, "hold failed")
        site.load_customers(0, 3, timestamp(-60))
        waiting = "SELECT count(*) FROM message WHERE state IN (0, 1) AND next_at IS NOT NULL"
        wait_for("three waiting messages", lambda: site.query(waiting)[0][0] == 3)
        check(daemon.stop() == 0, daemon.text())
    uneven(site, "UPDATE message SET next_at = NULL WHERE id = (SELECT min(id) FROM message)",
           "NOT EVEN: 1 that nobody will look at again")
print("status names what lacked a value, what each rule does next, and books that are not even")
