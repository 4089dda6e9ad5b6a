# Penstock's commands. `make run` and `make test` make the environment they need.
SHELL := /bin/sh
PY := .venv/bin/python

.PHONY: run test check format bench lock bill clean

run: .venv/.run-ready  ## the whole local stack; ONCE=1, DATA=my.csv TARGET=column [NAME=name]
	@ONCE='$(ONCE)' DATA='$(DATA)' TARGET='$(TARGET)' NAME='$(NAME)' $(PY) -m infra.local

test: .venv/.dev-ready check  ## linters, types and the whole test suite
	$(PY) -m pytest -n 2 tests/unit tests/contract tests/infra
	$(PY) -m pytest -n 2 --dist loadfile tests/service
	$(PY) -m pytest tests/stack

check: .venv/.dev-ready
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(PY) -m mypy

format: .venv/.dev-ready
	$(PY) -m ruff format .
	$(PY) -m ruff check --fix .

bench: .venv/.dev-ready  ## benchmarks beside their peers; ONLY=name runs one, FULL=1 the whole sizes
	$(PY) -m tests.benchmarks $(ONLY) $(if $(FULL),--full)

lock: .venv/.dev-ready  ## choose versions anew, then write the lock files and conda.yaml
	$(PY) -m infra.lock

bill: .venv/.dev-ready  ## what the images hold, as CycloneDX, into var/bills
	$(PY) -m infra.bill

.venv/.run-ready: requirements.lock infra/uv.lock infra/make_env.sh
	@infra/make_env.sh requirements.lock
	@touch $@

.venv/.dev-ready: requirements-dev.lock infra/uv.lock infra/make_env.sh
	@infra/make_env.sh requirements-dev.lock
	@touch .venv/.run-ready $@

clean:  ## remove the environment; var/ stays
	rm -rf .venv
