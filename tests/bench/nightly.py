#!/usr/bin/env python3
"""The nightly export again, into a store whose daemon sends: are sends late, and what enters the change feed?

    python3 tests/bench/nightly.py build/release/retaind . [customers]

A store of a million customers and five orders each; the same orders once more, one in 200 with another total, while
ten mails a second fall due and go to Postfix's smtp-sink. Limits: only the changed rows are in the feed, and no mail
is handed over later than a second after its due time. Compared with a run of the same length without an import.
"""
import pathlib
import random
import shutil
import socket
import statistics
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))
from running_site import BINARY, GREET, Daemon, Site, check, timestamp, wait_for  # noqa: E402

CUSTOMERS = int(sys.argv[3]) if len(sys.argv) > 3 else 1_000_000
ONE_IN = 200
A_SECOND = 10

THANKS = """rule: thanks
about: Reads what the export changes
purpose: feedback
status: live
when:
  event: order.completed
  after: 7 days
if:
  - order.total > 1 EUR
then:
  - email: welcome
once-per: order
brake: 1000000
"""


def write_customers(file):
    with open(file, "w") as out:
        out.write("key,email,first_name,created_at\n")
        for i in range(CUSTOMERS):
            out.write(f"C{i},person.{i}@example.com,Given{i % 5000},2024-01-{1 + i % 28:02}T10:00:00Z\n")


def write_orders(file, changed):
    generator = random.Random(2)
    with open(file, "w") as out:
        out.write("key,customer,status,total,currency,placed_at,completed_at\n")
        for i in range(5 * CUSTOMERS):
            cents = generator.randrange(30000) + (1 if changed and i % ONE_IN == 7 else 0)
            day = f"2024-{1 + i % 12:02}-{1 + i % 28:02}"
            out.write(f"O{i},C{generator.randrange(CUSTOMERS)},completed,{cents / 100:.2f},EUR,{day}T10:00:00Z,{day}T12:00:00Z\n")


def due_customers(site, first, seconds):
    """Customers who fall due one after the other from two seconds on."""
    rows = "".join(f"N{first + i},n{first + i}@example.com,{timestamp(2 + i / A_SECOND)}\n" for i in range(seconds * A_SECOND))
    site.load("customers", "key,email,created_at\n" + rows)
    return seconds * A_SECOND


def lateness(site, first, count):
    """Milliseconds between due and handed over, and between due and the server's answer."""
    rows = site.query("SELECT m.handed_at - f.due, m.ended_at - f.due FROM message m JOIN firing f ON f.id = m.firing JOIN customers c "
                      "ON c.id = m.customer WHERE m.state = 4 AND c.key LIKE 'N%' AND CAST(substr(c.key, 2) AS INTEGER) >= ? "
                      "AND CAST(substr(c.key, 2) AS INTEGER) < ?", first, first + count)
    return sorted(row[0] for row in rows), sorted(row[1] for row in rows)


def told(what, values):
    print(f"{what}: {len(values)} mails, p50 {statistics.median(values):.0f} ms, p99 {values[int(len(values) * 0.99)]} ms, worst {values[-1]} ms")


sink = shutil.which("smtp-sink") or shutil.which("/usr/sbin/smtp-sink")
if sink is None:
    print("skipped: Postfix's smtp-sink is not installed")
    sys.exit(0)
with socket.socket() as probe:
    probe.bind(("127.0.0.1", 0))
    port = probe.getsockname()[1]
sink = subprocess.Popen([sink, "-c", "-u", "nobody", f"127.0.0.1:{port}", "200"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
missed = False
try:
    with Site() as site:
        base = pathlib.Path(site.base)
        # Not the million of last year: they would go first, and this is not about them.
        site.only_rule("greet", GREET.replace("purpose: marketing", "purpose: transactional").replace("backlog: all\n", ""))
        site.write("rules/thanks.yaml", THANKS)
        site.edit("retaind.yaml", "deliver: maildir", "deliver: live")
        site.edit("retaind.yaml", "webhooks: ", f"smtp:\n  host: 127.0.0.1\n  port: {port}\n  tls: none\n\nwebhooks: ")
        write_customers(base / "customers.csv")
        write_orders(base / "orders.csv", False)
        for kind in ("customers", "orders"):
            begin = time.monotonic()
            done = subprocess.run([BINARY, "import", kind, str(base / f"{kind}.csv"), "--site", str(site.directory)], capture_output=True, text=True)
            check(done.returncode == 0, done.stderr)
            print(f"first import of {kind}: {time.monotonic() - begin:.1f} s")
        write_orders(base / "orders.csv", True)
        with Daemon(site) as daemon:
            daemon.wait_started()
            quiet = due_customers(site, 0, 20)
            wait_for("the quiet run", lambda: len(lateness(site, 0, quiet)[0]) == quiet, 60)
            feed = site.query("SELECT coalesce(max(seq), 0) FROM change")[0][0]
            begin = time.monotonic()
            load = subprocess.Popen([BINARY, "import", "orders", str(base / "orders.csv"), "--site", str(site.directory)],
                                    stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
            first = quiet
            while load.poll() is None:
                first += due_customers(site, first, 10)
                time.sleep(9)
            took = time.monotonic() - begin
            print(f"import beside the daemon: {load.stdout.read().strip().splitlines()[-1]} ({took:.1f} s)")
            busy = first - quiet
            wait_for("the busy run", lambda: len(lateness(site, quiet, busy)[0]) == busy, 120)
            check(daemon.stop() == 0, daemon.text())
        subjects = site.query("SELECT subject, count(*), count(DISTINCT row) FROM change WHERE seq > ? GROUP BY 1", feed)
        changed = len(range(7, 5 * CUSTOMERS, ONE_IN))
        print(f"change feed by subject (0 customers, 1 orders; rows, distinct): {subjects}; {changed} orders were changed")
        told("quiet, due to handed over", lateness(site, 0, quiet)[0])
        told("beside the import, due to handed over", lateness(site, quiet, busy)[0])
        told("beside the import, due to the server's answer", lateness(site, quiet, busy)[1])
        worst = lateness(site, quiet, busy)[0][-1]
        print(f"worst {worst} ms, at most 1000: {'PASS' if worst <= 1000 else 'MISSED'}")
        told_of = {row[0] for row in site.query("SELECT o.key FROM change c JOIN orders o ON o.id = c.row WHERE c.subject = 1 AND c.seq > ?", feed)}
        right = told_of == {f"O{i}" for i in range(7, 5 * CUSTOMERS, ONE_IN)}
        print(f"orders in the feed {len(told_of)}, changed {changed}, the same ones: {'PASS' if right else 'MISSED'}")
        missed = worst > 1000 or not right
finally:
    sink.terminate()
sys.exit(1 if missed else 0)
