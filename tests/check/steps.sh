# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Sourced by ./dev: the steps of ./dev check, each a function check_<step>.

# What differs from the commit that this work began at: the merge base with origin/main, or the last
# ten commits where that is HEAD itself.
changed_sources() {
  local base
  base=$(git merge-base HEAD origin/main 2>/dev/null || true)
  if [[ -z $base || $base == $(git rev-parse HEAD) ]]; then
    base=$(git rev-parse --verify --quiet HEAD~10 || git rev-list --max-parents=0 HEAD | head -n 1)
  fi
  {
    git diff --name-only --diff-filter=d "$base" -- '*.cpp'
    git ls-files --others --exclude-standard -- '*.cpp'
  } | sort -u
}

check_format() {
  cpp_sources | xargs clang-format-14 --dry-run -Werror
}

# clang cannot read g++'s precompiled header, nor its flag for ccache.
check_tidy() { # [--all]
  build_preset release >/dev/null
  mkdir -p build/tidy
  sed -E 's/ -fpch-preprocess//; s/ -Winvalid-pch -include [^ ]+//' \
    build/release/compile_commands.json >build/tidy/compile_commands.json
  local sources
  if [[ ${1:-} == --all ]]; then
    sources=$(git ls-files -- '*.cpp')
  else
    sources=$(changed_sources)
  fi
  # The fuzz targets are not in this preset: clang-tidy would guess their flags.
  sources=$(grep -v '^tests/fuzz/' <<<"$sources" || true)
  [[ -n $sources ]] || return 0
  xargs -P "$(nproc)" -n 1 clang-tidy-14 --quiet -p build/tidy --warnings-as-errors='*' \
    <<<"$sources" 2> >(grep -vE '^[0-9]+ warnings? generated' >&2)
}

check_includes() { python3 tests/check/include_rules.py; }
check_spdx() { tests/check/spdx.sh; }
check_shell() { git ls-files -z -- dev .ci/run '*.sh' | xargs -0 shellcheck; }
check_self() {
  python3 -m unittest discover -s tests/check -t . -q
  python3 -m unittest discover -s tests/bench -t . -q
}
check_chart() {
  ensure_helm
  HELM=$PWD/build/tools/helm tests/check/chart.sh
}

check_docs() {
  build_preset release --target troupe_metrics_doc troupe_configuration_doc >/dev/null
  local document status=0
  for document in docs/metrics.md docs/configuration.md; do
    diff -u "$document" <(generated_document "$document") || {
      echo "$document does not match the code; run ./dev docs"
      status=1
    }
  done
  return "$status"
}
