"""What the table walk looks at: the rules and stories that are played, the errors that are shown, and rules with one thing taken
away."""
import pathlib
import re

MAPS = ("rule", "trigger", "step", "repeat")


def cleaned(line):
    return re.sub(r"\s+#.*$", "", line)


class RuleText:
    """The lines of a rule, and which of them belong to which key of which map."""

    def __init__(self, path):
        self.path = pathlib.Path(path)
        self.lines = self.path.read_text().splitlines()
        self.name = re.search(r"^rule: *(\S+)", self.path.read_text(), re.MULTILINE).group(1)

    def without(self, lines):
        return "\n".join(line for i, line in enumerate(self.lines) if i not in lines) + "\n"

    def block(self, i):
        """The line and those below it that are indented deeper, or are the list of this key."""
        indent = len(self.lines[i]) - len(self.lines[i].lstrip())
        own = {i}
        for j in range(i + 1, len(self.lines)):
            line = self.lines[j]
            if line.strip() and len(line) - len(line.lstrip()) <= indent:
                break
            own.add(j)
        return own

    def parts(self):
        """(map, key, text without it). A step's first key takes its dash along to the next."""
        top = None
        for i, raw in enumerate(self.lines):
            line = cleaned(raw)
            key = re.match(r"^( *)(- )?([a-z-]+):(?: |$)", line)
            if not key:
                continue
            indent, dash, name = len(key.group(1)), key.group(2), key.group(3)
            if indent == 0 and not dash:
                top = name
                yield "rule", name, self.without(self.block(i))
            elif top == "when":
                yield "trigger", name, self.without({i})
            elif top == "then":
                if not dash:
                    yield "step", name, self.without(self.block(i))
                else:
                    follows = i + 1 < len(self.lines) and re.match(r"^ {%d}[a-z]" % (indent + 2), self.lines[i + 1])
                    if follows:
                        moved = self.lines[:i] + [" " * indent + "- " + self.lines[i + 1].lstrip()] + self.lines[i + 2:]
                        yield "step", name, "\n".join(moved) + "\n"
                    yield "step", name, self.without(self.block(i))
                for inner, _ in re.findall(r"[{,] *(every|at-most): *([^,}]+)", line) if name == "repeat" else ():
                    yield "repeat", inner, "\n".join(self.lines[:i] + [self.shorter_repeat(raw, inner)] + self.lines[i + 1:]) + "\n"

    @staticmethod
    def shorter_repeat(line, inner):
        """The repeat with another value: it is not complete without both."""
        return line.replace("every: 24 hours", "every: 23 hours") if inner == "every" else re.sub(r"at-most: \d+", "at-most: 1", line)

    def conditions(self):
        """(condition, text without it)."""
        listed = None
        for i, raw in enumerate(self.lines):
            line = cleaned(raw)
            key = re.match(r"^( *)(?:- )?(if|unless|stop-if|hold-while):(.*)$", line)
            if key:
                listed = len(key.group(1)) if not key.group(3).strip() else None
                if key.group(3).strip():
                    yield key.group(3).strip().strip("\"'"), self.without({i})
                continue
            entry = re.match(r"^( *)- (.*)$", line)
            if listed is not None and entry and not re.match(r"[a-z-]+: ", entry.group(2)):
                # A list of one is dropped with its key.
                alone = re.match(r" *(?:- )?(if|unless|stop-if|hold-while):$", cleaned(self.lines[i - 1])) and not (
                    i + 1 < len(self.lines) and re.match(r"^ {%d}- " % len(entry.group(1)), self.lines[i + 1]))
                yield entry.group(2).strip("\"'"), self.without({i - 1, i} if alone else {i})
            elif not entry:
                listed = None


def goldens(source):
    """The lines of every error text that stand above a caret, and all texts."""
    shown, texts = [], []
    for path in sorted((source / "tests/data/language/errors").glob("*.expected")):
        text = path.read_text()
        texts.append(text)
        shown += re.findall(r"^ *\d+ \| (.*)\n +\| ", text, re.MULTILINE)
    return shown, texts


class Case:
    """One case of a story, its lines by number."""

    def __init__(self, path, name, lines):
        self.path, self.name, self.lines = path, name, lines


