# Every target sets up what it needs on a machine that has a Rust toolchain and Python's pip; running again costs seconds.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

VIDEO ?=
export VIDEO
program := target/release/screenalytics

.PHONY: help setup build demo test check gpu clean

help: ## say what there is
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 16

build:
	@.ci/system.sh
	@cargo build --release --locked

setup: build ## system packages, the program, ONNX Runtime
	@$(program) setup

demo: ## an episode that the program draws, measured; VIDEO=episode.mp4: yours instead
	@[[ -z $$VIDEO || -r $$VIDEO ]] || { echo "cannot read VIDEO=$$VIDEO" >&2; exit 2; }
	@$(MAKE) --no-print-directory setup
	@source .ci/data.sh; .ci/models.sh $(program); \
	if [[ -n $$VIDEO ]]; then $(program) run "$$VIDEO"; else $(program) demo; fi

test: ## every test; says what was skipped for want of clips or models
	@.ci/system.sh test
	@$(MAKE) --no-print-directory setup
	@.ci/test.sh

check: ## format, lints, licences of dependencies, documentation
	@.ci/system.sh check
	@deny=$$(.ci/tools.sh); \
	cargo fmt --check; \
	cargo clippy --release --locked --all-targets -- -D warnings; \
	cargo clippy --release --locked --lib --tests --features whisper-cpp -- -D warnings; \
	"$$deny" --locked --config .deny.toml check licenses bans sources; \
	RUSTDOCFLAGS="-D warnings" cargo doc --release --locked --no-deps

gpu: build ## on a machine with an NVIDIA driver: install, check, compare with the CPU, measure
	@$(program) setup --gpu
	@$(program) doctor
	@source .ci/data.sh; \
	cargo test --release --locked --lib -- --nocapture on_a_gpu; \
	cargo bench --locked --bench episode -- --device cuda --height 1080; \
	cargo bench --locked --bench episode -- --device cuda --height 1080 --detector yunet_n_dynamic

clean: ## what the build made; libraries of episodes are left alone
	@cargo clean
