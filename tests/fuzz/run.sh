#!/usr/bin/env bash
# The fuzzers under clang's address and undefined-behaviour sanitizers, one after the other.
#   tests/fuzz/run.sh MINUTES [NAME...]     each that long; what it found and the corpus lacks is written to build/fuzz/found
#   tests/fuzz/run.sh --planted [NAME...]   plants planted/NAME.mutant, which what people wrote of the corpus does not show and the
#                                           fuzzer has to find within a minute; corpus/NAME/found is what fuzzers found before
set -u
source=$(cd "$(dirname "$0")/../.." && pwd)
corpora=$source/tests/fuzz/corpus
planted=no minutes=0
case ${1:-} in
  --planted) planted=yes ;;
  [0-9]*) minutes=$1 ;;
  *) sed -n '2,5s/^# //p' "$0" >&2; exit 2 ;;
esac
shift
names=("$@")
if [ ${#names[@]} -eq 0 ]; then
  for file in "$source"/tests/fuzz/*_fuzz.cc; do
    name=$(basename "$file" _fuzz.cc)
    [ $planted = no ] || [ -e "$source/tests/fuzz/planted/$name.mutant" ] && names+=("$name")
  done
fi

tree=$source
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if [ $planted = yes ]; then
  tree=${RETAIND_FUZZ_TREE:-$work/tree}
  mkdir -p "$tree"
  # Time stamps are kept, so that only what a planted bug touches is built again.
  (cd "$source" && tar -c --exclude=./build --exclude=./.git .) | tar -x -C "$tree"
fi
export CCACHE_BASEDIR=$tree CCACHE_NOHASHDIR=1
build=$tree/build/fuzz
(cd "$tree" && cmake --preset fuzz) >"$work/log" 2>&1 || { tail -20 "$work/log"; exit 2; }
build() { cmake --build "$build" -j "${RETAIND_JOBS:-$(nproc)}" --target "$1_fuzz" -- --quiet >"$work/log" 2>&1; }

# words NAME: what stands in the corpus, as libFuzzer's dictionary.
words() {
  grep -aohE "[A-Za-z_][A-Za-z_.-]+|[<>=!]+|'|[0-9]+ [a-z]+" -r "$corpora/$1" | sort | uniq -c | sort -rn | head -500 |
    awk '{ $1 = ""; print "\"" substr($0, 2) "\"" }' >"$work/$1.words"
}
# fuzz NAME SECONDS CORPUS: prints what libFuzzer says; fails when it has found something.
fuzz() {
  words "$1"
  mkdir -p "$work/$1"
  "$build/tests/$1_fuzz" -max_total_time="$2" -dict="$work/$1.words" -artifact_prefix="$work/$1-" -timeout=20 -max_len=3000 \
    -print_final_stats=1 "$work/$1" "$3"
}

failed=0
for name in "${names[@]}"; do
  mutant=$source/tests/fuzz/planted/$name.mutant
  if [ $planted = yes ]; then
    about=$(sed -n '1s/^# //p' "$mutant")
    if ! python3 "$source/tests/mutants/change.py" "$mutant" "$tree" >"$work/log" 2>&1 || ! build "$name"; then
      echo "error  $name: $(grep -m1 -E 'error|places' "$work/log")"; failed=$((failed + 1))
    elif mkdir -p "$work/written-$name" && find "$corpora/$name" -maxdepth 1 -type f -exec cp {} "$work/written-$name" \; &&
      ! "$build/tests/${name}_fuzz" "$work/written-$name"/* >"$work/log" 2>&1; then
      echo "error  $name: the corpus alone shows it: $about"; failed=$((failed + 1))
    else
      begin=$SECONDS
      if fuzz "$name" 60 "$work/written-$name" >"$work/log" 2>&1; then
        echo "missed $name: $about"; failed=$((failed + 1))
      else
        said=$(grep -m1 -aE '^broken|runtime error|ERROR: ' "$work/log" | cut -c1-110)
        echo "found  $name ($((SECONDS - begin)) s): $about → $said"
      fi
    fi
    sed -n 's/^file: //p' "$mutant" | while read -r file; do cp "$source/$file" "$tree/$file"; done
    continue
  fi
  build "$name" || { tail -20 "$work/log"; exit 2; }
  found=$source/build/fuzz/found/$name
  rm -rf "$found" && mkdir -p "$found"
  if fuzz "$name" $((minutes * 60)) "$corpora/$name" >"$work/log" 2>&1; then
    cp -r "$corpora/$name" "$work/merged-$name"
    "$build/tests/${name}_fuzz" -merge=1 "$work/merged-$name" "$work/$name" >"$work/merge" 2>&1
    find "$work/merged-$name" -maxdepth 1 -type f | while read -r file; do
      [ -e "$corpora/$name/$(basename "$file")" ] || cp "$file" "$found"
    done
    echo "ok     $name: $minutes min, $(sed -n 's/^stat::number_of_executed_units: *//p' "$work/log") runs, $(grep -ao 'cov: [0-9]*' "$work/log" | tail -1), $(ls "$found" | wc -l) new inputs in $found"
  else
    cp "$work/$name"-* "$found" 2>/dev/null
    echo "FAILED $name: $(grep -m1 -aE '^broken|runtime error|ERROR: ' "$work/log"); the input is in $found"
    failed=$((failed + 1))
  fi
done
[ $failed -eq 0 ]
