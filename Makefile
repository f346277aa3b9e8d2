# Two commands need nothing else on a machine with Python >= 3.11: `make demo` and `make test`.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
TOOLS := build/tools/.installed
PROVIDER := build/provider/.installed
# xdist workers: PostgreSQL and the tests share the cores, and while one waits for a database another works.
WORKERS ?= $(shell n=$$(nproc 2>/dev/null || echo 2); echo $$(( n + 1 )))

# Hundreds of processes are started by the tests alone: none compiles what another has compiled.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo clean-demo run test test-slow ci lint types imports contract chart-check openapi bench image lock clean

help:  ## What one can do here
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(INSTALLED): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or newer is needed; $(PYTHON) is $$($(PYTHON) --version 2>&1)"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
	  || { echo "This Python has no venv. On Debian or Ubuntu: apt-get install python3-venv"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing into $(VENV) from requirements.lock ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: $(INSTALLED)  ## Start the embedded PostgreSQL and show the main job on real files (DEMO_SERVE=0: then stop)
	@$(BIN)/billing-saas demo

clean-demo: $(INSTALLED)  ## Remove what the demo left behind
	@$(BIN)/billing-saas clean-demo

run: $(INSTALLED)  ## Serve the API with a worker, for development
	@$(BIN)/billing-saas serve --with-worker

test: $(INSTALLED)  ## The fast tests, in parallel, with a PostgreSQL of their own
	$(BIN)/pytest -n $(WORKERS) --dist worksteal

test-slow: $(INSTALLED)  ## Chaos, long property runs, brokers
	@command -v pgbouncer >/dev/null || test -x /usr/sbin/pgbouncer || test "$$(id -u)" != 0 \
	  || (apt-get update -qq && apt-get install -y -qq pgbouncer) || true
	@command -v chromium >/dev/null || test "$$(id -u)" != 0 \
	  || (apt-get update -qq && apt-get install -y -qq chromium) || true
	@$(MAKE) --no-print-directory $(PROVIDER) || test -z "$$CI"
	$(BIN)/pytest -n $(WORKERS) --dist worksteal -m slow

ci: lint types imports contract chart-check test test-slow  ## Exactly what CI runs

lint: $(INSTALLED)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(INSTALLED)
	$(BIN)/mypy

imports: $(INSTALLED)
	$(BIN)/lint-imports

contract: $(INSTALLED) $(TOOLS)  ## The contract is true, passes the linter, and gives a client
	$(BIN)/billing-saas openapi --check
	build/tools/bin/python openapi/lint/linting.py

$(TOOLS): requirements-chart.lock
	@test -x build/tools/bin/python || $(PYTHON) -m venv build/tools
	@echo "Installing into build/tools from requirements-chart.lock ..."
	@build/tools/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-chart.lock
	@touch $@

$(PROVIDER): requirements-provider.lock
	@test -x build/provider/bin/python || $(PYTHON) -m venv build/provider
	@echo "Installing into build/provider from requirements-provider.lock ..."
	@build/provider/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-provider.lock
	@touch $@

chart-check: $(TOOLS)  ## Lint the Dockerfile; render the chart and check it strictly, without a cluster
	build/tools/bin/python helm/checking.py

image:  ## Build the image: make image PYTHON_IMAGE=python:3.13-slim-bookworm@sha256:<digest>
	docker build --build-arg PYTHON_IMAGE=$(PYTHON_IMAGE) -t billing-saas .

openapi: $(INSTALLED)  ## Write openapi/openapi.json anew
	$(BIN)/billing-saas openapi

bench: $(INSTALLED)  ## Every figure beside its peer or floor, from one run (ONLY=edi.835.read for one)
	$(BIN)/python -m benchmarks $(if $(ONLY),ONLY=$(ONLY))

COMPILE := uv pip compile pyproject.toml --universal --generate-hashes --no-emit-index-url \
  --no-header --quiet --python-version 3.11

lock:  ## Choose versions anew (needs uv): for work here, for the image, for building it, for its checks
	$(COMPILE) --extra embedded --extra tracing --group dev -o requirements.lock
	$(COMPILE) --extra tracing -c requirements.lock -o requirements-production.lock
	$(subst compile pyproject.toml,compile,$(COMPILE)) --group build -c requirements.lock -o requirements-build.lock
	$(subst compile pyproject.toml,compile,$(COMPILE)) --group chart -o requirements-chart.lock
	$(subst compile pyproject.toml,compile,$(COMPILE)) --group provider -o requirements-provider.lock

clean:
	rm -rf $(VENV) build .pytest_cache .mypy_cache .ruff_cache .hypothesis
