#!/usr/bin/env python3
"""A disk that is full: import, backup, hold and run say so with the remedy; nothing is lost, and all goes on once there is room."""
import os
import pathlib
import subprocess
import sys

from running_site import Site, check

ROWS = 30_000


class SmallDisk:
    """A file system of a few megabytes."""

    def __init__(self, path):
        self.path = path

    def __enter__(self):
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "none", str(self.path)], capture_output=True)
        if mounted.returncode != 0:
            print("skipped: only root may mount a small disk")
            sys.exit(0)
        return self

    def __exit__(self, *ignored):
        subprocess.run(["umount", "-l", str(self.path)], check=False)

    def fill(self):
        """Leaves no free page."""
        with open(self.path / "ballast", "wb", buffering=0) as ballast:
            try:
                while True:
                    ballast.write(bytes(4096))
            except OSError:
                pass

    def free(self):
        (self.path / "ballast").unlink()


def full(run, what):
    text = run.stdout + run.stderr
    check(run.returncode == 1, f"{what}: exit status {run.returncode}: {text}")
    check("the disk is full: free some space" in text, f"{what} does not name the remedy: {text}")


with Site() as site:
    rows = "key,email,created_at\n" + "".join(f"C{i},c{i}@example.com,2026-01-01\n" for i in range(ROWS))
    (pathlib.Path(site.base) / "big.csv").write_text(rows)
    big, rejected = os.path.join(site.base, "big.csv"), os.path.join(site.base, "rejected.csv")
    place = pathlib.Path(site.base) / "disk"
    place.mkdir()
    with SmallDisk(place) as disk:
        site.edit("retaind.yaml", "store: retaind.db", f"store: {place}/retaind.db")

        full(site.run("import", "customers", big, "--rejected", rejected), "the bulk load")
        site.load("customers", "key,email,created_at\nA,a@example.com,2026-01-01\n")
        full(site.run("import", "customers", big, "--rejected", rejected), "the import")
        check(site.run("status").returncode == 0, "the store cannot be read any more")

        disk.fill()
        full(site.run("backup", f"{place}/copy.db"), "the backup")
        check(not (place / "copy.db").exists(), "a copy that was cut short lies there as a good one")
        disk.free()
        for left in place.glob("copy*"):
            check(False, f"the backup has left {left}")

        # With room, the same import goes on and every row is there once.
        subprocess.run(["mount", "-o", "remount,size=64m", str(place)], check=True)
        again = site.run("import", "customers", big, "--rejected", rejected)
        check(again.returncode == 0, f"the import does not go on: {again.stdout}{again.stderr}")
        status = site.run("outbox")
        check(status.returncode == 0, status.stderr)
        count = subprocess.run(["sqlite3", f"{place}/retaind.db", "SELECT count(*), count(DISTINCT key) FROM customers; PRAGMA integrity_check"],
                               capture_output=True, text=True).stdout.split()
        check(count == [f"{ROWS + 1}|{ROWS + 1}", "ok"], f"the store holds {count}")
print("a full disk is named, loses nothing, and is not the end")
