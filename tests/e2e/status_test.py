#!/usr/bin/env python3
"""`status` tells which condition could not be told for want of a value, and how often, from the ledger."""
import json
import sqlite3

from running_site import GREET, Daemon, Site, check, timestamp

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
print("status names the conditions that lacked a value")
