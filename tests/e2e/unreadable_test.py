#!/usr/bin/env python3
"""A rule directory, a rule or a store that the daemon's user may not read: named with what to do, and the running rules
stay."""
import os
import pathlib
import shutil
import signal
import subprocess

from running_site import BINARY, Site, check, wait_for

NOBODY = 65534


def main():
    prefix = []
    if os.geteuid() == 0:
        # root may read everything
        if not shutil.which("setpriv"):
            print("skipped: root reads everything, and there is no setpriv(1) to be somebody else")
            return
        prefix = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    with Site() as site:
        home = pathlib.Path(site.base)
        binary = shutil.copy(BINARY, home / "retaind")
        if prefix:
            subprocess.run(["chown", "-R", f"{NOBODY}:{NOBODY}", str(home)], check=True)

        def run(*words):
            return subprocess.run([*prefix, binary, *words, "--site", str(site.directory)], capture_output=True,
                                  text=True, timeout=120)

        rules = site.directory / "rules"
        rule = rules / "welcome.yaml"

        def refused(words, named):
            ran = run(*words)
            said = ran.stdout + ran.stderr
            check(ran.returncode == 1, f"{words}: exit status {ran.returncode}\n{said}")
            check(str(named) in said and "ermission" in said, f"{words} says: {said}")
            return said

        daemon = subprocess.Popen([*prefix, binary, "run", "--site", str(site.directory)], stderr=subprocess.PIPE,
                                  text=True)
        wait_for("the daemon's start", lambda: run("status").returncode == 0 and "not running" not in
                 run("status").stdout)
        for path in (rules, rule):
            mode = path.stat().st_mode
            path.chmod(0)
            refused(["check"], path)
            refused(["reload"], path)
            refused(["run", "--until-idle"], path)
            path.chmod(mode)
            check(run("reload").returncode == 0, "the reload afterwards")
        status = run("status").stdout
        check("welcome" in status, f"the rules are gone: {status}")
        daemon.send_signal(signal.SIGTERM)
        daemon.communicate(timeout=60)
        check(daemon.returncode == 0, f"the daemon ended with {daemon.returncode}")

        store = site.directory / "retaind.db"
        store.chmod(0)
        for words in (["status"], ["run", "--until-idle"], ["outbox"]):
            ran = run(*words)
            check(ran.returncode == 1 and "retaind.db" in ran.stderr, f"{words}: {ran.returncode} {ran.stderr}")
        store.chmod(0o640)
        check(run("status").returncode == 0, "status afterwards")
    print("ok")


if __name__ == "__main__":
    main()
