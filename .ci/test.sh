#!/usr/bin/env bash
# Runs every test and counts the skipped ones. A test whose clips, models or packages are not there prints `skipped: why` and ends;
# that is fine on a laptop, and a failure where CI is set.
set -euo pipefail
source .ci/data.sh
if [[ -z ${SCREENALYTICS_TEST_PACKAGES:-} ]] && packages=$(.ci/packages.sh); then
  export SCREENALYTICS_TEST_PACKAGES=$packages
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT
status=0
# --show-output prints what passing tests said, among it the word `skipped:`.
cargo test --release --locked --no-fail-fast -- --show-output 2>&1 | tee "$log" || status=$?
# What whisper.cpp does, by one more test program; ours in it is not optimised, which saves minutes of building.
unoptimised=profile.release.package.screenalytics.opt-level=0
cargo --config "$unoptimised" test --release --locked --no-fail-fast --lib --features whisper-cpp transcribe:: -- --show-output 2>&1 |
  tee -a "$log" || status=$?

skipped=$(grep -c '^skipped:' "$log" || true)
awk -v skipped="$skipped" '/^test result:/ { passed += $4; failed += $6 }
  END { printf "\n%d passed, %d failed, %d skipped\n", passed - skipped, failed, skipped }' "$log"
if ((skipped)); then
  grep '^skipped:' "$log" | sort | uniq -c
  if [[ -n ${CI:-} ]]; then
    echo "a skipped test is a failure in CI"
    echo "hint: set SCREENALYTICS_TEST_DATA to a folder that holds media/, models/ and reference/; see above for packages"
    exit 1
  fi
fi
exit "$status"
