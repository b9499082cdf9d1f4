#!/usr/bin/env python3
"""How long after its due time a mail has its final 250, on a daemon that was idle until then; in units of one fdatasync and
one SMTP transaction over an open connection, measured in turn in the same run against the same server.

    python3 tests/bench/latency_bench.py build/release/retaind"""
import datetime
import re
import threading

from sending_site import *

COUNT = int(os.environ.get("BENCH_MAILS", "200"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))
STEP = 0.05     # between two due times
limits = Limits()


class Server:
    """Takes every mail and remembers when it said so."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.taken = {}  # who it was for → when
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            peer, _ = self.listener.accept()
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self.serve, args=(peer,), daemon=True).start()

    def serve(self, peer):
        peer.sendall(b"220 bench ESMTP\r\n")
        data, recipient, rest = False, b"", b""
        while piece := peer.recv(65536):
            rest += piece
            if data and b"\r\n.\r\n" not in rest:
                continue
            replies = b""
            if data:
                replies = b"250 2.0.0 taken\r\n"
                self.taken[recipient.decode()] = time.time()
                data, rest = False, rest.split(b"\r\n.\r\n", 1)[1]
            while b"\r\n" in rest:
                line, rest = rest.split(b"\r\n", 1)
                word = line[:4].upper()
                if word == b"RCPT":
                    recipient = line.split(b"<")[1].rstrip(b">")
                data = word == b"DATA"
                replies += {b"EHLO": b"250-bench\r\n250 PIPELINING\r\n", b"DATA": b"354 go on\r\n",
                            b"QUIT": b"221 bye\r\n"}.get(word, b"250 ok\r\n")
            peer.sendall(replies)


def floor(server, file):
    """Seconds of one fdatasync after 4 KiB and of one transaction on an open connection."""
    peer = socket.create_connection(("127.0.0.1", server.port))
    peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(text, pattern):
        peer.sendall(text)
        said = b""
        while not re.search(pattern, said):
            said += peer.recv(4096)

    ask(b"", rb"220 .*\r\n")
    ask(b"EHLO bench\r\n", rb"250 .*\r\n")
    times = []
    for i in range(COUNT):
        begin = time.perf_counter()
        os.pwrite(file, b"x" * 4096, 4096 * (i % 64))
        os.fdatasync(file)
        ask(b"MAIL FROM:<a@example.com>\r\nRCPT TO:<floor>\r\nDATA\r\n", rb"354 .*\r\n")
        ask(b"Subject: x\r\n\r\n" + b"x" * 4000 + b"\r\n.\r\n", rb"250 2.0.0.*\r\n")
        times.append(time.perf_counter() - begin)
        time.sleep(0.005)
    peer.close()
    return times


def due_to_taken(directory, server):
    """Seconds from each due time to its final 250."""
    site = directory / "site"
    shutil.rmtree(site, ignore_errors=True)
    make_site(site, server.port, 2)
    begin = time.time() + 4
    dues = [round(begin + i * STEP, 3) for i in range(COUNT)]
    text = [datetime.datetime.fromtimestamp(due, datetime.timezone.utc).isoformat(timespec="milliseconds") for due in dues]
    # The first one opens the connection and does not count.
    load(site, "customers", "key,email,first_name,last_name,created_at",
         (f"C{i},c{i}@example.com,Name {i},Family,{text[i].replace('+00:00', 'Z')}" for i in range(COUNT)))
    load(site, "consent", "customer,purpose,granted,at", (f"C{i},marketing,yes,2026-01-01T00:00:00Z" for i in range(COUNT)))
    server.taken.clear()
    daemon = subprocess.Popen([BINARY, "run", "--site", str(site)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    end = dues[-1] + 20
    while len(server.taken) < COUNT and time.time() < end:
        time.sleep(0.2)
    daemon.terminate()
    daemon.wait()
    if len(server.taken) < COUNT:
        sys.exit(f"{len(server.taken)} of {COUNT} mails arrived")
    return [server.taken[f"c{i}@example.com"] - dues[i] for i in range(1, COUNT)]


def at(values, share):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def main():
    server = Server()
    ratios = {0.5: [], 0.99: []}
    with Directory() as directory:
        file = os.open(directory / "floor", os.O_RDWR | os.O_CREAT, 0o600)
        os.pwrite(file, b"x" * 4096 * 64, 0)
        os.fsync(file)
        for number in range(ROUNDS):
            before = floor(server, file)
            ours = due_to_taken(directory, server)
            theirs = before + floor(server, file)
            for share, values in ratios.items():
                values.append(at(ours, share) / at(theirs, share))
            print(f"round {number + 1}: due to final 250 p50 {at(ours, 0.5) * 1e6:.0f} us, p99 {at(ours, 0.99) * 1e6:.0f} us; "
                  f"fdatasync and transaction p50 {at(theirs, 0.5) * 1e6:.0f} us, p99 {at(theirs, 0.99) * 1e6:.0f} us", flush=True)
    print(f"ratios: p50 {noise(ratios[0.5])}, p99 {noise(ratios[0.99])}")
    limits.check("p50 to fdatasync + transaction", statistics.median(ratios[0.5]), 4)
    limits.check("p99 to fdatasync + transaction", statistics.median(ratios[0.99]), 8)
    limits.exit()


main()
