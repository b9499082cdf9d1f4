#!/usr/bin/env python3
"""`retaind test`: a new site passes at once, a broken rule fails in words, and other programs can read the results."""
import re
import shutil
import subprocess
import xml.etree.ElementTree as tree

from running_site import BINARY, SOURCE, Site, check


def inside(site, *words):
    return subprocess.run([BINARY, "test", *words], cwd=site.directory, capture_output=True, text=True)


def passes(run):
    return int(re.search(r"(\d+) cases? in \d+ files?: (\d+) passed", run.stdout).group(2))


with Site() as site:
    # A new site
    checked = site.run("check", "--strict")
    check(checked.returncode == 0, f"a new site has findings: {checked.stdout}")
    fresh = site.run("test", "--coverage")
    check(fresh.returncode == 0, f"a new site fails its stories: {fresh.stdout}{fresh.stderr}")
    check(passes(fresh) >= 40, fresh.stdout)
    check("nothing is untried" in fresh.stdout, f"the shipped stories leave gaps: {fresh.stdout}")
    shipped = {path.stem for path in (SOURCE / "rules").glob("*.yaml")}
    stories = {path.stem for path in (site.directory / "tests").glob("*.yaml")}
    check(shipped == stories, f"rules without a story, or stories without a rule: {shipped ^ stories}")
    check(not list(site.directory.glob("maildir/**/*")), "a test has sent something")
    check(not (site.directory / "retaind.db").exists(), "a test has made a store")

    # Neither the secret nor another time zone matters
    (site.directory / "secret").rename(site.directory / "aside")
    for zone in ("Asia/Tokyo", "America/New_York", "Europe/Berlin"):
        site.edit("retaind.yaml", "time-zone: UTC", f"time-zone: {zone}")
        run = site.run("test")
        check(run.returncode == 0, f"the stories fail in {zone}: {run.stdout}")
        site.edit("retaind.yaml", f"time-zone: {zone}", "time-zone: UTC")
    (site.directory / "aside").rename(site.directory / "secret")

    # From inside the site names are short, and files can be chosen
    run = inside(site, "tests/welcome.yaml")
    check(run.stdout.startswith("tests/welcome.yaml  5 cases, passed\n5 cases in 1 file: 5 passed"), run.stdout)

    # A broken rule, and what its story says to it
    site.edit("rules/thanks-and-feedback.yaml", "  after: 7 days", "  after: 8 days")
    run = inside(site, "tests/thanks-and-feedback.yaml", "--case", "the buyer is thanked a week after the purchase, once")
    check(run.returncode == 1, "a broken rule passes")
    for words in ("FAILED  the buyer is thanked a week after the purchase, once",
                  "--> tests/thanks-and-feedback.yaml:12:9",
                  "day 7, Monday 2026-03-09 10:00",
                  "expected    email `thanks` to anna, saying `Dear Anna` and `order 1001`",
                  "got         nothing of the kind",
                  "because     nothing has become due for anna, by rule `thanks-and-feedback`",
                  "1 case in 1 file: 0 passed, 1 failed"):
        check(words in run.stdout, f"{words!r} is not said: {run.stdout}")
    site.edit("rules/thanks-and-feedback.yaml", "  after: 8 days", "  after: 7 days")

    site.edit("rules/thanks-and-feedback.yaml", "  - order.refunded\n", "")
    run = inside(site, "--coverage")
    check(run.returncode == 1, "a rule without its `unless` passes")
    for words in ("FAILED  a refunded order is not thanked for",
                  "unexpected  email `thanks` to anna about 1001 on day 7, Monday 2026-03-09 10:00",
                  "sent by     rule `thanks-and-feedback`, rules/thanks-and-feedback.yaml:",
                  "7 days after order.completed on 2026-03-02 10:00"):
        check(words in run.stdout, f"{words!r} is not said: {run.stdout}")

    # TAP, as prove reads it
    tap = site.run("test", "--format", "tap", "--coverage")
    check(tap.returncode == 1 and tap.stdout.startswith("TAP version 13\n1.."), tap.stdout)
    check("\nnot ok " in tap.stdout and "\n  ---\n" in tap.stdout and "\n# coverage: " in tap.stdout, tap.stdout)
    if shutil.which("prove"):
        (site.directory / "tap").write_text(tap.stdout)
        proved = subprocess.run(["prove", "--exec", "cat", str(site.directory / "tap")], capture_output=True, text=True)
        check(proved.returncode != 0 and re.search(r"Failed 1/\d+ subtests", proved.stdout), proved.stdout + proved.stderr)
        check("Parse errors" not in proved.stdout, proved.stdout)
    else:
        print("skipped: prove is not installed")

    # JUnit, as an XML parser reads it, also with what XML cannot say in a name
    site.edit("tests/thanks-and-feedback.yaml", "name: a refunded order is not thanked for",
              "name: 'a refunded order <b> & \"others\" # are not thanked for'")
    junit = site.run("test", "--format", "junit")
    root = tree.fromstring(junit.stdout)
    suites = root.findall("testsuite")
    check(len(suites) == 7, junit.stdout)
    check(int(root.get("tests")) == len(root.findall("testsuite/testcase")) == passes(fresh), junit.stdout)
    check(int(root.get("failures")) == len(root.findall("testsuite/testcase/failure")) == 1, junit.stdout)
    bad = root.find("testsuite/testcase/failure/..")
    check(bad.get("name") == "a refunded order <b> & \"others\" # are not thanked for", bad.get("name"))
    failure = bad.find("failure")
    check("unexpected email `thanks`" in failure.get("message"), failure.get("message"))
    check("unexpected  email `thanks` to anna" in failure.text and "\n" in failure.text, failure.text)
    tap = site.run("test", "--format", "tap")
    check("<b> & \"others\" \\# are not" in tap.stdout, tap.stdout)

    # Mistakes of files end before anything is played
    site.edit("tests/welcome.yaml", "expect: nothing, because: no-consent", "expect: nothing, because: no-concent")
    run = site.run("test")
    check(run.returncode == 1 and run.stdout == "", run.stdout)
    for words in ("error[R073]: `no-concent` is no reason", "did you mean `no-consent`?", "no story was played"):
        check(words in run.stderr, run.stderr)
    bailed = site.run("test", "--format", "tap")
    check("Bail out!" in bailed.stdout, bailed.stdout)
    site.edit("tests/welcome.yaml", "because: no-concent", "because: no-consent")
    site.edit("rules/welcome.yaml", "  after: 1 hour", "  after: 1")
    run = site.run("test")
    check(run.returncode == 1 and "error[R021]" in run.stderr, run.stderr)
    site.edit("rules/welcome.yaml", "  after: 1\n", "  after: 1 hour\n")

    # Misuse
    run = site.run("test", "--format", "xml")
    check(run.returncode == 2 and "human, tap, junit" in run.stderr, run.stderr)
    run = site.run("test", "--case", "who bought onze is not")
    check(run.returncode == 1 and "did you mean `who bought once is not`?" in run.stderr, run.stderr)
    run = site.run("test", str(site.directory / "tests/nothing.yaml"))
    check(run.returncode == 1 and "error[R001]" in run.stderr, run.stderr)
    for story in (site.directory / "tests").iterdir():
        story.unlink()
    run = site.run("test")
    check(run.returncode == 1 and "error[R079]: no story is here" in run.stderr, run.stderr)

# What the README shows is what one sees
with Site() as site:
    readme = (SOURCE / "README.md").read_text()
    blocks = re.findall(r"```yaml\n(.*?)```", readme, re.DOTALL)
    rule, story = (next(block for block in blocks if block.startswith(key)) for key in ("rule:", "test:"))
    for old in (site.directory / "tests").iterdir():
        old.unlink()
    site.write("tests/thanks-and-feedback.yaml", story)
    site.write("rules/thanks-and-feedback.yaml", rule)
    run = inside(site)
    check(run.returncode == 0, f"the README's story fails with the README's rule: {run.stdout}{run.stderr}")
    site.edit("rules/thanks-and-feedback.yaml", "  - order.refunded\n", "")
    run = inside(site)
    shown = re.search(r"    \$ retaind test\n(.*?)\n\n- A line", readme, re.DOTALL).group(1)
    shown = "\n".join(line.removeprefix("    ") for line in shown.splitlines())
    check(run.stdout.startswith(shown + "\n"), f"the README shows\n{shown}\nand one sees\n{run.stdout}")
