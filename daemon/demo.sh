#!/usr/bin/env bash
# See it work, on a fresh Debian 12: bash daemon/demo.sh [--seed N] [--binary FILE] [--into DIR]
# Builds retaind, invents a small shop as of now, loads it, runs the rules, and shows who got what and why, and why
# others got nothing. Nothing leaves this machine: the mails are files in a maildir. Another seed, another shop.
# With --binary a retaind that is built already is shown; --into says where the shop goes, instead of build/demo-N.
set -euo pipefail
cd "$(dirname "$0")/.."
source daemon/packages.sh

seed=1 retaind='' shop=''
while [ $# -gt 0 ]; do
  case $1 in
    --seed) seed=${2:?--seed needs a number}; shift 2 ;;
    --binary) retaind=$(realpath -e "${2:?--binary needs a file}"); shift 2 ;;
    --into) shop=$(realpath -m "${2:?--into needs a directory}"); shift 2 ;;
    *) printf 'usage: bash daemon/demo.sh [--seed N] [--binary FILE] [--into DIR]\n' >&2; exit 2 ;;
  esac
done
case $seed in ''|*[!0-9]*) printf 'error: --seed %s is no number\n' "$seed" >&2; exit 2 ;; esac

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }

if [ -z "$retaind" ]; then
  say "1. Build"
  install_packages "${build_packages[@]}"
  mkdir -p build
  cmake --preset release -B build/daemon -DRETAIND_TESTS=OFF -DRETAIND_BENCH=OFF >build/daemon.log 2>&1 ||
    { cat build/daemon.log; exit 1; }
  cmake --build build/daemon --target retaind -j "$(nproc)" -- --quiet
  retaind=$PWD/build/daemon/retaind
fi
[ -n "$shop" ] || { shop=$PWD/build/demo-$seed; rm -rf "$shop"; }
began=$SECONDS

say "2. A shop: settings, rules, templates, and its past as CSV files (seed $seed)"
"$retaind" init --demo --seed "$seed" "$shop"
cd "$shop"   # the commands find the site in the current directory
ls -x rules

say "3. Check: every mistake in every file would be named here"
"$retaind" check

say "4. Import"
for kind in customers orders items subscriptions tickets feedback events consent suppression; do
  "$retaind" import "$kind" "demo/$kind.csv"
done

say "5. Run, until nothing is due (the reminders to support are collected for ten seconds)"
"$retaind" run --until-idle

say "6. Who got what"
"$retaind" outbox --state sent --limit 12
say "   … and one of them (mails are files: any mail program shows them)"
mail=$(grep -l '^X-Retaind-Rule: thanks-and-feedback' maildir/new/*.eml | head -1 || true)
[ -n "$mail" ] || mail=$(ls maildir/new/*.eml | head -1)
grep -m 12 -E '^(From|To|Subject|Date|Message-ID|List-Unsubscribe|X-Retaind-[A-Za-z]+): ' "$mail"

say "7. Why others got nothing: messages that were planned and then not sent"
"$retaind" outbox --state skipped --limit 8
say "   … and occurrences for which none was planned"
"$retaind" outbox --occurrences --limit 12
say "   … and what waits"
"$retaind" outbox --state held --limit 5
"$retaind" outbox --state planned --limit 5

say "8. Every occurrence is accounted for"
"$retaind" status

files=$(find maildir/new -name '*.eml' | wc -l)
sent=$("$retaind" outbox --state sent --json --limit 1000000 | grep -v '"digest":' | grep -c -E '"step":"(email|notify):' || true)
say "$files mails in $shop/maildir/new; the ledger says $sent were sent ($((SECONDS - began)) s after the build)"
[ "$files" = "$sent" ] || { echo 'error: these differ' >&2; exit 1; }
