# Two commands do everything: `make demo` and `make test`. `make` alone lists the rest.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
export PYTHONDONTWRITEBYTECODE ?=

help: ## list the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(READY): requirements.lock pyproject.toml .ci/setup
	@PYTHON="$(PYTHON)" VENV="$(VENV)" bash .ci/setup
	@touch $@

setup: $(READY) ## make the virtual environment (the other targets do it by themselves)

demo: $(READY) ## the main job on the embedded simulator (ENGINE=embedded|pulumi, PRODUCT=central|element, WALK=pool|image)
	@$(BIN)/ahv demo $(WALK) $(if $(ENGINE),--engine $(ENGINE)) $(if $(PRODUCT),--product $(PRODUCT))

test: $(READY) ## all tests that need nothing but this machine
	@$(BIN)/pytest -n 4 --dist worksteal -m "not pulumi and not guest and not slow and not sdk and not node and not browser" --cov --cov-report=term:skip-covered -q

test-pulumi: $(READY) ## the same life cycles on the real pulumi; fails where it is not on PATH
	@command -v pulumi >/dev/null || { echo "make test-pulumi needs pulumi on PATH: install it from pulumi.com, then call again" >&2; exit 1; }
	@$(BIN)/pytest -n 3 --dist worksteal -m "pulumi and not slow" -q

test-guest: $(READY) ## our discs, read by programs of a Linux host and by Debian's own cloud-init (root)
	@VENV="$(VENV)" bash .ci/test-guest

test-sdk: $(READY) ## the simulator, driven by two generations of the official SDKs in environments of their own
	@VENV="$(VENV)" bash .ci/test-sdk

test-browser: $(READY) ## the simulator's page in a real browser (chromium)
	@VENV="$(VENV)" bash .ci/test-browser

test-node: $(READY) ## programs for Node.js on the embedded engine (npm)
	@VENV="$(VENV)" bash .ci/test-node

test-boot: $(READY) ## a real Debian guest boots from our disc (root, qemu; minutes)
	@VENV="$(VENV)" bash .ci/test-boot

check: $(READY) ## formatting, lint, types, architecture, schema and docs are fresh
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/python -m pulumi_ahv.schema --check

format: $(READY) ## format and mend what can be mended
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

schema: $(READY) ## write schema.json and docs/resources from the declarations
	@$(BIN)/python -m pulumi_ahv.schema

lock: $(READY) ## resolve the dependencies anew (needs uv)
	@command -v uv >/dev/null || { echo "make lock needs uv: pip install uv" >&2; exit 1; }
	@uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --no-annotate --python-version 3.11 \
	  --all-extras --group dev --no-emit-package pulumi-ahv pyproject.toml -o requirements.lock

clean: ## remove the virtual environment and caches
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .coverage .hypothesis

.PHONY: help setup demo test test-pulumi test-guest test-sdk test-browser test-node test-boot check format schema lock clean
