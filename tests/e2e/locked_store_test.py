#!/usr/bin/env python3
"""Another program holds the store's write lock: commands say so and keep nothing half, the daemon waits and goes on."""
import signal
import sqlite3
import subprocess
import time

from running_site import BINARY, NOTICE, Site, check, timestamp, wait_for


def main():
    with Site() as site:
        site.only_rule("greet", NOTICE)
        site.load("customers", "key,email,created_at\nc1,c1@example.com,2026-01-01T00:00:00Z\n")
        store = str(site.directory / "retaind.db")
        other = sqlite3.connect(store, isolation_level=None)

        # 1. Commands that write give up after the busy time, with the way to find who it is.
        other.execute("BEGIN IMMEDIATE")
        file = site.directory / "more.csv"
        file.write_text("key,email,created_at\nc2,c2@example.com,2026-01-01T00:00:00Z\n")
        for words in (["import", "customers", str(file)], ["hold", "--all", "--because", "a test"],
                      ["run", "--until-idle"]):
            ran = site.run(*words)
            check(ran.returncode == 1, f"{words[0]} while locked: exit status {ran.returncode}\n{ran.stderr}")
            check("is locked by another process" in ran.stderr and "fuser" in ran.stderr,
                  f"{words[0]} while locked says: {ran.stderr}")
        # Readers are not kept out.
        status = site.run("status")
        check(status.returncode == 0, f"status while locked: {status.returncode} {status.stderr}")
        other.execute("ROLLBACK")
        check(site.query("SELECT count(*) FROM customers")[0][0] == 1, "half an import was kept")
        check(site.query("SELECT count(*) FROM hold")[0][0] == 0, "a hold was kept that was refused")

        # 2. The daemon that is locked out sends nothing meanwhile, and then what was due, once.
        daemon = subprocess.Popen([BINARY, "run", "--site", str(site.directory)], stderr=subprocess.PIPE, text=True)
        wait_for("the first greeting", lambda: len(site.mails()) == 1)
        site.load("customers", f"key,email,created_at\nc2,c2@example.com,{timestamp(3)}\n")
        other.execute("BEGIN IMMEDIATE")
        time.sleep(10)  # past the due time, and longer than a statement waits
        check(daemon.poll() is None, "the daemon ended while the store was locked")
        check(len(site.mails()) == 1, "a mail left that nobody could write down")
        other.execute("ROLLBACK")
        wait_for("the second greeting", lambda: len(site.mails()) == 2, 90)
        daemon.send_signal(signal.SIGTERM)
        _, log = daemon.communicate(timeout=60)
        check(daemon.returncode == 0, f"the daemon ended with {daemon.returncode}")
        check(len(site.mails()) == 2, f"{len(site.mails())} mails")
        check("is locked by another process" in log, f"the daemon's log does not say why it waited:\n{log}")
    print("ok")


if __name__ == "__main__":
    main()
