#!/usr/bin/env python3
"""Misuse is answered with what is wrong, the nearest right thing, and the documented exit status."""
import json
import os
import pathlib
import re
import resource
import stat
import subprocess

from running_site import BINARY, Daemon, Site, check


def expect(run, status, *words):
    text = run.stdout + run.stderr
    check(run.returncode == status, f"exit status {run.returncode}, wanted {status}: {text}")
    for word in words:
        check(word in text, f"{word!r} is not said: {text}")


with Site() as site:
    # Commands and options
    expect(site.run("chekc", site=False), 2, "unknown command `chekc`", "did you mean `check`?")
    expect(site.run(site=False), 2, "usage: retaind COMMAND")
    expect(site.run("--help", site=False), 0, "explain-error", "Exit status: 0 fine, 1 wrong, 2 misused")
    expect(site.run("check", "--strcit"), 2, "unknown option `--strcit`", "did you mean `--strict`?")
    expect(site.run("check", "--format", "humam"), 2, "`humam` is not one of human, json, github", "did you mean `human`?")
    expect(site.run("outbox", "--limit", "many"), 2, "many")
    expect(site.run("backtest", "--from", "2026-01-01"), 2, "--from and --to are needed")
    expect(site.run("backtest", "--from", "2026-01-01", "--to", "2026-02-01", "--bought-within", "0"), 2, "from 1 to 366 days")
    # Commands that later versions may have are plainly unknown.
    expect(site.run("journey", "C1", site=False), 2, "unknown command `journey`")

    # Sites
    expect(site.run("check", "--site", "/nowhere/at/all", site=False), 1, "no directory", "retaind init /nowhere/at/all")
    empty = pathlib.Path(site.base) / "empty"
    empty.mkdir()
    elsewhere = subprocess.run([BINARY, "status"], cwd=empty, capture_output=True, text=True)
    expect(elsewhere, 1, "no retaind.yaml here", "retaind init DIR")
    inside = subprocess.run([BINARY, "check"], cwd=site.directory, capture_output=True, text=True)
    expect(inside, 0, "no errors in")

    # What `run` would miss is told by `check`, and all findings are one document
    secret = site.directory / "secret"
    aside = secret.rename(site.directory / "aside")
    expect(site.run("check"), 0, "warning: `retaind run` will not start here: secret-file", "no errors in")
    expect(site.run("check", "--strict"), 3)
    aside.rename(secret)
    settings = (site.directory / "retaind.yaml").read_text()
    # Advertising without a way out of it
    (site.directory / "retaind.yaml").write_text(re.sub(r"(?m)^unsubscribe:\n(  .*\n)+", "", settings))
    no_way_out = ("error[R051]", "names none: it is never sent", "write `unsubscribe:`")
    expect(site.run("check"), 1, *no_way_out)
    expect(site.run("run", "--until-idle"), 1, *no_way_out)
    (site.directory / "retaind.yaml").write_text(settings)
    site.edit("retaind.yaml", "store: retaind.db", "store: not/there/retaind.db")
    expect(site.run("check"), 0, "warning: `retaind run` will not start here: store: there is no directory")
    (site.directory / "retaind.yaml").write_text(settings)
    site.edit("retaind.yaml", "socket: retaind.sock", f"socket: /tmp/{'x' * 110}.sock")
    expect(site.run("check"), 0, "will not start here: the control socket's path /tmp/xxx")
    (site.directory / "retaind.yaml").write_text(settings)
    templates = site.directory / "templates"
    away = templates.rename(site.directory / "away")
    expect(site.run("check"), 1, f"error[R100]: cannot read the templates in {templates}")
    away.rename(templates)
    expect(site.run("check", "--strict"), 0)
    for left in ("rules/thanks.YAML", "tests/thanks.yml", "tests/thanks.YAML"):
        (site.directory / left).write_text("rule: thanks\n")
    (site.directory / "tests/more").mkdir()
    expect(site.run("check"), 0, "rules/thanks.YAML", "this file is left aside: rule files end in `.yaml`", "rename it to `thanks.yaml`")
    expect(site.run("test"), 0, "tests/thanks.yml", "this file is left aside: stories end in `.yaml`", "tests/thanks.YAML",
           "this directory is left aside: stories lie side by side")
    for left in ("rules/thanks.YAML", "tests/thanks.yml", "tests/thanks.YAML"):
        (site.directory / left).unlink()
    (site.directory / "tests/more").rmdir()
    (site.directory / "rules/more").mkdir()
    (site.directory / "rules/broken.yaml").write_text("rule: broken\n")
    broken = site.directory / "templates/broken.en.liquid"
    broken.write_text("---\nsubject: x\n---\n{% if %}\n")
    report = json.loads(site.run("check", "--format", "json").stdout)
    files = {pathlib.Path(row["file"]).name for row in report}
    check({"more", "broken.yaml", "broken.en.liquid"} <= files, f"the findings name {files}")
    expect(site.run("check"), 1, "this directory is left aside")
    (site.directory / "rules/more").rmdir()
    (site.directory / "rules/broken.yaml").unlink()
    broken.unlink()

    # A store that is not there yet: reading commands say how it comes to be
    expect(site.run("status"), 1, str(site.directory / "retaind.db"), "retaind run")
    expect(site.run("reload"), 1, "no daemon answers", "start it with `retaind run`")

    # init never overwrites
    settings = (site.directory / "retaind.yaml").read_text()
    (site.directory / "retaind.yaml").write_text(settings.replace("Example Shop", "Mine"))
    (site.directory / "rules/birthday.yaml").unlink()
    expect(site.run("init", str(site.directory), site=False), 0, "stay as they are", "1 file written")
    check("shop: Mine" in (site.directory / "retaind.yaml").read_text(), "init overwrote the settings")
    secret = site.directory / "secret"
    check(stat.S_IMODE(secret.stat().st_mode) == 0o600, "the secret is not private")
    check(re.fullmatch(r"[A-Za-z0-9+/]{43}=\n", secret.read_text()), "the secret is not 32 bytes of base64")
    if os.geteuid() == 0:  # as README has it: root makes the site of another group's daemon
        shared = pathlib.Path(site.base) / "shared"
        shared.mkdir(0o750)
        os.chown(shared, 0, 65534)
        expect(site.run("init", str(shared), site=False), 0)
        made = (shared / "secret").stat()
        check((made.st_gid, stat.S_IMODE(made.st_mode)) == (65534, 0o640), f"the daemon cannot read its secret: {made}")
        os.chown(shared / "secret", 0, 0)
        os.chmod(shared / "secret", 0o600)
        expect(site.run("init", str(shared), site=False), 0, "stay as they are")
        kept = (shared / "secret").stat()
        check((kept.st_gid, stat.S_IMODE(kept.st_mode)) == (0, 0o600), f"a second init changed who reads the secret: {kept}")
        everyones = pathlib.Path(site.base) / "everyones"
        everyones.mkdir(0o755)
        os.chown(everyones, 0, 65534)
        expect(site.run("init", str(everyones), site=False), 0)
        check(stat.S_IMODE((everyones / "secret").stat().st_mode) == 0o600, "a wide directory's group got the secret")
    expect(site.run("init", "--demo", str(site.directory), site=False), 1, "holds a site already")
    expect(site.run("init", "/proc/nothing", site=False), 1, "cannot make /proc/nothing", "this user may write to")

    # Holds
    expect(site.run("hold", "--because", "x"), 2, "say what: --all, --rule RULE or --customer ID")
    expect(site.run("hold", "--all", "--rule", "welcome", "--because", "x"), 2, "say only one of")
    expect(site.run("hold", "--all"), 2, "--because is missing")
    expect(site.run("hold", "--all", "--because", "a\n\x1b[31m"), 2, "one line of plain text")
    with Daemon(site, words=("--until-idle",)) as daemon:
        check(daemon.process.wait(60) == 0, daemon.text())
    expect(site.run("hold", "--rule", "welcom", "--because", "x"), 1, "no rule `welcom`", "did you mean `welcome`?")
    expect(site.run("hold", "--customer", "nobody", "--because", "x"), 1, "no customer `nobody`")
    expect(site.run("outbox", "--rule", "welcom"), 1, "no rule `welcom`", "did you mean `welcome`?")
    expect(site.run("outbox", "--customer", "nobody"), 1, "no customer `nobody`")
    expect(site.run("hold", "--all", "--because", "x", "--until", "tomorrow"), 1, "`tomorrow` is no time", "2026-03-02 09:30")
    expect(site.run("hold", "--all", "--because", "x", "--until", "2020-01-01"), 1, "is past")
    expect(site.run("release", "--all"), 1, "nothing is held as all", "retaind status")
    expect(site.run("hold", "--all", "--because", "wrong prices"), 0, "held: everything (wrong prices)")
    expect(site.run("status"), 0, "held      everything: wrong prices")
    expect(site.run("release", "--rule", "welcome", "--mark-sent-until", "2026-01-01"), 2, "goes with --all")
    expect(site.run("release", "--all", "--mark-sent-until", "2026-01-01"), 1, "not on hold after a restore")
    expect(site.run("release", "--all"), 0, "released: everything")
    expect(site.run("release", "--clock"), 1, "no daemon answers")

    # A disk that is full, or a file that may not grow: a message, and the store as it was
    wide = site.directory / "wide.csv"
    wide.write_text("key,email\n" + "".join(f"W{i},w{i}@example.com\n" for i in range(20000)))
    limited = subprocess.run([BINARY, "import", "customers", wide, "--site", site.directory], capture_output=True, text=True,
                             preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, 600_000)))
    expect(limited, 1, "cannot grow past the largest file", "ulimit -f")
    expect(site.run("import", "customers", str(wide)), 0, "customers: 20,000 lines")
    kept = wide.read_text()
    expect(site.run("import", "customers", str(wide), "--rejected", str(wide)), 1, "is the file to import", "--rejected")
    check(wide.read_text() == kept, "--rejected replaced the file to import")

    # Copies
    copy = pathlib.Path(site.base) / "copy.db"
    expect(site.run("backup", str(copy)), 0, "bytes")
    check(copy.stat().st_mode & 0o007 == 0, f"everyone may read the backup: {copy.stat().st_mode:o}")
    expect(site.run("backup", str(copy)), 1, "exists and is not overwritten")

    # Errors and words are explained
    expect(site.run("explain-error", "R021", site=False), 0, "R021", "wrong", "right")
    expect(site.run("explain-error", "r21", site=False), 0, "R021")
    expect(site.run("explain-error", "R999", site=False), 1, "no error code `R999`")
    expect(site.run("vocabulary", "event", site=False), 2, "did you mean `events`?")
    expect(site.run("vocabulary", "states", site=False), 0, "ticket.unresolved")

    # One store has one sender
    with Daemon(site) as first:
        first.wait_started()
        with Daemon(site) as second:
            check(second.process.wait(60) == 1, "a second daemon was let in")
        check("only one may send" in second.text(), f"the refusal does not say why: {second.text()}")
        check(first.process.poll() is None, "the first daemon ended")
print("misuse is answered as documented")
