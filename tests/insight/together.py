#!/usr/bin/env python3
"""Counts from nothing what README.md says, and prints the course of the comparison: facts to put into a store, and what must
be counted and recommended then.

    python3 tests/insight/together.py DATA [LINES]

Lines are tab separated: order KEY CUSTOMER MS REFUND, item ORDER KEY SKU NAME QUANTITY, refund ORDER MS, cancel ORDER MS,
sku ORDER KEY SKU, quantity ORDER KEY QUANTITY; then `totals PAIRS SUM SQUARES`, `recommend CUSTOMER KEY:COUNT...`, and at the
end `pair KEY KEY ORDERS` for each."""
import collections
import csv
import datetime
import gzip
import io
import itertools
import pathlib
import sys

LARGEST_BASKET, FEWEST_ORDERS, MOST_ASKED, LONGEST_LIST = 200, 2, 100, 12
STEP = 1000


class Order:
    def __init__(self, customer, placed, refunded):
        self.customer, self.placed, self.refunded, self.cancelled = customer, placed, refunded, False
        self.lines = {}  # key -> [product, quantity]

    def counts(self):
        return self.placed is not None and not self.cancelled and not self.refunded

    def amounts(self):
        amounts = collections.defaultdict(float)
        for product, quantity in self.lines.values():
            amounts[product] += quantity
        return amounts

    def basket(self):
        held = sorted(product for product, amount in self.amounts().items() if amount > 0)
        return held if self.counts() and len(held) <= LARGEST_BASKET else []


def count_pairs(orders):
    """{(a, b): orders} with a < b."""
    pairs = collections.Counter()
    for order in orders:
        pairs.update(itertools.combinations(order.basket(), 2))
    return pairs


def neighbours(pairs):
    near = collections.defaultdict(dict)
    for (a, b), orders in pairs.items():
        if orders >= FEWEST_ORDERS:
            near[a][b] = near[b][a] = orders
    return near


def shared_products(orders):
    """Those that the baskets of more than one customer hold; an order of nobody's is somebody else's."""
    first, shared = {}, set()
    for index, order in enumerate(orders):
        buyer = order.customer or index
        for product in order.basket():
            if first.setdefault(product, buyer) != buyer:
                shared.add(product)
    return shared


def recommend(rows, near, shared):
    """[(key, count)] for the customer whose rows these are."""
    amounts, newest, spoken_of = collections.defaultdict(float), {}, set()
    for row in rows:
        if row.cancelled or (row.placed is None and not row.refunded):
            continue
        for product, quantity in row.lines.values():
            spoken_of.add(product)
            if row.counts():
                amounts[product] += quantity
                newest[product] = max(newest.get(product, 0), row.placed)
            elif row.placed is None:
                amounts[product] -= abs(quantity)
    had = [product for product, amount in amounts.items() if amount > 0]
    counts = collections.Counter()
    for product in sorted(had, key=lambda p: (-newest[p], p))[:MOST_ASKED]:
        counts.update(near.get(product, {}))
    found = [(key, count) for key, count in counts.items() if key not in spoken_of and key in shared]
    return sorted(found, key=lambda pair: (-pair[1], pair[0]))[:LONGEST_LIST]


def lines_of(data):
    path = pathlib.Path(data) / "online_retail_2010_12" / "online_retail_2010_12.csv.gz"
    with gzip.open(path, "rb") as file:
        yield from csv.DictReader(io.TextIOWrapper(file, "utf-8", newline=""))


def milliseconds(text):
    return int(datetime.datetime.fromisoformat(text).replace(tzinfo=datetime.timezone.utc).timestamp()) * 1000


def read_orders(data):
    """All invoices of the file, without the course of the comparison."""
    orders = {}
    for line in lines_of(data):
        key = line["InvoiceNo"].strip(" ")
        if key not in orders:
            refund = key.startswith("C")
            orders[key] = Order(line["CustomerID"].strip(" "), None if refund else milliseconds(line["InvoiceDate"]), refund)
        lines = orders[key].lines
        product = line["StockCode"].strip(" ") or line["Description"].strip(" ")
        lines[str(len(lines) + 1)] = [product, float(line["Quantity"])]
    return orders


class Course:
    def __init__(self):
        self.orders, self.by_customer = {}, collections.defaultdict(list)
        self.steps, self.seen = 0, set()

    def say(self, *words):
        print(*words, sep="\t")

    def stepped(self, order):
        if order.customer:
            self.seen.add(order.customer)
        self.steps += 1
        if self.steps % STEP == 0:
            self.compare()

    def compare(self):
        pairs = count_pairs(self.orders.values())
        near, shared = neighbours(pairs), shared_products(self.orders.values())
        self.say("totals", len(pairs), sum(pairs.values()), sum(n * n for n in pairs.values()))
        for customer in sorted(self.seen)[:8]:
            found = recommend(self.by_customer[customer], near, shared)
            self.say("recommend", customer, *(f"{key}:{count}" for key, count in found))
        self.seen.clear()
        return pairs

    def load(self, data, most):
        for line in itertools.islice(lines_of(data), most):
            key = line["InvoiceNo"].strip(" ")
            order = self.orders.get(key)
            if order is None:
                refund, at = key.startswith("C"), milliseconds(line["InvoiceDate"])
                order = self.orders[key] = Order(line["CustomerID"].strip(" "), None if refund else at, refund)
                self.by_customer[order.customer].append(order)
                self.say("order", key, order.customer, at, int(refund))
            number = str(len(order.lines) + 1)
            sku, name = line["StockCode"].strip(" "), " ".join(line["Description"].split())
            order.lines[number] = [sku or name, float(line["Quantity"])]
            self.say("item", key, number, sku, name, line["Quantity"])
            self.stepped(order)

    def change(self):
        products = sorted({product for order in self.orders.values() for product, _ in order.lines.values()})
        at = 1_400_000_000_000
        number = 0
        for index, (key, order) in enumerate(list(self.orders.items())):
            for line, content in order.lines.items():
                number += 1
                if number % 11 == 0:
                    content[0] = products[number * 7 % len(products)]
                    self.say("sku", key, line, content[0])
                    self.stepped(order)
                elif number % 13 == 0:
                    content[1] = -content[1]
                    self.say("quantity", key, line, content[1])
                    self.stepped(order)
            if order.placed is not None and index % 9 == 0:
                order.refunded = True
                self.say("refund", key, at)
                self.stepped(order)
            elif order.placed is not None and index % 14 == 0:
                order.cancelled = True
                self.say("cancel", key, at)
                self.stepped(order)

    def run(self, data, most):
        self.load(data, most)
        self.change()
        self.seen = set(itertools.islice((customer for customer in sorted(self.by_customer) if customer), 0, None, 40))
        for (a, b), orders in sorted(self.compare().items()):
            self.say("pair", a, b, orders)


if __name__ == "__main__":
    Course().run(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else None)
