# Longshore: the commands a newcomer and a developer need. Each says what it does.
.PHONY: help setup build demo test format lint bench torture fuzz release clean

SWIFT ?= swift
export SWIFT_BACKTRACE ?= enable=no

help:
	@echo "make demo      build, then ten sellers' orders from a sandbox, shipped and confirmed"
	@echo "make test      format check, build, all tests (ONLY=name: those whose name it fits)"
	@echo "make torture   release build, then break a scratch copy in every way, and count;"
	@echo "               then the long tests whole, which takes an hour or more"
	@echo "make bench     release build, then the figures, on this disk"
	@echo "make release   the program for deployment: .build/release/longshore"
	@echo "make fuzz      random bytes for the expression language, a minute for each of its doors"
	@echo "make format    put the code into its form"

setup:
	@Scripts/setup

build: setup
	@echo "Building (the first time fetches and builds the HTTP stack: some minutes on two cores) …"
	@$(SWIFT) build --product longshore

demo: build
	@exec .build/debug/longshore demo

lint:
	@echo "Checking the format …"
	@$(SWIFT) format lint --strict --parallel --recursive Package.swift Sources Tests Benchmarks

# The tests run the program itself, so both share one debug build.
test: setup lint
	@echo "Building the program and its tests …"
	@$(SWIFT) build --build-tests
	@echo "Running the tests …"
	@Scripts/test $(if $(ONLY),--filter '$(ONLY)')

format:
	@$(SWIFT) format --in-place --parallel --recursive Package.swift Sources Tests Benchmarks

release: setup
	@$(SWIFT) build -c release --product longshore

torture: release
	@.build/release/longshore torture
	@.build/release/longshore torture --control; test $$? -eq 1
	@$(SWIFT) build --build-tests
	@LONGSHORE_WHOLE=1 TEST_MINUTES=180 Scripts/test \
		--filter '(WebhookStorm|Repeat|LostAnswer|StoppedProcess|Ambiguity|Lease|PostgresOrdeal)Tests'

# One minute for each of four doors; FUZZ_SECONDS=1800 for half an hour.
fuzz: setup
	@Scripts/fuzz

bench: setup
	@Benchmarks/run

clean:
	@rm -rf .build
