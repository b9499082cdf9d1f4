"""Reads every N.eml of a directory with Python's own mail parser and compares it with N.json.

Prints one line per difference and, last, how many mails agreed. Exit status 1 when one did not."""
import json
import pathlib
import re
import sys
from email import policy
from email.header import decode_header, make_header
from email.parser import BytesParser
from email.utils import getaddresses


def lines(text):
    return text.replace("\r\n", "\n")


def part(message, kind):
    found = message.get_body(preferencelist=(kind,))
    return None if found is None else lines(found.get_payload(decode=True).decode(found.get_content_charset()))


def raw_header(raw, name):
    """The field unfolded by hand: decode_header then sees exactly what was sent."""
    head = raw.split(b"\r\n\r\n", 1)[0].decode("utf-8") + "\r\n"
    fields = head.replace("\r\n ", " ").split("\r\n")
    values = [f.split(":", 1)[1].strip() for f in fields if f.lower().startswith(name.lower() + ":")]
    assert len(values) == 1, (name, fields)
    return values[0]


def addresses(raw, name):
    """The newer header classes put a space between two encoded words of one name (bpo-35547); these do not."""
    pairs = getaddresses([raw_header(raw, name)])
    return [[str(make_header(decode_header(shown))), address] for shown, address in pairs]


def compare(path):
    expected = json.loads(path.with_suffix(".json").read_text("utf-8"))
    raw = path.read_bytes()
    message = BytesParser(policy=policy.default).parsebytes(raw)
    differences = []

    def same(what, got, want):
        if got != want:
            differences.append(f"{path.name}: {what}: got {got!r}, want {want!r}")

    for line in raw.split(b"\r\n\r\n", 1)[0].split(b"\r\n"):
        if len(line) > 998 or b"\n" in line or b"\r" in line:
            differences.append(f"{path.name}: header line {line!r}")
    longest = 998 if b"Content-Transfer-Encoding: 7bit" in raw else 76
    for line in raw.split(b"\r\n\r\n", 1)[1].split(b"\r\n"):
        if len(line) > longest or b"\n" in line or b"\r" in line:
            differences.append(f"{path.name}: body line {line!r}")
    if any(byte > 0x7F for byte in raw):
        differences.append(f"{path.name}: 8-bit byte")
    same("subject", str(make_header(decode_header(raw_header(raw, "Subject")))), expected["subject"])
    same("from", addresses(raw, "From"), [[expected["from_name"], expected["from_address"]]])
    same("to", addresses(raw, "To"), [list(pair) for pair in expected["to"]])
    same("text", part(message, "plain"), expected["text"])
    same("html", part(message, "html"), expected["html"])
    same("defects", message.defects, [])
    charsets = {found.get_content_charset() for found in message.walk() if not found.is_multipart()}
    words = {word.lower() for word in re.findall(r"=\?([A-Za-z0-9-]+)\?[BQ]\?", raw.split(b"\r\n\r\n", 1)[0].decode("utf-8"))}
    same("charset", charsets | words, {expected["charset"]})
    return differences


def main():
    mails = sorted(pathlib.Path(sys.argv[1]).glob("*.eml"))
    wrong = 0
    for path in mails:
        differences = compare(path)
        wrong += 1 if differences else 0
        for line in differences[:3]:
            print(line)
    print(f"{len(mails) - wrong} of {len(mails)} mails agree")
    return 1 if wrong or not mails else 0


if __name__ == "__main__":
    sys.exit(main())
