#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every source says its licence in its first three lines; BPF programs and their headers both.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

status=0
while IFS= read -r file; do
  [[ -f $file ]] || continue
  licence='SPDX-License-Identifier: Apache-2.0'
  case $file in
    bpf/*.c | bpf/*.h) licence='SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0)' ;;
  esac
  if ! head -n 3 "$file" | grep -qF "$licence"; then
    echo "$file: has no line \"$licence\" at its top"
    status=1
  fi
done < <(git ls-files --cached --others --exclude-standard -- \
  '*.c' '*.h' '*.cpp' '*.hpp' '*.proto' '*.py' '*.sh' '*.cmake' '*CMakeLists.txt' 'dev' '.ci/run' \
  'Dockerfile' 'helm/**.yaml' 'helm/**.tpl')
exit "$status"
