#!/usr/bin/env python3
"""Computes the result table of README.md from the raw files alone.

    python3 tests/real/oracle.py SET DATA > result.csv
    python3 tests/real/oracle.py --counts SET DATA
    python3 tests/real/oracle.py --self-test DATA

SET is olist, online-retail, tickets or cdnow; DATA is the directory with the data sets. The numbers in the comments are
the sections of README.md. Instants are whole seconds since 1970 in UTC, wall times are datetimes without a zone.
"""
import argparse, csv, gzip, hashlib, heapq, io, itertools, os, subprocess, sys, tempfile
from bisect import bisect_right
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta, timezone
from typing import Callable, Optional
from zoneinfo import ZoneInfo

HOUR, DAY = 3600, 86400
DONE = ("solved", "closed")
SETS = {  # zone (2), from and to (4)
    "olist": ("America/Sao_Paulo", "2016-09-01", "2019-02-01"),
    "online-retail": ("Europe/London", "2010-11-30", "2011-04-05"),
    "tickets": ("Europe/Lisbon", "2016-02-28", "2017-06-01"),
    "cdnow": ("America/New_York", "1996-12-31", "1998-10-10"),
}


# ---- 1: instants and wall time ----

class Clock:
    def __init__(self, zone):
        self.zone = ZoneInfo(zone)

    def wall(self, instant):
        return datetime.fromtimestamp(instant, self.zone).replace(tzinfo=None)

    def instant(self, wall):
        first = int(wall.replace(tzinfo=self.zone, fold=0).timestamp())
        if self.wall(first) == wall:
            return first
        # A gap: the change of the clock lies between the two readings of this wall time.
        before, after = int(wall.replace(tzinfo=self.zone, fold=1).timestamp()), first
        old_offset = self.offset(before)
        while after - before > 1:
            middle = (before + after) // 2
            before, after = (middle, after) if self.offset(middle) == old_offset else (before, middle)
        return after

    def offset(self, instant):
        return datetime.fromtimestamp(instant, self.zone).utcoffset()

    def add_days(self, instant, days):
        return self.instant(self.wall(instant) + timedelta(days=days))

    def midnight(self, date):
        return self.instant(datetime.combine(date, time()))


@dataclass
class WeeklyCalendar:
    weekdays: range
    opens: int  # hours of the day
    closes: int

    def opening(self, clock, instant):
        date = clock.wall(instant).date()
        while True:
            if date.weekday() in self.weekdays:
                opens = clock.instant(datetime.combine(date, time(self.opens)))
                closes = clock.instant(datetime.combine(date, time(self.closes)))
                if instant < closes:
                    return max(instant, opens)
            date += timedelta(days=1)


DAYTIME = WeeklyCalendar(range(7), 9, 20)
SUPPORT_HOURS = WeeklyCalendar(range(5), 9, 18)


# ---- 2: the sets ----

@dataclass
class Order:
    key: str
    customer: str  # empty without one
    placed: Optional[int] = None
    completed: Optional[int] = None
    cancelled: Optional[int] = None
    refunded: Optional[int] = None


@dataclass
class Ticket:
    key: str
    customer: str
    opened: int
    changes: list  # (instant, status) of each real change; the first is the status at the opening

    def status(self, instant):
        return self.changes[bisect_right([at for at, _ in self.changes], instant) - 1][1]

    def next_change(self, instant):
        return next((at for at, _ in self.changes if at > instant), None)

    def episodes(self):  # 7: (begin, end or None) of each stretch in which the ticket is unresolved
        begin = None
        for at, status in self.changes:
            if status in DONE:
                if begin is not None:
                    yield begin, at
                begin = None
            elif begin is None:
                begin = at
        if begin is not None:
            yield begin, None


@dataclass
class World:
    clock: Clock
    customers: dict = field(default_factory=dict)  # key -> first appearance (5)
    orders: list = field(default_factory=list)
    tickets: list = field(default_factory=list)

    def appears(self, customer, instant):
        if customer:
            self.customers[customer] = min(instant, self.customers.get(customer, instant))


