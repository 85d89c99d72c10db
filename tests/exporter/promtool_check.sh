#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# promtool_check.sh PROGRAM: what PROGRAM prints must satisfy `promtool check metrics`.
set -eu

if ! command -v promtool >/dev/null; then
  echo "promtool is missing: install the Debian package prometheus" >&2
  exit 1
fi
text=$(mktemp)
said=$(mktemp)
trap 'rm -f "$text" "$said"' EXIT
"$1" >"$text"
series=$(grep -vc '^#' "$text")
echo "$series series"
[ "$series" -gt 100 ]
# promtool answers 3 where it read everything but dislikes something.
code=0
promtool check metrics <"$text" >"$said" 2>&1 || code=$?
cat "$said"
[ "$code" -eq 0 ] || [ "$code" -eq 3 ]
# The one thing that it may dislike: the names of these histograms, which dashboards rely on.
! grep -qv '^container_[a-z]*_\(inbound_\)\{0,1\}[a-z]*_duration_seconds_total non-counter metrics should not have "_total" suffix$' "$said"
