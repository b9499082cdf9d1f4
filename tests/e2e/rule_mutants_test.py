#!/usr/bin/env python3
"""Thousands of slips of the hand in the shipped rules: each is an error on its line, with the right name beside it, or one of a
few things that are legal and mean something; never more than three errors; and ajv with the printed schema says the same of
the shape. `--show` prints some of each class."""
import collections
import json
import re
import sys

from npm_peers import judge, npm_peers
from rule_mutants import Verdicts, mutants
from running_site import SOURCE, Site, check

SEED = 20260302

# What is no mistake: (what it means, whether the change of one value from `old` to `new` at `path` is it).
number = lambda text: re.sub(r"\d+", "#", str(text))
in_conditions = lambda path: path[0] in ("if", "unless", "stop-if", "hold-while")
LEGAL = [
    ("another sentence for people", lambda path, old, new: path == ("about",) and new),
    ("no sentence for people", lambda path, old, new: path == ("about",)),
    ("another rule, by its id", lambda path, old, new: path == ("rule",) and new),
    ("another name for a coupon or a survey of one's own", lambda path, old, new: path[-1] in ("coupon", "survey") and new),
    ("another number", lambda path, old, new: old is not None and new is not None and number(old) == number(new)),
    ("a unit in the singular", lambda path, old, new: f"{new}s" == old or f"{old}" == f"{new}s"),
    ("a percentage without its sign", lambda path, old, new: path[-1] == "percent-off"),
    ("compared with another text", lambda path, old, new: in_conditions(path) and isinstance(new, str) and
     re.sub("'[^']*'", "''", old or "") == re.sub("'[^']*'", "''", new)),
    ("a condition said twice, which is the same", lambda path, old, new: in_conditions(path) and isinstance(new, list) and
     isinstance(old, list) and len(new) == len(old) + 1 and all(entry in old for entry in new)),
    ("one condition less", lambda path, old, new: in_conditions(path) and isinstance(old, list) and
     (new is None or (isinstance(new, list) and len(new) < len(old) and all(entry in old for entry in new)))),
    ("conditions of the key above, when the line of their own is gone", lambda path, old, new: in_conditions(path) and
     isinstance(old, list) and isinstance(new, list) and new[:len(old)] == old),
    ("one step less", lambda path, old, new: path == ("then",) and isinstance(new, list) and len(new) < len(old) and
     all(entry in old or all(key in step and step[key] == entry[key] for key in entry) for entry, step in zip(new, old))),
    ("without a setting that a rule need not have", lambda path, old, new: new is None and path[-1] in {
        "status", "once-per", "again-after", "late-limit", "backlog", "limit", "holdout", "priority", "send-window", "timezone",
        "after", "before", "for", "at", "repeat", "digest", "single-use", "wait"}),
]
# Codes of mistakes in the shape of a file, which a schema can see. In a condition's text it sees none of them, and how near a
# name comes to a shipped event's (R012) it cannot measure.
SHAPE = {"R011", "R013", "R014", "R016", "R020", "R021", "R022", "R023", "R024", "R025", "R026", "R040", "R041", "R042", "R043"}


modules = npm_peers()
if modules is None:
    sys.exit(0)

with Site() as site:
    rules = site.directory / "rules"
    shipped = {path.stem: path.read_text() for path in sorted((SOURCE / "rules").glob("*.yaml"))}
    for path in rules.glob("*.yaml"):
        path.unlink()
    tried = [mutant for name, text in shipped.items() for mutant in mutants(name, text, SEED)]
    check(len(tried) >= 3000, f"only {len(tried)} mutants")
    for i, mutant in enumerate(tried):
        (rules / f"m{i}.yaml").write_text(mutant.text)
    said = collections.defaultdict(list)
    for finding in json.loads(site.run("check", "--format", "json").stdout):
        name = re.search(r"/m(\d+)\.yaml$", finding["file"])
        # All of them have the id of their original.
        if name and finding["severity"] == "error" and finding.get("code") != "R050":
            said[int(name.group(1))].append(finding)
    schema = json.loads(site.run("schema", "rule").stdout)

answers = judge(modules, schema, [mutant.text for mutant in tried])
originals = dict(zip(shipped, (answer["value"] for answer in judge(modules, schema, list(shipped.values())))))
verdicts = Verdicts(LEGAL, SHAPE)
for i, (mutant, answer) in enumerate(zip(tried, answers)):
    verdicts.take(mutant, originals[mutant.rule], answer, said[i])
verdicts.tell(f"{len(shipped)} rules")
