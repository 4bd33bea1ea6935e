# Every target does its own set-up; nothing is installed outside this folder. README.md says more.

export PATH := $(CURDIR)/.venv/bin:$(PATH)

MAMUSHI := .tools/mamushi/bin/mamushi --line-length 100
# All Vyper sources but those that a program writes, which say so.
VYPER := $(shell grep -rL --include='*.vy' --include='*.vyi' 'do not edit' contracts interfaces tests/harness)

.DEFAULT_GOAL := help
.PHONY: help setup demo test check format fuzz bench snapshot lock clean
.PHONY: check-python check-types check-vyper check-rules check-gas check-codegen check-decimals

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## /  make \1	/p' Makefile

setup: ## environment and packages from the lock files (every other target calls what it needs)
	@tools/setup.sh node
	@tools/setup.sh mamushi

demo: ## open a market on a local chain and tell its story; ARGS="--seed 2" is passed on
	@tools/setup.sh python
	@python scripts/demo.py $(ARGS)

test: ## all tests; ARGS="-k board" is passed to pytest
	@tools/setup.sh node
	@tools/test.sh $(ARGS)

check: ## formatting, lint, types, layers, contract sizes, gas against the snapshot
	@tools/setup.sh node
	@tools/setup.sh mamushi
	@$(MAKE) --no-print-directory --keep-going check-python check-types check-vyper check-rules check-gas check-codegen check-decimals

check-python:
	ruff format --check .
	ruff check .

check-types:
	mypy

check-vyper:
	$(if $(VYPER),$(MAMUSHI) --check $(VYPER))

check-rules:
	pytest -q tests/test_architecture.py

check-gas:
	python -m ballast.bench check

# The mathematics once more on the bytecode of other optimisation levels: a cheap differential.
check-codegen:
	BALLAST_OPTIMIZE=none pytest -q -n 2 tests/math tests/unit/pricer
	BALLAST_OPTIMIZE=codesize pytest -q -n 2 tests/math tests/unit/pricer

# Desk and book at every other pair of decimals of quote token and underlying; `make test` has 6/18.
check-decimals:
	for pair in 6/6 6/8 8/6 8/8 8/18 18/6 18/8 18/18; do \
		BALLAST_DECIMALS=$$pair pytest -q -n 2 tests/unit/desk tests/unit/book || exit 1; \
	done

format: ## rewrite the sources as `make check` wants them
	@tools/setup.sh mamushi
	ruff format .
	ruff check --fix .
	$(if $(VYPER),$(MAMUSHI) $(VYPER))

fuzz: ## adversarial cycles against whole markets: CYCLES=1000000 SEED=1 WORKERS=2, Ctrl-C ends it
	@tools/setup.sh python
	@python -m ballast.fuzz --cycles $(or $(CYCLES),1000000) --seed $(or $(SEED),1) --workers $(or $(WORKERS),2)

bench: ## print the figures and write bench/results.json
	@tools/setup.sh python
	@python -m ballast.bench run

snapshot: ## rewrite tests/gas/snapshot.json, which `make check` compares with
	@tools/setup.sh python
	@python -m ballast.bench snapshot

lock: ## resolve the Python dependencies anew and rewrite the lock files
	@tools/setup.sh lock

clean: ## remove everything that the other targets made
	rm -rf .venv .tools .build build bench node_modules .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
