#!/usr/bin/env bash
# Takes away one guard at a time and expects a test to notice.
#   tests/mutants/run.sh all            every mutant
#   tests/mutants/run.sh N...           these, by number
#   tests/mutants/run.sh --rotate K     K of them, others with every commit
# A mutant is a file of blocks: `file: PATH`, then lines to find (-) and what stands there instead (+). Spaces around a
# line do not matter; it has to be in the file exactly once. One that is not is an error: the guard has moved, and the
# mutant has to follow. `test: TARGET ARGUMENTS` names a test other than the simulation.
set -u
source=$(cd "$(dirname "$0")/../.." && pwd)
cd "$source/tests/mutants" || exit 2
mapfile -t mutants < <(ls [0-9]*.mutant)
chosen=()
case ${1:-} in
  all) chosen=("${mutants[@]}") ;;
  --rotate)
    turn=$(git -C "$source" rev-list --count HEAD 2>/dev/null) || turn=$((10#$(date +%j)))
    for ((i = 0; i < ${2:?how many}; ++i)); do chosen+=("${mutants[(turn * $2 + i) % ${#mutants[@]}]}"); done
    echo "turn $turn: ${chosen[*]}" ;;
  [0-9]*)
    for number in "$@"; do
      name=$(printf '%02d' "$((10#$number))")
      for mutant in "${mutants[@]}"; do [[ $mutant == "$name"-* ]] && chosen+=("$mutant"); done
    done ;;
  *) sed -n '2,8s/^# //p' "$0" >&2; exit 2 ;;
esac
[ ${#chosen[@]} -gt 0 ] || { echo 'no such mutant' >&2; exit 2; }
# Of all, whoever is chosen: a guard that has moved is noticed by who moved it.
python3 change.py --check "$source" "${mutants[@]}" || exit 1

work=${RETAIND_MUTANTS_DIR:-$(mktemp -d)}
tree=$work/tree
[ -n "${RETAIND_MUTANTS_DIR:-}" ] || trap 'rm -rf "$work"' EXIT
mkdir -p "$tree"
# Time stamps are kept, so that only what a mutant touches is built again; the objects are those of the release build.
(cd "$source" && tar -c --exclude=./build --exclude=./.git .) | tar -x -C "$tree"
export CCACHE_BASEDIR=$tree CCACHE_NOHASHDIR=1
build=$tree/build/release
build() { cmake --build "$build" -j "$(nproc)" --target "$1" -- --quiet >"$work/log" 2>&1; }
(cd "$tree" && cmake --preset release -DRETAIND_BENCH=OFF) >"$work/log" 2>&1 || { tail -20 "$work/log"; exit 2; }
build sim_tests || { tail -20 "$work/log"; echo 'the tree does not build'; exit 2; }

# change FILE: takes the guard away in the tree.
change() { python3 "$source/tests/mutants/change.py" "$1" "$tree"; }
restore() { sed -n 's/^file: //p' "$1" | while read -r file; do cp "$source/$file" "$tree/$file"; done; }

seeds=${RETAIND_MUTANTS_SEEDS:-120} killed=0 failed=0
for mutant in "${chosen[@]}"; do
  begin=$SECONDS
  read -r target arguments < <(sed -n 's/^test: //p' "$mutant")
  [ -n "${target:-}" ] || { target=sim_tests; arguments="--seeds $seeds --failures 1"; }
  about=$(sed -n '1s/^# //p' "$mutant")
  if ! change "$mutant" >"$work/log" 2>&1; then
    echo "error     $mutant does not apply: $(tail -1 "$work/log")"; failed=$((failed + 1))
  elif ! build "$target"; then
    echo "error     $mutant does not build: $(grep -m1 error: "$work/log")"; failed=$((failed + 1))
  elif (ulimit -v 4000000; ulimit -t 200; eval "exec timeout 900 '$build/tests/$target' $arguments") >"$work/log" 2>&1; then
    echo "survived  $mutant: $about"; failed=$((failed + 1))
  else
    said=$(grep -m1 -E '^  (message|firing|[a-z0-9-]+[: ] ?\(?row|[0-9]+ |20|a pass|first|blast|draft)|the process ended|FAILED' "$work/log" | cut -c1-120)
    echo "killed    $mutant ($((SECONDS - begin)) s): $about ${said:+→ $said}"; killed=$((killed + 1))
  fi
  restore "$mutant"
done
echo "$killed of ${#chosen[@]} mutants killed, $failed not"
[ "$failed" -eq 0 ]
