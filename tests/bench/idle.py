#!/usr/bin/env python3
"""Does an idle daemon sleep? strace watches `retaind run` for a minute.

    python3 tests/bench/idle.py build/release/retaind . [seconds]

Limit: it wakes up for the watchdog alone. A wake-up is the return of a waiting system call of any thread, however
short it waited; each must have been answered with a WATCHDOG message. The shipped rules run, customers and orders are stored, and the
next of them is due in days.
"""
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))
from running_site import Daemon, Manager, Site, check, timestamp, wait_for  # noqa: E402

SECONDS = int(sys.argv[3]) if len(sys.argv) > 3 else 60
WATCHDOG = 20  # answered after half of it

if shutil.which("strace") is None:
    print("skipped: strace is not installed")
    sys.exit(0)

with Site() as site:
    an_hour_ago = timestamp(-3600)
    rows = range(1000)
    site.load("customers", "key,email,created_at\n" +
              "".join(f"C{i},c{i}@example.com,2024-01-01T00:00:00Z\n" for i in rows))
    site.load("orders", "key,customer,status,total,currency,placed_at,completed_at\n" +
              "".join(f"O{i},C{i},completed,10,EUR,{an_hour_ago},{an_hour_ago}\n" for i in rows))
    manager = Manager(site.base)
    environment = {"NOTIFY_SOCKET": manager.path, "WATCHDOG_USEC": str(WATCHDOG * 1_000_000)}
    with Daemon(site, environment) as daemon:
        wait_for("READY", lambda: "READY" in manager.words())
        time.sleep(2)
        trace = pathlib.Path(site.base) / "strace"
        answers = sum("WATCHDOG" in message for message in manager.listen())
        tracer = subprocess.Popen(["strace", "-f", "-T", "-o", str(trace), "-p", str(daemon.process.pid)],
                                  stderr=subprocess.DEVNULL)
        time.sleep(SECONDS)
        tracer.send_signal(signal.SIGINT)
        tracer.wait()
        answers = sum("WATCHDOG" in message for message in manager.listen()) - answers
        daemon.stop()
    # A loop that is woken asks once more whether anything else is ready, with no time to wait.
    waits = re.compile(r"(epoll_p?wait2?|p?poll|p?select6?|futex|(clock_)?nanosleep|rt_sigtimedwait|pause)\(")
    blocked = [line for line in trace.read_text().splitlines()
               if waits.search(line) and "detached" not in line and not re.search(r", 0(, NULL, 8)?\) = ", line)]
    check(answers >= SECONDS // (WATCHDOG // 2) - 1, f"only {answers} watchdog answers in {SECONDS} s")
    met = len(blocked) <= answers
    print(f"{SECONDS} s idle: {len(blocked)} wake-ups, {answers} of them for the watchdog, at most those: "
          f"{'PASS' if met else 'MISSED'}")
    for line in [] if met else blocked:
        print("  " + line[:150])
    sys.exit(0 if met else 1)
