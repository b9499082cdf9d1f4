#!/usr/bin/env python3
"""Every key, step, operator, aggregate, type and reason of the rule language has an error text, a story in which it decides the
outcome, so that the run without it ends differently, an entry in the editor schema and an example in the reference. A missing
cell fails. `--show` prints where each is decided."""
import json
import re
import shutil
import subprocess
import sys

from running_site import BINARY, SOURCE, Site, check
from table_walk import RuleText, cases_because, decides, goldens

# Cells that cannot be: why.
NOT_MEANT = {
    # A story begins with an empty store: what a rule did under an older id is tested with a store that has it.
    ("rule key", "was", "a story in which it decides"),
    # What it does is said to the till, by the code's row in the store.
    ("step key", "single-use", "a story in which it decides"),
    # No shipped field is a percentage.
    ("type", "percent", "an error text"), ("type", "percent", "a story in which it decides"), ("type", "percent", "an example"),
    # A story's clock does not jump, and nobody is erased in it: tests of the engine do that.
    ("reason", "clock", "a story in which it decides"), ("reason", "erased", "a story in which it decides"),
    ("reason", "gone", "a story in which it decides"),
}


def run(*words):
    return subprocess.run([BINARY, *words], capture_output=True, text=True).stdout


schema = json.loads(run("schema", "rule"))
when, step = schema["properties"]["when"], schema["properties"]["then"]["items"]
KEYS = {"rule": schema["properties"], "trigger": when["properties"], "step": step["properties"],
        "repeat": step["properties"]["repeat"]["properties"]}
reference = run("reference", "rule")


def listed(heading):
    """(name, example) of a part of the reference."""
    part = re.search(rf"^### {heading}\n((?:.*\n)*?)(?=^##|\Z)", reference, re.MULTILINE).group(1)
    return re.findall(r"^- `([^`]+)`: .*?(?:Example: `([^`]+)`)?$", part, re.MULTILINE)


FOLDS = {"count", "sum", "max", "min", "avg"}
operators = dict(listed("Operators"))
folds = {name: example for name, example in listed("Counting over rows") if name in FOLDS}
types = dict(listed("Types"))
reasons = {entry["name"] for entry in json.loads(run("vocabulary", "reasons", "--json"))}
fields = {entry["name"]: entry["detail"] for entry in json.loads(run("vocabulary", "fields", "--json"))}
TYPE_NAMES = {"bool", "number", "percent", "money", "text", "time", "date", "duration"}


def operators_in(condition):
    text = re.sub(r"'[^']*'", "''", condition)
    words = {"and", "or", "not", "contains", "now"}
    found = {word for word in words if re.search(rf"\b{word}\b", text)}
    found |= {phrase for phrase in ("older than", "within last", "within next", "is not empty", "is empty", "not in") if phrase in text}
    if re.search(r"(?<!not )\bin \[", text):
        found.add("in")
    found |= set(re.findall(r"(?<![<>!=])(?:!=|<=|>=|=|<|>)(?!=)", text))
    if found & {"not in", "is not empty"} and not re.search(r"\bnot (?!in\b|empty\b)", text):
        found.discard("not")
    return found


def types_in(condition):
    found = {fields[name] if fields[name] in TYPE_NAMES else "enum" for name in re.findall(r"\b[a-z]+\.[a-z_]+\b", condition) if name in fields}
    if {"older than", "within last", "within next"} & operators_in(condition):
        found.add("duration")
    return found


# The stories that are played, with the rules that they run.
decided = {}
because = {}  # reason -> what makes it, without which the story ends otherwise; None: nothing does


def walk(site, rules):
    """Takes each thing away and plays the stories that the rule has; a failure is a different end."""
    stories = {path: path.read_text() for path in sorted((site.directory / "tests").glob("*.yaml"))}
    play = lambda path: site.run("test", path).stdout
    for path, text in stories.items():
        for reason in sorted(set(re.findall(r"because: ([a-z-]+)", text)) - {known for known, what in because.items() if what}):
            found = (decides(case, reason, rules, site.directory, play) for case in cases_because(path, reason))
            because[reason] = next((f"{what} ({path.name})" for what in found if what), because.get(reason))
    for rule in rules:
        own = [str(path) for path, text in stories.items()
               if re.search(rf"^test: {rule.name}$|^rules: .*\b{rule.name}\b|\b{rule.name}: (?:paused|live|draft|removed)|rule: {rule.name}\b|^rules: all", text, re.MULTILINE)]
        if not own:
            continue
        tried = {}
        for of, key, text in rule.parts():
            tried.setdefault(text, []).append((f"{of} key", key))
        for condition, text in rule.conditions():
            cells = [("operator", name) for name in operators_in(condition)] + [("type", name) for name in types_in(condition)]
            cells += [("aggregate", name) for name in FOLDS if re.search(rf"\b{name}\(", condition)]
            tried.setdefault(text, []).extend(cells)
        for text, cells in tried.items():
            if all(decided.get(cell, ("",))[0] == "differently" for cell in cells):
                continue
            rule.path.write_text(text)
            played = site.run("test", *own)
            if played.returncode != 0:
                ended = "differently" if re.search(r"^FAILED", played.stdout, re.MULTILINE) else "refused"
                for cell in cells:
                    if decided.get(cell, ("",))[0] != "differently":
                        decided[cell] = (ended, rule.name)
            rule.path.write_text("\n".join(rule.lines) + "\n")


with Site() as site:
    for name in ("second-order", "support-feedback", "never-ordered", "goes-with-it", "monthly-regulars"):
        check(site.run("new", name).returncode == 0, name)
    check(site.run("test").returncode == 0, "the shipped stories fail")
    walk(site, [RuleText(path) for path in sorted((site.directory / "rules").glob("*.yaml"))])
