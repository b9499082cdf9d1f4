"""What the benchmarks of sending share: a site with many customers, the sinks, and the figures."""
import os
import pathlib
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

BINARY = os.path.abspath(sys.argv[1])
SINK = shutil.which("smtp-sink", path="/usr/sbin:/usr/bin")
SOURCE = shutil.which("smtp-source", path="/usr/sbin:/usr/bin")
BYTES = 4096
LINE = "A line of the length that people write, with a full stop at its end."

RULE = """rule: news
about: News for whoever is new
purpose: marketing
status: live
when:
  event: customer.created
if:
  - customer.orders_count < 5
then:
  - email: news
once-per: customer
backlog: {backlog}
brake: 100000000
"""

SETTINGS = """shop: Example Shop
time-zone: UTC
locale: en
currency: EUR
deliver: live
maildir: maildir
store: retaind.db
socket: retaind.sock
secret-file: secret
sender: {{name: Example Shop, address: shop@example.com, postal-address: "Example Shop, 1 Example Street"}}
unsubscribe: {{url: "https://shop.example.com/u?c={{customer}}&t={{token}}"}}
smtp:
  host: 127.0.0.1
  port: {port}
  tls: none
  connections: {connections}
{more}"""


def template(lines):
    """Plain text and HTML with the customer's name, so that a whole mail has about BYTES bytes."""
    text = "\n".join(f"<p>{LINE}</p>" for _ in range(lines))
    return ("---\nsubject: News for {{ customer.first_name }}\n---\n<!doctype html>\n<html><body>\n"
            "<p>Hello {{ customer.first_name | default: 'friend' }},</p>\n" + text +
            "\n<p><a href=\"{{ unsubscribe.link }}\">unsubscribe</a></p>\n</body></html>\n")


def retaind(site, *words):
    done = subprocess.run([BINARY, *words, "--site", str(site)], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"retaind {words[0]}: {done.stdout}{done.stderr}")
    return done.stdout


def make_site(directory, port, connections, more="", backlog="all"):
    """An empty site without customers."""
    (directory / "rules").mkdir(parents=True)
    (directory / "templates").mkdir()
    (directory / "secret").write_text("a secret of enough letters for a benchmark")
    (directory / "secret").chmod(0o600)
    (directory / "rules/news.yaml").write_text(RULE.format(backlog=backlog))
    (directory / "templates/news.en.liquid").write_text(template(21))
    (directory / "retaind.yaml").write_text(SETTINGS.format(port=port, connections=connections, more=more))


def load(directory, kind, header, rows):
    file = directory / f"{kind}.csv"
    with open(file, "w") as out:
        out.write(header + "\n")
        out.writelines(row + "\n" for row in rows)
    retaind(directory, "import", kind, str(file))
    file.unlink()


def load_customers(directory, count, made="2026-01-01T00:00:00Z"):
    load(directory, "customers", "key,email,first_name,last_name,created_at",
         (f"C{i},c{i}@example.com,Name {i},Family {i % 977},{made}" for i in range(count)))
    load(directory, "consent", "customer,purpose,granted,at",
         (f"C{i},marketing,yes,{made}" for i in range(count)))


class Run:
    """A process from its start to its end: seconds, CPU seconds, and the peak of its memory in KiB."""

    def __init__(self, command, **options):
        begin = time.monotonic()
        self.process = subprocess.Popen(command, **options)
        self.peak = 0
        self.begin = begin

    def wait(self):
        while True:
            pid, status, usage = os.wait4(self.process.pid, os.WNOHANG)
            if pid:
                break
            self.look()
            time.sleep(0.005)
        self.seconds = time.monotonic() - self.begin
        self.user, self.system = usage.ru_utime, usage.ru_stime
        self.cpu = usage.ru_utime + usage.ru_stime
        self.process.returncode = os.waitstatus_to_exitcode(status)
        return self

    def look(self):
        try:
            with open(f"/proc/{self.process.pid}/status") as status:
                for line in status:
                    if line.startswith("VmHWM:"):
                        self.peak = int(line.split()[1])
        except OSError:
            pass


def wait_listening(port):
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.02)
    sys.exit(f"nothing listens on port {port}")


class Sink:
    """Postfix's smtp-sink, or the sink with late replies."""

    def __init__(self, port, command=None):
        user = ["-u", "nobody"] if os.geteuid() == 0 else []
        self.process = subprocess.Popen(command or [SINK, *user, f"127.0.0.1:{port}", "512"])
        wait_listening(port)

    def cpu(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def __enter__(self):
        return self

    def __exit__(self, *ignored):
        self.process.terminate()
        self.process.wait()


def noise(values):
    return f"{statistics.median(values):.2f} ({min(values):.2f}-{max(values):.2f})"


class Limits:
    """One line a limit, and the exit status: 1 when one was missed."""

    def __init__(self):
        self.missed = 0

    def check(self, what, value, limit, most=True, unit=""):
        good = value <= limit if most else value >= limit
        self.missed += not good
        print(f"  limit: {what} {value:.2f}{unit}, {'at most' if most else 'at least'} {limit}{unit}: "
              f"{'PASS' if good else 'MISSED'}", flush=True)

    def exit(self):
        sys.exit(1 if self.missed else 0)


class Directory:
    def __enter__(self):
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="retaind-bench-"))
        return self.path

    def __exit__(self, *ignored):
        shutil.rmtree(self.path, ignore_errors=True)


def port_base():
    return 21000 + os.getpid() % 9000