def cases_because(path, reason):
    """The cases of a story in which nothing goes for the reason."""
    found, name, own = [], None, []
    lines = path.read_text().splitlines()
    for i, line in enumerate(lines + ["  - name: end"]):
        begins = re.match(r"  - name: (.*)$", line)
        if begins:
            if any(f"because: {reason}" in lines[j] and re.search(rf"because: {reason}\b(?!-)", lines[j]) for j in own):
                found.append(Case(path, name.strip("'\""), own))
            name, own = begins.group(1), []
        own.append(i)
    return found


def causes(case, reason, rules, site):
    """(what, file, its text without it): all that may be why nothing goes, one at a time."""
    lines = case.path.read_text().splitlines()
    without = lambda i, *new: "\n".join(lines[:i] + list(new) + lines[i + 1:]) + "\n"
    for i in case.lines:
        if "- {at:" in lines[i] and "expect:" not in lines[i]:
            yield lines[i].strip(), case.path, without(i)
    for i, line in enumerate(lines):
        person = re.match(r"^  [a-z]+: \{(.*)\}$", line)
        if person and "consent:" in line:
            yield f"whoever has not agreed: {line}", case.path, without(i, re.sub(r"consent: (\[[^\]]*\]|\w+)", "consent: [marketing, feedback]", line))
        elif person:
            yield f"whoever has not agreed: {line}", case.path, without(i, line[:-1] + ", consent: [marketing, feedback]}")
        if person and "email:" not in line:
            yield f"whoever has no address: {line}", case.path, without(i, line[:-1] + ", email: someone@example.com}")
    for rule in rules:
        text = "\n".join(rule.lines) + "\n"
        for was, instead in (("status: draft", "status: live"), ("status: paused", "status: live"),
                             ("purpose: marketing", "purpose: transactional"), ("purpose: feedback", "purpose: transactional")):
            if was in text:
                yield f"{was} of {rule.name}", rule.path, text.replace(was, instead)
        for _, key, less in rule.parts():
            yield f"{key} of {rule.name}", rule.path, less
        for condition, less in rule.conditions():
            yield f"{condition} of {rule.name}", rule.path, less
    for template in sorted((site / "templates").glob("*.liquid")):
        yield template.name, template, "---\nsubject: A note\n---\n<p>Hello</p>\n"
    settings = site / "retaind.yaml"
    text = settings.read_text()
    for key in re.findall(r"^([a-z-]+):", text, re.MULTILINE):
        yield f"{key} of retaind.yaml", settings, re.sub(rf"^{key}:.*\n(?:[ #].*\n)*", "", text, flags=re.MULTILINE)


# What makes a reason: the story without it has to end otherwise. A reason that is not here has to get its line.
CAUSE = {
    "already-sent": "^once-per|^again-after", "brake": "^brake", "capped": "^cap|^purpose", "condition-false": "^if|^unless",
    "expired": "server: defers", "held-out": "^holdout", "hold-while": "^hold-while", "late-limit": "^late-limit|daemon: stops",
    "limit": "^limit", "no-address": "no address", "no-consent": "not agreed|consent:", "on-hold": "hold:",
    "outside-window": "^send-window", "paused": "paused", "rejected": "server: refuses", "render-failed": "liquid$",
    "rule-removed": "removed", "state-ended": "event:|status:", "stopped": "^stop-if", "suppressed": "suppress:",
    "unknown-data": "^if|^unless", "would-send": "draft",
}


def decides(case, reason, rules, site, play):
    """What makes the reason, without which the message goes, or stays for another reason; None when nothing does."""
    for what, path, text in causes(case, reason, rules, site):
        kept = path.read_text()
        if text == kept or not re.search(CAUSE.get(reason, "^$"), what):
            continue
        path.write_text(text)
        said = play(str(case.path))
        path.write_text(kept)
        for failure in re.split(r"^FAILED +", said, flags=re.MULTILINE)[1:]:
            other = f"because of {reason}\n" in failure and re.search(rf"^ +got +(?!{reason}:)[a-z-]+: ", failure, re.MULTILINE)
            if failure.startswith(case.name) and (other or re.search(r"^ +unexpected ", failure, re.MULTILINE)):
                return what
    return None
