"""Debian's Chromium without a window, spoken to by its DevTools protocol over a pipe."""
import base64
import fcntl
import json
import os
import shutil
import subprocess
import tempfile

FONTS = {"ja": "Noto Sans CJK JP", "zh": "Noto Sans CJK SC"}


def chromium():
    """Its path; None, and the reason printed, where it or the fonts are missing."""
    found = shutil.which("chromium")
    if found is None:
        print("skipped: chromium is missing (apt-get install chromium fonts-noto-cjk)")
        return None
    for font in FONTS.values():
        matched = subprocess.run(["fc-match", "-f", "%{family}", font], capture_output=True, text=True).stdout
        if font not in matched:
            print(f"skipped: the font {font} is missing (apt-get install fonts-noto-cjk)")
            return None
    return found


class Browser:
    """One page, whose document, width and colours are set and whose DOM is asked."""

    def __init__(self, binary):
        self.profile = tempfile.mkdtemp(prefix="retaind-chromium-")
        theirs_in, self.out = os.pipe()
        self.answers, theirs_out = os.pipe()
        # Chromium reads from 3 and writes to 4, whatever those are here.
        low = [fcntl.fcntl(fd, fcntl.F_DUPFD, 10) for fd in (theirs_in, theirs_out)]

        def place():
            os.dup2(low[0], 3)
            os.dup2(low[1], 4)

        self.process = subprocess.Popen(
            [binary, "--headless", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
             "--hide-scrollbars", "--no-first-run", "--disable-extensions", "--disable-background-networking",
             "--disable-component-update", f"--user-data-dir={self.profile}"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, pass_fds=(3, 4), preexec_fn=place)
        for fd in (theirs_in, theirs_out, *low):
            os.close(fd)
        self.buffer = b""
        self.number = 0
        self.session = None
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self.frame = self.ask("Page.getFrameTree")["frameTree"]["frame"]["id"]
        for domain in ("DOM", "CSS"):
            self.ask(f"{domain}.enable")

    def __enter__(self):
        return self

    def __exit__(self, *ignored):
        os.close(self.out)
        self.process.terminate()
        self.process.wait()
        os.close(self.answers)
        shutil.rmtree(self.profile, ignore_errors=True)

    def ask(self, method, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.out, json.dumps(message).encode() + b"\0")
        while True:
            while b"\0" not in self.buffer:
                read = os.read(self.answers, 1 << 16)
                if not read:
                    raise SystemExit("failed: Chromium has ended")
                self.buffer += read
            line, self.buffer = self.buffer.split(b"\0", 1)
            answer = json.loads(line)
            if answer.get("id") != self.number:
                continue
            if "error" in answer:
                raise SystemExit(f"failed: {method}: {answer['error']}")
            return answer["result"]

    def show(self, html):
        self.ask("Page.setDocumentContent", frameId=self.frame, html=html)

    def width(self, pixels):
        self.ask("Emulation.setDeviceMetricsOverride", width=pixels, height=900, deviceScaleFactor=1, mobile=pixels < 600)

    def scheme(self, name):
        self.ask("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": name}])

    def run(self, script):
        done = self.ask("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in done:
            raise SystemExit(f"failed: {done['exceptionDetails']}")
        return done["result"].get("value")

    def fonts(self, selector):
        """The families of the glyphs in these elements."""
        root = self.ask("DOM.getDocument")["root"]["nodeId"]
        nodes = self.ask("DOM.querySelectorAll", nodeId=root, selector=selector)["nodeIds"]
        used = (font for node in nodes for font in self.ask("CSS.getPlatformFontsForNode", nodeId=node)["fonts"])
        return {font["familyName"] for font in used}

    def picture(self, file):
        taken = self.ask("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        file.write_bytes(base64.b64decode(taken["data"]))
