# Targets for people and for CI. `make` alone lists them.

PYTHON ?= python3
BIN := .venv/bin
# What a user needs, and the development tools on top of it, in the same .venv.
STAMP := .venv/.installed
TOOLS := .venv/.tools
RUN := runs/$(shell date +%Y%m%d-%H%M%S)
REHEARSE ?=
SOAK ?=
SUITES ?=
BENCH ?=
SCREENSHOTS ?=
# The shape of the rehearsal's network: make rehearse SHAPE="--latency-ms 30 --stream-mib-s 135"
SHAPE ?=
# The rehearsal answers `warmbook run`; REHEARSE passes more to it: make rehearse REHEARSE="--language es"
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# uv leaves the compiling to the first import. Images that set this would compile at every start,
# which takes twice as long.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup lock check unit test rehearse lab bench clean notebooks coverage troubleshooting translations golden run-schema cli sbom chromium pictures screenshots soak mutants

help:
	@echo "make setup     install what a user needs into .venv; check and test add their tools"
	@echo "make rehearse  run all notebooks in a rehearsal on this machine, with the real engine;"
	@echo "               SHAPE=\"--latency-ms 30 --stream-mib-s 135\" limits reads from its storage"
	@echo "make lab       open JupyterLab with a rehearsal; FAULT=NAME stages a fault"
	@echo "make check     run linters, type checks, and checks of the layers, notebooks and pages"
	@echo "make unit      run the tests that start no rehearsal, in 2 minutes"
	@echo "make test      run all tests, quick ones first"
	@echo "make soak      run long tests of interruptions and faults; write docs/reliability.md;"
	@echo "               SUITES=DIR runs the tests of gcsfs, google-cloud-storage and Kubernetes, from DIR"
	@echo "make mutants   count the code changes that no unit test detects (half an hour)"
	@echo "make bench     measure; write docs/bench.json and docs/bench.md"
	@echo "make pictures  take the README's pictures again, with the real engine"
	@echo "make screenshots  take a screenshot of each result of each notebook, for review, in"
	@echo "               runs/screenshots, or DIR=DIR; SCREENSHOTS=\"--engine vllm --language es\""
	@echo "make notebooks write notebooks/en and notebooks/es from notebooks/source"
	@echo "make coverage  write docs/coverage.md: each item of the guide, with its step and tests"
	@echo "make troubleshooting  write docs/troubleshooting.md: each pitfall by its name"
	@echo "make translations  update the Spanish in lib/warmbook/locale from the English in the code"
	@echo "make golden    write tests/golden: the manifests and texts that tests compare with"
	@echo "make run-schema  write docs/run.schema.json: the JSON Schema of a run's record"
	@echo "make cli       write docs/cli.md: the verbs and options of both command lines"
	@echo "make sbom      write docs/sbom and docs/licences.md: what the locks install, with its licences"
	@echo "make lock      renew the lock files, with the newest versions"
	@echo "make clean     remove .venv and runs (the cache outside the repository stays)"

setup: $(STAMP)

INSTALL := PYTHONPATH=lib $(BIN)/python -m warmbook_rehearsal.installer

$(STAMP): pyproject.toml requirements.txt
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(None if v >= (3, 10) else \
	  "warmbook needs Python 3.10 or later (3.11 for the rehearsal), this is %d.%d" % v)'
	@echo "Setting up .venv: about 600 MB, half a minute the first time"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv || { rm -rf .venv; \
	  echo "$(PYTHON) can't make virtual environments: on Debian and Ubuntu, apt install python3-venv"; exit 1; }
	@$(INSTALL) requirements.txt .
	@touch $@

$(TOOLS): $(STAMP) requirements-dev.txt
	@echo "Adding the development tools to .venv"
	@$(INSTALL) requirements-dev.txt
	@touch $@

# Write the locks anew, with the newest versions; make lock UPGRADE= keeps what still fits.
UPGRADE ?= --upgrade
COMPILE := $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-annotate --no-header \
  --constraint tools/locks.in $(UPGRADE)
LOCKS := lib/warmbook_rehearsal/node/locks
FRONTS := tests/browser/fronts
lock: $(STAMP)
	$(COMPILE) --python-version 3.10 --group build --output-file requirements.txt pyproject.toml
	$(COMPILE) --python-version 3.10 --group build --extra dev --constraint requirements.txt \
	  --output-file requirements-dev.txt pyproject.toml
	$(COMPILE) --python-version 3.11 --excludes $(LOCKS)/left-out.in \
	  --output-file $(LOCKS)/engine.txt $(LOCKS)/engine.in
	for front in lab3 widgets7 notebook7 hub; do $(COMPILE) --python-version 3.10 \
	  --excludes $(FRONTS)/left-out.in --output-file $(FRONTS)/$$front.txt $(FRONTS)/$$front.in || exit 1; done
	cd $(FRONTS)/proxy && npm install --package-lock-only --no-audit --no-fund

