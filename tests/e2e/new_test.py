#!/usr/bin/env python3
"""`retaind new` adds a tested example: rule, story and templates, all or nothing, and check and test pass at once."""
import subprocess

from running_site import BINARY, Site, check

listed = subprocess.run([BINARY, "new"], capture_output=True, text=True)
check(listed.returncode == 0, listed.stderr)
names = [line.split()[0] for line in listed.stdout.splitlines()]
check({"win-back-90d", "birthday", "second-order", "support-feedback", "never-ordered", "goes-with-it"} <= set(names), f"examples: {names}")
check(all(len(line.split()) > 4 for line in listed.stdout.splitlines()), f"an example says nothing of itself: {listed.stdout}")


def empty(site):
    for kind in ("rules", "tests", "templates"):
        for path in (site.directory / kind).iterdir():
            path.unlink()


def files(site):
    return {str(path.relative_to(site.directory)): path.read_bytes() for kind in ("rules", "tests", "templates")
            for path in (site.directory / kind).iterdir()}


# Each alone, in a site that has nothing else
with Site() as site:
    for name in names:
        empty(site)
        made = site.run("new", name)
        check(made.returncode == 0 and f"rules/{name}.yaml" in made.stdout and f"tests/{name}.yaml" in made.stdout, made.stdout + made.stderr)
        checked = site.run("check", "--strict")
        check(checked.returncode == 0, f"{name} has findings: {checked.stdout}")
        tested = site.run("test", "--coverage")
        check(tested.returncode == 0 and "nothing is untried" in tested.stdout, f"{name}: {tested.stdout}{tested.stderr}")
        check(f'"{name}"' in (site.directory / ".schema/story.json").read_text(), f"editors are not offered {name}")

# Beside those of a new site; never over anything
with Site() as site:
    fresh = files(site)
    for name in ("second-order", "support-feedback", "never-ordered", "goes-with-it", "monthly-regulars"):
        check(site.run("new", name).returncode == 0, name)
    check(fresh.items() <= files(site).items(), "files of the site have changed")
    tested = site.run("test")
    check(tested.returncode == 0, tested.stdout)
    before = files(site)
    again = site.run("new", "second-order")
    check(again.returncode == 1 and "rules/second-order.yaml, tests/second-order.yaml are there already" in again.stderr, again.stderr)
    (site.directory / "rules/second-order.yaml").rename(site.directory / "rules/mine.yaml")
    (site.directory / "tests/second-order.yaml").unlink()
    again = site.run("new", "second-order")
    check(again.returncode == 1 and "the rule `second-order` is there already" in again.stderr, again.stderr)
    (site.directory / "rules/mine.yaml").unlink()
    site.edit("templates/second-order.en.liquid", "caught your eye", "come to your mind")
    again = site.run("new", "second-order")
    check(again.returncode == 1 and "templates/second-order.en.liquid is there already" in again.stderr, again.stderr)
    check(not (site.directory / "rules/second-order.yaml").exists(), "half an example was written")
    site.edit("templates/second-order.en.liquid", "come to your mind", "caught your eye")
    check(site.run("new", "second").returncode == 0, "the beginning of a name is not enough")
    check(files(site) == before, "the example is another one")

    # The shop's own layout stays, and what the example needs of the shipped parts comes along.
    for name in ("rules/second-order.yaml", "tests/second-order.yaml", "templates/_button.liquid"):
        (site.directory / name).unlink()
    site.edit("templates/_base.liquid", "#eef1ef", "#ffffff")
    again = site.run("new", "second-order")
    check(again.returncode == 0 and "templates/_button.liquid" in again.stdout and "_base" not in again.stdout, again.stdout + again.stderr)
    check("#ffffff" in (site.directory / "templates/_base.liquid").read_text().split("<body")[1][:60], "the shop's layout was overwritten")

    for name, said in (("win-bak-90d", "did you mean `win-back-90d`?"), ("nothing-like-it", "`retaind new` lists all")):
        refused = site.run("new", name)
        check(refused.returncode == 2 and said in refused.stderr, f"{name}: {refused.stderr}")
