#!/usr/bin/env python3
"""The comparison that README.md specifies: import each set with its mappings, backtest the three rules, and hold the result against
oracle.py row by row.

    python3 tests/real/compare.py BINARY SOURCE DATA [SET...]"""
import collections
import gzip
import pathlib
import shutil
import subprocess
import sys
import tempfile

SETS = {
    "olist": ("America/Sao_Paulo", "BRL", "2016-09-01", "2019-02-01", [
        ("customers", "olist-customers", "olist_5k/olist_customers.csv.gz"),
        ("orders", "olist-orders", "olist_5k/olist_orders.csv.gz"),
        ("orders", "olist-payments", "olist_5k/olist_order_payments.csv.gz"),
        ("items", "olist-items", "olist_5k/olist_order_items.csv.gz"),
        ("feedback", "olist-feedback", "olist_5k/olist_order_reviews.csv.gz")]),
    "online-retail": ("Europe/London", "GBP", "2010-11-30", "2011-04-05", [
        ("customers", "online-retail-customers", "online_retail_2010_12/online_retail_2010_12.csv.gz"),
        ("orders", "online-retail-orders", "online_retail_2010_12/online_retail_2010_12.csv.gz"),
        ("items", "online-retail-items", "online_retail_2010_12/online_retail_2010_12.csv.gz")]),
    "tickets": ("Europe/Lisbon", "EUR", "2016-02-28", "2017-06-01", [
        ("customers", "tickets-customers", "tickets/uci_incident_events_10pct.csv.gz"),
        ("tickets", "tickets-tickets", "tickets/uci_incident_events_10pct.csv.gz")]),
    "cdnow": ("America/New_York", "USD", "1996-12-31", "1998-10-10", [
        ("customers", "cdnow-customers", "cdnow/CDNOW_sample.txt"),
        ("orders", "cdnow-orders", "cdnow/CDNOW_sample.txt")]),
}


# What each set is there to show: two programs that agree on nothing would agree, too.
SHOWN = {
    "olist": {"thanks-and-feedback": "sent no-consent suppressed condition-false",
              "win-back-90d": "sent no-consent suppressed condition-false held-out"},
    "online-retail": {"thanks-and-feedback": "sent no-consent suppressed condition-false late-limit",
                      "win-back-90d": "sent no-consent suppressed condition-false held-out"},
    "tickets": {"ticket-unresolved-48h": "sent late-limit state-ended"},
    "cdnow": {"thanks-and-feedback": "sent no-consent suppressed condition-false late-limit",
              "win-back-90d": "sent no-consent suppressed condition-false held-out already-sent"},
}


def run(*words):
    done = subprocess.run(words, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"failed: {' '.join(map(str, words))}\n{done.stdout}{done.stderr}")
    return done.stdout


def site_for(binary, source, directory, zone, currency):
    run(binary, "init", directory)
    settings = directory / "retaind.yaml"
    text = settings.read_text()
    text = text.replace("time-zone: UTC", f"time-zone: {zone}").replace("currency: EUR", f"currency: {currency}")
    settings.write_text(text)
    shutil.rmtree(directory / "rules")
    shutil.copytree(source / "tests/real/rules", directory / "rules")


def compare(name, binary, source, data):
    zone, currency, begin, end, files = SETS[name]
    with tempfile.TemporaryDirectory(prefix="retaind-real-") as base:
        base = pathlib.Path(base)
        site = base / "site"
        site_for(binary, source, site, zone, currency)
        run(sys.executable, source / "tests/real/consent.py", name, data, base)
        for kind, mapping, file in files:
            run(binary, "import", kind, data / file, "--map", source / f"tests/real/{mapping}.yaml", "--site", site)
        for kind in ("consent", "suppression"):
            run(binary, "import", kind, base / f"{kind}.csv", "--site", site)
        run(binary, "backtest", "--from", begin, "--to", end, "--csv", base / "ours.csv", "--site", site)
        # The last column is what rests on an unknown past; the page's table has none, and its rules read nothing such.
        marked = [line.rsplit(",", 1) for line in (base / "ours.csv").read_text().splitlines()]
        assert marked[0][1] == "assumed" and not any(mark for _, mark in marked[1:]), f"{name}: something is assumed"
        ours = [line for line, _ in marked]
        theirs = run(sys.executable, source / "tests/real/oracle.py", name, data).splitlines()
    counts = collections.Counter()
    reasons = collections.Counter()
    for line in ours[1:]:
        rule, step, _, _, _, _, _, outcome, reason = line.split(",")
        counts[f"{rule} {step or '-'} {reason}"] += 1
        reasons[rule, reason] += 1
    missing, extra = sorted(set(theirs) - set(ours)), sorted(set(ours) - set(theirs))
    print(f"{name}: {len(theirs) - 1} rows by the script, {len(ours) - 1} by the engine, {len(missing)} only there, {len(extra)} only here")
    for key, count in sorted(counts.items()):
        print(f"  {count:6} {key}")
    for title, lines in (("only by the script", missing), ("only by the engine", extra)):
        for line in lines[:12]:
            print(f"  {title}: {line}")
    if not missing and not extra and ours != theirs:
        print("  the same rows in another order")
    absent = [f"{rule} {reason}" for rule, wanted in SHOWN[name].items() for reason in wanted.split() if not reasons[rule, reason]]
    for pair in absent:
        print(f"  no row shows {pair}")
    return ours == theirs and not absent


def main():
    binary, source, data = (pathlib.Path(p).resolve() for p in sys.argv[1:4])
    if not data.is_dir():
        print(f"skipped: no data at {data}")
        return
    same = [compare(name, binary, source, data) for name in sys.argv[4:] or SETS]
    sys.exit(0 if all(same) else 1)


main()