def rows_of(data, *path):
    with gzip.open(os.path.join(data, *path), "rb") as file:
        reader = csv.reader(io.TextIOWrapper(file, "utf-8", newline=""))
        header = next(reader)
        for row in reader:
            yield dict(zip(header, (value.strip(" ") for value in row)))


def wall_time(text, order):
    """Reads dates like 10/2/2017 9:05 whose first three numbers stand in the given order, for instance mdy."""
    numbers = [int(number) for number in text.replace("/", " ").replace("-", " ").replace(":", " ").split()]
    date = dict(zip(order, numbers))
    return datetime(date["y"], date["m"], date["d"], *numbers[3:])


def read_olist(data, world):
    customers = rows_of(data, "olist_5k", "olist_customers.csv.gz")
    person = {row["customer_id"]: row["customer_unique_id"] for row in customers}
    for row in rows_of(data, "olist_5k", "olist_orders.csv.gz"):
        def date(column):
            return world.clock.instant(wall_time(row[column], "mdy")) if row[column] else None
        placed = date("order_purchase_timestamp")
        order = Order(row["order_id"], person[row["customer_id"]], placed, date("order_delivered_customer_date"))
        if row["order_status"] == "canceled":
            order.cancelled = placed
        world.orders.append(order)
        world.appears(order.customer, placed)


def read_online_retail(data, world):
    invoices = {}
    for row in rows_of(data, "online_retail_2010_12", "online_retail_2010_12.csv.gz"):
        date = world.clock.instant(wall_time(row["InvoiceDate"], "ymd"))
        earliest, customer = invoices.get(row["InvoiceNo"], (date, row["CustomerID"]))
        assert customer == row["CustomerID"], "one invoice, two customers"
        invoices[row["InvoiceNo"]] = min(earliest, date), customer
    for key, (date, customer) in invoices.items():
        refund = key.startswith("C")
        world.orders.append(Order(key, customer, refunded=date) if refund else Order(key, customer, date, date))
        world.appears(customer, date)


TICKET_STATUS = {
    "New": "new", "Active": "open", "Awaiting User Info": "waiting_for_customer", "Awaiting Vendor": "on_hold",
    "Awaiting Problem": "on_hold", "Awaiting Evidence": "on_hold", "Resolved": "solved", "Closed": "closed",
}


def read_tickets(data, world):
    rows_by_number = defaultdict(list)
    for row in rows_of(data, "tickets", "uci_incident_events_10pct.csv.gz"):
        rows_by_number[row["number"]].append(row)
    for number, rows in rows_by_number.items():
        rows.sort(key=lambda row: int(row["sys_mod_count"]))
        opened = world.clock.instant(wall_time(rows[0]["opened_at"], "dmy"))
        caller = "" if rows[-1]["caller_id"] == "?" else rows[-1]["caller_id"]
        status_at = {opened: "new"}
        for row in rows:  # of the rows of one effective time the last one stays
            if row["incident_state"] in TICKET_STATUS:
                updated = world.clock.instant(wall_time(row["sys_updated_at"], "dmy"))
                status_at[max(updated, opened)] = TICKET_STATUS[row["incident_state"]]
        changes = []
        for at, status in sorted(status_at.items()):
            if not changes or changes[-1][1] != status:
                changes.append((at, status))
        world.tickets.append(Ticket(number, caller, opened, changes))
        world.appears(caller, opened)


def read_cdnow(data, world):
    dates_of_orders = {}
    with open(os.path.join(data, "cdnow", "CDNOW_sample.txt"), encoding="utf-8") as file:
        for line in file:
            if line.strip():
                _, customer, date, _, _ = line.split()
                dates_of_orders[customer, date] = world.clock.instant(datetime.strptime(date, "%Y%m%d"))
    for (customer, date), placed in dates_of_orders.items():
        world.orders.append(Order(f"{customer}-{date}", customer, placed, placed))
        world.appears(customer, placed)


