#!/usr/bin/env python3
"""What a daemon has started with once is not rehearsed again; what has changed since is."""
from running_site import GREET, Daemon, Site, check

UNSAID = "unknown variable `customer.nickname`"

with Site() as site:
    site.only_rule("greet", GREET.replace("email: welcome", "email: hello"))
    template = "---\nsubject: Hello {{ customer.first_name }}\n---\n<p>Hello</p>\n"
    site.write("templates/hello.en.liquid", template)

    def start():
        with Daemon(site) as daemon:
            daemon.wait_started()
            check(daemon.stop() == 0, daemon.text())
            return daemon.text()

    warned = "`customer.first_name` may be missing"
    check(warned in start(), "the first start does not warn")
    check(warned not in start(), "the second start rehearses what has not changed")
    # Of the same size, as an editor writes it that keeps the time.
    site.write("templates/hello.en.liquid", template.replace("first_name", "last_name "))
    check("`customer.last_name` may be missing" in start(), "a template that has changed is not rehearsed")
    check("may be missing" not in start(), "it is rehearsed twice")
    site.write("templates/hello.en.liquid", template.replace("customer.first_name", "customer.nickname"))
    for _ in range(2):
        refused = site.run("run", "--until-idle")
        check(refused.returncode == 1 and UNSAID in refused.stderr, refused.stderr)
    site.write("templates/hello.en.liquid", template)
    check(warned in start(), "a template that was mended is not rehearsed")
print("a restart rehearses what has changed, and only that")
