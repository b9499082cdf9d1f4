#!/bin/bash
# Takes away one guard at a time and expects the simulation to notice.
#   tests/mutants/run.sh [NAME...]      these patches, or all
#   tests/mutants/run.sh --rotate N     N of them, others every day
# A patch that no longer applies is an error: the guard has moved, and the patch has to follow.
set -u
source=$(cd "$(dirname "$0")/../.." && pwd)
work=${RETAIND_MUTANTS_DIR:-$(mktemp -d)}
mapfile -t patches < <(cd "$source/tests/mutants" && ls [0-9]*.patch)
if [ "${1:-}" = --rotate ]; then
  first=$(( $(date +%j | sed 's/^0*//') * $2 % ${#patches[@]} ))
  chosen=()
  for ((i = 0; i < $2 && i < ${#patches[@]}; ++i)); do chosen+=("${patches[(first + i) % ${#patches[@]}]}"); done
  patches=("${chosen[@]}")
elif [ $# -gt 0 ]; then
  chosen=()
  for name in "$@"; do for patch in "${patches[@]}"; do [[ $patch == *$name* ]] && chosen+=("$patch"); done; done
  patches=("${chosen[@]}")
fi
seeds=${RETAIND_MUTANTS_SEEDS:-60}
mkdir -p "$work/tree"
copy() { # keeps the time stamps, so that only what a patch touches is built again
  mkdir -p "$work/tree" && (cd "$source" && tar -c --exclude=./build --exclude=./.git .) | tar -x -C "$work/tree"
}
copy
cmake -S "$work/tree" -B "$work/build" -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo >/dev/null || exit 2
nice ninja -C "$work/build" sim_tests >"$work/log" 2>&1 || { tail -20 "$work/log"; echo "the tree does not build"; exit 2; }
noticed=0 failed=0
for patch in "${patches[@]}"; do
  if ! patch -s -p1 -d "$work/tree" --no-backup-if-mismatch <"$source/tests/mutants/$patch" >"$work/log" 2>&1; then
    echo "error    $patch does not apply"; failed=$((failed + 1)); copy; continue
  fi
  if ! nice ninja -C "$work/build" sim_tests >"$work/log" 2>&1; then
    echo "error    $patch does not build"; grep -m3 error: "$work/log"; failed=$((failed + 1))
  elif (ulimit -v 4000000; exec timeout 900 "$work/build/tests/sim_tests" --seeds "$seeds") >"$work/log" 2>&1; then
    echo "survived $patch"; failed=$((failed + 1))
  else
    echo "noticed  $patch: $(grep -m1 -E '^  (message|firing|[a-z0-9-]+ \(row|[0-9]+ |20)|SIGABRT|never occurred' "$work/log" | cut -c1-140)"; noticed=$((noticed + 1))
  fi
  patch -s -R -p1 -d "$work/tree" <"$source/tests/mutants/$patch"
done
[ -n "${RETAIND_MUTANTS_DIR:-}" ] || rm -rf "$work"
echo "$noticed of ${#patches[@]} mutants noticed, $failed not"
[ "$failed" -eq 0 ]
