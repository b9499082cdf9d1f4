#!/usr/bin/env python3
"""`retaind schema` against ajv: every file that is shipped is valid, and each of many broken ones is refused."""
import json
import subprocess
import sys

from npm_peers import judge, npm_peers
from running_site import BINARY, SOURCE, Site, check

RULE = """rule: thanks
purpose: feedback
when:
  event: order.completed
  after: 7 days
then:
  - email: thanks
"""
# What the text of RULE is changed into, and a word of what ajv says.
BROKEN = {
    "a misspelt key": ("purpose: feedback", "purpos: feedback", "additional properties"),
    "a missing key": ("purpose: feedback\n", "", "required"),
    "a word that is none": ("purpose: feedback", "purpose: feedbck", "allowed values"),
    "a duration without a unit": ("7 days", "7", "string"),
    "a unit that is none": ("7 days", "7 dys", "pattern"),
    "an event that is nearly one": ("order.completed", "order.completd", "pattern"),
    "two triggers": ("  after:", "  customer: inactive\n  after:", "null"),
    "no trigger": ("  event: order.completed\n", "", "required"),
    "a state that is none": ("event: order.completed\n  after", "customer: inactve\n  for", "allowed values"),
    "a key of another trigger": ("after: 7 days", "for: 7 days", "null"),
    "a date that is none": ("event: order.completed", "date: customer.birthdy", "allowed values"),
    "before and after": ("event: order.completed", "date: customer.birthday\n  before: 2 days", "null"),
    "a schedule without a time": ("event: order.completed\n  after: 7 days", "every: monday", "required"),
    "a name with a blank": ("rule: thanks", "rule: my thanks", "pattern"),
    "a value that is none": ("then:\n  - email: thanks\n", "then:\n", "array"),
    "no step": ("then:\n  - email: thanks\n", "then: []\n", "fewer than 1"),
    "a step that says nothing": ("- email: thanks", "- after: 2 days", "required"),
    "two steps in one": ("- email: thanks", "- email: thanks\n    webhook: desk", "null"),
    "a key of another step": ("- email: thanks", "- email: thanks\n    digest: 5 minutes", "null"),
    "a mail to a team without a template": ("- email: thanks", "- notify: support", "required"),
    "a coupon of no worth": ("- email: thanks", "- coupon: a\n    valid-for: 2 days\n  - email: thanks", "required"),
    "a coupon without an end": ("- email: thanks", "- coupon: a\n    percent-off: 5\n  - email: thanks", "required"),
    "a percentage over 100": ("- email: thanks", "- coupon: a\n    percent-off: 105\n    valid-for: 2 days\n  - email: thanks", "<= 100"),
    "a repeat without an end": ("- email: thanks", "- email: thanks\n    repeat: {every: 2 days}", "required"),
    "a list where one value stands": ("rule: thanks", "rule: [thanks]", "string"),
    "a share of more than all": ("then:", "holdout: 110%\nthen:", "pattern"),
    "a limit without a time": ("then:", "limit: 500\nthen:", "string"),
    "a time of day without minutes": ("event: order.completed\n  after: 7 days", "every: monday\n  at: 25:00", "pattern"),
    "conditions that are none": ("then:", "if: []\nthen:", "fewer than 1"),
    "an empty condition": ("then:", "if:\nthen:", "null|string|array"),
    "a priority in words": ("then:", "priority: high\nthen:", "pattern"),
    "business time from a date": ("event: order.completed\n  after: 7 days", "date: subscription.renews_at\n  after: 7 business days", "pattern"),
    "a hundred years and one": ("7 days", "101 years", "pattern"),
    "a hundred years and one in hours": ("7 days", "884760 hours", "pattern"),
    "no time, with zeros": ("then:", "late-limit: 00 days\nthen:", "pattern"),
    "a name that YAML takes for yes": ("rule: thanks", "rule: true", "string"),
    "a priority with half a point": ("then:", "priority: 15.5\nthen:", "string|integer"),
    "a fraction in quotes": ("then:", "priority: '15.0'\nthen:", "pattern"),
    "a field that is none": ("then:", "if: customer.order_count >= 2\nthen:", "pattern"),
    "a field of nothing": ("then:", "unless:\n  - order.refunded\n  - costumer.open_tickets > 0\nthen:", "pattern"),
    "a field of what is counted that is none": ("then:", "if: sum(orders.totl where order.placed_at within last 9 days) > 5 EUR\nthen:", "pattern"),
    "a text that is never closed": ("then:", "if: order.number = 'A\nthen:", "pattern"),
    "blanks in the quotes of a word": ("then:", "status: 'live '\nthen:", "allowed values"),
    "blanks in the quotes of an event": ("order.completed", "' order.completed'", "pattern"),
    "blanks in the quotes of a state": ("event: order.completed\n  after", "customer: 'inactive '\n  for", "allowed values"),
    "blanks in the quotes of a subject": ("then:", "once-per: 'order '\nthen:", "allowed values"),
    "something to count by that is none": ("then:", "once-per: basket\nthen:", "allowed values"),
}
# Ways of writing that are right.
LEGAL = {
    "a number where a text stands": ("rule: thanks", "rule: 2026"),
    "an event of the site's own": ("order.completed", "webinar.attended"),
    "one condition without a list": ("then:", "if: order.refunded\nthen:"),
    "a list of conditions": ("then:", "unless:\n  - order.refunded\n  - customer.open_tickets > 0\nthen:"),
    "no wait at all": ("7 days", "0 days"),
    "no limit of lateness": ("then:", "late-limit: none\nbacklog: all\nthen:"),
    "a percentage with its sign": ("- email: thanks", "- coupon: a\n    percent-off: 15%\n    valid-for: 2 days\n  - email: thanks"),
    "zeros in front of a share": ("then:", "holdout: 030%\nthen:"),
    "blanks in the quotes of a duration": ("7 days", "'7 days '"),
    "a hundred years": ("7 days", "100 years"),
    "a hundred years in hours": ("7 days", "876000 hours"),
    "a whole number with a point": ("then:", "priority: 15.0\nthen:"),
    "a whole number to the base of sixteen": ("then:", "priority: 0x10\nthen:"),
    "a name of truth in quotes": ("rule: thanks", "rule: 'true'"),
    "dots in texts and numbers": ("then:", "if: order.number != 'costumer.x it''s' and order.total > 4.5 EUR\nthen:"),
    "fields of what is counted": ("then:", "if: sum(orders.total where order.placed_at older than 2 days) > 5 EUR or count(items where item.name contains 'a.b') > 2\nthen:"),
    "business time from an event": ("7 days", "7 business days\nsend-window: daytime"),
}

