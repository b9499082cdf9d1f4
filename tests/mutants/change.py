"""change.py MUTANT TREE: in a copy of the tree, puts the lines with + where those with - stand. A mutant is a file of blocks:
`file: PATH`, then lines to find (-) and what stands there instead (+). Spaces around a line do not matter; the lines have to be in
the file exactly once. When they are not, the place has moved, and the mutant has to follow."""
import sys

mutant, tree = sys.argv[1:]
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
for path, old, new in blocks:
    lines = open(f'{tree}/{path}').read().split('\n')
    at = [i for i in range(len(lines)) if [l.strip() for l in lines[i:i + len(old)]] == old]
    if len(at) != 1:
        sys.exit(f'{path}: {len(at)} places with `{old[0]}`')
    lines[at[0]:at[0] + len(old)] = new
    open(f'{tree}/{path}', 'w').write('\n'.join(lines))
