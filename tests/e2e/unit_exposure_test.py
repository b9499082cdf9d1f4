#!/usr/bin/env python3
"""The unit's exposure by systemd's own measure is at most 1.5: unit_exposure_test.py BINARY SOURCE"""
import re
import shutil
import subprocess
import sys

if not shutil.which("systemd-analyze"):
    print("skipped: systemd-analyze is not installed")
    sys.exit(0)
run = subprocess.run(["systemd-analyze", "security", "--offline=true", "--no-pager", sys.argv[2] + "/systemd/retaind.service"],
                     capture_output=True, text=True)
match = re.search(r"Overall exposure level for \S+: ([\d.]+)", run.stdout)
if not match:
    sys.exit(f"systemd-analyze gave no exposure level:\n{run.stdout}{run.stderr}")
print(match.group(0))
sys.exit(0 if float(match.group(1)) <= 1.5 else "the exposure is over 1.5")
