#!/usr/bin/env python3
"""`import` at the command line: what it says of refused lines, of a stop, of history and of misuse, and its progress bar."""
import fcntl
import os
import pathlib
import pty
import re
import select
import shutil
import signal
import struct
import subprocess
import termios
import time

from running_site import BINARY, GREET, Daemon, Site, check, timestamp, wait_for


# A file that takes long enough to be stopped half-way; another twice as long shows the bar.
ROWS = int(os.environ.get("RETAIND_IMPORT_ROWS", "150000"))


def expect(run, status, *words):
    text = run.stdout + run.stderr
    check(run.returncode == status, f"exit status {run.returncode}, wanted {status}: {text}")
    for word in words:
        check(word in text, f"{word!r} is not said: {text}")
    return text


def big(site, name, rows):
    file = pathlib.Path(site.base) / name
    with open(file, "w") as out:
        out.write("key,email,first_name,city\n")
        for i in range(rows):
            out.write(f"{name}{i},{name}{i}@example.com,Anna,Bonn\n")
    return file


def refused_lines(site):
    file = pathlib.Path(site.base) / "some.csv"
    file.write_text("key,email,created_at\nA,a@example.com,2026-01-01\nB,b@example.com,2026-02-30\nC,c@example.com,2026-01-01\n")
    rejected = pathlib.Path(f"{file}.rejected.csv")
    text = expect(site.run("import", "customers", str(file)), 1, "customers: 3 lines in", ": 2 new, 0 changed, 0 unchanged",
                  f"  1 line refused, with line number and reason in {rejected}\n")
    check("\x1b" not in text and "\r" not in text, f"a bar without a terminal: {text!r}")
    told = rejected.read_text().splitlines()
    check(any(line.startswith("3,") and "2026-02-30" in line for line in told), f"the refused line is not told: {told}")
    check(site.query("SELECT key FROM customers ORDER BY key") == [("A",), ("C",)], "what was refused was stored")
    file.write_text(file.read_text().replace("2026-02-30", "30 February") + "D,nobody at all,2026-01-01\nA,x@example.com,2026-01-01\n")
    elsewhere = pathlib.Path(site.base) / "elsewhere.csv"
    expect(site.run("import", "customers", str(file), "--rejected", str(elsewhere)), 1, "lines refused, with line number", str(elsewhere))
    check(len(elsewhere.read_text().splitlines()) >= 3, elsewhere.read_text())
    mended = pathlib.Path(site.base) / "mended.csv"
    mended.write_text("key,email,created_at\nB,b@example.com,2026-02-28\n")
    text = expect(site.run("import", "customers", str(mended)), 0, "customers: 1 line in", ": 1 new, 0 changed, 0 unchanged")
    check("refused" not in text and not pathlib.Path(f"{mended}.rejected.csv").exists(), f"nothing was refused: {text}")


def other_names(site):
    file = pathlib.Path(site.base) / "other.csv"
    file.write_text("id,mail,first name,favourite\nO1,o1@example.com,Olga,blue\n")
    expect(site.run("import", "customers", str(file)), 0, "  columns not used: mail (did you mean `email`?), favourite\n")
    expect(site.run("import", "orders", str(file)), 1, "of orders the file has nothing but the key: if it is of another kind, name that one",
           "they are id, mail, first name, favourite")
    check(site.query("SELECT count(*) FROM orders WHERE key = 'O1'") == [(0,)], "customers were stored as orders")


def misuse(site):
    expect(site.run("import", "custmers", "x.csv"), 2, "`custmers` cannot be imported; did you mean `customers`?")
    expect(site.run("import", "qqqqqqqqqq", "x.csv"), 2, "the kinds are customers, orders, items, subscriptions, tickets, feedback, events, consent and suppression")
    expect(site.run("import", "customers"), 2, "FILE")
    expect(site.run("import", "customers", f"{site.base}/nowhere.csv"), 1, f"{site.base}/nowhere.csv")
    expect(site.run("import", "customers", site.base), 1, site.base)
    closed = pathlib.Path(site.base) / "closed.csv"
    closed.write_text("key,email\nZ,z@example.com\n")
    closed.chmod(0)
    # Root reads everything: then somebody else tries, for whom the site is no more than readable.
    if os.access(closed, os.R_OK):
        pathlib.Path(site.base).chmod(0o755)
        other = dict(user=65534, group=65534, extra_groups=[])
        for path in (site.directory, *site.directory.glob("*")):
            os.chown(path, 65534, 65534)
    else:
        other = {}
    # The build may lie where only its owner goes.
    binary = shutil.copy(BINARY, site.base)
    run = subprocess.run([binary, "import", "customers", closed, "--site", site.directory], capture_output=True, text=True,
                         cwd=site.base, **other)
    text = expect(run, 1, f"cannot read {closed}", "denied")
    check(len(text.strip().splitlines()) == 1, f"more than one message: {text}")
    check(not site.query("SELECT 1 FROM customers WHERE key = 'Z'"), "it was read all the same")


