# The everyday commands. CMake does the building; this file names what people do.

CC = gcc
BUILD = build
PREFIX ?= /usr/local
DESTDIR ?=
CMAKE_FLAGS ?=
# How often `make crash` kills the broker.
N ?= 10000
# Seconds for each fuzzer: 10 in `make test`, where those of templates get three times as many; an hour
# in `make fuzz`.
FUZZ_SECONDS ?=
JOBS := $(shell nproc)

configure = cmake -S . -B $(BUILD) -G Ninja -DCMAKE_C_COMPILER=$(CC) \
	-DCMAKE_INSTALL_PREFIX=$(PREFIX) $(CMAKE_FLAGS)

.PHONY: build test demo bench fuzz crash coverage lint format install clean help packages sbom scoreboard

build: ## build the program and the library in build/ (the default)
	@scripts/install-packages --check build
	@$(configure)
	@cmake --build $(BUILD)

test: ## install what is missing (Debian), build with gcc and clang, run every test and check
	@scripts/install-packages build test
	@$(configure) -DORDERLY_TESTS=ON -DORDERLY_BENCH=ON -DORDERLY_CHECK_ALL=ON \
		-DORDERLY_FUZZ_SECONDS=$(or $(FUZZ_SECONDS),10)
	@cmake --build $(BUILD)
	@ctest --test-dir $(BUILD) --parallel $(JOBS) --output-on-failure --no-tests=error \
		--no-label-summary

demo: ## build, then show the broker at work: an order comes in, waits, is delivered, survives a kill
	@scripts/install-packages build
	@$(configure)
	@cmake --build $(BUILD) --target demo-programs
	@ORDERLY=$(BUILD)/orderly scripts/demo

bench: ## measure against the limit servers (six minutes); writes bench/results.md
	@scripts/install-packages build bench
	@scripts/build-variant bench $(BUILD)/bench
	@/usr/bin/python3 bench/run.py $(BUILD)/bench

fuzz: ## run each fuzzer for FUZZ_SECONDS (an hour), two at a time
	@scripts/install-packages build fuzz
	@scripts/build-variant fuzz $(BUILD)/fuzz
	@ls fuzz/fuzz_*.c | sed 's|.*/fuzz_||; s|\.c$$||' | xargs -n 1 -P $(JOBS) \
		scripts/fuzz $(BUILD)/fuzz $(or $(FUZZ_SECONDS),3600)

crash: ## kill the broker N times (10000) under load, and compare what was sent with what was delivered
	@scripts/install-packages build
	@scripts/build-variant crash $(BUILD)/crash
	@ORDERLY=$(BUILD)/crash/orderly /usr/bin/python3 tests/crash/crash.py $(N)

sbom: build ## write what is linked, as CycloneDX 1.5 and SPDX 2.3, to build/sbom
	@scripts/sbom $(BUILD)

scoreboard: build ## measure what is claimed about security (some minutes); writes docs/scoreboard.md
	@scripts/install-packages build scoreboard
	@scripts/scoreboard $(BUILD)

coverage: ## print the lines and branches the tests reach, per file
	@scripts/install-packages build coverage
	@scripts/build-variant coverage $(BUILD)/coverage
	@find $(BUILD)/coverage -name '*.gcda' -delete
	@ctest --test-dir $(BUILD)/coverage --parallel $(JOBS) --output-on-failure --no-tests=error
	@scripts/coverage $(BUILD)/coverage

lint: ## check layout, layers, lengths, scripts; clang-tidy and cppcheck
	@scripts/install-packages build lint
	@scripts/check-tree
	@scripts/check-layers
	@scripts/check-lengths
	@scripts/check-format
	@scripts/check-scripts
	@scripts/build-variant lint $(BUILD)/lint
	@scripts/check-cppcheck $(BUILD)/lint
	@scripts/check-tidy $(BUILD)/lint

format: ## lay out every C file with clang-format
	@scripts/install-packages lint
	@scripts/check-format --write

install: build ## install below PREFIX (/usr/local), staged in DESTDIR if set
	@DESTDIR=$(DESTDIR) cmake --install $(BUILD)

packages: ## install the Debian packages that every command here needs (as root)
	@scripts/install-packages build test bench coverage fuzz lint

clean: ## remove build/
	@rm -rf $(BUILD)

help: ## list the commands
	@sed -n 's/^\([a-z]*\):[^#]*## \(.*\)/make \1|\2/p' $(MAKEFILE_LIST) | \
		while IFS='|' read -r command text; do printf '%-16s %s\n' "$$command" "$$text"; done
