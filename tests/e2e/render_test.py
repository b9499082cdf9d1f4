#!/usr/bin/env python3
"""`retaind render`: one template with its data, mails with front matter, and many cases line by line, good and bad."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

from running_site import BINARY, SOURCE, check

base = pathlib.Path(tempfile.mkdtemp(prefix="retaind-render-"))


def render(*words, stdin=None):
    done = subprocess.run([BINARY, "render", *map(str, words)], input=stdin, capture_output=True, timeout=120)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def write(name, text):
    path = base / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def expect(got, status, *words):
    check(got[0] == status, f"exit status {got[0]}, wanted {status}: {got[1]}{got[2]}")
    for word in words:
        check(word in got[1] + got[2], f"{word!r} is not said: {got[1]}{got[2]}")


def batch(rows, *words, status=0):
    text = "".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows)
    got = render("--batch", *words, stdin=text.encode("utf-8", "surrogatepass"))
    check(got[0] == status, f"exit status {got[0]}, wanted {status}: {got[2]}")
    return [json.loads(line) for line in got[1].splitlines()]


# One template: escaped by default, as Shopify prints it with --conformance
data = write("data.json", '{"name": "Ann & Bob", "items": [1, 2]}')
hello = write("hello.liquid", "Dear {{ name }},{% for i in items %} {{ i }}{% endfor %}\n")
check(render(hello, "--data", data) == (0, "Dear Ann &amp; Bob, 1 2\n", ""), "the template is rendered wrongly")
check(render(hello, "--data", data, "--conformance") == (0, "Dear Ann & Bob, 1 2\n", ""), "--conformance escapes")
check(render(hello, "--conformance") == (0, "Dear ,\n", ""), "without data an unknown variable prints something")
expect(render(hello), 1, f"error: {hello}:1:9: unknown variable `name`", "Dear {{ name }}", "        ^^^^")

# Partials by the name that render and include use, also below directories
write("parts/footer.liquid", "[{{ who }}]")
write("parts/_side.liquid", "<side>")
write("parts/cards/_item.liquid", "({{ item }})")
shop = write("shop.liquid", "{% render 'footer', who: name %}{% render 'side' %}{% render 'cards/item' for items %}")
check(render(shop, "--data", data, "--partials", base / "parts") == (0, "[Ann &amp; Bob]<side>(1)(2)", ""), "partials")
expect(render(shop, "--data", data), 1, "unknown partial `footer`")
expect(render(shop, "--data", data, "--partials", base / "nowhere"), 1, "cannot read the partials in")

# Mistakes: each with its place, an excerpt and a caret
broken = write("broken.liquid", "line one\n{% if a %}\n{{ name | upcas }}\n{% endfor %}\n")
got = render(broken, "--data", data)
expect(got, 1, f"error: {broken}:3:11: unknown filter `upcas`; did you mean `upcase`?", "    3 | {{ name | upcas }}",
       "      |           ^^^^^", f"error: {broken}:4:4: `endfor` does not close `if` of line 2",
       f"error: {broken}:2:4: `if` is never closed; write {{% endif %}}")
check(got[1] == "", "an invalid template prints something")
expect(render(write("bytes.liquid", b"ok \xff\n")), 1, "bytes.liquid:1:4: invalid UTF-8; save the file as UTF-8")
write("parts/wrong.liquid", "{% for %}")
expect(render(shop, "--data", data, "--partials", base / "parts"), 1, "wrong:1:")
(base / "parts/wrong.liquid").unlink()
expect(render(base / "none.liquid"), 1, "none.liquid")
expect(render(base), 1, str(base))
expect(render(hello, "--data", base / "none.json"), 1, "none.json")
expect(render(hello, "--data", write("list.json", "[1]")), 1, "list.json: the data is no object")
expect(render(hello, "--data", write("bad.json", '{"a": }')), 1, "bad.json: not JSON at byte")
deep = write("deep.json", "[" * 100000)
expect(render(hello, "--data", deep), 1, "nested deeper than 64")

# Misuse
expect(render(), 2, "FILE is missing")
expect(render(hello, "--batch"), 2, "leave FILE")
expect(render(hello, "--part", "subject"), 2, "begins with front matter")
expect(render(hello, "--conformace"), 2, "did you mean `--conformance`?")

# A mail's template: its own parts, layout, locale and partials
thanks = SOURCE / "templates/thanks.en.liquid"
mail = write("mail/note.ja.liquid", "---\nsubject: To {{ name }}\npreheader: soon\nlayout: base\n---\n<p>{{ total | money: 'JPY' }}</p>\n")
write("mail/_base.liquid", "<body>{{ content }}</body>")
amounts = write("amounts.json", '{"name": "Ann & Bob", "total": 1200}')
check(render(mail, "--data", amounts, "--part", "subject") == (0, "To Ann & Bob\n", ""), "the subject is not plain")
check(render(mail, "--data", amounts, "--part", "preheader") == (0, "soon\n", ""), "the preheader")
html = render(mail, "--data", amounts)
expect(html, 0, "<body><div", "<p>￥1,200</p>" if "￥" in html[1] else "1,200")
expect(render(mail, "--data", amounts, "--part", "text"), 0, "1,200")
plain = write("mail/plain.en.liquid", "---\nsubject: x\nformat: text\n---\nHi {{ name }}\n")
check(render(plain, "--data", amounts) == (0, "Hi Ann & Bob\n", ""), "a text mail is escaped")
expect(render(plain, "--data", amounts, "--part", "html"), 1, "is a text mail")
expect(render(write("mail/odd.en.liquid", "---\nsubjct: x\n---\n"), "--data", amounts), 1, "odd.en.liquid:2:1: unknown front matter key",
       "did you mean `subject`?")
expect(render(thanks), 1, "unknown variable")

# Many: one line in, one line out, in order; a line that cannot be read is told by number and the rest goes on
rows = batch([
    {"name": "plain", "template": "{{ a }}", "data": {"a": "<"}},
    "",
    {"name": "invalid", "template": "{% if %}"},
    "not json",
    {"template": "nameless"},
    {"name": "no template"},
    {"name": "wrong data", "template": "x", "data": [1]},
    {"name": "wrong partial", "template": "x", "templates": {"p": 1}},
    {"name": 7, "template": "x"},
    "[1, 2]",
    '{"name": "cut", "template": "x',
    {"name": "partial", "template": "{% render 'p', x: 1 %}", "templates": {"p": "[{{ x }}]"}},
    {"name": "last", "template": "é{{ a }}", "data": {"a": "\ud83d!"}},
], status=1)
check([row["name"] for row in rows] == ["plain", "invalid", "line 4", "line 5", "no template", "wrong data", "wrong partial", "line 9",
                                        "line 10", "line 11", "partial", "last"], f"names: {rows}")
check(rows[0] == {"name": "plain", "result": "&lt;"}, f"mail mode does not escape: {rows[0]}")
check(rows[1]["error"].startswith("invalid:1:7: expected a value") and "^" in rows[1]["error"], f"{rows[1]}")
for row, number in zip(rows[2:10], range(4, 12)):
    wanted = "result" if number == 5 else "error"
    check(wanted in row and (number == 5 or row["error"].startswith(f"line {number}: ")), f"line {number}: {row}")
check(rows[10] == {"name": "partial", "result": "[1]"}, f"{rows[10]}")
check(rows[11] == {"name": "last", "result": "é\ufffd!"}, f"half a surrogate pair: {rows[11]}")
bad = subprocess.run([BINARY, "render", "--batch"], input=b'{"name": "x", "template": "\xff\xfe"}\n{"name": "y", "template": "ok"}',
                     capture_output=True)
rows = [json.loads(line) for line in bad.stdout.splitlines()]
check("line 1: not JSON" in rows[0]["error"] and rows[1] == {"name": "y", "result": "ok"} and bad.returncode == 1, f"{rows}")
long = b'{"name": "big", "template": "' + b"x" * (65 << 20) + b'"}\n{"name": "y", "template": "ok"}\n'
rows = [json.loads(line) for line in subprocess.run([BINARY, "render", "--batch"], input=long, capture_output=True).stdout.splitlines()]
check(rows[0] == {"name": "line 1", "error": "line 1: longer than 64 MB; shorten its values"} and rows[1]["result"] == "ok", "a long line")

# Answers come line by line, not at the end
talk = subprocess.Popen([BINARY, "render", "--batch", "--conformance"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
for i in range(3):
    talk.stdin.write(json.dumps({"name": str(i), "template": "{{ i }}", "data": {"i": i}}).encode() + b"\n")
    talk.stdin.flush()
    check(json.loads(talk.stdout.readline()) == {"name": str(i), "result": str(i)}, f"answer {i}")
talk.stdin.close()
check(talk.wait(10) == 0, "the batch does not end with its input")

# The suite, through the command
golden = SOURCE.parent / "shared/data/liquid/golden.json"
golden = pathlib.Path(os.environ.get("RETAIND_DATA", golden.parents[1])) / "liquid/golden.json"
if not golden.exists():
    print("skipped: the Golden Liquid suite is not there")
    sys.exit(0)
tests = json.loads(golden.read_text())["tests"]
answers = batch(tests, "--conformance")
wrong = []
for test, answer in zip(tests, answers):
    right = "error" in answer if test.get("invalid") else answer.get("result") in test.get("results", [test.get("result")])
    if not right or answer["name"] != test["name"]:
        wrong.append((test["name"], answer))
check(len(answers) == len(tests) and not wrong, f"{len(wrong)} of {len(tests)} fail: {wrong[:3]}")
print(f"Golden Liquid through `retaind render --batch`: {len(tests)} of {len(tests)}")
