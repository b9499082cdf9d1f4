#!/usr/bin/env python3
"""`cmake --install` puts binary, manual, unit, sysusers, tmpfiles and licence where a packager expects them, and the unit starts that binary."""
import os
import pathlib
import re
import subprocess
import tempfile

from running_site import BINARY, check

with tempfile.TemporaryDirectory(prefix="retaind-install-") as root:
    done = subprocess.run(["cmake", "--install", os.path.dirname(BINARY), "--prefix", "/usr"], capture_output=True, text=True,
                          env={**os.environ, "DESTDIR": root})
    check(done.returncode == 0, done.stdout + done.stderr)
    files = {"/" + str(path.relative_to(root)): path for path in pathlib.Path(root).rglob("*") if path.is_file()}
    for wanted in ("/usr/bin/retaind", "/usr/lib/sysusers.d/retaind.conf",
                   "/usr/lib/tmpfiles.d/retaind.conf", "/usr/share/doc/retaind/LICENSE"):
        check(wanted in files, f"{wanted} is not installed, but {sorted(files)}")
    # systemd's own pkg-config says which of /lib and /usr/lib it is.
    units = [path for name, path in files.items() if name.endswith("/lib/systemd/system/retaind.service")]
    check(len(units) == 1, f"the unit is in {units}")
    version = subprocess.run([files["/usr/bin/retaind"], "version"], capture_output=True, text=True)
    check(version.returncode == 0 and version.stdout.startswith("retaind "), version.stdout + version.stderr)
    unit = units[0].read_text()
    started = re.search(r"^ExecStart=(\S+)", unit, re.MULTILINE)
    check(started and started.group(1) == "/usr/bin/retaind", f"the unit starts {started and started.group(1)}")
    user = re.search(r"^User=(\S+)", unit, re.MULTILINE)
    check(user and f"u {user.group(1)} " in files["/usr/lib/sysusers.d/retaind.conf"].read_text(), "sysusers does not make the unit's user")
    # The manual is the installed binary's own.
    for page, name in (("retaind.1", "commands"), ("retaind-rule.5", "rule"), ("retaind-test.5", "story")):
        path = f"/usr/share/man/man{page[-1]}/{page}"
        check(path in files, f"{path} is not installed, but {sorted(files)}")
        printed = subprocess.run([files["/usr/bin/retaind"], "reference", name, "--man"], capture_output=True, text=True).stdout
        check(printed and files[path].read_text() == printed, f"{path} is not what the binary prints")
print(f"{len(files)} files are installed, and the unit starts the binary")
