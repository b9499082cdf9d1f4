"""A file with one slip of the hand: each key, name, unit and value misspelt, dropped, doubled, each line dropped, doubled,
re-indented. And what has to be said of each."""
import collections
import random
import re
import sys

from running_site import check

MOST_ERRORS = 3
NAMED = 0.95  # of one-letter typos

TOKEN = re.compile(r"'[^']*'|\d\d:\d\d|\d+%?|[A-Za-z_][\w.-]*|[<>=!]+|[{}\[\],]")


class Mutant:
    def __init__(self, rule, kind, line, text, whole, original="", written=""):
        self.rule, self.kind, self.line, self.text, self.whole = rule, kind, line, text, whole
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


def mutants(name, text, seed, most_typos=1000):
    """`most_typos`: of one word."""
    random_ = random.Random(f"{seed} {name}")
    lines = text.splitlines()
    found = []

    def add(kind, number, changed, **words):
        whole = "\n".join(changed) + "\n"
        if whole != text:
            found.append(Mutant(name, kind, number, whole, text, **words))

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
                all_typos = typos(word, random_)
                for typo in all_typos if len(all_typos) <= most_typos else random_.sample(all_typos, most_typos):
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


def differences(old, new, path=()):
    """(path, old, new) of every value that differs; None for one that is not there."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in {**old, **new}:
            yield from differences(old.get(key), new.get(key), path + (key,))
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for i, (a, b) in enumerate(zip(old, new)):
            yield from differences(a, b, path + (i,))
    elif old != new:
        yield path, old, new


def meaning(legal, old, new):
    """Why a change is legal, by a list of (why, whether the change of one value from `old` to `new` at `path` is it); None when it should
    be a mistake."""
    found = list(differences(old, new))
    if not found:
        return "the same, laid out otherwise"
    names = []
    for change in found:
        name = next((name for name, fits in legal if fits(*change)), None)
        if name is None:
            return None
        names.append(name)
    return names[0]


def level_of(line):
    return len(line) - len(line.lstrip())


def place_is_right(mutant, errors, near=False):
    """On the changed line, or where something is missing now. `near`: or, when the slip is a level, on a line below up to the next of
    the level that it had."""
    lines = {error["line"] for error in errors}
    if mutant.line in lines:
        return True
    # Whatever uses the name says that it is missing, and that there is one nearly like it.
    if near and mutant.original and all(f"`{mutant.written}`" in error.get("remedy", "") and mutant.original in error["message"] for error in errors):
        return True
    if near and mutant.kind in ("line re-indented", "key without colon"):
        level = level_of(mutant.whole.splitlines()[mutant.line - 1])
        if mutant.line - 1 in lines and level_of(mutant.whole.splitlines()[mutant.line - 2]) < level:
            return True  # the key above has nothing below it now
        for number, line in enumerate(mutant.whole.splitlines()[mutant.line:], mutant.line + 1):
            if number in lines:
                return True
            if level_of(line) <= level:
                return False
    if mutant.kind == "line doubled":
        return mutant.line + 1 in lines
    # Of a line that is gone: the map that misses it, the entry it belonged to, or the line that no longer fits.
    return mutant.kind == "line dropped"


def names_original(mutant, errors):
    remedies = " ".join(error.get("remedy", "") for error in errors)
    if f"`{mutant.written}`" in remedies:  # where the name is used, which knows the original
        remedies += " ".join(error["message"] for error in errors)
    parts = zip(mutant.original.split("."), mutant.written.split("."))
    return mutant.original in remedies or (mutant.original.count(".") == mutant.written.count(".") and
                                           any(was in remedies for was, now in parts if was != now))


class Verdicts:
    """What checker and ajv said of each mutant, and what is wrong with that. `shape`: the codes of mistakes that a schema can see,
    but for those whose message `beyond` matches. `near`: see place_is_right."""

    def __init__(self, legal, shape, beyond="$^", near=False):
        self.legal, self.shape, self.beyond, self.near = legal, shape, beyond, near
        self.counted, self.wrong, self.shown = collections.Counter(), collections.defaultdict(list), collections.defaultdict(list)
        self.unnamed = []

    def take(self, mutant, original, answer, errors):
        """`original`: the value of the file without the slip."""
        texts = [f"{error['line']} {error.get('code', '')} {error['message']}; {error.get('remedy', '')}" for error in errors]
        note = lambda what: self.wrong[what].append(f"{mutant}  {texts}  {answer['errors'][:2]}")
        codes = {error.get("code", "") for error in errors if not re.search(self.beyond, error["message"])}
        self.counted["mutants"] += 1
        if errors:
            self.counted["errors"] += 1
            if len(errors) > MOST_ERRORS:
                note(f"more than {MOST_ERRORS} errors")
            if not place_is_right(mutant, errors, self.near):
                note("on another line")
            if mutant.original:
                self.counted["names"] += 1
                if not names_original(mutant, errors):
                    self.unnamed.append(f"{mutant}  {texts}")
        else:
            why = meaning(self.legal, original, answer.get("value")) if answer["parsed"] else None
            self.counted["legal"] += 1
            self.shown[why].append(str(mutant))
            if why is None:
                note("no error, and no class of what is legal")
        # The shape. A text that YAML itself refuses has none.
        if not answer["parsed"]:
            self.counted["no YAML"] += 1
            if not codes:
                note("`yaml` cannot read it, and the checker says nothing")
        elif not answer["valid"]:
            self.counted["ajv refuses"] += 1
            if not errors:
                note("ajv refuses it, and the checker does not")
        else:
            self.counted["ajv accepts"] += 1
            inside = all(re.match(r" *- [^:]*$", mutant.text.splitlines()[error["line"] - 1].split(" #")[0]) for error in errors
                         if error.get("code") in self.shape)
            if codes & self.shape and not inside:
                note("the checker refuses its shape, and ajv does not")

    def tell(self, of):
        """Prints the numbers; ends the test when something is wrong."""
        print(f"mutants of {of}: {dict(self.counted)}")
        for why, those in sorted(self.shown.items(), key=lambda item: -len(item[1])):
            print(f"  {len(those):>4}  legal: {why}" + (f", as {those[:3]}" if "--show" in sys.argv else ""))
        for what, those in self.wrong.items():
            print(f"{len(those)} {what}:", *(those if "--all" in sys.argv else those[:8]), sep="\n    ")
        check(not self.wrong, "see above")
        share = 1 - len(self.unnamed) / self.counted["names"]
        print(f"{share:.1%} of {self.counted['names']} one-letter typos are told the original; not:", *self.unnamed[:8], sep="\n    ")
        check(share >= NAMED, f"only {share:.1%} of the typos are told the original")
