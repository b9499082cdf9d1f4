#!/usr/bin/env python3
"""The shipped templates as their readers see them: telephone and desk, light and dark, three languages, any name."""
import concurrent.futures
import itertools
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

from browser import FONTS, Browser, chromium
from running_site import BINARY, SOURCE, check

HERE = pathlib.Path(__file__).resolve().parent
LANGUAGES = ("en", "ja", "zh")
PURPOSES = {"detractor": "internal", "ticket-escalation": "internal", "ticket-reminder": "internal", "thanks": "feedback",
            "support-feedback": "feedback"}
PEOPLE = {"en": ("Anna", "Albers"), "ja": ("花子", "山田"), "zh": ("雷", "李")}
LONG = {"en": "Wolfeschlegelsteinhausenbergerdorffwelchevoralternwarengewis", "ja": "寿限無寿限無五劫の擦り切れ海砂利水魚の" * 3 + "水行末",
        "zh": "欧阳上官司马诸葛东方皇甫尉迟公羊澹台冶宗" * 3}
ARTICLES = {"en": "Kettle, 1.5 litres", "ja": "電気ケトル（1.5リットル）", "zh": "电热水壶（1.5升）"}
SHOPS = {"en": "Example Shop", "ja": "さくら商店", "zh": "春天小店"}
KINDS = ("usual", "a name of 60 characters", "no name", "1 item", "30 items")


def context(name, language, kind):
    """What the sender gives a template, see delivery/compose.cc."""
    first, last = PEOPLE[language]
    if kind == "a name of 60 characters":
        first, last = (LONG[language], last) if language == "en" else (first, LONG[language])
    person = {"first_name": first, "last_name": last, "key": "C0042", "locale": language}
    if kind == "no name":
        person.update(first_name="", last_name=None)
    item = {"name": ARTICLES[language], "sku": "KTL-15", "key": "i1", "quantity": 2.0, "price": {"minor": 4990, "currency": "EUR"},
            "customer": person, "age": "2 days 18 hours", "why": "ticket.unresolved for 48 hours, since 2026-02-27 16:00",
            "ticket": {"number": "4711", "subject": ARTICLES[language], "priority": "urgent", "status": "waiting_for_customer",
                       "assignee": "a.long.address.of.somebody@support.example.com", "link": "https://desk.example.com/tickets/4711"},
            "feedback": {"score": 3, "comment": ARTICLES[language]}}
    endless = {**item, "name": "X" * 80, "quantity": 1, "ticket": {**item["ticket"], "subject": "Y" * 80, "assignee": None}}
    items = {"1 item": [item], "30 items": [item] * 29 + [endless]}.get(kind, [item, item])
    others = [{"key": one["key"], "sku": one["sku"], "name": one["name"], "price": one["price"], "count": 7} for one in [*items, endless]]
    return {"site": {"name": SHOPS[language], "postal_address": f"{SHOPS[language]}, 1 Example Street, Example City", "locale": language},
            "sender": {"name": SHOPS[language], "address": "shop@example.com", "reply_to": "hello@example.com"},
            "timezone": "UTC", "now": "2026-03-02T10:00:00Z", "why": item["why"], "customer": person, "items": items, "recommendations": others[-12:],
            "rule": {"id": "a-rule", "about": "What it is for", "purpose": PURPOSES.get(name, "marketing")},
            "unsubscribe": {"link": None if PURPOSES.get(name) == "internal" else "https://shop.example.com/unsubscribe?c=C0042&t=" + "Qz" * 20},
            "survey": {"link": "https://shop.example.com/survey/nps?t=s1.1." + "Qz" * 20}, "order": {"number": "1001"},
            "coupon": {"code": "ABCDE23456", "percent_off": 15, "amount_off": None, "single_use": True, "valid_until": "2026-03-30T10:00:00Z"},
            "subscription": {"plan": ARTICLES[language], "renews_at": "2026-03-30T10:00:00Z"}, "ticket": item["ticket"]}


def rendered(file, values, part="html", parts=SOURCE / "templates"):
    with tempfile.NamedTemporaryFile("w", suffix=".json") as data:
        json.dump(values, data)
        data.flush()
        done = subprocess.run([BINARY, "render", str(file), "--data", data.name, "--part", part, "--partials", str(parts)],
                              capture_output=True, text=True)
    check(done.returncode == 0, f"{file.name}: {done.stderr}")
    return done.stdout


