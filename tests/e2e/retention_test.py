#!/usr/bin/env python3
"""The running daemon lets go what `retention:` names, in slices, and nothing else."""
import sqlite3

from running_site import GREET, Daemon, Site, check, timestamp, wait_for

COUNT = 2500

with Site() as site:
    site.only_rule("greet", GREET)
    site.load_customers(0, COUNT, timestamp(-3600))
    with Daemon(site, words=("--until-idle",)) as daemon:
        check(daemon.process.wait(120) == 0, daemon.text())
    with sqlite3.connect(site.directory / "retaind.db") as store:
        for table in ("change", "decision", "message_body"):
            check(store.execute(f"SELECT count(*) FROM {table}").fetchone()[0] >= COUNT or table == "decision", f"{table} is empty")
            store.execute(f"UPDATE {table} SET at = at - 400 * 86400000")
    kept = "SELECT (SELECT count(*) FROM firing), (SELECT count(*) FROM message), (SELECT count(*) FROM consent)"
    before = site.query(kept)
    rows = lambda table: site.query(f"SELECT count(*) FROM {table}")[0][0]
    bodies = rows("message_body")
    # Each goes after the time that `retention:` gives it.
    site.edit("retaind.yaml", "  bodies: 90 days", "  bodies: 500 days")
    with Daemon(site) as daemon:
        wait_for("an empty change feed", lambda: rows("change") == 0)
        check(rows("message_body") == bodies, "bodies went that are to stay")
        site.edit("retaind.yaml", "  bodies: 500 days", "  bodies: 300 days")
        check(daemon.stop() == 0, daemon.text())
    with Daemon(site) as daemon:
        wait_for("the bodies gone", lambda: rows("message_body") == 0)
        check(site.query(kept) == before, f"{before} became {site.query(kept)}")
        check("the numbers add up" in site.run("status").stdout, "the balance is off")
        check(daemon.stop() == 0, daemon.text())
print(f"{COUNT} old changes and bodies went, {before[0][0]} firings and {before[0][1]} messages stayed")
