#!/usr/bin/env python3
"""Slips of the hand in retaind.yaml and vocabulary.yaml, as in the rules: each is an error on its line, with the right name beside
it, or one of a few things that are legal and mean something; never more than three errors; and ajv with the printed schema says
the same of the shape. `--show` prints some of each class."""
import concurrent.futures
import json
import re
import shutil
import subprocess
import sys

from npm_peers import judge, npm_peers
from rule_mutants import Verdicts, mutants
from running_site import BINARY, SOURCE, Site, check

SEED = 20260302
MOST_TYPOS = 6
# What the shipped example only speaks of in comments.
MORE = """holdout: 5%
only-to: [me@example.com]
smtp:
  host: mail.example.com
  port: 587
  tls: starttls
  connections: 8
"""
# A rule that needs nothing of the site, so that only the file itself is looked at.
RULE = "rule: greet\npurpose: transactional\nstatus: live\nwhen:\n  event: customer.created\nthen:\n  - email: welcome\n"

free = {"shop", "maildir", "store", "socket", "secret-file", "name", "address", "reply-to", "postal-address", "url", "mailto",
        "survey-url", "ticket-url", "to", "host", "only-to"}
word = lambda value: isinstance(value, str) and value
number = lambda text: re.sub(r"\d+", "#", str(text))
BOTH = [
    ("another number", lambda path, old, new: old is not None and new is not None and number(old) == number(new)),
    ("a unit in the singular", lambda path, old, new: f"{new}s" == old or f"{old}" == f"{new}s"),
]
SITE = BOTH + [
    ("another name, place or address", lambda path, old, new: any(key in free for key in path) and word(new)),
    ("another time zone", lambda path, old, new: path == ("time-zone",) and word(new)),
    ("another language", lambda path, old, new: path == ("locale",) and word(new)),
    ("another name for a team, a webhook or a calendar", lambda path, old, new: len(path) == 2 and
     path[0] in ("teams", "webhooks", "calendars") and (old is None or new is None)),
    ("other opening hours", lambda path, old, new: path[0] == "calendars" and old and new),
    ("without a setting that a site need not have", lambda path, old, new: new is None and path not in {
        ("shop",), ("time-zone",), ("sender",), ("sender", "address"), ("smtp", "host")}),
]
VOCABULARY = BOTH + [
    ("another sentence for people", lambda path, old, new: path[-1] == "about"),
    ("other words", lambda path, old, new: path[-2:-1] == ("words",) or path[-1] == "words"),
    ("another name, or without it", lambda path, old, new: (len(path) == 2 or path[-2] == "properties") and (old is None or new is None)),
    ("without the words of one kind", lambda path, old, new: len(path) == 1 and new is None),
    ("properties of the event above, when the line of their own is gone", lambda path, old, new: path[0] == "events" and len(path) == 2),
    ("another condition", lambda path, old, new: path[-1] == "is" and old and new),
    ("another time, of a state", lambda path, old, new: path[-1] == "since" and old and new),
]
# What no schema can see: that one key needs another one elsewhere.
BEYOND = "these links are signed"


def without_comments(text):
    lines = (re.sub(r"\s+#.*$", "", line) for line in text.splitlines() if not line.lstrip().startswith("#"))
    return "\n".join(line for line in lines if line.strip()) + "\n"


modules = npm_peers()
if modules is None:
    sys.exit(0)

shipped = without_comments((SOURCE / "daemon/app/site/retaind.yaml").read_text())
shipped = shipped.replace("  support-hours: mon-fri 09:00-18:00\n", "  support-hours: {hours: [mon-fri 09:00-18:00], days-off: [2026-12-25, 2026-12-26]}\n")
check("days-off" in shipped, "the shipped example has no support-hours")
FILES = {
    "retaind.yaml": ("site", shipped + MORE, SITE, {"R011", "R020", "R021", "R023", "R025", "R040"}),
    "vocabulary.yaml": ("vocabulary", without_comments((SOURCE / "tests/data/language/own-site/vocabulary.yaml").read_text()), VOCABULARY,
                        {"R011", "R020", "R023", "R025", "R040"}),
}

with Site() as site:
    for part in ("rules", "tests"):
        shutil.rmtree(site.directory / part)
        (site.directory / part).mkdir()
    (site.directory / "rules/greet.yaml").write_text(RULE)
    for template in (site.directory / "templates").glob("*"):
        template.unlink()
    (site.directory / "templates/welcome.en.liquid").write_text("---\nsubject: Hello\n---\n<p>Hello</p>\n")
    sites = [site.directory, site.directory.parent / "second"]
    shutil.copytree(site.directory, sites[1])
    for name, (kind, text, legal, shape) in FILES.items():
        tried = mutants(name, text, SEED, MOST_TYPOS)
        schema = json.loads(subprocess.run([BINARY, "schema", kind], capture_output=True, text=True).stdout)

        def errors_of(worker):
            found = []
            for mutant in [None] + tried[worker::len(sites)]:
                (sites[worker] / name).write_text(mutant.text if mutant else text)
                done = subprocess.run([BINARY, "check", "--site", str(sites[worker]), "--format", "json"], capture_output=True, text=True)
                check(done.returncode in (0, 1), f"{mutant}: {done.returncode} {done.stderr}")
                found.append([finding for finding in json.loads(done.stdout)
                              if finding["severity"] == "error" and finding["file"].endswith(name)])
            check(not found[0], f"{name} itself: {found[0]}")
            return found[1:]

        with concurrent.futures.ThreadPoolExecutor(len(sites)) as pool:
            halves = list(pool.map(errors_of, range(len(sites))))
        for each in sites:
            (each / name).write_text(text)
        said = [halves[i % len(sites)][i // len(sites)] for i in range(len(tried))]
        answers = judge(modules, schema, [text] + [mutant.text for mutant in tried])
        check(answers[0]["valid"], f"ajv refuses {name} itself: {answers[0]['errors']}")
        verdicts = Verdicts(legal, shape, beyond=BEYOND, near=True)
        for mutant, answer, errors in zip(tried, answers[1:], said):
            verdicts.take(mutant, answers[0]["value"], answer, errors)
        verdicts.tell(name)
