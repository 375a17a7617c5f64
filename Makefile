# Two commands for a fresh machine: `make demo` and `make test`.  `make help` lists the rest.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed
# these tests wait for brokers most of their time: two files at once, each with services of its own; not so on the
# pip-only broker, which keeps a core busy by itself
SIDE_BY_SIDE ?= -n 2 --dist loadfile

.PHONY: help demo test check format lint types imports drift unit integration embedded cluster cluster-long faults-long quality bench generate clean

help: ## what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

$(STAMP): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Lintas needs Python 3.11 or newer: make PYTHON=python3.11 ..."; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check -e '.[local,console,dev]'
	@touch $(STAMP)

demo: $(STAMP) ## the pipeline on simulated data of three provinces, flags on screen
	$(BIN)/lintas demo

test: check integration ## everything that needs no outside service

check: $(STAMP) format lint types imports unit ## the gate without brokers: format, lint, types, import law, drift, unit tests

format: $(STAMP) ## is every file formatted
	$(BIN)/ruff format --check .

lint: $(STAMP)
	$(BIN)/ruff check .

types: $(STAMP)
	$(BIN)/mypy

imports: $(STAMP) ## the import law
	$(BIN)/lint-imports

drift: $(STAMP) ## lists that must agree, do
	$(BIN)/pytest -q tests/drift

unit: $(STAMP) ## pure tests and drift tests; no network
	$(BIN)/pytest -q -m "not kafka and not clickhouse and not stack and not embedded and not cluster and not long"

integration: $(STAMP) ## tests on a real Kafka broker and the real ClickHouse engine, which they start
	$(BIN)/pytest -q $(SIDE_BY_SIDE) -m "(kafka or clickhouse or stack) and not long"

faults-long: $(STAMP) ## every fault on every link, 25 s each, and every crash of a loader in every state of the tables
	$(BIN)/pytest -q -s -m long tests/faults tests/integration/test_loader_crashes.py

embedded: $(STAMP) ## known travellers, laws, crashes and identities once more, on the pip-only broker
	LINTAS_TEST_BROKER=embedded $(BIN)/pytest -q -m "embedded or twice"

cluster: $(STAMP) ## kill, pause and rebalance three matchers on three brokers, against an independent oracle
	$(BIN)/pytest -q -s -m "cluster and not long" --show-capture=no tests/cluster

cluster-long: $(STAMP) ## the same for fifty rounds; LINTAS_TEST_SEED=... repeats a run
	$(BIN)/pytest -q -s -m long --show-capture=no tests/cluster

quality: $(STAMP) ## every figure of matching, privacy and the planted cases, each beside its target
	$(BIN)/pip install --quiet --disable-pip-version-check -e '.[quality]'
	$(BIN)/python -m tests.quality

bench: $(STAMP) ## figures, side by side in one run
	$(BIN)/pip install --quiet --disable-pip-version-check -e '.[bench]'
	$(BIN)/python bench/pipeline.py

generate: $(STAMP) ## write the files that are made from code
	$(BIN)/python -m schemas
	$(BIN)/python -m streams.rules

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