# A rule with a site's own words in every place where it may have one.
OWN_RULE = """rule: silent-gold
purpose: marketing
when:
  customer: silent-gold
  for: 30 days
if:
  - customer.tier in [gold, silver] and customer.credit > 5 USD
  - count(events where event.name = 'webinar.attended' and event.minutes > 30) > 0
then:
  - email: welcome
"""

# The same for stories and retaind.yaml: a whole file, where it stands in a site, who reads it, and what is changed.
OTHERS = {
    "story": ("tests/stories/thanks-and-feedback.yaml", "tests/thanks-and-feedback.yaml", ["test"], [
        ("cases:", "case:"), ("starts: 2026-03-02 10:00", "starts: monday"), ("test: thanks-and-feedback", "test:"),
        ("at: day 0,", "at: first day,"), ("at: day 0,", "when: day 0,"), ("expect: nothing}", "expect: noting}"),
        ("expect: nothing}", "expect: nothing, daemon: stops}"), ("because: condition-false", "because: condition-flase"),
        ("event: order.completed, order: {id: 1001, customer: anna, total: 49 EUR}", "order: {id: 1001, costumer: anna}"),
        ("total: 49 EUR", "total: 49"), ("event: order.completed,", "event: order.completd,"), ("{email: thanks, to: anna", "{to: anna"),
        ("consent: feedback", "consent: feedbck"), ("first_name: Anna", "firstname: Anna")]),
    "site": ("daemon/app/site/retaind.yaml", "retaind.yaml", ["check"], [
        ("shop: Example Shop", "shopp: Example Shop"), ("deliver: maildir", "deliver: mail"), ("currency: EUR", "currency: Euro"),
        ("  address: shop@example.com", "  adress: shop@example.com"), ("  messages: 2 ", "  messages: none "), ("  within: 7 days", "  within: 7"),
        ("daytime: 09:00-20:00", "Day time: 09:00-20:00"), ("  changes: 30 days", "  change: 30 days"), ("    to: [support@example.com]", "    too: [support@example.com]"),
        ("    url: https://support.example.com/hooks/retaind", "    url: support.example.com"), ("feedback-basis: consent", "feedback-basis: everybody")]),
    "vocabulary": ("tests/data/language/own-site/vocabulary.yaml", "vocabulary.yaml", ["check"], [
        ("fields:", "field:"), ("type: enum", "typ: enum"), ("newsletter: bool", "newsletter: boolean"),
        ("    properties:\n      title: text\n      from", "    property:\n      title: text\n      from"),
        ("    since: customer.last_active_at\n", ""), ("currency: USD", "currency: dollars")]),
}


def schema(kind, *words):
    done = subprocess.run([BINARY, "schema", kind, *words], capture_output=True, text=True)
    check(done.returncode == 0, done.stderr)
    return json.loads(done.stdout)


modules = npm_peers()
if modules is None:
    sys.exit(0)

