"""What the end-to-end tests share: a site made by the real binary, the real daemon, and the ends that it talks to."""
import datetime
import os
import pathlib
import shutil
import signal
import socket
import socketserver
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time

BINARY = os.path.abspath(sys.argv[1])
SOURCE = pathlib.Path(sys.argv[2]).resolve()
# A sanitizer build is several times slower.
PATIENCE = float(os.environ.get("RETAIND_PATIENCE", "30"))


# Who agreed is greeted at once, however long they have been known.
GREET = """rule: greet
about: Greet at once, for the test
purpose: marketing
status: live
when:
  event: customer.created
then:
  - email: welcome
once-per: customer
backlog: all
brake: 1000000
"""

# The same to everyone, agreed or not.
NOTICE = """rule: greet
about: Greet at once, for the test
purpose: transactional
status: live
when:
  event: customer.created
then:
  - email: welcome
backlog: all
"""


def check(condition, message):
    """A failed expectation ends the test with the line that says what was wrong."""
    if not condition:
        sys.exit(f"failed: {message}")


def wait_for(what, condition, seconds=None):
    end = time.monotonic() + (seconds or PATIENCE)
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    sys.exit(f"failed: {what} did not happen in {seconds or PATIENCE} s")


def timestamp(seconds):
    """That many seconds from now, as the import reads it."""
    at = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)
    return at.isoformat(timespec="milliseconds")


class Site:
    """A site in a directory of its own, removed at the end."""

    def __init__(self, *init):
        self.base = tempfile.mkdtemp(prefix="retaind-")
        self.directory = pathlib.Path(self.base) / "site"
        made = self.run("init", str(self.directory), *init, site=False)
        check(made.returncode == 0, f"init: {made.stderr}")

    def __enter__(self):
        return self

    def __exit__(self, *ignored):
        shutil.rmtree(self.base, ignore_errors=True)

    def run(self, *words, site=True, environment=None):
        arguments = [BINARY, *words] + (["--site", str(self.directory)] if site else [])
        return subprocess.run(arguments, capture_output=True, text=True, timeout=120,
                              env={**os.environ, **(environment or {})})

    def edit(self, path, old, new):
        file = self.directory / path
        text = file.read_text()
        check(old in text, f"{path} has no {old!r}")
        file.write_text(text.replace(old, new))

    def write(self, path, text):
        (self.directory / path).write_text(text)

    def load(self, kind, text, *options):
        """Imports rows given as CSV text."""
        file = pathlib.Path(self.base) / f"{kind}.csv"
        file.write_text(text)
        loaded = self.run("import", kind, str(file), *options)
        check(loaded.returncode == 0, f"import {kind}: {loaded.stdout}{loaded.stderr}")
        return loaded.stdout

    def only_rule(self, name, text):
        """Leaves this one of the shipped rules, or a new one."""
        for file in (self.directory / "rules").glob("*.yaml"):
            file.unlink()
        self.write(f"rules/{name}.yaml", text)

    def load_customers(self, first, count, at):
        """Customers C<first>… who agreed to everything, created at that time; known only after their consent is."""
        names = [f"C{i}" for i in range(first, first + count)]
        self.load("customers", "key,email\n" + "".join(f"{name},{name.lower()}@example.com\n" for name in names))
        self.load("consent", "customer,purpose,granted,at\n" + "".join(f"{name},marketing,yes,{at}\n" for name in names))
        self.load("customers", "key,email,created_at\n" +
                  "".join(f"{name},{name.lower()}@example.com,{at}\n" for name in names))

    def send_to(self, server):
        self.edit("retaind.yaml", "deliver: maildir", "deliver: live")
        self.edit("retaind.yaml", "webhooks: ",
                  f"smtp:\n  host: 127.0.0.1\n  port: {server.port}\n  tls: none\n\nwebhooks: ")

    def query(self, sql, *values):
        with sqlite3.connect(f"file:{self.directory / 'retaind.db'}?mode=ro", uri=True, timeout=30) as store:
            return store.execute(sql, values).fetchall()

    def mails(self):
        return sorted((self.directory / "maildir").glob("**/*.eml"))


class Daemon:
    """`retaind run` with its log."""

    def __init__(self, site, environment=None, words=()):
        self.log_path = pathlib.Path(site.base) / "log"
        self.log = open(self.log_path, "a")
        self.begin = self.log_path.stat().st_size
        self.process = subprocess.Popen([BINARY, "run", "--site", str(site.directory), *words], stdout=self.log,
                                        stderr=self.log, env={**os.environ, **(environment or {})})

    def __enter__(self):
        return self

    def __exit__(self, *ignored):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.log.close()

    def text(self):
        """What this process has logged."""
        return self.log_path.read_bytes()[self.begin:].decode()

    def wait_started(self):
        wait_for("start", lambda: "started:" in self.text() or self.process.poll() is not None)
        check(self.process.poll() is None, f"the daemon ended: {self.text()}")

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        try:
            return self.process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            sys.exit(f"failed: the daemon did not stop:\n{self.text()}")


class Manager:
    """The service manager's end of sd_notify: collects what the daemon says."""

    def __init__(self, directory):
        self.path = str(pathlib.Path(directory) / "notify")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.heard = []

    def listen(self):
        self.socket.setblocking(False)
        try:
            while True:
                text = self.socket.recv(4096).decode()
                self.heard.append(dict(line.split("=", 1) for line in text.splitlines()))
        except BlockingIOError:
            return self.heard

    def words(self):
        """The states in the order in which they came, repetitions left out."""
        order = []
        for message in self.listen():
            for word in ("READY", "RELOADING", "WATCHDOG", "STOPPING"):
                if word in message and (not order or order[-1] != word):
                    order.append(word)
        return order


class SlowServer:
    """An SMTP server that answers every mail `delay` seconds after its final dot; it notes when it took which Message-ID."""

    def __init__(self, delay, answer="250 taken"):
        self.delay = delay
        self.answer = answer
        self.accepted = []
        self.times = []
        lock = threading.Lock()
        outer = self

        class Session(socketserver.StreamRequestHandler):
            def say(self, line):
                self.wfile.write(line.encode() + b"\r\n")

            def handle(self):
                self.say("220 slow.example ESMTP")
                while line := self.rfile.readline():
                    word = line.split(b" ")[0].strip().upper()
                    if word == b"DATA":
                        self.say("354 go on")
                        name = None
                        while (text := self.rfile.readline()) not in (b".\r\n", b""):
                            if text.lower().startswith(b"message-id:"):
                                name = text.split(b":", 1)[1].strip().strip(b"<>").decode()
                        if not text:
                            return
                        time.sleep(outer.delay)
                        with lock:
                            if outer.answer.startswith("2"):
                                outer.accepted.append(name)
                                outer.times.append(time.monotonic())
                        self.say(outer.answer)
                    elif word == b"QUIT":
                        self.say("221 bye")
                        return
                    else:
                        self.say("250 slow.example" if word == b"EHLO" else "250 fine")

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True

        server = Server(("127.0.0.1", 0), Session)
        self.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, daemon=True).start()
