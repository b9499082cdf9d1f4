#!/usr/bin/env python3
"""How long is nobody watching after a restart?

    python3 tests/bench/restart.py build/release/retaind . [customers]

A store of a million customers with a million orders, a hundred rules that it knows already, caches warm. From the
start of the process until it has made its first tick: READY, then the answer of the control socket, which comes after
the pass that start-up posted. Limit: 20 times `sqlite3 store.db 'select 1'`, medians of 5 in turn.
"""
import json
import pathlib
import shutil
import socket
import sqlite3
import statistics
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))
from running_site import BINARY, Daemon, Manager, Site, check, wait_for  # noqa: E402

CUSTOMERS = int(sys.argv[3]) if len(sys.argv) > 3 else 1_000_000
ROUNDS = 5
LIMIT = 20

if shutil.which("sqlite3") is None:
    print("skipped: sqlite3 is not installed")
    sys.exit(0)


def rule(number):
    trigger = ("  event: order.completed\n  after: {} days" if number % 2 else "  customer: inactive\n  for: {} days")
    return (f"rule: r{number}\nabout: One of many\npurpose: marketing\nstatus: live\nwhen:\n{trigger.format(8 + number)}\n"
            "if:\n  - customer.orders_count >= 2\nunless:\n  - customer.open_tickets > 0\nthen:\n  - email: welcome\n"
            "once-per: customer\nsend-window: daytime\n")


def fill(store):
    # What happened lies within the last day: the first of it is due in a week.
    now = int(time.time() * 1000)
    with sqlite3.connect(store) as database:
        database.execute("PRAGMA synchronous = OFF")
        numbers = f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {CUSTOMERS})"
        at = f"{now} - i * 7919 % 86400000"
        database.execute(f"{numbers} INSERT INTO customers (id, key, email, email_key, created_at, orders_count, "
                         "last_order_at, last_active_at, active_episode, consent_marketing) SELECT i, 'c' || i, "
                         f"'c' || i || '@example.test', 'c' || i || '@example.test', {at}, 1, {at}, {at}, 1, 1 FROM n")
        database.execute("INSERT INTO orders (id, key, customer, status, total_minor, currency, placed_at, completed_at) "
                         "SELECT id, 'o' || id, id, 'completed', 4900, 'EUR', last_order_at, last_order_at FROM customers")


def restart(site, manager):
    manager.listen()  # what the one before has said
    manager.socket.settimeout(30)
    begin = time.perf_counter()
    with Daemon(site, {"NOTIFY_SOCKET": manager.path}) as daemon:
        try:
            first = manager.socket.recv(4096)
        except TimeoutError:
            sys.exit(f"the daemon did not start:\n{daemon.text()}")
        check(b"READY" in first, "the first message was not READY")
        ready = time.perf_counter() - begin
        with socket.socket(socket.AF_UNIX) as control:
            control.connect(str(next(pathlib.Path(site.directory).glob("*.sock"))))
            control.sendall(b'{"do":"status"}\n')
            check(json.loads(control.makefile().readline()), "no answer")
        ticked = time.perf_counter() - begin
        check(daemon.stop() == 0, daemon.text())
    return ready, ticked


def select(store):
    begin = time.perf_counter()
    subprocess.run(["sqlite3", str(store), "select 1"], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begin


with Site() as site:
    for file in (site.directory / "rules").glob("*.yaml"):
        file.unlink()
    for number in range(100):
        site.write(f"rules/r{number}.yaml", rule(number))
    site.load("customers", "key\nfirst\n")
    store = site.directory / "retaind.db"
    with sqlite3.connect(store) as database:
        database.execute("DELETE FROM customers")
    fill(store)
    manager = Manager(site.base)
    restart(site, manager)  # adopts the rules
    restart(site, manager)
    ours, theirs = [], []
    for _ in range(ROUNDS):
        ours.append(restart(site, manager))
        theirs.append(statistics.median(select(store) for _ in range(5)))
    ratios = sorted(ticked / other for (_, ticked), other in zip(ours, theirs))
    ratio = statistics.median(ratios)
    print(f"{CUSTOMERS} customers, 100 rules: READY after {statistics.median(ready for ready, _ in ours) * 1000:.1f} ms, first "
          f"tick made after {statistics.median(ticked for _, ticked in ours) * 1000:.1f} ms against "
          f"{statistics.median(theirs) * 1000:.2f} ms of sqlite3: ratio {ratio:.1f} ({ratios[0]:.1f}-{ratios[-1]:.1f}), "
          f"at most {LIMIT}: {'PASS' if ratio <= LIMIT else 'MISSED'}")
    sys.exit(0 if ratio <= LIMIT else 1)
