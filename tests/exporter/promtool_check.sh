#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# promtool_check.sh PROGRAM: what PROGRAM prints must satisfy `promtool check metrics`.
set -eu

if ! command -v promtool >/dev/null; then
  echo "promtool is missing: install the Debian package prometheus" >&2
  exit 1
fi
text=$(mktemp)
trap 'rm -f "$text"' EXIT
"$1" >"$text"
series=$(grep -vc '^#' "$text")
echo "$series series"
[ "$series" -gt 100 ]
promtool check metrics <"$text"
