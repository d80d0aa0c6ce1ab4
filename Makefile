# make run    the app, on this machine only; the address is printed
# make test   every test; TESTS="tests/core -k splits" for some of them
# make lint   ruff and mypy
# make bench  the measurements, one table each; installs the trainers that ours is compared with
# make clean  removes the virtual environment and the tools' caches; never the workspace

PYTHON ?= python3
VENV ?= .venv
PORT ?=
TESTS ?=

# Threads of PyTorch that wait for each other sleep soon instead of spinning (core/runs/launcher.py).
export GOMP_SPINCOUNT ?= 10000

BIN := $(VENV)/bin
# An environment is up to date when it holds a stamp named after what its requirements say.
checksum = $(shell cat $(1) | cksum | cut -d ' ' -f 1)
RUN_STAMP := $(VENV)/.installed-$(call checksum,requirements.txt)
DEV_STAMP := $(VENV)/.installed-dev-$(call checksum,requirements.txt requirements-cluster.txt requirements-dev.txt)
BENCH_STAMP := $(VENV)/.installed-bench-$(call checksum,requirements.txt requirements-bench.txt)
BENCHMARKS := $(sort $(patsubst tests/benchmarks/%.py,%,$(wildcard tests/benchmarks/bench_*.py)))

.PHONY: run test lint bench clean

run: $(RUN_STAMP)
	@$(BIN)/python -m streamlit run app.py $(if $(PORT),--server.port $(PORT))

# Journeys measure what a browser shows, so only journeys run beside them. Two tests run at a time, and the
# threads of their small networks would only wait for each other.
test: export OMP_NUM_THREADS ?= 1
# Many interpreters load the same modules: their bytecode is kept, also where the environment says otherwise.
test: export PYTHONDONTWRITEBYTECODE =
test: $(DEV_STAMP)
ifneq ($(TESTS),)
	@$(BIN)/python -m pytest $(TESTS)
else
	@$(BIN)/python -m pytest -n 2 --dist loadfile -m "not journey"
	@$(BIN)/python -m pytest -n 2 --dist loadfile tests/journeys
endif

lint: $(DEV_STAMP)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy core

bench: $(BENCH_STAMP)
	@set -e; for name in $(BENCHMARKS); do echo "== $$name"; $(BIN)/python -m tests.benchmarks.$$name; done

clean:
	rm -rf .venv .pytest_cache .hypothesis .mypy_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(RUN_STAMP): | $(BIN)/pip
	@echo "Installing what the app needs into $(VENV) (PyTorch is a few GB; only the first time)."
	@$(BIN)/python -m pip install --disable-pip-version-check --progress-bar on -r requirements.txt
	@rm -f $(VENV)/.installed-[0-9]* && touch $@

$(DEV_STAMP): $(RUN_STAMP)
	@echo "Installing what the tests need into $(VENV)."
	@$(BIN)/python -m pip install --disable-pip-version-check --quiet -r requirements-dev.txt
	@rm -f $(VENV)/.installed-dev-* && touch $@

$(BENCH_STAMP): $(DEV_STAMP)
	@echo "Installing the trainers to measure against into $(VENV)."
	@$(BIN)/python -m pip install --disable-pip-version-check --quiet -r requirements-bench.txt
	@rm -f $(VENV)/.installed-bench-* && touch $@

$(BIN)/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed; name one: make run PYTHON=python3.12"; exit 1; }
	@echo "Making a virtual environment in $(VENV)."
	@$(PYTHON) -m venv $(VENV) \
		|| { echo "On Debian and Ubuntu: apt install python3-venv, then again."; exit 1; }
