#!/usr/bin/env python3
"""`preview` shows the sender's own mail and stores nothing; `timeline` shows one person over all rules."""
import email
import email.policy
import json
import pathlib
import re

from running_site import GREET, NOTICE, Daemon, Site, check, timestamp

THANKS = GREET.replace("rule: greet", "rule: thanks").replace("event: customer.created", "event: order.completed\n  after: 7 days") \
    .replace("purpose: marketing", "purpose: transactional").replace("  - email: welcome", "  - survey: nps\n  - email: thanks") \
    .replace("once-per: customer\n", "")

with Site() as site:
    site.only_rule("thanks", THANKS)
    site.write("rules/greet.yaml", GREET)
    site.load_customers(0, 2, timestamp(-3600))
    site.load("orders", f"key,customer,number,status,placed_at,completed_at,total,currency\n"
              f"o1,C0,77,completed,{timestamp(-7200)},{timestamp(-7200)},10.00,EUR\n")
    with Daemon(site, words=("--until-idle",)) as daemon:
        check(daemon.process.wait(60) == 0, daemon.text())
    tables = ("message", "firing", "coupon", "survey", "message_body", "decision", "once", "cap", "change")
    before = [site.query(f"SELECT count(*) FROM {table}") for table in tables]
    files = sorted(str(file) for file in site.directory.rglob("*"))
    eml = pathlib.Path(site.base) / "thanks.eml"
    html = pathlib.Path(site.base) / "thanks.html"
    shown = site.run("preview", "thanks", "--customer", "c0@example.com", "--eml", str(eml), "--html", str(html))
    check(shown.returncode == 0, shown.stderr)
    for line in ("PREVIEW   nothing is sent and nothing is stored\n", "rule      thanks, step email:thanks, about order o1 of 20",
                 "the survey link is made up; signed links work nowhere\n", "\nTo:       c0@example.com\n", "77"):
        check(line in shown.stdout, f"{line!r} is not in:\n{shown.stdout}")
    mail = email.message_from_bytes(eml.read_bytes(), policy=email.policy.default)
    subject = [line for line in shown.stdout.splitlines() if line.startswith("Subject:")][0].split(None, 1)[1]
    check(mail["Subject"] == subject and mail["To"] == "c0@example.com", f"{mail['Subject']} {mail['To']}")
    text = mail.get_body(("plain",)).get_content().replace("\r\n", "\n")
    check(text.strip() in shown.stdout, f"the text part is another:\n{text}")
    check(html.read_text().strip() == mail.get_body(("html",)).get_content().replace("\r\n", "\n").strip(), "the HTML is another")
    japanese = site.run("preview", "thanks", "--customer", "C0", "--locale", "ja").stdout
    check("お問い合わせ：hello@example.com" in japanese, f"the Japanese footer names nobody to ask:\n{japanese}")
    greeting = site.run("preview", "greet", "--customer", "C0").stdout
    check("because you agreed to hear from Example Shop" in greeting and "because" not in shown.stdout, f"the footer gives another reason:\n{greeting}")
    # What the sender sends about the same row is the same but for its number, links and date.
    check("--step" not in shown.stdout, shown.stdout)
    for file in (eml, html):
        check(file.stat().st_mode & 0o007 == 0, f"everyone may read {file.name}: {file.stat().st_mode:o}")
    again = site.run("preview", "thanks", "--customer", "C0", "--eml", str(eml))
    check(again.returncode == 1 and "exists and is not overwritten" in again.stderr, again.stderr)
    for words, status, said in ((("thanks", "--customer", "C1"), 1, "customer `C1` has no order, which the message would be about"),
                                (("thanks", "--customer", "C7"), 1, "there is no customer `C7`"),
                                (("thank", "--customer", "C0"), 1, "did you mean `thanks`?"),
                                (("thanks", "--customer", "C0", "--step", "email:thank"), 1, "did you mean `email:thanks`?"),
                                (("thanks",), 2, "--customer is needed")):
        refused = site.run("preview", *words)
        check(refused.returncode == status and said in refused.stderr, f"{words}: {refused.returncode} {refused.stderr}")
    # The same in Japanese, in the charset that the site asks for as far as it goes.
    said = {}
    for charset, shop in (("utf-8", "青空ショップ"), ("iso-2022-jp", "青空ショップ"), ("iso-2022-jp", "髙島ショップ")):
        settings = (site.directory / "retaind.yaml").read_text()
        site.edit("retaind.yaml", "sender:\n", f"sender:\n  charset: {charset}\n")
        name = [line for line in settings.splitlines() if line.startswith("shop: ")][0]
        site.edit("retaind.yaml", name, f"shop: {shop}")
        file = pathlib.Path(site.base) / "japanese.eml"
        file.unlink(missing_ok=True)
        shown = site.run("preview", "thanks", "--customer", "C0", "--locale", "ja", "--eml", str(file))
        check(shown.returncode == 0, shown.stderr)
        mail = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
        parts = [mail.get_body((kind,)) for kind in ("plain", "html")]
        got = charset if shop.startswith("青") else "utf-8"
        check({part.get_content_charset() for part in parts} == {got}, f"{charset}, {shop}: {file.read_text()}")
        check(f'<meta charset="{got}">' in parts[1].get_content(), parts[1].get_content())
        check(f"=?{got}?".encode() in file.read_bytes(), "the subject is in another charset")
        # The link is made up anew.
        said.setdefault(shop, []).append((mail["Subject"], re.sub(r"\?t=\S+", "", parts[0].get_content())))
        site.write("retaind.yaml", settings)
    check(len(said["青空ショップ"]) == 2 and len(set(said["青空ショップ"])) == 1, f"{said}")
    # The sender's own error: a template that asks for what this customer does not have.
    template = site.directory / "templates" / "welcome.en.liquid"
    good = template.read_text()
    template.write_text(good + "\n{{ customer.attributes.shoe_size }}\n")
    refused = site.run("preview", "greet", "--customer", "C0")
    check(refused.returncode == 1 and "shoe_size" in refused.stderr, refused.stdout + refused.stderr)
    template.write_text(good)
    site.load("customers", "key\nnobody\n")
    refused = site.run("preview", "greet", "--customer", "nobody")
    site.load("customers", "key,email\nmany,\"a@example.com,b@example.com\"\nlong," + "y" * 10240 + "@example.com\n")
    for who, said in (("many", "`a@example.com,b@example.com` is none"), ("long", "`" + "y" * 40 + "…` is none")):
        unusable = site.run("preview", "greet", "--customer", who)
        check(unusable.returncode == 1 and said in unusable.stderr and len(unusable.stderr) < 300, unusable.stderr)
    check(refused.returncode == 1 and "no-address" in refused.stderr, refused.stderr)
    after = [site.query(f"SELECT count(*) FROM {table}") for table in tables if table != "change"]
    check(after == [count for table, count in zip(tables, before) if table != "change"], "preview has stored something")
    check(files == sorted(str(file) for file in site.directory.rglob("*")), "preview has left a file")

    # One person over all rules: what happened, what the ledger has, and what is not in it yet.
    check(site.run("hold", "--customer", "C0", "--because", "asked for quiet").returncode == 0, "hold")
    asked = site.run("timeline", "C0")
    check(asked.returncode == 0, asked.stderr)
    lines = asked.stdout.splitlines()
    for part in ("customer C0, in the site's time zone UTC", "consent to marketing given", "order o1 placed (completed)",
                 "order o1 completed (completed)", "greet email:welcome: sent", "put on hold by ", "-- now;",
                 "thanks email:thanks of order o1: would "):
        check(any(part in line for line in lines), f"{part!r} is not in:\n{asked.stdout}")
    times = [line[2:21].strip() for line in lines[1:]]
    check(times == sorted(times), asked.stdout)
    ahead = [entry for entry in json.loads(site.run("timeline", "C0", "--json").stdout)["entries"] if entry["ahead"]]
    check([(entry["rule"], entry["outcome"], entry["reason"]) for entry in ahead] == [("thanks", "would wait", "on-hold")], f"{ahead}")
    brief = site.run("timeline", "C0", "--days", "1").stdout
    check("thanks email:thanks" not in brief and "greet email:welcome: sent" in brief, brief)
    refused = site.run("timeline", "C77")
    check(refused.returncode == 1 and "there is no customer `C77`" in refused.stderr, refused.stderr)

# What waits for the facts, and nobody knows how long, stands behind now too.
with Site() as site:
    site.only_rule("greet", NOTICE.replace("then:", "late-limit: none\nhold-while:\n  - customer.orders_count = 0\nthen:"))
    site.load_customers(0, 1, timestamp(-60))
    ran = site.run("run", "--until-idle")
    check(ran.returncode == 0 and not site.mails(), f"{ran.returncode}: {ran.stderr}")
    shown = site.run("timeline", "C0").stdout
    behind = shown[shown.index("-- now;"):]
    check("greet email:welcome: waits (hold-while)" in behind and "until facts change" in behind, shown)
    for asked in (["explain", "greet", "--customer", "C0"], ["explain", "greet", "--customer", "C0", "--json"], ["outbox", "--json"]):
        text = site.run(*asked).stdout
        check("hold-while" in text and "9998" not in text and "9999" not in text, f"{asked}: {text}")
