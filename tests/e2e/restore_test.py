#!/usr/bin/env python3
"""Back up while sending, send 500 more, restore, start: nothing goes out before the operator decides."""
import os
import pathlib
import time

from running_site import GREET, Daemon, Site, SlowServer, check, timestamp, wait_for

COUNT = 900
MORE = 500

server = SlowServer(0.3)
with Site() as site:
    site.only_rule("greet", GREET.replace("email: welcome", "email: welcome\n  - wait: 20 minutes\n  - email: second"))
    site.write("templates/second.en.liquid", "---\nsubject: Again\n---\n<p>{{ unsubscribe.link }}</p>\n")
    site.send_to(server)
    site.load_customers(0, COUNT, timestamp(-3600))
    backup = pathlib.Path(site.base) / "backup.db"
    with Daemon(site) as daemon:
        wait_for("the first mails", lambda: len(server.accepted) >= 50)
        made = site.run("backup", str(backup))
        check(made.returncode == 0, made.stdout + made.stderr)
        at_backup = len(server.accepted)
        check(at_backup < COUNT - MORE // 2, "the load was over before the backup was")
        server.delay = 0.02
        again = site.run("backup", str(backup))
        check(again.returncode == 1 and "not overwritten" in again.stderr, "a second backup overwrote the first")
        wait_for("all mails", lambda: len(server.accepted) >= COUNT, 120)
        site.load_customers(COUNT, MORE, timestamp(-1800))
        wait_for("500 more", lambda: len(server.accepted) >= COUNT + MORE, 120)
        check(daemon.stop() == 0, daemon.text())

    store = site.directory / "retaind.db"
    for rest in ("-wal", "-shm"):
        pathlib.Path(str(store) + rest).unlink(missing_ok=True)
    os.replace(backup, store)
    known = site.query("SELECT count(*) FROM message WHERE state = 4")[0][0]
    check(known < COUNT, f"the copy knows of {known} sent mails: it is none of the middle")
    sent = len(server.accepted)
    with Daemon(site) as daemon:
        daemon.wait_started()
        time.sleep(2)
        check(len(server.accepted) == sent, f"{len(server.accepted) - sent} mails left a restored store by themselves")
        status = site.run("status").stdout
        check("--mark-sent-until" in status, f"status does not say what to decide: {status}")
        check(daemon.stop() == 0, daemon.text())
    with Daemon(site) as daemon:
        daemon.wait_started()
        time.sleep(1)
        check(len(server.accepted) == sent, "the second start forgot to hold")
        # What the copy does not know of is imported first; it was due before the mark as well.
        site.load_customers(COUNT, MORE, timestamp(-1800))
        released = site.run("release", "--all", "--mark-sent-until", timestamp(-1))
        check(released.returncode == 0, released.stdout + released.stderr)
        # Sent, or handed over at the moment of the backup and unknown since.
        total = "SELECT count(*) FROM message WHERE state IN (4, 5)"
        wait_for("the mark", lambda: site.query(total)[0][0] == COUNT + MORE)
        time.sleep(2)
        check(len(server.accepted) == sent, f"{len(server.accepted) - sent} mails went out twice")
        chained = site.query("SELECT count(*) FROM message WHERE state = 4 AND step = 'email:second' AND reply LIKE 'counted as sent%'")
        # The rule began seconds ago, so nobody's twenty minutes are over.
        check(chained[0][0] == 0, f"second steps that cannot have gone count as sent: {chained}")
        site.load_customers(COUNT + MORE, 1, timestamp(0))
        wait_for("the mail of a new customer", lambda: len(server.accepted) > sent)
        time.sleep(1)
        check(len(server.accepted) == sent + 1, f"{len(server.accepted) - sent} mails for one new customer")
        check("the numbers add up" in site.run("status").stdout, "the balance is off")
        check(daemon.stop() == 0, daemon.text())
    print(f"backup after {at_backup} of {COUNT}, {MORE} more, restored: {len(server.accepted) - sent} mail after the decision")