READERS = {"olist": read_olist, "online-retail": read_online_retail, "tickets": read_tickets, "cdnow": read_cdnow}


def read_world(name, data):
    world = World(Clock(SETS[name][0]))
    READERS[name](data, world)
    return world


# ---- 3 and 5: what is known at an instant ----

class Facts:
    def __init__(self, world):
        self.clock, self.first_appearance = world.clock, world.customers
        self.orders, self.tickets = defaultdict(list), defaultdict(list)
        for order in world.orders:
            if order.placed is not None:
                self.orders[order.customer].append(order)
        for ticket in world.tickets:
            self.tickets[ticket.customer].append(ticket)

    def orders_count(self, customer, now):
        return sum(order.placed <= now and not visible(order.cancelled, now) for order in self.orders[customer])

    def ordered_within_days(self, customer, now, days):
        placed = [order.placed for order in self.orders[customer] if order.placed <= now]
        return bool(placed) and self.clock.add_days(now, -days) <= max(placed)

    def open_tickets(self, customer, now):
        return sum(ticket.opened <= now and ticket.status(now) not in DONE for ticket in self.tickets[customer])

    def consented(self, customer, now):
        return digit(customer) not in "01" and self.first_appearance[customer] <= now

    def suppressed(self, customer, now):
        return digit(customer) == "f" and self.first_appearance[customer] + 10 * DAY <= now


def visible(instant, now):
    return instant is not None and instant <= now


def digit(customer):
    return hashlib.sha256(customer.encode()).hexdigest()[0]


def stable_hash(text):  # 8.7
    whole = (1 << 64) - 1
    value = 14695981039346656037
    for byte in text:
        value = (value ^ byte) * 1099511628211 & whole
    value = (value ^ value >> 33) * 0xFF51AFD7ED558CCD & whole
    value = (value ^ value >> 33) * 0xC4CEB9FE1A85EC53 & whole
    return value ^ value >> 33


# ---- 6 and 7: the rules and what is due ----

@dataclass
class Rule:
    id: str
    priority: int
    steps: list
    window: WeeklyCalendar
    internal: bool = False
    condition: Callable = lambda facts, firing, now: True  # every `if` and no `unless`
    hold_while: Callable = lambda firing, now: False
    again_after_days: Optional[int] = None
    holdout_percent: int = 0


def may_thank(facts, firing, now):
    order = firing.record
    return not (visible(order.refunded, now) or visible(order.cancelled, now)
                or facts.open_tickets(order.customer, now) > 0 or facts.ordered_within_days(order.customer, now, 2))


def may_win_back(facts, firing, now):
    return facts.orders_count(firing.customer, now) >= 2 and facts.open_tickets(firing.customer, now) == 0


THANKS = Rule("thanks-and-feedback", 10, ["email:thanks"], DAYTIME, condition=may_thank)
WIN_BACK = Rule("win-back-90d", 0, ["email:win-back"], DAYTIME, condition=may_win_back,
                again_after_days=365, holdout_percent=10)
UNRESOLVED = Rule("ticket-unresolved-48h", 0, ["reminder", "escalation"], SUPPORT_HOURS, internal=True,
                  hold_while=lambda firing, now: firing.record.status(now) == "waiting_for_customer")
LATE_DAYS, CAP_MESSAGES, CAP_DAYS, REPEAT_EVERY, MOST_REPEATS = 3, 2, 7, 24 * HOUR, 3


@dataclass
class Firing:
    rule: Rule
    subject: str
    customer: str
    due: int
    record: object = None  # the order or ticket, if the rule has one
    state_ends: Optional[int] = None
    messages: list = field(default_factory=list)


