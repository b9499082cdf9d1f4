#!/usr/bin/env bash
# The fuzzers under clang's address and undefined-behaviour sanitizers, one after the other.
#   tests/fuzz/run.sh MINUTES [NAME...]     each that long; what it reaches beyond the corpus is added to its found.base64
#   tests/fuzz/run.sh --planted [NAME...]   plants planted/NAME.mutant, which what people wrote of the corpus does not show and the
#                                           fuzzer has to find within a minute; found.base64 is what fuzzers found before
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
  grep -aohE "[A-Za-z_][A-Za-z_.-]+|[<>=!]+|'|[0-9]+ [a-z]+" --exclude=found.base64 -r "$corpora/$1" | sort | uniq -c | sort -rn | head -500 |
    awk '{ $1 = ""; print "\"" substr($0, 2) "\"" }' >"$work/$1.words"
}
# written NAME DIRECTORY: the inputs that people wrote. unpack and pack NAME DIRECTORY: those that fuzzers found.
written() {
  mkdir -p "$2" && find "$corpora/$1" -maxdepth 1 -type f ! -name found.base64 -exec cp {} "$2" \;
}
unpack() {
  mkdir -p "$2"
  [ ! -e "$corpora/$1/found.base64" ] || python3 - "$corpora/$1/found.base64" "$2" <<'PYTHON'
import base64, pathlib, sys
for i, line in enumerate(open(sys.argv[1])):
    (pathlib.Path(sys.argv[2]) / f"found-{i}").write_bytes(base64.b64decode(line))
PYTHON
}
pack() {
  python3 - "$corpora/$1/found.base64" "$2" <<'PYTHON'
import base64, pathlib, sys
inputs = sorted((path.read_bytes() for path in pathlib.Path(sys.argv[2]).iterdir()), key=lambda each: (len(each), each))
pathlib.Path(sys.argv[1]).write_text("".join(base64.b64encode(each).decode() + "\n" for each in inputs if each))
PYTHON
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
    elif written "$name" "$work/written-$name"; ! "$build/tests/${name}_fuzz" "$work/written-$name"/* >"$work/log" 2>&1; then
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
  written "$name" "$work/known-$name"
  unpack "$name" "$work/known-$name"
  if fuzz "$name" $((minutes * 60)) "$work/known-$name" >"$work/log" 2>&1; then
    # Edges alone: how often one is taken is worth looking for, and too much to keep.
    written "$name" "$work/kept-$name"
    "$build/tests/${name}_fuzz" -merge=1 -use_counters=0 -max_len=500 "$work/kept-$name" "$work/known-$name" "$work/$name" \
      >"$work/merge" 2>&1
    for file in "$corpora/$name"/*; do rm -f "$work/kept-$name/$(basename "$file")"; done
    pack "$name" "$work/kept-$name"
    echo "ok     $name: $minutes min, $(sed -n 's/^stat::number_of_executed_units: *//p' "$work/log") runs," \
      "$(grep -ao 'cov: [0-9]*' "$work/log" | tail -1), $(wc -l <"$corpora/$name/found.base64") inputs kept"
  else
    cp "$work/$name"-* "$corpora/$name"
    echo "FAILED $name: $(grep -m1 -aE '^broken|runtime error|ERROR: ' "$work/log"); the input is in $corpora/$name"
    failed=$((failed + 1))
  fi
done
[ $failed -eq 0 ]