with Site() as site:
    at = ["--site", str(site.directory)]
    for kind, paths in {"rule": sorted((SOURCE / "rules").rglob("*.yaml")) + sorted((SOURCE / "tests/sim/site/rules").glob("*.yaml")),
                        "story": sorted((SOURCE / "tests/stories").rglob("*.yaml")) + sorted((SOURCE / "tests/data/semantics/tests").glob("*.yaml")),
                        "site": [SOURCE / "daemon/app/site/retaind.yaml", SOURCE / "tests/sim/site/retaind.yaml"],
                        "vocabulary": [SOURCE / "tests/data/language/own-site/vocabulary.yaml"],
                        "mapping": sorted((SOURCE / "tests/real").glob("*-*.yaml"))}.items():
        check(len(paths) >= (1 if kind == "vocabulary" else 2), f"no {kind} to look at")
        for words in ([], at):
            for path, answer in zip(paths, judge(modules, schema(kind, *words), [p.read_text() for p in paths])):
                check(answer["valid"], f"{path.name} is refused: {answer['errors']}")
        print(f"{len(paths)} files of the kind {kind} are valid")

    # The words of the checker and of ajv on the same rules
    cases = {**{why: (RULE.replace(old, new), old, expected) for why, (old, new, expected) in BROKEN.items()},
             **{why: (RULE.replace(old, new), old, None) for why, (old, new) in LEGAL.items()}}
    answers = judge(modules, schema("rule", *at), [text for text, _, _ in cases.values()])
    for (why, (text, old, expected)), answer in zip(cases.items(), answers):
        check(old in RULE and text != RULE, f"nothing is changed for {why}")
        check(answer["valid"] == (expected is None), f"{why}: valid is {answer['valid']}: {text}{answer['errors']}")
        if expected is not None:
            check(any(word in error for word in expected.split("|") for error in answer["errors"]), f"{why}: {answer['errors']}")
        (site.directory / "rules/tried.yaml").write_text(text)
        run = site.run("check")
        ours = "rules/tried.yaml" in run.stdout and "error[" in run.stdout
        check(ours == (expected is not None), f"{why}: the checker says otherwise: {run.stdout}")
    print(f"{len(BROKEN)} broken rules are refused by both, {len(LEGAL)} unusual ones by neither")

    # Stories and settings
    (site.directory / "rules/tried.yaml").unlink()
    for kind, (whole, path, words, broken) in OTHERS.items():
        text = (SOURCE / whole).read_text()
        answers = judge(modules, schema(kind, *at), [text.replace(old, new) for old, new in broken])
        for (old, new), answer in zip(broken, answers):
            check(old in text, f"{whole} has no {old!r}")
            check(not answer["valid"], f"the {kind} with {new!r} is taken")
            whole_file = site.directory / path
            kept = whole_file.read_text() if whole_file.exists() else None
            site.write(path, text.replace(old, new, 1))
            ours = site.run(*words)
            check(ours.returncode != 0 and "error[" in ours.stdout + ours.stderr, f"the checker takes {new!r}: {ours.stdout}{ours.stderr}")
            if kept is None:
                whole_file.unlink()
            else:
                site.write(path, kept)
        print(f"{len(broken)} broken files of the kind {kind} are refused by both")

    # Words of its own: what `check` takes, ajv with the site's schema takes, too
    site.write("vocabulary.yaml", (SOURCE / OTHERS["vocabulary"][0]).read_text())
    site.write("rules/silent-gold.yaml", OWN_RULE)
    run = site.run("check")
    check("rules/silent-gold.yaml" not in run.stdout, run.stdout)
    answer = judge(modules, schema("rule", *at), [OWN_RULE])[0]
    check(answer["valid"], f"a rule with the site's own words is refused: {answer['errors']}")
    check('"silent-gold"' in json.dumps(schema("rule", *at)), "the site's own state is not offered")
    for old, new in (("customer.tier", "customer.tir"), ("event.minutes", "event.minute"), ("customer.credit", "order.credit")):
        text = OWN_RULE.replace(old, new)
        site.write("rules/silent-gold.yaml", text)
        run = site.run("check")
        answer = judge(modules, schema("rule", *at), [text])[0]
        check("rules/silent-gold.yaml" in run.stdout and "error[" in run.stdout and not answer["valid"], f"{new} is taken: {run.stdout} {answer}")
    answer = judge(modules, schema("rule"), [OWN_RULE])[0]
    check(not answer["valid"], "a site without these words takes them")
    for path in ("vocabulary.yaml", "rules/silent-gold.yaml"):
        (site.directory / path).unlink()

    # What a site has made is what is printed, and is made anew for new names
    check(json.loads((site.directory / ".schema/rule.json").read_text()) == schema("rule", *at), "init wrote another schema")
    (site.directory / "templates/spring.en.liquid").write_text("---\nsubject: Spring\n---\nHello\n")
    settings = site.directory / ".vscode/settings.json"
    settings.write_text("{}")
    wrote = site.run("schema", "--write")
    told = [line for line in wrote.stdout.splitlines() if line.endswith(".json") and "/.schema/" in line]
    check(wrote.returncode == 0 and len(told) == 5, wrote.stdout + wrote.stderr)
    check(".vscode/settings.json is yours and was left alone" in wrote.stdout and '"yaml.schemas"' in wrote.stdout, wrote.stdout)
    for kept in (".schema/rule.json", "retaind.yaml"):
        check((site.directory / kept).stat().st_mode & 0o044 == 0o044, f"others may not read {kept}")
    check("spring" in (site.directory / ".schema/rule.json").read_text(), "a new template is not offered")
    check(settings.read_text() == "{}", "the user's settings are overwritten")
    check(site.run("schema", "rul").returncode == 2, "a misspelt kind is taken")