for place in ("semantics", "walk"):
    if not (SOURCE / "tests/data" / place).exists():
        continue
    with Site() as site:
        for part in ("rules", "tests", "templates"):
            shutil.rmtree(site.directory / part)
            if (SOURCE / "tests/data" / place / part).exists():
                shutil.copytree(SOURCE / "tests/data" / place / part, site.directory / part)
        if (SOURCE / "tests/data" / place / "retaind.yaml").exists():
            shutil.copy(SOURCE / "tests/data" / place / "retaind.yaml", site.directory)
        played = site.run("test")
        check(played.returncode == 0, f"the stories of {place} fail: {played.stdout}{played.stderr}")
        walk(site, [RuleText(path) for path in sorted((site.directory / "rules").glob("*.yaml"))])

# The cells
shown, golden_texts = goldens(SOURCE)
conditions_shown = [line for line in shown if re.search(r"[a-z]\.[a-z]|\(| empty", line)]
missing = []


def cell(row, name, column, there):
    if not there and (row, name, column) not in NOT_MEANT:
        missing.append(f"{row} `{name}`: {column}")
    check(not (there and (row, name, column) in NOT_MEANT), f"{row} {name} has {column} after all: take it off the list")


def needed(of, key):
    """Whether a map is not complete without it, it is one of those of which there is exactly one, or it tells two steps apart."""
    if (of, key) == ("step", "step"):
        return True
    own = {"rule": schema, "trigger": when, "step": step, "repeat": step["properties"]["repeat"]}[of]
    kinds = {name for each in own.get("anyOf", []) for name in each["required"]}
    return key in own.get("required", []) or key in kinds or any(key in rest.get("required", []) or any(
        key in one["required"] for one in rest.get("oneOf", [])) for rest in own.get("dependencies", {}).values())


for of, properties in KEYS.items():
    for key, value in properties.items():
        row = f"{of} key"
        end = decided.get((row, key))
        cell(row, key, "an error text", any(re.match(rf"^ *(?:- )?{key}:|.*[{{,] *{key}:", line) for line in shown))
        cell(row, key, "a story in which it decides", end is not None and (end[0] == "differently" or needed(of, key)))
        cell(row, key, "a schema entry", bool(value.get("description")))
        cell(row, key, "an example", re.search(rf"^- `{key}`: .*Example: `{key}: ", reference, re.MULTILINE) is not None)
for row, table in (("operator", operators), ("aggregate", folds), ("type", types)):
    check(len(table) >= 5, f"the reference lists {table}")
    for name, example in table.items():
        golden = {"operator": lambda: any(name in operators_in(line) for line in conditions_shown),
                  "aggregate": lambda: any(f"{name}(" in line for line in conditions_shown),
                  "type": lambda: any(name in types_in(line) for line in conditions_shown)}[row]()
        cell(row, name, "an error text", golden)
        cell(row, name, "a story in which it decides", decided.get((row, name), ("",))[0] == "differently")
        cell(row, name, "an example", bool(example))
story = json.loads(run("schema", "story"))
line = story["properties"]["cases"]["items"]["properties"]["story"]["items"]
STORY_KEYS = {"story": story["properties"], "case": story["properties"]["cases"]["items"]["properties"], "line": line["properties"],
              "message": line["properties"]["expect"]["anyOf"][1]["properties"],
              "person": {key: value for key, value in story["properties"]["people"]["additionalProperties"]["properties"].items()
                         if key in ("consent", "attributes")}}
told = "\n".join(path.read_text() for directory in ("tests/stories", "tests/data/semantics/tests", "tests/data/walk/tests")
                 for path in (SOURCE / directory).rglob("*.yaml"))
story_page = run("reference", "story")
for of, properties in STORY_KEYS.items():
    for key, value in properties.items():
        row = f"{of} key"
        cell(row, key, "an error text", any(re.match(rf"^ *(?:- )?{key}:|.*[{{,] *{key}:", shown_) for shown_ in shown))
        cell(row, key, "a story that passes", re.search(rf"(?:^ *(?:- )?|[{{,] *){key}:", told, re.MULTILINE) is not None)
        cell(row, key, "a schema entry", bool(value.get("description")))
        cell(row, key, "an example", re.search(rf"^- `{key}`: .*Example: `{key}: ", story_page, re.MULTILINE) is not None)
reasons_page = run("reference", "reasons")
unknown_reason = " ".join(text for text in golden_texts if "R073" in text)
offered = json.dumps(json.loads(run("schema", "story")))
for reason in sorted(reasons - {"sent"}):
    cell("reason", reason, "an error text", f"`{reason}`" in unknown_reason)
    cell("reason", reason, "a story in which it decides", because.get(reason) is not None)
    cell("reason", reason, "a schema entry", f'"{reason}"' in offered)
    cell("reason", reason, "an example", f"- `{reason}`: " in reasons_page)

if "--show" in sys.argv:
    for cell_, (ended, rule) in sorted(decided.items()):
        print(f"{cell_[0]:<12} {cell_[1]:<16} ends {ended} without it in {rule}")
    for reason, what in sorted(because.items()):
        print(f"{'reason':<12} {reason:<16} is because of: {what}")
print(f"{sum(len(properties) for properties in KEYS.values())} keys of rules and "
      f"{sum(len(properties) for properties in STORY_KEYS.values())} of stories, {len(operators)} operators, {len(folds)} aggregates, "
      f"{len(types)} types, {len(reasons)} reasons")
check(not missing, f"{len(missing)} cells are missing:\n  " + "\n  ".join(missing))
