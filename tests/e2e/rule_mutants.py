"""Every shipped rule with one slip of the hand: each key, name, unit and value misspelt, dropped, doubled, each line dropped,
doubled, re-indented."""
import random
import re

TOKEN = re.compile(r"'[^']*'|\d\d:\d\d|\d+%?|[A-Za-z_][\w.-]*|[<>=!]+|[{}\[\],]")


class Mutant:
    def __init__(self, rule, kind, line, text, original="", written=""):
        self.rule, self.kind, self.line, self.text = rule, kind, line, text
        self.original, self.written = original, written  # of a misspelt word

    def __str__(self):
        what = f"{self.original} -> {self.written}" if self.original else self.text.splitlines()[min(self.line, len(self.text.splitlines())) - 1]
        return f"{self.rule}:{self.line} {self.kind}: {what}"


def typos(word, random_):
    """One-letter slips: each letter left out, some doubled, swapped with the next one, hit beside."""
    found = {word[:i] + word[i + 1:] for i in range(len(word))}
    some = lambda: random_.sample(range(len(word)), min(3, len(word)))
    found |= {word[:i] + word[i] + word[i:] for i in some()}
    found |= {word[:i] + word[i + 1] + word[i] + word[i + 2:] for i in some() if i + 1 < len(word)}
    found |= {word[:i] + random_.choice("abcdefghijklmnopqrstuvwxyz") + word[i + 1:] for i in some() if word[i].isalpha()}
    return sorted(found - {word, ""})


def mutants(name, text, seed):
    random_ = random.Random(f"{seed} {name}")
    lines = text.splitlines()
    found = []

    def add(kind, number, changed, **words):
        whole = "\n".join(changed) + "\n"
        if whole != text:
            found.append(Mutant(name, kind, number, whole, **words))

    for i, line in enumerate(lines):
        with_line = lambda *new: lines[:i] + list(new) + lines[i + 1:]
        bare = re.sub(r"\s+#.*$", "", line)
        rest = line[len(bare):]
        words = list(TOKEN.finditer(bare))
        # Of a sentence for people the first words stand for all.
        for token in words[:3] if bare.startswith("about:") else words:
            word, begin, end = token.group(), token.start(), token.end()
            put = lambda new: with_line(bare[:begin] + new + bare[end:] + rest)
            is_key = bare[end:end + 1] == ":" and (end + 1 == len(bare) or bare[end + 1] == " ")
            what = "key" if is_key else "value"
            if re.match(r"[A-Za-z_']", word):
                for typo in typos(word, random_):
                    add(f"{what} misspelt", i + 1, put(typo), original=word, written=typo)
            add(f"{what} dropped", i + 1, put(""))
            add(f"{what} doubled", i + 1, put(f"{word} {word}"))
            if is_key:
                add("key doubled", i + 1, put(f"{word}: {word}"))
                add("key without colon", i + 1, with_line(bare[:end] + bare[end + 1:] + rest))
        value = re.match(r"^( *(?:- )?[\w-]+:) +\S", bare)
        if value:
            add("value dropped", i + 1, with_line(value.group(1) + rest))
            add("value doubled", i + 1, with_line(bare + " " + bare[value.end() - 1:] + rest))
        add("line dropped", i + 1, with_line())
        add("line doubled", i + 1, with_line(line, line))
        for shift in (-4, -2, -1, 1, 2, 4, 6):
            indent = len(line) - len(line.lstrip())
            if indent + shift >= 0:
                add("line re-indented", i + 1, with_line(" " * (indent + shift) + line.lstrip()))
    return found
