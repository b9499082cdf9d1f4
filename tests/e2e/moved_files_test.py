#!/usr/bin/env python3
"""A store or a control socket that is moved or removed under a running daemon: nothing is sent that nobody sees."""
import os
import pathlib

from running_site import GREET, Daemon, Site, check, timestamp, wait_for

LATER = GREET.replace("event: customer.created", "event: customer.created\n  after: 4 seconds")

# The store is restored without stopping the daemon, and then somebody holds everything: in the file that is there now.
with Site() as site:
    site.only_rule("greet", LATER)
    site.load_customers(0, 1, timestamp(-60))
    with Daemon(site, words=("--until-idle",)) as daemon:
        check(daemon.process.wait(60) == 0 and len(site.mails()) == 1, daemon.text())
    store, copy = site.directory / "retaind.db", pathlib.Path(site.base) / "copy.db"
    with Daemon(site) as daemon:
        daemon.wait_started()
        check(site.run("backup", str(copy)).returncode == 0, "no backup")
        site.load_customers(1, 20, timestamp(0))
        os.replace(copy, store)
        for rest in ("-wal", "-shm"):
            pathlib.Path(str(store) + rest).unlink(missing_ok=True)
        held = site.run("hold", "--all", "--because", "wrong prices")
        check(held.returncode == 0, held.stderr)
        wait_for("the end of the daemon", lambda: daemon.process.poll() is not None)
        check(daemon.process.returncode == 1 and "moved, removed or replaced under the daemon" in daemon.text(), daemon.text())
    check(len(site.mails()) == 1, f"{len(site.mails()) - 1} mails left that the store does not know")
    with Daemon(site) as daemon:
        daemon.wait_started()
        status = site.run("status").stdout
        check("wrong prices" in status and "restored" in status, status)

# The store is gone: the daemon notices by itself, within a watchdog's time.
with Site() as site:
    site.only_rule("greet", GREET)
    with Daemon(site, {"WATCHDOG_USEC": "400000"}) as daemon:
        daemon.wait_started()
        (site.directory / "retaind.db").unlink()
        wait_for("the end of the daemon", lambda: daemon.process.poll() is not None)
        check(daemon.process.returncode == 1, daemon.text())

# The socket comes back.
with Site() as site:
    site.only_rule("greet", GREET)
    with Daemon(site, {"WATCHDOG_USEC": "400000"}) as daemon:
        daemon.wait_started()
        check("runs since" in site.run("status").stdout, "status does not reach the daemon")
        sockets = [path for path in site.directory.rglob("*") if path.is_socket()]
        check(len(sockets) == 1, f"{sockets}")
        sockets[0].unlink()
        wait_for("a new socket", lambda: "the control socket" in daemon.text())
        check("runs since" in site.run("status").stdout and site.run("reload").returncode == 0, daemon.text())
        check(daemon.stop() == 0 and not sockets[0].exists(), daemon.text())

# What the daemon does is said, and not what its file would have it do after a restart.
with Site() as site:
    site.only_rule("greet", GREET)
    with Daemon(site) as daemon:
        daemon.wait_started()
        site.edit("retaind.yaml", "deliver: maildir", "deliver: live\nsmtp: {host: 127.0.0.1, tls: none}")
        status = site.run("status").stdout
        check("delivery  maildir:" in status and "retaind.yaml says `live`, which counts after a restart" in status, status)