files = [file for place in ("templates", "templates/more") for file in sorted((SOURCE / place).glob("[!_]*.liquid"))]
written = {language: {file.name.split(".")[0] for file in files if file.name.split(".")[1] == language} for language in LANGUAGES}
check(len(written["en"]) >= 12 and len(set(map(frozenset, written.values()))) == 1, f"not every template is written in every language: {written}")
asked = [(file, file.name.split(".")[0], file.name.split(".")[1], kind) for file in files for kind in KINDS]
with concurrent.futures.ThreadPoolExecutor(2) as pool:
    mails = dict(zip([(name, language, kind) for _, name, language, kind in asked],
                     pool.map(lambda one: rendered(one[0], context(*one[1:])), asked)))

# Names, where the text shows them
for language, greetings in {"en": ("Dear Anna,", "Hello,"), "ja": ("山田様", "お客様"), "zh": ("李雷，您好！", "您好！")}.items():
    welcome = SOURCE / f"templates/welcome.{language}.liquid"
    for kind, greeting in zip(("usual", "no name"), greetings):
        check(f"<p>{greeting}</p>" in mails["welcome", language, kind], f"{language}: {greeting} is not in\n{mails['welcome', language, kind]}")
    check(len(LONG[language]) == 60 and LONG[language] in mails["welcome", language, KINDS[1]], f"{language}: the long name is cut")
foreign = context("welcome", "zh", "usual")
foreign["customer"].update(first_name="Anna", last_name="Albers")
check("<p>Anna Albers，您好！</p>" in rendered(SOURCE / "templates/welcome.zh.liquid", foreign), "a Latin name is turned round in Chinese")
cheaper = context("win-back", "zh", "usual")
for percent, said in ((10, "9折"), (15, "8.5折"), (50, "5折")):
    cheaper["coupon"]["percent_off"] = percent
    check(f"送您一张{said}优惠券" in rendered(SOURCE / "templates/win-back.zh.liquid", cheaper, "subject"), f"{percent} % are not {said}")
once = {"en": ("off one order", "off your orders"), "ja": ("1回限り有効", "オフ"), "zh": ("限用一次", "优惠")}
for language, (single, often) in once.items():
    coupon = context("win-back", language, "usual")
    for single_use in (True, False):
        coupon["coupon"]["single_use"] = single_use
        told = rendered(SOURCE / f"templates/win-back.{language}.liquid", coupon)
        check((single in told) == single_use and (single_use or often in told), f"{language}, single-use {single_use}: {told}")
cheaper["coupon"].update(percent_off=None, amount_off={"minor": 2000, "currency": "CNY"})
check("立减¥20.00" in rendered(SOURCE / "templates/win-back.zh.liquid", cheaper), "an amount is not named")

# The lines of an order: up to 30, and how many more
for language, more in {"en": "and 3 more", "ja": "ほか3点", "zh": "等，共 33 件"}.items():
    order = context("thanks", language, "1 item")
    order["items"] = [{**order["items"][0], "name": f"article {i}", "quantity": 1.5 if i == 7 else 2.0} for i in range(33)]
    listed = re.findall("<li>(.*)</li>", rendered(SOURCE / f"templates/thanks.{language}.liquid", order))
    check(len(listed) == 31 and listed[7] == "article 7 × 1.5" and listed[29] == "article 29 × 2" and listed[30] == more, f"{language}: {listed}")

# Who reads a digest as text sees where a ticket ends
for language in LANGUAGES:
    digest = rendered(SOURCE / f"templates/ticket-reminder.{language}.liquid", context("ticket-reminder", language, "usual"), "text")
    check(digest.count("\n\n4711") == 2, f"{language}: tickets run into each other:\n{digest}")

# What Outlook shows and who has to be able to unsubscribe, by structure
for (name, language, kind), html in mails.items():
    where = f"{name}.{language}, {kind}"
    check(html.startswith("<!doctype html>\n<html lang=\"" + {"zh": "zh-Hans"}.get(language, language) + '">'), f"{where}: {html[:60]}")
    check(len(html.encode()) < (30000 if kind == "30 items" else 6000), f"{where}: {len(html.encode())} bytes")
    opened, closed = html.count("<!--[if mso]>"), html.count("<![endif]-->")
    check(opened == closed and html.count("<table") == html.count("</table>") == html.count("<tr><td") == html.count("</td></tr>"), f"{where}: tables")
    check(re.search(r'<!--\[if mso\]><table role="presentation" align="center" width="600"[^>]*><tr><td[^>]*><!\[endif\]-->\n<div class="card"', html),
          f"{where}: no frame of 600 pixels in Outlook")
    for button in re.finditer(r'<a class="button"', html):
        before, after = html[:button.start()], html[button.start():]
        check(re.search(r'<!--\[if mso\]><table role="presentation"[^>]*><tr><td bgcolor="#[0-9a-f]{6}" style="padding:[^"]+"><!\[endif\]-->\s*$', before)
              and re.match(r"<a [^>]*>[^<]+</a>\s*<!--\[if mso\]></td></tr></table><!\[endif\]-->", after), f"{where}: Outlook has no button")
    check(("class=\"button\"" in html) == (name in ("thanks", "support-feedback")), f"{where}: the button")
    internal = PURPOSES.get(name) == "internal"
    check(("https://shop.example.com/unsubscribe" in html) != internal and ("1 Example Street" in html) != internal, f"{where}: the footer")
    check(internal or "hello@example.com" in html or language != "ja", f"{where}: Japanese law wants an address for questions")
    shown = mails[name, language, "usual"].splitlines()
    if kind == "a name of 60 characters":
        check(sum(line in shown for line in html.splitlines()) >= len(shown) - 6, f"{where}: too few lines are those of the mail before")

