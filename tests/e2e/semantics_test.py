#!/usr/bin/env python3
"""The semantics as stories: tests/data/semantics is a site whose stories are called by the number of what they show."""
import pathlib
import subprocess

from running_site import BINARY, SOURCE, check

# What a story cannot say: an edited file, a clock that jumps, erasure, a store that was restored.
ELSEWHERE = {2, 14, 19, 23}

site = SOURCE / "tests/data/semantics"
before = {path: path.stat().st_mtime_ns for path in site.rglob("*")}
run = subprocess.run([BINARY, "test", "--site", str(site), "--coverage"], capture_output=True, text=True)
check(run.returncode == 0, f"{run.stdout}{run.stderr}")
check("nothing is untried" in run.stdout, run.stdout)
numbers = {int(path.name[:2]) for path in (site / "tests").glob("*.yaml")}
check(numbers | ELSEWHERE == set(range(1, 24)) and not numbers & ELSEWHERE, f"told: {sorted(numbers)}")
check({path: path.stat().st_mtime_ns for path in site.rglob("*")} == before, "playing the stories has changed the site")
print(f"told as stories: {sorted(numbers)}")
