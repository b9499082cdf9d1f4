#!/usr/bin/env python3
"""End to end: `retaind run` on a store full of customers who are all due, into Postfix's smtp-sink, until every outcome is
in the ledger; beside it, in turn in each round, `smtp-source -d` and npm's nodemailer into the same sink.

    python3 tests/bench/send_bench.py build/release/retaind [rate|delayed|memory ...]

The daemon finds who is due, writes firing and message, checks consent, caps and conditions again, renders 4 KB of plain text
and HTML, signs the unsubscribe link, commits `handed` with synchronous=FULL before each hand-over, and keeps outcome, trace
and (first figure) the mail's text, as its default settings say. The time is that of the whole process."""
import sqlite3
import statistics
import subprocess

from sending_site import *

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))
COUNT = int(os.environ.get("BENCH_MESSAGES", "100000"))
CUSTOMERS = int(os.environ.get("BENCH_CUSTOMERS", "1000000"))
HERE = pathlib.Path(__file__).resolve().parent
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache")) / "retaind-bench"
limits = Limits()


def daemon(directory, port, connections, count, more=""):
    """One run over a site made for it."""
    site = directory / "site"
    shutil.rmtree(site, ignore_errors=True)
    make_site(site, port, connections, more)
    load_customers(site, count)
    run = Run([BINARY, "run", "--until-idle", "--site", str(site)], stdout=subprocess.DEVNULL,
              stderr=subprocess.DEVNULL).wait()
    with sqlite3.connect(site / "retaind.db") as store:
        sent = store.execute("SELECT count(*) FROM message WHERE state = 4").fetchone()[0]
    if run.process.returncode != 0 or sent != count:
        sys.exit(f"{sent} of {count} messages were sent, exit status {run.process.returncode}")
    return run


def source(port, connections, count):
    run = Run([SOURCE, "-d", "-s", str(connections), "-m", str(count), "-l", str(BYTES), "-f", "a@example.test", "-t",
               "b@example.test", f"127.0.0.1:{port}"]).wait()
    if run.process.returncode != 0:
        sys.exit("smtp-source failed")
    return run


def nodemailer(port, connections, count):
    """Seconds from the first sendMail() to the last answer; None without npm."""
    if not (CACHE / "node_modules/nodemailer").exists():
        if shutil.which("npm") is None or shutil.which("node") is None:
            return None
        CACHE.mkdir(parents=True, exist_ok=True)
        if subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--silent", "nodemailer"], cwd=CACHE).returncode != 0:
            return None
    words = [str(n) for n in (port, count, connections, BYTES)]
    done = subprocess.run(["node", str(HERE / "send_peer.js"), *words], capture_output=True, text=True,
                          env={**os.environ, "NODE_PATH": str(CACHE / "node_modules")})
    if done.returncode != 0:
        sys.exit(f"nodemailer: {done.stderr}")
    return float(done.stdout)


def in_turn(directory, port, connections, count, sink):
    """Rates and CPU of the daemon and of smtp-source, after one round that does not count."""
    ours, theirs = ([], [], []), ([], [], [])
    for number in range(ROUNDS + 1):
        for figures, begin in ((theirs, lambda: source(port, connections, count)),
                               (ours, lambda: daemon(directory, port, connections, count))):
            before = sink.cpu()
            run = begin()
            if number > 0:
                figures[0].append(count / run.seconds)
                figures[1].append(run.cpu / count * 1e6)
                figures[2].append((sink.cpu() - before) / count * 1e6)
    return ours, theirs


def against(ours, theirs, connections):
    for name, figures in ((f"smtp-source -d -s {connections} -l {BYTES}", theirs), ("retaind", ours)):
        print(f"  {name:<30} {statistics.median(figures[0]):>7.0f}/s ({min(figures[0]):.0f}-{max(figures[0]):.0f}), us CPU a "
              f"message: {statistics.median(figures[1]):.1f}, of the sink {statistics.median(figures[2]):.1f}", flush=True)
    ratios = [a / b for a, b in zip(ours[0], theirs[0])]
    print(f"  retaind / smtp-source -d: {noise(ratios)}")
    return ratios


def rate(directory):
    port = port_base()
    print(f"{COUNT} mails of {BYTES} bytes into smtp-sink, 8 connections, {ROUNDS} rounds:")
    with Sink(port) as sink:
        ours, theirs = in_turn(directory, port, 8, COUNT, sink)
        ratios = against(ours, theirs, 8)
        limits.check("rate to smtp-source -d", statistics.median(ratios), 1.0, most=False)
        theirs = [nodemailer(port, 8, COUNT // 10) for _ in range(ROUNDS)]
    if None in theirs:
        print("  skipped: npm or nodemailer is missing (apt-get install npm)")
        return
    rates = [COUNT // 10 / seconds for seconds in theirs]
    print(f"  {'nodemailer, pooled':<30} {statistics.median(rates):>7.0f}/s ({min(rates):.0f}-{max(rates):.0f})")
    ratio = statistics.median(ours[0]) / statistics.median(rates)
    limits.check("rate to nodemailer's", ratio, 10, most=False)


def delayed(directory):
    sink = pathlib.Path(BINARY).parent / "tests/delayed_sink"
    if not sink.exists():
        print("skipped: delayed_sink is not built (a target of the benchmarks)")
        return
    port = port_base() + 1
    count = COUNT // 10
    print(f"{count} mails of {BYTES} bytes, replies 5 ms late, 64 connections, {ROUNDS} rounds:")
    with Sink(port, [str(sink), str(port), "5"]) as running:
        ratios = against(*in_turn(directory, port, 64, count, running), 64)
    limits.check("rate to smtp-source -d", statistics.median(ratios), 2.5, most=False)


def memory(directory):
    """A store of a million customers; those of the last hours are due."""
    port = port_base() + 2
    site = directory / "site"
    shutil.rmtree(site, ignore_errors=True)
    make_site(site, port, 8, backlog="3 days")
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 3600))
    load(site, "customers", "key,email,first_name,last_name,created_at",
         (f"C{i},c{i}@example.com,Name {i},Family {i % 977},{'2024-01-01T00:00:00Z' if i >= COUNT else now}"
          for i in range(CUSTOMERS)))
    load(site, "consent", "customer,purpose,granted,at", (f"C{i},marketing,yes,{now}" for i in range(COUNT)))
    with Sink(port):
        run = Run([BINARY, "run", "--until-idle", "--site", str(site)], stdout=subprocess.DEVNULL,
                  stderr=subprocess.DEVNULL).wait()
    with sqlite3.connect(site / "retaind.db") as store:
        sent = store.execute("SELECT count(*) FROM message WHERE state = 4").fetchone()[0]
    print(f"{CUSTOMERS} customers in the store, {sent} mails sent in {run.seconds:.1f} s:")
    if sent != COUNT:
        sys.exit(f"{sent} of {COUNT} messages were sent")
    limits.check("VmHWM while sending", run.peak / 1024, 57, unit=" MB")


def main():
    if SINK is None or SOURCE is None:
        print("skipped: no smtp-sink and smtp-source (apt-get install postfix)")
        return
    wanted = sys.argv[2:] or ["rate", "delayed", "memory"]
    with Directory() as directory:
        for name in wanted:
            {"rate": rate, "delayed": delayed, "memory": memory}[name](directory)
    limits.exit()


main()
