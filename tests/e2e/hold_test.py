#!/usr/bin/env python3
"""A hold stops sending within a second, survives a restart, and its release lets the rest go out once."""
import time

from running_site import GREET, Daemon, Site, SlowServer, check, timestamp, wait_for

COUNT = 600
DELAY = 0.1

server = SlowServer(DELAY)
with Site() as site:
    site.only_rule("greet", GREET)
    site.send_to(server)
    site.load_customers(0, COUNT, timestamp(-3600))
    with Daemon(site) as daemon:
        wait_for("the first mails", lambda: len(server.accepted) >= 16)
        held = site.run("hold", "--all", "--because", "wrong prices")
        at = time.monotonic()
        check(held.returncode == 0 and "wrong prices" in held.stdout, held.stdout + held.stderr)
        # What was on the wire gets its answer; nothing is claimed later than a second after the command.
        on_the_way = 2 * DELAY  # pipeline depth; the connections are served side by side
        time.sleep(2.5)
        late = [moment - at for moment in server.times if moment - at > 1 + on_the_way]
        check(not late, f"{len(late)} mails more than a second after the hold: {late[:3]}")
        stopped = len(server.accepted)
        check(stopped < COUNT, "everything had been sent already: no load")
        check("wrong prices" in site.run("status").stdout, "the hold and its reason are not in status")
        check(daemon.stop() == 0, daemon.text())
    with Daemon(site) as daemon:
        daemon.wait_started()
        time.sleep(1.5)
        check(len(server.accepted) == stopped, "the restarted daemon sent in spite of the hold")
        server.delay = 0.02
        released = site.run("release", "--all")
        check(released.returncode == 0, released.stdout + released.stderr)
        wait_for("the rest", lambda: len(server.accepted) >= COUNT, 120)
        check(daemon.stop() == 0, daemon.text())
    check(len(set(server.accepted)) == len(server.accepted) == COUNT, f"{len(server.accepted)} mails for {COUNT} customers")
print(f"held after {stopped} of {COUNT}, also over a restart; the rest went out once after the release")
