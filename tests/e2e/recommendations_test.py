#!/usr/bin/env python3
"""`recommendations` over the real binary: Online Retail imported with its mappings and counted by a daemon that is killed in
between is what together.py counts from nothing, what arrives later is followed, and a mail shows it."""
import email
import email.policy
import pathlib
import re
import sys
import time

from running_site import SOURCE, Daemon, Site, check, timestamp, wait_for

sys.path.insert(0, str(SOURCE / "tests" / "insight"))
import together  # noqa: E402

DATA = pathlib.Path(sys.argv[3] if len(sys.argv) > 3 else SOURCE.parent / "shared" / "data")
FILE = DATA / "online_retail_2010_12" / "online_retail_2010_12.csv.gz"
PAIRS = ("SELECT p.key, q.key, i.orders FROM item_pair i JOIN product p ON p.id = i.product JOIN product q ON q.id = i.other "
         "WHERE p.key < q.key")

RULE = """rule: goes-with
about: Tell buyers what goes with what they have
purpose: transactional
status: live
when:
  event: order.completed
then:
  - email: goes-with
"""
TEXT = ("---\nsubject: Goes with it\nformat: text\n---\n[{% for product in recommendations %}{{ product.key }}:{{ product.count }} "
        "{% endfor %}]{% if recommendations.size > 0 %} e.g. {{ recommendations[0].name }} at {{ recommendations[0].price | money "
        "}}{% endif %}\n")


def counted(site):
    return {(a, b): orders for a, b, orders in site.query(PAIRS)}


def shown_in(mail):
    message = email.message_from_bytes(mail.read_bytes(), policy=email.policy.default)
    return re.sub(r"\s+", " ", message.get_content()).strip()


def until_idle(site):
    with Daemon(site, words=("--until-idle",)) as daemon:
        check(daemon.process.wait(120) == 0, daemon.text())


with Site() as site:
    site.only_rule("goes-with", RULE)
    site.write("templates/goes-with.en.liquid", TEXT)
    if FILE.exists():
        site.edit("retaind.yaml", "time-zone: UTC", "time-zone: Europe/London")
        for kind in ("customers", "orders", "items"):
            done = site.run("import", kind, str(FILE), "--map", str(SOURCE / f"tests/real/online-retail-{kind}.yaml"))
            check(done.returncode == 0, done.stderr)
        orders = together.read_orders(DATA)
        wanted = together.count_pairs(orders.values())
        began = time.monotonic()
        with Daemon(site) as daemon:
            # Killed while it counts; the next one goes on.
            wait_for("a first slice", lambda: site.query("SELECT count(*) FROM item_pair")[0][0] > 0)
            daemon.process.kill()
        part = sum(counted(site).values())
        until_idle(site)
        check(counted(site) == wanted, f"{len(counted(site))} pairs, {len(wanted)} by the script")
        print(f"{len(wanted)} pairs over {len(orders)} invoices; killed after {part} of {sum(wanted.values())} "
              f"({time.monotonic() - began:.1f} s)")
        near, shared, rows = together.neighbours(wanted), together.shared_products(orders.values()), {}
        for order in orders.values():
            rows.setdefault(order.customer, []).append(order)
        for customer in sorted(rows)[1:90:12]:
            out = pathlib.Path(site.base) / f"{customer}.eml"
            site.load("customers", f"key,email\n{customer},c{customer}@example.com\n")
            if not any(order.counts() for order in rows[customer]):
                continue
            shown = site.run("preview", "goes-with", "--customer", customer, "--eml", str(out))
            check(shown.returncode == 0, shown.stderr)
            listed = "[" + "".join(f"{key}:{count} " for key, count in together.recommend(rows[customer], near, shared)) + "]"
            check(shown_in(out).startswith(listed), f"{customer}: {shown_in(out)} and not {listed}")
    else:
        print("skipped: no Online Retail")

with Site() as site:
    site.only_rule("goes-with", RULE)
    site.write("templates/goes-with.en.liquid", TEXT)
    checked = site.run("check")
    check(checked.returncode == 0 and "goes-with" not in checked.stdout, checked.stdout + checked.stderr)
    site.load("customers", "key,email\nanna,anna@example.com\nben,ben@example.com\n")

    def orders_of(*rows):
        site.load("orders", "key,customer,status,placed_at,completed_at,total,currency,refunded_at\n" + "".join(
            f"{key},{customer},{status},{at},{at},10.00,EUR,{at if status == 'refunded' else ''}\n" for key, customer, status, at in rows))

    def items_of(*rows):
        site.load("items", "order,key,sku,name,quantity,price\n" +
                  "".join(f"{order},{number},{sku},A {sku},1,2.50\n" for number, (order, sku) in enumerate(rows)))

    past = timestamp(-90000)
    orders_of(*((key, "", "completed", past) for key in "1234"), ("5", "anna", "completed", past))
    items_of(*((key, sku) for key in "1234" for sku in ("tea", "pot")), ("5", "tea"), ("1", "cup"), ("2", "cup"))
    until_idle(site)
    check(not site.mails(), "the past of a new rule was mailed")
    with Daemon(site) as daemon:
        daemon.wait_started()
        # While it runs: one is refunded, and Anna buys again.
        orders_of(("4", "", "refunded", past))
        orders_of(("6", "anna", "completed", timestamp(0)))
        mail = wait_for("a mail to anna", site.mails)[0]
    check(shown_in(mail) == "[pot:3 cup:2 ] e.g. A pot at €2.50", shown_in(mail))
    # Who has bought nothing sees nothing.
    orders_of(("7", "ben", "completed", timestamp(0)))
    until_idle(site)
    (other,) = [mail for mail in site.mails() if b"ben@example.com" in mail.read_bytes()]
    check(shown_in(other) == "[]", shown_in(other))
print("what goes with what is counted, followed and shown")
