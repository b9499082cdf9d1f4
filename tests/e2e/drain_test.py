#!/usr/bin/env python3
"""SIGTERM under load: nothing new is claimed, what is on the wire gets its outcome, the exit status is 0."""
import time

from running_site import GREET, Daemon, Site, SlowServer, check, timestamp, wait_for

COUNT = 400
server = SlowServer(0.3)
accepted = server.accepted

with Site() as site:
    site.only_rule("greet", GREET)
    site.send_to(server)
    site.load_customers(0, COUNT, timestamp(-3600))
    with Daemon(site) as daemon:
        wait_for("the first mails", lambda: len(accepted) >= 16)
        begin = time.monotonic()
        status = daemon.stop()
        took = time.monotonic() - begin
        check(status == 0, f"the exit status is {status}: {daemon.text()}")
        check(took < 20, f"draining took {took:.1f} s")
        check("on the way" in daemon.text(), f"the log does not say that it waits: {daemon.text()}")
        states = dict(site.query("SELECT state, count(*) FROM message GROUP BY state"))
        sent, handed = states.get(4, 0), states.get(2, 0) + states.get(3, 0)
        check(handed == 0, f"{handed} messages were left on the wire: {states}")
        check(states.get(5, 0) == 0 and sent == len(accepted), f"{len(accepted)} mails arrived, the ledger says {states}")
        check(sent < COUNT, "everything had been sent already: no load")
    # The rest goes out after a restart, each once.
    with Daemon(site):
        wait_for("the rest", lambda: len(accepted) >= COUNT, 120)
    check(len(set(accepted)) == COUNT, f"{len(accepted)} mails for {COUNT} customers")
print(f"drained in {took:.1f} s: {sent} of {COUNT} sent, none unknown; the rest went out once after a restart")
