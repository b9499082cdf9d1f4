#!/usr/bin/env python3
"""`status` tells which condition could not be told for want of a value, and how often, from the ledger."""
import json

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
print("status names the conditions that lacked a value")
