# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Sourced by ./dev, for what runs suites of tests: runs each, counts what its log says, and tells at
# the end what failed.

passed=0
failed=0
failures=() # for each a line, then the lines that say why
skipped=()

# Runs a suite, shows its output, keeps it, and counts what its reader finds in it.
run_suite() { # name reader command...
  local name=$1 reader=$2 log=build/tests/$1.log counts status=0
  shift 2
  mkdir -p build/tests
  say "$name"
  "$@" 2>&1 | tee "$log" || status=$?
  # shellcheck disable=SC2154 # ./dev has it
  if ((status == exit_skipped)); then
    skipped+=("$name: skipped: $(tail -n 1 "$log")")
    return
  fi
  read -ra counts < <(tests/check/count_results.py "$reader" "$status" "$log")
  passed=$((passed + counts[0]))
  failed=$((failed + counts[1]))
  say "$name: ${counts[0]} passed, ${counts[1]} failed"
  if ((counts[1] > 0)); then
    failures+=("$name: ${counts[1]} failed ($log)
$(python3 -m tests.check.show_failures "$reader" "$log" || true)")
  fi
}

# Which tests failed and why, then the count as the very last line.
finish() {
  local line
  for line in "${failures[@]}" "${skipped[@]}"; do
    say "$line"
  done
  echo "$passed passed, $failed failed"
  ((failed == 0))
}
