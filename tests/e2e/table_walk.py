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
