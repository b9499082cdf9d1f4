#!/usr/bin/env bash
# Everything that has to hold, on a fresh Debian 12: bash tests/all.sh [--full]
#   release build (g++) and its tests, sanitizer build (clang) and its tests, format, clang-tidy.
# Each test runs once at least: with sanitizers, but what asks the release binary or does more without them there. The
# others' sources g++ reads for its warnings. clang-tidy looks at the files changed since the last landed commit, as far
# as its time goes. --full runs every unit test in both builds, looks at every file, compiles each test source alone, and
# lives through a thousand simulated shops instead of 200.
# RETAIND_BASE names another commit to compare with.
set -uo pipefail
cd "$(dirname "$0")/.."
source daemon/packages.sh

full=no
for argument in "$@"; do
  case $argument in
    --full) full=yes ;;
    *) printf 'usage: bash tests/all.sh [--full]\n' >&2; exit 2 ;;
  esac
done

install_packages "${build_packages[@]}" "${test_packages[@]}" || exit 1

jobs=$(nproc)
# A clone in another directory finds the objects of the last one.
export CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=1
# What is not in the cache is not preprocessed before it is compiled: the compiler itself says what it has read.
export CCACHE_DEPEND=1
passed=0 failed=0 skipped=0
report=()

# phase NAME COMMAND...: runs it, remembers time and outcome; a phase that runs no tests counts as one check.
phase() {
  local name=$1 begin=$SECONDS status
  shift
  printf '\n== %s\n' "$name"
  "$@"
  status=$?
  report+=("$(printf '%4d s  %-6s  %s' $((SECONDS - begin)) "$([ $status -eq 0 ] && echo ok || echo FAILED)" "$name")")
  return $status
}
check() {
  if phase "$@"; then passed=$((passed + 1)); else failed=$((failed + 1)); return 1; fi
}

# configure_and_build PRESET [OPTION...]
configure_and_build() {
  local preset=$1 output
  # A clone has no cached configuration; a tree that has one keeps its objects.
  output=$(cmake --preset "$preset" "${@:2}" 2>&1) || { printf '%s\n' "$output"; return 1; }
  cmake --build --preset "$preset" -j "$jobs" -- --quiet
}

# Each source alone: which include is missing shows where none was read before, and g++ then warns of more.
build_unprepared() {
  local build=build/unprepared
  cmake --preset release -B "$build" -DRETAIND_PCH=OFF -DRETAIND_JOIN=OFF -DRETAIND_TESTS=OFF >/dev/null &&
    cmake --build "$build" -j "$jobs" -- --quiet
}

# A test that finds no peer or no data prints "skipped: why" and passes; it is counted apart.
count_tests() {
  awk '
    /^[0-9]+\/[0-9]+ Test(ing)?: / { said = 0 }
    /^[[:space:]]*skipped: /       { said = 1 }
    /^Test Passed\.$/              { if (said) skipped++; else passed++ }
    /^Test Failed\.$|^Test (timed out|interrupted)/ { failed++ }
    END { printf "%d %d %d\n", passed, failed, skipped }' "$1"
}

# What a failed test printed, once more: above, the tests after it have pushed it away.
failed_output() {
  awk '
    /^[0-9]+\/[0-9]+ Testing: / { text = "" }
    { text = text $0 "\n" }
    /^Test Failed\.$|^Test (timed out|interrupted)/ { printf "%s\n", text }' "$1" | head -300
}

run_tests() {
  local preset=$1 log=build/$1/Testing/Temporary/LastTest.log status counts
  rm -f "$log"
  # Two more than there are processors: the end-to-end tests that mostly wait come two at a time.
  ctest --preset "$preset" -j $((jobs + 2)) --progress --timeout 900 2>&1 | tail -60
  status=$?
  [ -f "$log" ] || { failed=$((failed + 1)); return 1; }
  read -r -a counts < <(count_tests "$log")
  passed=$((passed + counts[0])) skipped=$((skipped + counts[2]))
  # A failure that the log words differently still counts.
  if [ $status -ne 0 ] && [ "${counts[1]}" -eq 0 ]; then counts[1]=1; fi
  failed=$((failed + counts[1]))
  [ "$((counts[0] + counts[2]))" -gt 0 ] || { echo 'no test ran'; failed=$((failed + 1)); return 1; }
  grep -h -E '^[[:space:]]*skipped: ' "$log" | sort | uniq -c | head -20
  failed_output "$log"
  return $status
}

check_format() { git ls-files '*.cc' '*.h' | xargs clang-format --dry-run -Werror; }

landed_commit() {
  local base=${RETAIND_BASE:-}
  [ -n "$base" ] || base=$(git merge-base HEAD origin/main 2>/dev/null)
  [ "$base" != "$(git rev-parse HEAD)" ] || base=$(git rev-parse -q --verify HEAD~1)
  printf '%s' "$base"
}

check_tidy() {
  local base
  if [ $full = yes ] || ! base=$(landed_commit) || [ -z "$base" ]; then
    # The benchmarks, too, which the sanitizer build leaves out.
    cmake --preset debug -B build/tidy -DRETAIND_BENCH=ON >/dev/null &&
      git ls-files '*.cc' | python3 tests/tidy.py --joined build/tidy
  else
    { git diff --name-only --diff-filter=d "$base"; git ls-files --others --exclude-standard; } |
      { grep -E '\.(cc|h)$' || true; } | python3 tests/tidy.py --seconds 45 build/debug
  fi
}

check 'format' check_format
once=ON
[ $full = no ] || once=OFF
check 'build: release (g++)' configure_and_build release -DRETAIND_TESTS_ONCE=$once && phase 'tests: release' run_tests release
[ $full = no ] || check 'simulation: 1000 shops' build/release/tests/sim_tests --seeds 1000 --processes "$jobs"
[ $full = no ] || check 'mail parsers: 20,000 mails' build/release/tests/render_tests '[.full]'
[ $full = no ] || check 'recommendations: all of Online Retail' build/release/tests/insight_tests '[.full]'
[ $full = no ] || check 'build: each source alone' build_unprepared
[ $full = no ] || check 'each test source compiles alone' cmake --build --preset release -j "$jobs" --target tests_alone
check 'build: sanitizers (clang)' configure_and_build debug && phase 'tests: sanitizers' run_tests debug
check 'clang-tidy' check_tidy

printf '\n'
printf '%s\n' "${report[@]}"
printf '%4d s  in all\n\n' $SECONDS
printf '%d passed, %d failed, %d skipped\n' $passed $failed $skipped
[ $failed -eq 0 ]