def goes_on_after_a_kill(site):
    # Who looks on may be put aside until the import is over; then another try with more rows.
    for tries, name in enumerate("klmn"):
        rows = ROWS << tries
        file = big(site, name, rows)
        words = [BINARY, "import", "customers", file, "--site", site.directory]
        process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        done = f"SELECT count(*) FROM customers WHERE key LIKE '{name}%'"
        wait_for("rows of a first transaction", lambda: process.poll() is not None or site.query(done)[0][0] > 0)
        process.send_signal(signal.SIGKILL)
        if process.wait() == -signal.SIGKILL:
            break
    check(process.returncode == -signal.SIGKILL, "each import was over before it could be killed")
    stored = site.query(done)[0][0]
    check(0 < stored < rows, f"{stored} rows were stored at the kill")
    text = expect(site.run("import", "customers", str(file)), 0, f"customers: {rows:,} lines in", f": {rows:,} new, 0 changed, 0 unchanged")
    told = re.search(r"\n  went on after line ([\d,]+), where an import of this file had stopped\n", text)
    check(told, f"it does not say that it went on: {text}")
    # Line 1 is the header, and a line is done when its transaction is.
    check(stored <= int(told.group(1).replace(",", "")) <= stored + 1, f"{told.group(1)} with {stored} rows stored")
    check(site.query(done)[0][0] == rows, "rows are missing")
    check("went on" not in site.run("import", "customers", str(file)).stdout, "a whole import went on")


def on_a_terminal(words):
    """What the command shows on a terminal of 120 columns, its output, and its exit status."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=slave, stdin=subprocess.DEVNULL)
    os.close(slave)
    shown = b""
    end = time.monotonic() + 120
    while time.monotonic() < end:
        if select.select([master], [], [], 0.1)[0]:
            try:
                shown += os.read(master, 65536)
            except OSError:  # the last holder of the other end is gone
                break
    os.close(master)
    output = process.stdout.read().decode()
    return shown.decode(), output, process.wait()


def progress_bar(site):
    file = big(site, "p", 2 * ROWS)
    shown, output, status = on_a_terminal([BINARY, "import", "customers", file, "--site", site.directory])
    check(status == 0 and f"customers: {2 * ROWS:,} lines in" in output, output)
    bars = re.findall(r"\r(\w[\w ]*) \[(#*) *\] +(\d+) %  ([\d,]+) lines, ([\d,]+)/s(?:, ((?:\d+:\d\d min|\d+ s)) left)?", shown)
    check(len(bars) >= 3, f"{len(bars)} bars: {shown[:400]!r}")
    percents = [int(bar[2]) for bar in bars]
    lines = [int(bar[3].replace(",", "")) for bar in bars]
    check(percents == sorted(percents) and 0 <= percents[0] < percents[-1] <= 100, f"shares {percents}")
    check(lines == sorted(lines) and 0 < lines[-1] <= 2 * ROWS, f"lines {lines}")
    for bar in bars:
        check(abs(len(bar[1]) - int(bar[2]) * 30 // 100) <= 1, f"a bar of the wrong length: {bar}")
    check(any(int(bar[4].replace(",", "")) > 1000 for bar in bars), f"no rate: {bars}")
    check(any(bar[5] for bar in bars), f"no time left: {bars}")
    check(re.search(r"\r *\r$", shown), f"the bar stays behind: {shown[-80:]!r}")
    check("[" not in output and "\r" not in output, f"the bar is in the output: {output!r}")


def history():
    """What is due by now of rows that came by --history counts as due before the rules went live."""
    for option, mails in ((("--history",), 0), ((), 1)):
        with Site() as site:
            site.only_rule("greet", GREET.replace("backlog: all\n", "").replace("marketing", "transactional"))
            arrived = lambda: (site.directory / "maildir/new").glob("*.eml")
            with Daemon(site) as daemon:
                daemon.wait_started()
                time.sleep(1.5)
                site.load("customers", f"key,email,created_at\nA,first@example.com,{timestamp(-0.5)}\n", *option)
                # One who comes after A, and is no history, shows that A has been looked at.
                site.load("customers", f"key,email,created_at\nB,second@example.com,{timestamp(-0.1)}\n")
                wait_for("the mail to B", lambda: any("second@example.com" in mail.read_text() for mail in arrived()))
                check(daemon.stop() == 0, daemon.text())
            greeted = [mail for mail in arrived() if "first@example.com" in mail.read_text()]
            check(len(greeted) == mails, f"{len(greeted)} mails to A with {option}")
            status = site.run("status")
            check(status.returncode == 0 and f"occurrences {1 + mails} = {1 + mails} fired" in status.stdout, status.stdout)


with Site() as site:
    # A store that knows rules is filled beside the daemon: many short transactions.
    site.only_rule("greet", GREET)
    with Daemon(site, words=("--until-idle",)) as daemon:
        check(daemon.process.wait(60) == 0, daemon.text())
    refused_lines(site)
    other_names(site)
    goes_on_after_a_kill(site)
    progress_bar(site)
    misuse(site)
history()
print("import says what it refused, where it went on, how far it is, and what was meant")
