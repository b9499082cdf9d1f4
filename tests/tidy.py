#!/usr/bin/env python3
"""Runs clang-tidy over the files named on standard input: tidy.py [--seconds N] BUILD_DIR

A header stands for the .cc file beside it. A file whose preprocessed text, whose checks and whose clang-tidy
have passed before is not looked at again; the marks lie in the user's cache directory, as ccache's do. With --seconds no new file is begun
after that time and the rest is named: the time of one run has to be bounded, and the next run goes on from there.
"""
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys
import time


def main():
    arguments = sys.argv[1:]
    seconds = None
    if arguments[:1] == ["--seconds"]:
        seconds = float(arguments[1])
        arguments = arguments[2:]
    build = pathlib.Path(arguments[0])
    marks = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "retaind-tidy"
    marks.mkdir(parents=True, exist_ok=True)
    entries = {}
    for entry in json.loads((build / "compile_commands.json").read_text()):
        # It looks through what a precompiled header holds, too, and is slower with one than without.
        entry["command"] = re.sub(r" -Winvalid-pch -Xclang -include-pch -Xclang \S+", "", entry["command"])
        entries[os.path.relpath(os.path.join(entry["directory"], entry["file"]))] = entry
    # One entry a file: it would look as often as there are targets that compile it.
    database = build / "tidy"
    database.mkdir(exist_ok=True)
    (database / "compile_commands.json").write_text(json.dumps(list(entries.values())))
    version = subprocess.run(["clang-tidy", "--version"], capture_output=True, check=True).stdout
    rules = pathlib.Path(".clang-tidy").read_bytes() + version

    named = {line.strip() for line in sys.stdin if line.strip()}
    files = sorted({name[:-2] + ".cc" if name.endswith(".h") else name for name in named} & set(entries))
    begin = time.monotonic()

    def mark_of(name):
        entry = entries[name]
        words = shlex.split(entry["command"])
        if words[0].endswith("ccache"):
            words = words[1:]
        words[words.index("-o") + 1] = "-"
        words[words.index("-c")] = "-E"
        words.append("-P")  # no line markers: they hold the directory of the clone
        text = subprocess.run(words + ["-w"], cwd=entry["directory"], capture_output=True).stdout
        # A comment can hold a NOLINT, and the preprocessor drops it.
        digest = hashlib.sha256(rules + text + pathlib.Path(name).read_bytes())
        header = pathlib.Path(name).with_suffix(".h")
        if header.exists():
            digest.update(header.read_bytes())
        return marks / digest.hexdigest()

    def look_at(name):
        mark = mark_of(name)
        if mark.exists():
            return name, "known", ""
        if seconds is not None and time.monotonic() - begin > seconds:
            return name, "left", ""
        run = subprocess.run(["clang-tidy", "--quiet", "-p", str(database), name], capture_output=True, text=True)
        if run.returncode == 0:
            mark.touch()
            return name, "clean", ""
        return name, "faulty", run.stdout + run.stderr

    counts = {"clean": 0, "known": 0, "left": 0, "faulty": 0}
    left = []
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for name, outcome, text in pool.map(look_at, files):
            counts[outcome] += 1
            if outcome == "faulty":
                print(text, flush=True)
            if outcome == "left":
                left.append(name)
    print(f"{len(files)} files: {counts['clean']} clean, {counts['known']} clean since before, "
          f"{counts['faulty']} with findings, {counts['left']} not reached")
    if left:
        print("not reached in the time (bash tests/all.sh --full looks at all):", " ".join(left))
    sys.exit(1 if counts["faulty"] else 0)


main()
