#!/usr/bin/env python3
"""The service manager hears READY, RELOADING, WATCHDOG and STOPPING, in order."""
import os
import signal

from running_site import Daemon, Manager, Site, check, wait_for

with Site() as site:
    manager = Manager(site.base)
    # Half of 200 ms: the watchdog is answered ten times a second.
    environment = {"NOTIFY_SOCKET": manager.path, "WATCHDOG_USEC": "200000"}
    with Daemon(site, environment) as daemon:
        wait_for("READY", lambda: "READY" in manager.words())
        first = manager.listen()[0]
        check(first.get("READY") == "1", f"the first message is {first}")
        check("7 rules" in first.get("STATUS", ""), f"READY says {first}")
        wait_for("WATCHDOG", lambda: sum("WATCHDOG" in message for message in manager.listen()) >= 3)

        before = len(manager.heard)
        daemon.process.send_signal(signal.SIGHUP)
        wait_for("READY after RELOADING", lambda: "RELOADING" in manager.words() and
                 any("READY" in message for message in manager.listen()[before:]))
        during = [message for message in manager.heard[before:] if "WATCHDOG" not in message]
        check("RELOADING" in during[0] and int(during[0]["MONOTONIC_USEC"]) > 0, f"the reload begins with {during[0]}")
        check("READY" in during[1], f"the reload ends with {during[1]}")

        check(daemon.stop() == 0, f"the exit status is {daemon.process.returncode}")
        words = manager.words()
        check(words[0] == "READY" and words[-1] == "STOPPING" and "RELOADING" in words and "WATCHDOG" in words,
              f"the order is {words}")
        check(words.index("READY") < words.index("WATCHDOG") < words.index("RELOADING") < words.index("STOPPING"),
              f"the order is {words}")

    # A watchdog that is meant for another process is not answered.
    manager.heard.clear()
    environment["WATCHDOG_PID"] = str(os.getpid())
    with Daemon(site, environment) as daemon:
        wait_for("READY", lambda: "READY" in manager.words())
        daemon.stop(signal.SIGINT)
        check("WATCHDOG" not in manager.words(), f"another's watchdog was answered: {manager.words()}")
print("READY, WATCHDOG, RELOADING, STOPPING in order")
