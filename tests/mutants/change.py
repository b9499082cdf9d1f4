"""change.py MUTANT TREE: in a copy of the tree, puts the lines with + where those with - stand. A mutant is a file of blocks:
`file: PATH`, then lines to find (-) and what stands there instead (+). Spaces around a line do not matter; the lines have to be in
the file exactly once. When they are not, the place has moved, and the mutant has to follow.

change.py --check TREE MUTANT...: says which of them have lost their place; changes nothing."""
import sys


def blocks_of(mutant):
    blocks, path = [], None
    for line in open(mutant):
        kind, text = line[:1], line[1:].strip()
        if line.startswith('file: '):
            path = line[6:].strip()
        elif kind == '-':
            if not blocks or blocks[-1][2] or blocks[-1][0] != path:
                blocks.append((path, [], []))
            blocks[-1][1].append(text)
        elif kind == '+':
            blocks[-1][2].append(text)
    return blocks


def change(mutant, tree):
    """The files that it changes, with their new text; what is wrong with it as a text."""
    files = {}
    for path, old, new in blocks_of(mutant):
        text = files.get(path)
        lines = (open(f'{tree}/{path}').read() if text is None else text).split('\n')
        at = [i for i in range(len(lines)) if [l.strip() for l in lines[i:i + len(old)]] == old]
        if len(at) != 1:
            return f'{path}: {len(at)} places with `{old[0]}`'
        lines[at[0]:at[0] + len(old)] = new
        files[path] = '\n'.join(lines)
    return files


if sys.argv[1] == '--check':
    lost = {mutant: wrong for mutant in sys.argv[3:] if isinstance(wrong := change(mutant, sys.argv[2]), str)}
    for mutant, wrong in lost.items():
        print(f'error     {mutant} does not apply: {wrong}')
    sys.exit(len(lost) > 0)
changed = change(*sys.argv[1:])
if isinstance(changed, str):
    sys.exit(changed)
for path, text in changed.items():
    open(f'{sys.argv[2]}/{path}', 'w').write(text)
