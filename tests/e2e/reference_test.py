#!/usr/bin/env python3
"""`retaind reference`: every page holds what the tables hold, every rule, story and setting that it shows is right, and the
manual pages are clean."""
import json
import re
import shutil
import subprocess

from running_site import BINARY, Site, check


def run(*words):
    return subprocess.run([BINARY, *words], capture_output=True, text=True)


pages = {line.split()[0]: line for line in run("reference").stdout.splitlines()}
check({"commands", "rule", "story", "site", "mapping", "vocabulary", "reasons", "errors"} <= set(pages), f"pages: {pages}")
texts = {}
for page in pages:
    printed = run("reference", page)
    check(printed.returncode == 0 and len(printed.stdout) > 500, f"{page}: {printed.stdout}{printed.stderr}")
    texts[page] = printed.stdout
check(run("reference", "rul").returncode == 2, "a misspelt page is taken")
check("did you mean `rule`?" in run("reference", "rul").stderr, "the nearest page is not named")


def keys_of(schema):
    """Every key of a schema."""
    if isinstance(schema, list):
        return set().union(*map(keys_of, schema))
    if not isinstance(schema, dict):
        return set()
    own = {name for name, value in schema.get("properties", {}).items() if isinstance(value, dict) and "markdownDescription" in value}
    return own.union(*(keys_of(value) for value in schema.values()), set())


# What the program knows is what the pages list
for page in ("rule", "story", "site", "mapping", "vocabulary"):
    for key in keys_of(json.loads(run("schema", page).stdout)):
        check(f"\n- `{key}`: " in texts[page], f"the page {page} lacks the key {key}")
vocabulary = json.loads(run("vocabulary", "--json").stdout)
for entry in vocabulary:
    page = {"reason": "reasons", "relation": "rule"}.get(entry["kind"], "vocabulary")
    check(f"`{entry['name']}" in texts[page], f"the page {page} lacks {entry['name']}")
for line in run("explain-error").stdout.splitlines():
    check(f"### {line.split()[0]} " in texts["errors"], f"the page errors lacks {line}")
for line in run("--help").stdout.splitlines():
    if line.startswith("  "):
        check(f"\n- `{line.split()[0]}`: " in texts["commands"], f"the page commands lacks {line}")
print(f"{len(pages)} pages, {len(vocabulary)} names of the vocabulary")

# What they show is right
shown = [(page, *found) for page, text in texts.items() for found in re.findall(r"^```(.*)\n((?:.*\n)*?)```$", text, re.MULTILINE)]
with Site() as site:
    kinds = [kind for _, kind, _ in shown]
    check(kinds.count("yaml rule") >= 3 and kinds.count("yaml story") >= 1 and kinds.count("yaml site") == 1, f"examples: {kinds}")
    for page, kind, lines in shown:
        if kind == "yaml rule":
            name = re.search(r"^rule: (\S+)", lines, re.MULTILINE).group(1)
            (site.directory / f"rules/{name}.yaml").write_text(lines)
        elif kind == "yaml story":
            name = re.search(r"^test: (\S+)", lines, re.MULTILINE).group(1)
            (site.directory / f"tests/{name}.yaml").write_text(lines)
        elif kind == "yaml vocabulary":
            (site.directory / "vocabulary.yaml").write_text(lines)
        elif kind == "yaml site":
            (site.directory / "retaind.yaml").write_text(lines)
        else:
            check(re.fullmatch(r"yaml (wrong|right) (rule|site|story|vocabulary)|liquid (wrong|right) template", kind), f"{page} shows {kind!r}, which nothing tries")
    checked = site.run("check", "--strict")
    check(checked.returncode == 0, f"an example of the reference is wrong: {checked.stdout}")
    tested = site.run("test")
    check(tested.returncode == 0, f"a story of the reference fails: {tested.stdout}{tested.stderr}")
print(f"{len(shown)} examples")

# Each filter of our own prints what the page says
examples = re.findall(r"Example: `({{.*?}})` prints `(.*?)`", texts["template"])
check(len(examples) == 7, f"filters of the page template: {examples}")
batch = "".join(json.dumps({"name": wanted, "template": example}) + "\n" for example, wanted in examples)
for line in subprocess.run([BINARY, "render", "--batch"], input=batch, capture_output=True, text=True).stdout.splitlines():
    row = json.loads(line)
    check(row.get("result") == row["name"], f"the page template says {row['name']!r}: {row}")

# The manual
for page, title in (("commands", "RETAIND(1)"), ("rule", "RETAIND-RULE(5)"), ("story", "RETAIND-TEST(5)")):
    roff = run("reference", page, "--man").stdout
    if shutil.which("mandoc"):
        lint = subprocess.run(["mandoc", "-Tlint", "-Wwarning"], input=roff, capture_output=True, text=True)
        check(lint.returncode == 0, f"mandoc on {page}: {lint.stdout}")
    if shutil.which("groff"):
        lint = subprocess.run(["groff", "-man", "-Tutf8", "-Kutf8", "-ww", "-z"], input=roff, capture_output=True, text=True)
        check(lint.returncode == 0 and not lint.stderr, f"groff on {page}: {lint.stderr}")
        plain = subprocess.run(["groff", "-man", "-Tutf8", "-Kutf8", "-P-cbou", "-rLL=100n"], input=roff, capture_output=True, text=True).stdout
        check(title in plain and "NAME" in plain, f"{page}: {plain[:300]}")
        check("`" not in plain.replace("``", ""), f"{page} shows a backtick: {[l for l in plain.splitlines() if '`' in l][:3]}")
    else:
        print("skipped: groff is missing (apt-get install groff)")
