#!/usr/bin/env python3
"""A new site in an editor: the real yaml-language-server, set up by the files that `retaind init` writes, completes keys,
events and the site's own names, explains what the cursor is on, and says what a misspelt key or a bare number should be."""
import json
import os
import subprocess
import sys

from npm_peers import npm_peers
from running_site import SOURCE, Site, check

modules = npm_peers()
if modules is None:
    sys.exit(0)


class Server:
    """The language server over its standard input and output, as an editor talks to it."""

    def __init__(self, site):
        self.root = site.directory.resolve()
        self.settings = json.loads((site.directory / ".vscode/settings.json").read_text())
        self.process = subprocess.Popen(["node", str(modules / "yaml-language-server/bin/yaml-language-server"), "--stdio"],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.next = self.opened = 0
        self.diagnostics = {}
        self.ask("initialize", {
            "processId": os.getpid(), "rootUri": self.root.as_uri(),
            "workspaceFolders": [{"uri": self.root.as_uri(), "name": "site"}],
            "capabilities": {"textDocument": {"completion": {"completionItem": {"documentationFormat": ["markdown"]}}},
                             "workspace": {"configuration": True, "workspaceFolders": True}}})
        self.tell("initialized", {})
        self.tell("workspace/didChangeConfiguration", {"settings": self.configuration()})

    def configuration(self):
        return {"yaml": {"schemas": self.settings["yaml.schemas"], "completion": True, "hover": True, "validate": True,
                         "schemaStore": {"enable": False}}}

    def write(self, message):
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self.process.stdin.flush()

    def read(self):
        length = 0
        while True:
            line = self.process.stdout.readline()
            check(line, "the language server has ended")
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
            if line == b"\r\n":
                return json.loads(self.process.stdout.read(length))

    def take(self, message):
        """What the server asks or tells by itself."""
        if message.get("method") == "textDocument/publishDiagnostics":
            self.diagnostics[message["params"]["uri"]] = message["params"]
        if "id" not in message or "method" not in message:
            return
        answer = None
        if message["method"] == "workspace/configuration":
            answer = [self.configuration().get(item.get("section")) for item in message["params"]["items"]]
        self.write({"id": message["id"], "result": answer})

    def tell(self, method, params):
        self.write({"method": method, "params": params})

    def ask(self, method, params):
        self.next += 1
        self.write({"id": self.next, "method": method, "params": params})
        while True:
            message = self.read()
            if message.get("id") == self.next and "method" not in message:
                check("error" not in message, f"{method}: {message.get('error')}")
                return message["result"]
            self.take(message)

    def open(self, path, text):
        # The server remembers what a file of this name held before.
        self.opened += 1
        place = self.root / path
        self.uri = (place if path == "retaind.yaml" else place.with_stem(f"{place.stem}-{self.opened}")).as_uri()
        self.text = text.replace("|", "")
        before, _, _ = text.partition("|")
        self.at = {"line": before.count("\n"), "character": len(before.rpartition("\n")[2])}
        self.diagnostics.pop(self.uri, None)
        self.tell("textDocument/didOpen", {"textDocument": {"uri": self.uri, "languageId": "yaml", "version": self.opened, "text": self.text}})

    def close(self):
        self.tell("textDocument/didClose", {"textDocument": {"uri": self.uri}})

    def completions(self, path, text):
        """Labels and their explanation where `|` stands."""
        self.open(path, text)
        found = self.ask("textDocument/completion", {"textDocument": {"uri": self.uri}, "position": self.at})
        self.close()
        items = found["items"] if isinstance(found, dict) else found or []
        about = lambda item: item.get("documentation") or ""
        return {item["label"]: about(item)["value"] if isinstance(about(item), dict) else about(item) for item in items}

    def hover(self, path, text):
        self.open(path, text)
        found = self.ask("textDocument/hover", {"textDocument": {"uri": self.uri}, "position": self.at})
        self.close()
        return found["contents"]["value"] if found else ""

    def problems(self, path, text):
        """(line, message) of each, in order."""
        self.open(path, text)
        while self.uri not in self.diagnostics:
            self.take(self.read())
        self.close()
        return [(d["range"]["start"]["line"] + 1, d["message"]) for d in self.diagnostics[self.uri]["diagnostics"]]


HEAD = "rule: thanks\npurpose: feedback\n"
THEN = "then:\n  - email: thanks\n"

with Site() as site:
    site.write("vocabulary.yaml", (SOURCE / "tests/data/language/own-site/vocabulary.yaml").read_text())
    check(site.run("schema", "--write").returncode == 0, "the editor's files are not written")
    server = Server(site)
    for kind in ("rules", "tests"):
        for path in sorted((site.directory / kind).glob("*.yaml")):
            found = server.problems(f"{kind}/{path.name}", path.read_text())
            check(found == [], f"{path.name} has findings: {found}")
    check(server.problems("retaind.yaml", (site.directory / "retaind.yaml").read_text()) == [], "retaind.yaml has findings")

    if "--show" in sys.argv:
        show = lambda name, value: print(f"== {name}\n{json.dumps(value, indent=1, ensure_ascii=False)}")
    else:
        show = lambda name, value: None

    # Keys
    keys = server.completions("rules/new.yaml", HEAD + "|")
    show("keys", keys)
    check({"when", "then", "unless", "once-per", "send-window", "late-limit"} <= set(keys), f"keys: {list(keys)}")
    check("rule" not in keys, "a key that is there is offered again")
    kinds = server.completions("rules/new.yaml", HEAD + "when:\n  |\n" + THEN)
    show("kinds", kinds)
    check({"event", "date", "every", "customer", "ticket"} <= set(kinds), f"triggers: {list(kinds)}")
    steps = server.completions("rules/new.yaml", HEAD + "then:\n  - |")
    show("steps", steps)
    check({"email", "notify", "coupon", "wait"} <= set(steps), f"steps: {list(steps)}")

    # Values: the vocabulary and the site's own names
    events = server.completions("rules/new.yaml", HEAD + "when:\n  event: |\n" + THEN)
    show("events", events)
    check({"order.completed", "ticket.opened", "feedback.received"} <= set(events), f"events: {list(events)}")
    check("an order was completed" in events["order.completed"], f"events without explanation: {events}")
    states = server.completions("rules/new.yaml", HEAD + "when:\n  ticket: |\n" + THEN)
    show("states", states)
    check({"unresolved", "unanswered"} <= set(states), f"states: {states}")
    purposes = server.completions("rules/new.yaml", "rule: thanks\npurpose: |\n")
    check({"marketing", "feedback", "transactional", "internal"} <= set(purposes), f"purposes: {purposes}")
    templates = server.completions("rules/new.yaml", HEAD + "then:\n  - email: |\n")
    show("templates", templates)
    check({"thanks", "win-back", "welcome"} <= set(templates), f"templates: {templates}")
    windows = server.completions("rules/new.yaml", HEAD + "send-window: |\n")
    check({"daytime", "support-hours"} <= set(windows), f"calendars: {windows}")
    conditions = server.completions("rules/new.yaml", HEAD + "unless:\n  - |\n")
    show("conditions", conditions)
    check({"order.refunded", "customer.open_tickets >= 2"} <= set(conditions), f"conditions: {list(conditions)}")
    check({"customer.tier = gold", "event.minutes >= 2"} <= set(conditions), f"fields of the site's own: {list(conditions)}")
    states = server.completions("rules/new.yaml", HEAD + "when:\n  customer: |\n" + THEN)
    check({"inactive", "silent-gold"} <= set(states), f"states of the site's own: {states}")
    reasons = server.completions("tests/new.yaml", "test: thanks\ncases:\n  - name: one\n    story:\n      - at: day 7\n        expect: nothing\n        because: |\n")
    check({"no-consent", "condition-false"} <= set(reasons), f"reasons: {list(reasons)}")
    settings = server.completions("retaind.yaml", "shop: Mine\n|")
    check({"sender", "teams", "calendars", "cap"} <= set(settings), f"settings: {list(settings)}")

    # Hover
    hover = server.hover("rules/new.yaml", HEAD + "la|te-limit: 3 days\n")
    show("hover", hover)
    check("later than this after its time a message does not go at all" in hover, f"hover: {hover}")
    check("Takes a duration, such as `3 days`, or `none`." in hover and "Example:" in hover, f"hover: {hover}")
    hover = server.hover("rules/new.yaml", HEAD + "when:\n  event: order.com|pleted\n" + THEN)
    show("hover of an event", hover)
    check("an order was completed" in hover, f"hover: {hover}")

    # Messages
    for text, line, expected in [
            (HEAD + "when:\n  event: order.completed\nunles: order.refunded\n" + THEN, 5, "Property unles is not allowed"),
            (HEAD + "when:\n  event: order.completed\n  after: 90\n" + THEN, 5, "a number and a unit, such as `7 days`"),
            (HEAD + "when:\n  event: order.completed\n  after: 7 dys\n" + THEN, 5, "a number and a unit, such as `7 days`"),
            (HEAD + "when:\n  event: order.completd\n" + THEN, 4, "no such event"),
            (HEAD + "when:\n  ticket: unresolvd\n" + THEN, 4, "unresolved"),
            (HEAD + "when:\n  event: order.completed\n  for: 7 days\n" + THEN, 5, "`for` does not go with `event`; with it go `after`"),
            (HEAD + "when:\n  event: order.completed\n  customer: inactive\n" + THEN, 5, "`event` and `customer` are two things"),
            (HEAD + "when:\n  at: 10:00\n" + THEN, 3, "one of `event`, `date`"),
            (HEAD + "when:\n  event: order.completed\nthen:\n  - digest: 5 minutes\n", 6, "one of `email`, `notify`"),
            (HEAD + "when:\n  event: order.completed\nif:\n  - customer.tier = gold\n  - customer.tir = gold\n" + THEN, 7, "no such field; `retaind vocabulary` lists them"),
            (HEAD + "when:\n  event: order.completed\nunless: customer.opentickets > 0\n" + THEN, 5, "no such field"),
            (HEAD + THEN, 1, "Missing property \"when\""),
            (HEAD.replace("feedback", "feedbck") + "when:\n  event: order.completed\n" + THEN, 2, "feedback")]:
        found = server.problems("rules/new.yaml", text)
        show(expected, found)
        check(any(at == line and expected in message for at, message in found), f"{expected!r} in line {line}, not {found}")
        check(len(found) <= 2, f"one mistake, many messages: {found}")
    server.process.kill()