rehearse: $(STAMP)
	@$(BIN)/python -m warmbook_rehearsal $(SHAPE) -- $(BIN)/python -m warmbook run --out $(RUN) $(REHEARSE)

lab: $(STAMP)
	@$(BIN)/python -m warmbook lab $(if $(FAULT),--fault $(FAULT)) $(SHAPE)

check: $(TOOLS)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/codespell README.md CONTRIBUTING.md CHANGELOG.md SECURITY.md benchmarks docs hatch_build.py lib tests tools
	$(BIN)/python tools/notebooks.py --check
	$(BIN)/python tools/doors.py --check
	$(BIN)/python tools/coverage.py --check
	$(BIN)/python tools/troubleshooting.py --check
	$(BIN)/python tools/translations.py --check
	$(BIN)/python tools/run_schema.py --check
	$(BIN)/python tools/cli.py --check
	$(BIN)/python tools/sbom.py --check
	$(BIN)/nbstripout --keep-id --verify notebooks/e[ns]/*.ipynb notebooks/gym/*/*.ipynb

notebooks: $(TOOLS)
	$(BIN)/python tools/notebooks.py

# Two minutes of processor time, most of it on one core. tests/conftest.py says which tests these are.
unit: $(TOOLS)
	$(BIN)/python -m pytest -x -m unit

# Quick failures first; CONTRIBUTING.md says how long each part takes.
QUICK := not engine and not streamer and not browser and not agreement and not install
# Most of these tests wait for something; a worker for each processor halves their time.
WORKERS := -n logical --maxprocesses 4 --dist loadfile --no-loadscope-reorder
SLOWER := tests/faults tests/reliability tests/safety
test: $(TOOLS) chromium
	@$(MAKE) --no-print-directory check
	$(BIN)/python -m pytest -x $(WORKERS) -m "$(QUICK)" $(addprefix --ignore=,$(SLOWER))
	$(BIN)/python -m pytest -x $(WORKERS) $(SLOWER)
	$(BIN)/python -m warmbook_rehearsal -- true
	$(BIN)/python -m pytest -x $(WORKERS) -m "streamer"
	$(BIN)/python -m pytest -x -m "browser"
	$(BIN)/python -m pytest -x $(WORKERS) -m "agreement and not engine"
	$(BIN)/python -m pytest -x -m "engine"
	$(BIN)/python -m pytest -x -m "install"

coverage: $(TOOLS)
	$(BIN)/python tools/coverage.py

troubleshooting: $(TOOLS)
	$(BIN)/python tools/troubleshooting.py

translations: $(TOOLS)
	$(BIN)/python tools/translations.py

golden: $(TOOLS)
	$(BIN)/python -m tests.serving.test_manifest
	$(BIN)/python -m tests.wording

run-schema: $(TOOLS)
	$(BIN)/python tools/run_schema.py

cli: $(TOOLS)
	$(BIN)/python tools/cli.py

sbom: $(TOOLS)
	$(BIN)/python tools/sbom.py

chromium: $(TOOLS)
	@$(BIN)/python tests/browser/chromium.py

pictures: $(TOOLS) chromium
	WARMBOOK_PICTURES=$(CURDIR)/docs/img $(BIN)/python -m pytest -m browser -k guide_runs_in_the_browser

# SCREENSHOTS passes more to it: make screenshots SCREENSHOTS="--engine vllm --notebooks 01,07"
screenshots: $(TOOLS) chromium
	$(BIN)/python -m tests.browser.screenshots $(or $(DIR),runs/screenshots) $(SCREENSHOTS)

# BENCH passes more to it: make bench BENCH="--only imports,xray"
bench: $(TOOLS)
	$(BIN)/python -m benchmarks $(BENCH)

# SOAK passes more to it: make soak SOAK="--only 'killed nodes' --kills 400 --seed 7"
# SUITES=DIR runs other people's tests instead, from what is in DIR; see tools/suites.py.
soak: $(TOOLS)
	$(BIN)/python tools/soak.py $(if $(SUITES),--suites $(SUITES)) $(SOAK)

# MUTANTS passes more to it: make mutants MUTANTS="--count 50 --seed 7 --only policies"
MUTANTS ?=
mutants: $(TOOLS)
	$(BIN)/python -m tools.mutants $(MUTANTS)

clean:
	rm -rf .venv runs build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