@dataclass
class Message:
    firing: Firing
    step: str
    due: int
    repeat: int = 0
    outcome: str = "planned"
    reason: str = ""
    ended_at: Optional[int] = None
    row_names_step: bool = True

    def open(self):
        return self.outcome in ("planned", "waiting")

    def turn(self):  # 8.2: the order of checks of one instant
        rule = self.firing.rule
        step = rule.steps.index(self.step)
        return -rule.priority, self.due, rule.id.encode(), self.firing.subject.encode(), step, self.repeat


def due_firings(world):
    clock, acts = world.clock, defaultdict(set)
    for order in world.orders:
        if order.customer and order.completed is not None:
            yield Firing(THANKS, order.key, order.customer, clock.add_days(order.completed, 7), order)
        if order.customer and order.placed is not None:
            acts[order.customer].add(order.placed)
    for customer, instants in acts.items():
        begins = sorted(instants)
        for begin, end in zip(begins, begins[1:] + [None]):
            due = clock.add_days(begin, 90)
            if end is None or end > due:
                yield Firing(WIN_BACK, customer, customer, due, None, end)
    for ticket in world.tickets:
        for begin, end in ticket.episodes():
            if end is None or end > begin + 48 * HOUR:
                yield Firing(UNRESOLVED, ticket.key, ticket.customer, begin + 48 * HOUR, ticket, end)


# ---- 8 and 9: what becomes of it ----

STATE_ENDS, SUPERSEDES, CHECK = range(3)  # what happens at one instant happens in this order


class Simulation:
    def __init__(self, world, begin, end):
        self.clock, self.facts, self.end = world.clock, Facts(world), end
        self.queue, self.messages, self.order_put = [], [], itertools.count()
        self.sent = defaultdict(list)  # customer -> instants of capped messages, ascending
        self.place_taken = {}  # (rule id, customer) -> the instant S of 8.5
        for firing in due_firings(world):
            if begin <= firing.due <= end:
                self.fire(firing)

    def fire(self, firing):
        first = self.plan(firing, firing.rule.steps[0], firing.due)
        if firing.rule is UNRESOLVED:
            self.plan(firing, "escalation", firing.due + 24 * HOUR)
            self.put(firing.due + 24 * HOUR, SUPERSEDES, first)
        if firing.state_ends is not None:
            self.put(firing.state_ends, STATE_ENDS, first)

    def plan(self, firing, step, due, repeat=0):
        message = Message(firing, step, due, repeat)
        firing.messages.append(message)
        self.messages.append(message)
        self.put(due, CHECK, message)
        return message

    def put(self, instant, kind, message):
        heapq.heappush(self.queue, (instant, kind, message.turn(), next(self.order_put), message))

    def run(self):
        while self.queue and self.queue[0][0] <= self.end:
            now, kind, _, _, message = heapq.heappop(self.queue)
            if kind == STATE_ENDS:  # 8.4
                for other in message.firing.messages:
                    self.skip(other, now, "state-ended")
            elif kind == SUPERSEDES:  # 9
                self.skip(message, now, "late-limit")
            elif message.open():
                self.check(message, now)

    def skip(self, message, now, reason):
        if message.open():
            message.outcome, message.reason, message.ended_at = "skipped", reason, now

    def wait(self, message, now, reason, until, late):
        if late is not None and until is not None and until > late:
            return self.skip(message, now, "late-limit")
        message.outcome, message.reason = "waiting", reason
        if until is not None:
            self.put(until, CHECK, message)

    def check(self, message, now):  # 8.1
        firing, rule, customer = message.firing, message.firing.rule, message.firing.customer
        late = None if rule.internal else self.clock.add_days(rule.window.opening(self.clock, firing.due), LATE_DAYS)
        opening = rule.window.opening(self.clock, now)

        reason = None
        if not rule.internal and self.facts.suppressed(customer, now):
            reason = "suppressed"
        elif not rule.internal and not self.facts.consented(customer, now):
            reason = "no-consent"
        elif visible(firing.state_ends, now):
            reason = "state-ended"
        elif rule.again_after_days and self.has_place(rule, customer, now):
            reason = "already-sent"
        elif late is not None and now > late:
            reason = "late-limit"
        elif opening > now:
            return self.wait(message, now, "outside-window", opening, late)
        elif rule.hold_while(firing, now):
            return self.wait(message, now, "hold-while", firing.record.next_change(now), late)
        elif not rule.condition(self.facts, firing, now):
            reason = "condition-false"
        if reason:
            message.row_names_step = now > firing.due or len(rule.steps) > 1
            return self.skip(message, now, reason)

        if not rule.internal:
            counting = [at for at in self.sent[customer] if now < self.clock.add_days(at, CAP_DAYS)]
            if len(counting) >= CAP_MESSAGES:
                frees = self.clock.add_days(counting[-CAP_MESSAGES], CAP_DAYS)
                return self.wait(message, now, "capped", frees, late)
        if rule.again_after_days:
            self.place_taken[rule.id, customer] = now
        if stable_hash(rule.id.encode() + b"\0" + customer.encode()) * 100 < rule.holdout_percent << 64:
            return self.skip(message, now, "held-out")
        self.send(message, now)

    def has_place(self, rule, customer, now):
        taken = self.place_taken.get((rule.id, customer))
        return taken is not None and now < self.clock.add_days(taken, rule.again_after_days)

    def send(self, message, now):
        message.outcome, message.reason, message.ended_at = "sent", "sent", now
        if not message.firing.rule.internal:
            self.sent[message.firing.customer].append(now)
        if message.step == "escalation" and message.repeat < MOST_REPEATS:
            self.plan(message.firing, message.step, now + REPEAT_EVERY, message.repeat + 1)


