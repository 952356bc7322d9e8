# One command does each thing. CMake presets carry the same names underneath; see CONTRIBUTING.md.

URL    ?=
ARGS   ?=
PREFIX ?= /usr/local
MAKEFLAGS += --no-print-directory
jobs := $(shell nproc)

.PHONY: all build setup setup_tests crawl test asan tsan soak bench fuzz format check tidy install clean
all: build

setup:
	@scripts/setup build

# And what the tests talk to.
setup_tests:
	@scripts/setup build peers

build: setup
	@scripts/build release

# Crawls URL, or without one the PostgreSQL manual, served from this machine.
crawl: setup
	@URL='$(URL)' scripts/crawl_demo $(ARGS)

test: setup_tests
	@scripts/build release
	@ctest --preset release --no-tests=error -j $(jobs)

asan tsan: setup_tests
	@scripts/build $@
	@ctest --preset $@ --no-tests=error -j $(jobs)

# Crawls that are killed again and again, for minutes.
soak: setup_tests
	@scripts/setup demo manuals
	@scripts/build release hocket
	@python3 tests/apps/oracle_test.py build/release/bin/hocket
	@for round in 1 2 3 4 5; do python3 tests/apps/resume_test.py build/release/bin/hocket 100 || exit 1; done
	@python3 tests/apps/frontier_faults_test.py build/release/bin/hocket

bench: setup
	@scripts/build release
	@scripts/bench $(ARGS)

fuzz: setup
	@scripts/fuzz $(ARGS)

format:
	@scripts/setup check
	@git ls-files '*.cpp' '*.hpp' | xargs clang-format-22 -i

check:
	@scripts/setup build check
	@scripts/check

# Slow: minutes.
tidy: build
	@scripts/setup check
	@git ls-files 'src/hocket/*.cpp' 'apps/*.cpp' | xargs -P $(jobs) -n 4 clang-tidy-22 -p build/release --quiet

# The program, its man pages and completions, headers, libraries; for packages below DESTDIR.
install: setup
	@scripts/build release hocket_installed
	@DESTDIR='$(DESTDIR)' cmake --install build/release --prefix '$(PREFIX)' >/dev/null
	@echo 'hocket is installed in $(DESTDIR)$(PREFIX)'

clean:
	@rm -rf build
