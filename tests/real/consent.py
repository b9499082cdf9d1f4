#!/usr/bin/env python3
"""Writes consent.csv and suppression.csv for one of the real sets; README.md, section 5, is the specification.

usage: consent.py SET DATA OUT
  SET   olist | online-retail | tickets | cdnow
  DATA  the directory with olist_5k, online_retail_2010_12, tickets and cdnow
  OUT   an existing directory
"""
import csv
import gzip
import hashlib
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

SUPPRESSED_AFTER = timedelta(days=10)  # elapsed


def instant(wall, zone):
    """UTC of a wall time: a doubled time is its first occurrence, one in a DST gap is the gap's end."""
    first = wall.replace(tzinfo=zone, fold=0).astimezone(timezone.utc)
    if first.astimezone(zone).replace(tzinfo=None) == wall:
        return first
    low, high = wall.replace(tzinfo=zone, fold=1).astimezone(timezone.utc), first
    before = low.astimezone(zone).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) / 2
        if middle.astimezone(zone).utcoffset() == before:
            low = middle
        else:
            high = middle
    return high.replace(microsecond=0)


def rows(path):
    with gzip.open(path, "rt", encoding="utf-8-sig", newline="") as file:
        yield from csv.DictReader(file)


def olist(data):
    person = {row["customer_id"]: row["customer_unique_id"] for row in rows(data / "olist_5k/olist_customers.csv.gz")}
    for row in rows(data / "olist_5k/olist_orders.csv.gz"):
        yield person[row["customer_id"]], datetime.strptime(row["order_purchase_timestamp"], "%m/%d/%Y %H:%M")


def online_retail(data):
    for row in rows(data / "online_retail_2010_12/online_retail_2010_12.csv.gz"):
        if row["CustomerID"]:
            yield row["CustomerID"], datetime.strptime(row["InvoiceDate"], "%Y-%m-%d %H:%M:%S")


def tickets(data):
    for row in rows(data / "tickets/uci_incident_events_10pct.csv.gz"):
        if row["caller_id"] != "?":
            yield row["caller_id"], datetime.strptime(row["opened_at"], "%d/%m/%Y %H:%M")


def cdnow(data):
    for line in (data / "cdnow/CDNOW_sample.txt").read_text("ascii").splitlines():
        _, customer, day, _, _ = line.split()
        yield customer, datetime.strptime(day, "%Y%m%d")


SETS = {
    "olist": (olist, "America/Sao_Paulo"),
    "online-retail": (online_retail, "Europe/London"),
    "tickets": (tickets, "Europe/Lisbon"),
    "cdnow": (cdnow, "America/New_York"),
}


def iso(time):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


def main():
    if len(sys.argv) != 4 or sys.argv[1] not in SETS:
        sys.exit(__doc__)
    read, zone = SETS[sys.argv[1]]
    appeared = {}
    for key, wall in read(Path(sys.argv[2])):
        time = instant(wall, ZoneInfo(zone))
        appeared[key] = min(time, appeared.get(key, time))

    out = Path(sys.argv[3])
    granted = suppressed = 0
    with open(out / "consent.csv", "w", encoding="utf-8", newline="") as consent_file, \
         open(out / "suppression.csv", "w", encoding="utf-8", newline="") as suppression_file:
        consent = csv.writer(consent_file, lineterminator="\n")
        suppression = csv.writer(suppression_file, lineterminator="\n")
        consent.writerow(["customer", "purpose", "granted", "at", "source"])
        suppression.writerow(["email", "scope", "at", "cause"])
        for key in sorted(appeared):
            digit = hashlib.sha256(key.encode()).hexdigest()[0]
            if digit not in "01":
                granted += 1
                for purpose in ("feedback", "marketing"):
                    consent.writerow([key, purpose, "yes", iso(appeared[key]), "test"])
            if digit == "f":
                suppressed += 1
                suppression.writerow([f"{key}@example.test".lower(), "all",
                                      iso(appeared[key] + SUPPRESSED_AFTER), "complaint"])
    print(f"{sys.argv[1]}: {len(appeared)} customers, {granted} with consent, {suppressed} suppressed")


if __name__ == "__main__":
    main()