# ---- 10: the result ----

HEADER = "rule,step,repeat,subject,customer,due,at,outcome,reason"


def utc(instant):
    return "" if instant is None else datetime.fromtimestamp(instant, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def result(name, world):
    _, begin, end = SETS[name]
    midnights = [world.clock.midnight(datetime.strptime(date, "%Y-%m-%d")) for date in (begin, end)]
    simulation = Simulation(world, *midnights)
    simulation.run()
    rows = []
    for message in simulation.messages:
        if message.outcome != "planned":
            firing, step = message.firing, message.step if message.row_names_step else ""
            rows.append((firing.rule.id, step, str(message.repeat), firing.subject, firing.customer, utc(message.due),
                         utc(message.ended_at), message.outcome, message.reason))
    rows.sort(key=lambda row: [row[column].encode() for column in (5, 0, 3, 1, 2)])
    return rows


# ---- The self-test ----

def expect(what, got, wanted):
    if got != wanted:
        sys.exit(f"self-test: {what}: {got!r} instead of {wanted!r}")


def self_test(data):
    for text, wanted in ((b"", 0xEFD01F60BA992926), (b"a", 0x82A2A958A9BECE5B),
                         (b"win-back-90d\x000001", 0xB2B9D6C8269D679D)):
        expect(f"hash of {text!r}", stable_hash(text), wanted)
    for zone, wall, wanted in (("America/Sao_Paulo", datetime(2017, 10, 15, 0, 30), "2017-10-15T03:00:00Z"),  # gap
                               ("America/Sao_Paulo", datetime(2018, 2, 17, 23, 30), "2018-02-18T01:30:00Z"),  # doubled
                               ("Europe/Lisbon", datetime(2016, 7, 1, 9, 0), "2016-07-01T08:00:00Z")):
        expect(f"{wall} in {zone}", utc(Clock(zone).instant(wall)), wanted)
    worlds = {name: read_world(name, data) for name in SETS}
    for name, wanted in (  # 2: customers, orders, refunds, tickets
            ("olist", (4991, 5000, 0, 0)), ("online-retail", (948, 1699, 326, 0)),
            ("tickets", (1708, 0, 0, 2510)), ("cdnow", (2357, 6696, 0, 0))):
        world = worlds[name]
        refunds = sum(order.refunded is not None for order in world.orders)
        expect(name, (len(world.customers), len(world.orders) - refunds, refunds, len(world.tickets)), wanted)
    completed = [order for order in worlds["olist"].orders if order.completed is not None]
    cancelled = sum(order.cancelled is not None for order in completed)
    expect("completed and cancelled", (len(completed), cancelled), (4858, 1))
    retail = worlds["online-retail"].orders
    anonymous = Counter(order.refunded is not None for order in retail if not order.customer)
    expect("invoices", (len(retail), anonymous[False], anonymous[True]), (2025, 299, 18))
    buyers = {order.customer for order in retail if order.placed is not None}
    expect("customers with refunds only", len(set(worlds["online-retail"].customers) - buyers), 63)
    reopenings = []
    for ticket in worlds["tickets"].tickets:
        statuses = [status in DONE for _, status in ticket.changes]
        reopenings += [ticket.key for solved, after in zip(statuses, statuses[1:]) if solved and not after]
    expect("reopenings and their tickets", (len(reopenings), len(set(reopenings))), (36, 30))
    for name, world in worlds.items():
        compare_consent(name, data, world)
        rows = result(name, world)
        expect(f"{name}: distinct rows", len({(row[0], row[1], row[2], row[3], row[5]) for row in rows}), len(rows))
        expect(f"{name}: rows that wait at the end", sum(row[7] == "waiting" for row in rows), 0)
        print(f"{name}: {len(rows)} rows, passed")


def compare_consent(name, data, world):
    script, facts = os.path.join(os.path.dirname(os.path.abspath(__file__)), "consent.py"), Facts(world)
    with tempfile.TemporaryDirectory() as out:
        subprocess.run([sys.executable, script, name, data, out], check=True, stdout=subprocess.DEVNULL)
        tables = []
        for table in ("consent.csv", "suppression.csv"):
            with open(os.path.join(out, table), encoding="utf-8", newline="") as file:
                tables.append(list(csv.DictReader(file)))
    ever = 1 << 40
    granted = {(customer, purpose, utc(at)) for customer, at in world.customers.items()
               for purpose in ("marketing", "feedback") if facts.consented(customer, ever)}
    suppressed = {(f"{customer}@example.test".lower(), "all", utc(at + 10 * DAY))
                  for customer, at in world.customers.items() if facts.suppressed(customer, ever)}
    given = {(row["customer"], row["purpose"], row["at"]) for row in tables[0] if row["granted"] == "yes"}
    expect(f"{name}: consent", given, granted)
    expect(f"{name}: suppression", {(row["email"], row["scope"], row["at"]) for row in tables[1]}, suppressed)


def main():
    parser = argparse.ArgumentParser(description="Computes the result table of README.md from the raw files.")
    parser.add_argument("set", nargs="?", choices=SETS)
    parser.add_argument("data", help="directory with the data sets")
    parser.add_argument("--counts", action="store_true", help="print the number of rows per rule, step and reason")
    parser.add_argument("--self-test", action="store_true", help="check the page's numbers and consent.py; DATA only")
    arguments = parser.parse_args()
    if not os.path.isdir(arguments.data):
        return print(f"skipped: no data at {arguments.data}")
    if arguments.self_test:
        return self_test(arguments.data)
    if not arguments.set:
        parser.error("SET is missing")
    rows = result(arguments.set, read_world(arguments.set, arguments.data))
    if arguments.counts:
        counts = Counter((row[0], row[1], row[8]) for row in rows)
        lines = ["rule,step,reason,count"] + [",".join(key) + f",{count}" for key, count in sorted(counts.items())]
    else:
        lines = [HEADER] + [",".join(row) for row in rows]
    sys.stdout.reconfigure(encoding="utf-8", newline="\n")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
