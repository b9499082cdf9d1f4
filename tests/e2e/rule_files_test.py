#!/usr/bin/env python3
"""A rule directory that is empty, unreadable, or changes during a reload: a clear error, and the old rules go on."""
import os
import random
import threading
import time

from running_site import GREET, Daemon, Site, check, timestamp, wait_for

RELOADS = int(os.environ.get("RETAIND_RELOADS", "60"))
SECOND = GREET.replace("rule: greet", "rule: second").replace("about: Greet at once", "about: Again at once")

with Site() as site:
    rules = site.directory / "rules"
    site.only_rule("greet", GREET)
    with Daemon(site) as daemon:
        daemon.wait_started()
        aside = site.directory / "aside"

        def refused(said):
            reload = site.run("reload")
            check(reload.returncode == 1 and said in reload.stderr, f"{said!r} is not said: {reload.stdout}{reload.stderr}")
            check("nothing was changed, the running rules stay" in reload.stderr, reload.stderr)
            check(site.query("SELECT name FROM rule WHERE removed_at IS NULL") == [("greet",)], "the rules changed")

        rules.rename(aside)
        refused("the rule directory cannot be read: No such file or directory")
        rules.mkdir()
        refused("no rule file is here")
        (rules / "gone.yaml").symlink_to("/nowhere/at/all")
        refused("cannot read")
        (rules / "gone.yaml").unlink()
        os.mkfifo(rules / "pipe.yaml")
        refused("this is no file")
        (rules / "pipe.yaml").unlink()
        (rules / "program.yaml").write_bytes(b"\x7fELF\x02\x01\x01\x00")
        refused("this is no text file, or it was damaged")
        (rules / "program.yaml").unlink()
        rules.rmdir()
        aside.rename(rules)

        # Files come, go and are half-written while the daemon reads them. Whatever it finds, it runs one whole set.
        stop = threading.Event()

        # Each state lasts a little, differently each time: on a busy machine the editor may otherwise be put aside in
        # the same state again and again.
        def edit():
            def pause():
                time.sleep(random.random() * 0.003)

            while not stop.is_set():
                (rules / "second.yaml").write_text(SECOND[:60])
                pause()
                (rules / "second.yaml").write_text(SECOND)
                pause()
                (rules / "second.yaml").unlink()
                pause()

        editor = threading.Thread(target=edit, daemon=True)
        editor.start()
        outcomes = {0: 0, 1: 0}
        deadline = time.monotonic() + 60
        while sum(outcomes.values()) < RELOADS or (not all(outcomes.values()) and time.monotonic() < deadline):
            outcomes[site.run("reload").returncode] += 1
            names = {row[0] for row in site.query("SELECT name FROM rule WHERE removed_at IS NULL")}
            check(names in ({"greet"}, {"greet", "second"}), f"the daemon runs {names}")
        stop.set()
        editor.join()
        check(daemon.process.poll() is None, daemon.text())
        check(all(outcomes.values()), f"the files never changed during a reload: {outcomes}")

        (rules / "second.yaml").unlink(missing_ok=True)
        (site.directory / "templates/unused.en.liquid").write_text("---\nsubject: Unused\n---\nHello\n")
        taken = site.run("reload")
        check(taken.returncode == 0, "the repaired directory was not taken over")
        check("R068" in site.run("check").stdout and "R068" not in taken.stdout, f"a reload says notes: {taken.stdout}")
        site.load_customers(0, 5, timestamp(-60))
        wait_for("five mails", lambda: len(site.mails()) == 5)
        check(daemon.stop() == 0, daemon.text())
print(f"the old rules went on through empty, missing, broken and changing files; of {sum(outcomes.values())} reloads {outcomes[1]} were refused")
