# The targets that people and CI use; CMake and Ninja do the work behind them.
.DEFAULT_GOAL := help
.PHONY: help demo demo-host demo-wine test test-asan test-tsan verify-table bench bench-quick \
	bench-document lint package build clean

PRESETS := windows-x64 windows-x86 windows-x64-clang linux

## demo: run the scenario, driver and client, and print what both say
demo: demo-host

## demo-host: the same: the shipped driver runs on the host, in a Linux process
demo-host:
	@scripts/setup.sh demo
	@scripts/build.sh windows-x64-driver linux-client
	@scripts/demo-host.sh

## demo-wine: the same on Wine
demo-wine:
	@scripts/setup.sh demo-wine
	@scripts/build.sh windows-x64
	@scripts/demo-wine.sh

## test: build all and run every test
test:
	@scripts/setup.sh test
	@scripts/build.sh $(PRESETS)
	@scripts/test.sh

## test-asan: run the host's tests under the address and undefined-behaviour sanitizers
test-asan:
	@scripts/setup.sh test
	@scripts/build.sh linux-asan
	@ctest --preset linux-asan

## test-tsan: run the host's tests under the thread sanitizer
test-tsan:
	@scripts/setup.sh test
	@scripts/build.sh linux-tsan
	@ctest --preset linux-tsan

## verify-table: run every planted mistake, print what each rule found, update docs/verifier.md
verify-table:
	@scripts/setup.sh test
	@scripts/build.sh windows-x64 linux
	@build/linux/tests/host/test-host-defects --report build/linux/defects.report >build/linux/defects.log || \
		{ cat build/linux/defects.log; exit 1; }
	@scripts/verify_table.py build/linux/defects.report --update

## bench: measure each case beside its baselines; figures in build/bench/results.json
bench: bench-build
	@scripts/bench.sh

## bench-quick: the same in under a minute, less exact
bench-quick: bench-build
	@scripts/bench.sh --quick

## bench-document: as bench, and put the figures and the chart into docs/performance.md
bench-document: bench-build
	@scripts/bench.sh --document

.PHONY: bench-build
bench-build:
	@scripts/setup.sh bench
	@scripts/build.sh windows-x64 linux

## lint: check the format of the sources and analyse them
lint:
	@scripts/setup.sh lint
	@scripts/lint.sh

## package: make the archive for Windows, build/dist/sysbuf-VERSION-windows-x64.zip
package:
	@scripts/setup.sh package
	@scripts/build.sh windows-x64 windows-x86
	@scripts/package.sh

## build: build all, run nothing
build:
	@scripts/setup.sh test
	@scripts/build.sh $(PRESETS)

## clean: remove all that was built
clean:
	@rm -rf build

## help: print this list
help:
	@echo "make TARGET, where TARGET is one of:"
	@sed -n 's/^## \([a-z-]*\): \(.*\)/  \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16
