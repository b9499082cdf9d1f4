#!/usr/bin/env python3
"""Runs clang-tidy over the files named on standard input: tidy.py [--seconds N | --joined] BUILD_DIR

A header stands for the .cc file beside it. A file whose preprocessed text, whose checks and whose clang-tidy
have passed before is not looked at again; the marks lie in the user's cache directory, as ccache's do. With --seconds no new file is begun
after that time and the rest is named: the time of one run has to be bounded, and the next run goes on from there.
With --joined it looks at those that the build compiles as one together, which takes it half the time: most of that goes
to the libraries' headers.
"""
import collections
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


class Database:
    """How each file is compiled, alone, and the units in which the build compiles it with others."""

    def __init__(self, build):
        self.entries = {}
        self.units = {}
        self.directory = build / "tidy"
        for entry in json.loads((build / "compile_commands.json").read_text()):
            # It looks through what a precompiled header holds, too, and is slower with one than without.
            entry["command"] = re.sub(r" -Winvalid-pch -Xclang -include-pch -Xclang \S+", "", entry["command"])
            name = os.path.relpath(os.path.join(entry["directory"], entry["file"]))
            self.entries[name] = entry
            text = pathlib.Path(name).read_text() if name.startswith(str(build)) else ""
            top = os.path.relpath(name, build).partition("/")[0]  # from which a unit names what it includes
            held = [f"{top}/{path}" for path in re.findall(r'^#include "(\S+\.cc)"', text, re.M)]
            if held:
                self.units[name] = held
        for unit, held in self.units.items():
            entry = self.entries[unit]
            for name in held:
                path = str(pathlib.Path(name).resolve())
                alone = {"command": entry["command"].replace(entry["file"], path), "file": path, "directory": entry["directory"]}
                self.entries.setdefault(name, alone)

    def of(self, name):
        """A directory with the entry of this file alone: clang-tidy looks as often as there are entries for one."""
        directory = self.directory / name.replace("/", "_")
        directory.mkdir(parents=True, exist_ok=True)
        (directory / "compile_commands.json").write_text(json.dumps([self.entries[name]]))
        return str(directory)

    def preprocessed(self, name):
        entry = self.entries[name]
        words = shlex.split(entry["command"])
        words[words.index("-o") + 1] = "-"
        words[words.index("-c")] = "-E"
        words.append("-P")  # no line markers: they hold the directory of the clone
        return subprocess.run(words + ["-w"], cwd=entry["directory"], capture_output=True).stdout


def main():
    arguments = sys.argv[1:]
    seconds = None
    joined = arguments[:1] == ["--joined"]
    if arguments[:1] == ["--seconds"]:
        seconds = float(arguments[1])
    build = pathlib.Path(arguments[-1])
    marks = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "retaind-tidy"
    marks.mkdir(parents=True, exist_ok=True)
    database = Database(build)
    version = subprocess.run(["clang-tidy", "--version"], capture_output=True, check=True).stdout

    def rules_of(name):
        configs = [folder / ".clang-tidy" for folder in pathlib.Path(name).parents]
        return b"".join(config.read_bytes() for config in reversed(configs) if config.exists()) + version

    named = {line.strip() for line in sys.stdin if line.strip()}
    files = sorted({name[:-2] + ".cc" if name.endswith(".h") else name for name in named} & set(database.entries))
    begin = time.monotonic()

    def mark_of(name):
        # A comment can hold a NOLINT, and the preprocessor drops it.
        digest = hashlib.sha256(rules_of(name) + database.preprocessed(name) + pathlib.Path(name).read_bytes())
        header = pathlib.Path(name).with_suffix(".h")
        if header.exists():
            digest.update(header.read_bytes())
        return marks / digest.hexdigest()

    def look_at(unit, held):
        """[(name, outcome)] and what it said"""
        if seconds is not None and time.monotonic() - begin > seconds:
            return [(name, "left") for name in held], ""
        # clang-tidy asks its analyzer about a source's own functions only; what a unit includes is its own here.
        own = ["--extra-arg=-Xclang", "--extra-arg=-analyzer-opt-analyze-headers"] if unit not in held else []
        run = subprocess.run(["clang-tidy", "--quiet", "-p", database.of(unit), *own, unit], capture_output=True, text=True)
        if run.returncode == 0:
            return [(name, "clean") for name in held], ""
        text = run.stdout + run.stderr
        faulty = {name for name in held if f"/{name}:" in text}
        if not faulty or "[clang-diagnostic-error]" in text:  # of what does not compile little was looked at
            faulty = set(held)
        return [(name, "faulty" if name in faulty else "clean") for name in held], text

    counts = collections.Counter()
    left = []
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        mark = dict(zip(files, pool.map(mark_of, files)))
        unknown = {name for name in files if not mark[name].exists()}
        counts["known"] = len(files) - len(unknown)
        units = {name: [name] for name in unknown}
        if joined:
            units = {unit: held for unit, held in database.units.items() if unknown & set(held)}
            together = {name for held in units.values() for name in held}
            units.update({name: [name] for name in unknown - together})
        for look in concurrent.futures.as_completed([pool.submit(look_at, *unit) for unit in sorted(units.items())]):
            outcomes, text = look.result()
            if text:
                print(text, flush=True)
            for name, outcome in outcomes:
                if name not in unknown and outcome != "faulty":
                    continue
                counts[outcome] += 1
                if outcome == "clean":
                    mark[name].touch()
                if outcome == "left":
                    left.append(name)
    print(f"{len(files)} files: {counts['clean']} clean, {counts['known']} clean since before, "
          f"{counts['faulty']} with findings, {counts['left']} not reached")
    if left:
        print("not reached in the time (bash tests/all.sh --full looks at all):", " ".join(sorted(left)))
    sys.exit(1 if counts["faulty"] else 0)


main()
