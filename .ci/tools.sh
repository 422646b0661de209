#!/usr/bin/env bash
# Brings what `make check` runs, and prints where cargo-deny is. It is built once (about a minute) and kept between runs.
set -euo pipefail

for tool in fmt clippy; do
  cargo "$tool" --version &>/dev/null && continue
  part=${tool/fmt/rustfmt}
  rustup component add "$part" >&2 || {
    echo "missing: cargo $tool" >&2
    echo "hint: rustup component add $part, or the package of that name beside your system's cargo" >&2
    exit 1
  }
done

version=0.20.2
root=${SCREENALYTICS_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/screenalytics-tools}/cargo-deny-$version
if [[ ! -x $root/bin/cargo-deny ]]; then
  echo "building cargo-deny $version into $root" >&2
  build=$(mktemp -d)
  trap 'rm -rf "$build"' EXIT
  # Unoptimised: it builds in a minute and runs in a second.
  CARGO_PROFILE_DEV_DEBUG=0 CARGO_INCREMENTAL=0 \
    cargo install --quiet --debug --locked --version "$version" --root "$root" --target-dir "$build" cargo-deny >&2
fi
echo "$root/bin/cargo-deny"
