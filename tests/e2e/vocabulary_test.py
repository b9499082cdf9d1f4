#!/usr/bin/env python3
"""Words of the site's own: declared, listed, imported, tested, reloaded with the rules as one swap."""

from running_site import Daemon, Site, check, timestamp, wait_for

WORDS = """fields:
  customer.tier: {type: enum, words: [gold, silver], about: how much they buy in a year}
events:
  webinar.attended:
    properties: {minutes: number}
"""
RULE = """rule: gold-webinar
purpose: transactional
status: live
when:
  event: webinar.attended
if:
  - customer.tier = gold
  - event.minutes >= 30
then:
  - email: welcome
"""
STORY = """test: gold-webinar
starts: 2026-03-02 10:00
people:
  anna: {email: anna@example.com, tier: gold}
  bert: {email: bert@example.com, tier: silver}
cases:
  - name: who is gold and stayed is written to
    story:
      - {at: day 1, event: webinar.attended, customer: anna, attributes: {minutes: 30}}
      - {at: day 1, event: webinar.attended, customer: bert, attributes: {minutes: 30}}
      - {at: day 1 11:00, expect: [{email: welcome, to: anna}]}
      - {at: day 2, event: webinar.attended, customer: anna, attributes: {minutes: 29}}
      - {at: day 3, customer: {id: bert, tier: gold}}
      - {at: day 3, event: webinar.attended, customer: bert, attributes: {minutes: 60}}
      - {at: day 9, expect: [{email: welcome, to: bert}]}
"""

with Site() as site:
    site.only_rule("gold-webinar", RULE)
    undeclared = site.run("check")
    check(undeclared.returncode == 1 and "R015" in undeclared.stdout, undeclared.stdout)
    check("declared in vocabulary.yaml: `fields: {customer.tier: text}`" in undeclared.stdout, undeclared.stdout)
    (site.directory / "vocabulary.yaml").write_text(WORDS)
    whole = site.run("check", "--strict")
    check(whole.returncode == 0, whole.stdout + whole.stderr)
    for file in (site.directory / "tests").glob("*.yaml"):
        file.unlink()
    (site.directory / "tests" / "gold-webinar.yaml").write_text(STORY)
    told = site.run("test")
    check(told.returncode == 0, told.stdout + told.stderr)
    listed = site.run("vocabulary").stdout
    check("customer.tier" in listed and "(gold, silver; the site's own)" in listed, listed)
    check("webinar.attended" in listed and "(with minutes; the site's own)" in listed, listed)
    check('"own":true' in site.run("vocabulary", "events", "--json").stdout, "no own event in JSON")

    def bring(kind, lines, *more):
        file = site.directory / f"{kind}.csv"
        file.write_text("\n".join(lines) + "\n")
        done = site.run("import", kind, str(file), *more)
        check(done.returncode == 0, done.stdout + done.stderr)

    mapping = site.directory / "customers.map.yaml"
    mapping.write_text("fields: {key: id, email: mail}\nattributes: {tier: level}\n")
    people = ["id,mail,level", "anna,anna@example.com,gold", "bert,bert@example.com,silver", "carl,carl@example.com,platinum"]
    with Daemon(site) as daemon:
        daemon.wait_started()
        bring("customers", people, "--map", str(mapping))
        events = site.directory / "events.map.yaml"
        events.write_text("fields: {key: id, customer: who, name: what, at: when}\nattributes: {minutes: minutes}\n")
        count = 0

        def attended(who):
            global count
            count += 1
            bring("events", ["id,who,what,when,minutes", f"e{count},{who},webinar.attended,{timestamp(0)},45"], "--map", str(events))

        outcome = lambda: dict(site.query(
            "SELECT s.key, coalesce(m.state, -1) FROM firing f JOIN events e ON e.id = f.row JOIN customers s ON s.id = e.customer "
            "LEFT JOIN message m ON m.firing = f.id"))
        for who in ("anna", "bert", "carl"):
            attended(who)
        wait_for("three firings", lambda: len(outcome()) == 3)
        wait_for("anna's mail", lambda: outcome()["anna"] == 4)
        check(outcome()["bert"] == -1 and outcome()["carl"] == -1, f"{outcome()}")
        why = site.run("explain", "gold-webinar", "--customer", "carl")
        check("`platinum` in the data is not" in why.stdout, why.stdout + why.stderr)

        # A vocabulary with a mistake changes nothing; then words and rules are taken over at once.
        file = site.directory / "vocabulary.yaml"
        file.write_text(WORDS.replace("type: enum", "type: enumm"))
        refused = site.run("reload")
        check(refused.returncode == 1 and "the running rules stay" in refused.stderr + refused.stdout, refused.stderr + refused.stdout)
        file.write_text(WORDS.replace("[gold, silver]", "[gold, silver, platinum]"))
        site.edit("rules/gold-webinar.yaml", "customer.tier = gold", "customer.tier in [gold, platinum]")
        taken = site.run("reload")
        check(taken.returncode == 0, taken.stderr)
        attended("carl")
        wait_for("carl's mail", lambda: outcome().get("carl") == 4 or
                 site.query("SELECT count(*) FROM message WHERE state = 4")[0][0] == 2)
        # The rule's text alone stays as it was, and it is another rule all the same.
        before = site.query("SELECT count(*) FROM rule_revision")[0][0]
        file.write_text(WORDS.replace("[gold, silver]", "[platinum, gold]"))
        differs = site.run("diff")
        check("changed" in differs.stdout and "vocabulary.yaml" in differs.stdout, differs.stdout + differs.stderr)
        still = site.run("explain", "gold-webinar", "--customer", "bert")
        check("customer.tier = silver" in still.stdout, "explain does not read as it runs: " + still.stdout + still.stderr)
        check(site.run("reload").returncode == 0, "the third vocabulary is not taken over")
        check(site.query("SELECT count(*) FROM rule_revision")[0][0] == before + 1, "other words made no revision")
        check(daemon.stop() == 0, daemon.text())
print("own fields and events: checked, tested, imported, reloaded")