# A logo instead of the shop's name
with tempfile.TemporaryDirectory() as parts:
    shutil.copytree(SOURCE / "templates", parts, dirs_exist_ok=True)
    layout = pathlib.Path(parts) / "_base.liquid"
    layout.write_text(layout.read_text().replace('assign logo = ""', 'assign logo = "https://shop.example.com/logo.png"'))
    with_logo = rendered(pathlib.Path(parts) / "thanks.en.liquid", context("thanks", "en", "usual"), parts=parts)
check('<img src="https://shop.example.com/logo.png" alt="Example Shop" width="180"' in with_logo, with_logo)
mails["thanks", "en", "a logo"] = with_logo

binary = chromium()
if binary is None:
    raise SystemExit(0)
problems_of = (HERE / "mail_page.js").read_text().split("\n", 1)[1]
missing_glyphs = """(texts) => {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 48;
  const pen = canvas.getContext("2d", {willReadFrequently: true});
  pen.font = getComputedStyle(document.querySelector(".card")).font.replace(/16px/, "32px");
  const drawn = (text) => {
    pen.clearRect(0, 0, 48, 48);
    pen.fillText(text, 4, 36);
    return pen.getImageData(0, 0, 48, 48).data.join();
  };
  const missing = new Set(["\\u0378", "\\u{10fffd}", "\\ue123"].map(drawn));
  return [...texts].filter((one) => missing.has(drawn(one)));
}"""
pictures = pathlib.Path(os.environ["RETAIND_PICTURES"]) if "RETAIND_PICTURES" in os.environ else None
found = []
letters = {language: set() for language in LANGUAGES}
with Browser(binary) as page:
    def views():
        for width, scheme in itertools.product((375, 800), ("light", "dark")):
            page.width(width)
            page.scheme(scheme)
            yield width, scheme, page.run(f"({problems_of})({'true' if scheme == 'dark' else 'false'})")

    # Each check sees what it looks for.
    frame = mails["thanks", "en", "usual"]
    for planted, said in (('<p style="white-space:nowrap">' + "long " * 60 + "</p>", "scrolls sideways"), ('<p style="color:#999">pale</p>', "contrast 2.85"),
                          ('<p><a href="https://x.example">small</a></p>', "a finger misses"), ('<img src="data:,">', "no alternative text"),
                          ("<table><tr><td>x</td></tr></table>", "a table that is read out")):
        page.show(frame.replace("<p>Dear", planted + "<p>Dear"))
        check(any(said in problem for _, _, problems in views() for problem in problems), f"{planted} is not seen")
    page.show(frame.replace("<!doctype html>", "").replace("@media (prefers-color-scheme:dark)", "@media print"))
    seen = [problem for _, _, problems in views() for problem in problems]
    check("no doctype: " in seen and any(problem.startswith("the dark screen") for problem in seen), f"{seen}")
    check(page.run(f"({missing_glyphs})(['a', '\\u0379'])") == ["\u0379"], "a missing glyph is not seen")

    shown = set()
    for (name, language, kind), html in mails.items():
        if html in shown:
            continue  # not every template lists the items
        shown.add(html)
        page.show(html)
        for width, scheme, problems in views():
            found += [f"{name}.{language}, {kind}, {width} px, {scheme}: {problem}" for problem in problems]
            if pictures and kind in ("usual", KINDS[1]):
                page.picture(pictures / f"{name}.{language}.{kind.split()[-1]}.{width}.{scheme}.png")
        letters[language] |= set(page.run("document.body.innerText")) - set(" \n\u00a0")
    for language in LANGUAGES:
        page.show(mails["thanks", language, "usual"])
        lost = page.run(f"({missing_glyphs})({json.dumps(sorted(letters[language]))})")
        found += [f"{language}: no glyph for {lost}"] if lost else []
        fonts = page.fonts("p")
        if language in FONTS and fonts != {FONTS[language]}:
            found.append(f"{language} is shown in {fonts}")
check(not found, f"{len(found)} problems:\n" + "\n".join(found[:40]))
print(f"{len(shown)} mails, each in 4 views; {sum(map(len, letters.values()))} different letters")
