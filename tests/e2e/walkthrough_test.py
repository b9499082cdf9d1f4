#!/usr/bin/env python3
"""What the README promises to its three readers works as written there."""
import json
import pathlib
import re
import xml.dom.minidom

from running_site import SOURCE, Daemon, Site, check, wait_for

KINDS = "customers orders items subscriptions tickets feedback events consent suppression".split()

readme = (SOURCE / "README.md").read_text()
for path in re.findall(r"`(daemon/[a-z]+|rules|templates|systemd|tests)`", readme):
    check((SOURCE / path).is_dir(), f"README names {path}, which is not there")
for path in re.findall(r"bash ([a-z]+/[a-z]+\.sh)", readme):
    check((SOURCE / path).is_file(), f"README names {path}, which is not there")

with Site("--demo", "--seed", "5") as site:
    rule = re.search(r"```yaml\n(.*?)```", readme, re.DOTALL).group(1)
    site.write("rules/thanks-and-feedback.yaml", rule + "backlog: 14 days\n")
    check(site.run("check").returncode == 0, "the README's rule has mistakes")
    for kind in KINDS:
        file = str(site.directory / f"demo/{kind}.csv")
        first = site.run("import", kind, file)
        check(first.returncode == 0 and " 0 changed" in first.stdout, first.stdout + first.stderr)
        again = site.run("import", kind, file)
        rows = len((site.directory / f"demo/{kind}.csv").read_text().splitlines()) - 1
        check(f"0 new, 0 changed, {rows:,} unchanged" in again.stdout, f"a second import changed something: {again.stdout}")
    with Daemon(site, words=("--until-idle",)) as daemon:
        check(daemon.process.wait(120) == 0, daemon.text())

    status = site.run("status")
    check(status.returncode == 0 and "the numbers add up" in status.stdout, status.stdout)
    reasons = {row[0] for row in site.query("SELECT DISTINCT reason FROM message WHERE state = 7 UNION SELECT DISTINCT reason FROM firing")}
    check(len(reasons) >= 5, f"only the reasons {reasons} occur")
    sent = site.query("SELECT count(*) FROM message WHERE state = 4 AND channel = 1 AND envelope IS NULL")[0][0]
    check(sent == len(site.mails()) > 20, f"{len(site.mails())} mails for {sent} sent messages")
    addresses = [line for line in daemon.text().splitlines() if "@example" in line]
    check(not addresses, f"the log has addresses: {addresses[:2]}")

    # The support agent's reminder names what it is about, and by which rule it came.
    reminders = [mail.read_text() for mail in site.mails() if "X-Retaind-Rule: ticket-unresolved-48h" in mail.read_text()]
    check(reminders, "no reminder was sent")

    before = site.mails()
    backtest = site.run("backtest", "--from", "2026-01-01", "--to", "2026-01-15", "--csv", "-")
    check(backtest.returncode == 0 and backtest.stdout.startswith("rule,"), backtest.stdout + backtest.stderr)
    check("sent" in backtest.stdout, f"the backtest would have sent nothing:\n{backtest.stdout}")
    check(site.mails() == before, "a backtest sent mail")
    picture = pathlib.Path(site.base) / "days.svg"
    one = site.run("backtest", "thanks-and-feedback", "--from", "2026-01-01", "--to", "2026-01-15", "--svg", str(picture), "--json")
    counted = json.loads(one.stdout)
    check([rule["rule"] for rule in counted["rules"]] == ["thanks-and-feedback"] and counted["rules"][0]["sent"] > 0, one.stdout)
    check(xml.dom.minidom.parse(str(picture)).documentElement.tagName == "svg", "no picture")
    check(not one.stderr, f"a bar beside a pipe: {one.stderr}")
    days = ("--from", "2026-01-01", "--to", "2026-01-15")
    for words, status, said in ((("thanks", *days), 1, "there is no rule `thanks`"), (("--from", "2026-02-01", "--to", "2026-01-01"), 2, "--to is not after"),
                                ((*days, "--svg", str(picture)), 1, "exists and is not overwritten"), ((*days, "--svg", "/nowhere/at/all.svg"), 1, "of yours")):
        refused = site.run("backtest", *words)
        check(refused.returncode == status and said in refused.stderr, f"{words}: {refused.returncode} {refused.stderr}")
    sent_lines = site.run("outbox", "--state", "sent", "--limit", "5").stdout.splitlines()
    check(any("sent" in line for line in sent_lines), sent_lines)
    check("no-consent" in site.run("outbox", "--occurrences").stdout, "no occurrence without consent is listed")

    with Daemon(site) as daemon:
        daemon.wait_started()
        check(site.run("hold", "--customer", "C0042", "--because", "asked for quiet").returncode == 0, "hold failed")
        check("customer C0042: asked for quiet" in site.run("status").stdout, "the hold is not in status")
        check(site.run("reload").returncode == 0, "reload failed")
        check(daemon.stop() == 0, daemon.text())
print(f"the README holds: {sent} mails, reasons {sorted(reasons)}")
