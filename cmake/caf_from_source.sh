#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds libcaf_core from Debian's source with a sanitizer in it, once: without that, ThreadSanitizer
# sees neither CAF's locks nor its atomics, and reports races that are none.
#
#   caf_from_source.sh SANITIZER FOLDER    installs to FOLDER; configure with -DCAF_ROOT=FOLDER
set -euo pipefail

sanitizer=$1
folder=$(mkdir -p "$2" && cd "$2" && pwd)
readonly sanitizer folder
readonly keyring=/usr/share/keyrings/debian-archive-keyring.gpg
readonly suite=bookworm version=0.17.6

what="CAF $version, -fsanitize=$sanitizer, $(c++ --version | head -n 1)"
if [[ $(cat "$folder/what" 2>/dev/null) == "$what" ]]; then
  exit 0
fi

# An apt of our own, with the machine's mirror: it neither reads nor changes the machine's lists, which
# rarely have sources. apt checks the tarball against the signed index.
own_apt() {
  local apt=$folder/apt command=$1
  shift
  "$command" -o Dir::Etc="$apt/etc" -o Dir::Etc::sourcelist="$apt/etc/sources.list" \
    -o Dir::Etc::sourceparts=/dev/null -o Dir::State="$apt/state" -o Dir::State::status=/dev/null \
    -o Dir::Cache="$apt/cache" -o APT::Sandbox::User=root -o Acquire::Languages=none --quiet "$@"
}

fetch_source() {
  local apt=$folder/apt mirror
  # The security archive has no packages that nobody had to mend.
  # shellcheck disable=SC2016 # apt's own variables
  mirror=$(apt-get indextargets --format '$(ORIGIN) $(REPO_URI)' 'Created-By: Packages' \
    | awk '$1 == "Debian" && $2 !~ /security/ { print $2; exit }')
  if [[ -z $mirror ]]; then
    echo "this machine's apt knows no Debian mirror" >&2
    return 1
  fi
  mkdir -p "$apt"/etc/{preferences.d,apt.conf.d} "$apt/state/lists/partial" "$apt/cache/archives/partial"
  echo "deb-src [signed-by=$keyring] $mirror $suite main" >"$apt/etc/sources.list"
  own_apt apt-get update
  (cd "$folder" && own_apt apt-get source --download-only --tar-only "actor-framework")
}

build() {
  local source=$folder/source
  rm -rf "$source" "$folder/build"
  mkdir "$source"
  tar -xzf "$folder/actor-framework_$version.orig.tar.gz" -C "$source" --strip-components=1
  local without=() part launcher=()
  for part in IO OPENSSL OPENCL PYTHON TOOLS EXAMPLES UNIT_TESTS; do
    without+=("-DCAF_NO_$part=yes")
  done
  if command -v ccache >/dev/null; then
    launcher=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
  fi
  cmake -S "$source" -B "$folder/build" -G Ninja -Wno-dev -DCMAKE_INSTALL_PREFIX="$folder" \
    -DCMAKE_INSTALL_LIBDIR=lib -DCAF_BUILD_STATIC_ONLY=yes "${without[@]}" "${launcher[@]}" \
    -DCMAKE_CXX_FLAGS="-std=c++17 -O1 -g1 -fno-omit-frame-pointer -fsanitize=$sanitizer -w"
  cmake --build "$folder/build"
  cmake --install "$folder/build" >"$folder/install.log"
}

[[ -s $folder/actor-framework_$version.orig.tar.gz ]] || fetch_source
build
rm -rf "$folder/apt" "$folder/build"
echo "$what" >"$folder/what"
