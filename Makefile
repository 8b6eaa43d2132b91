# make run    sets up .venv and runs the quickstart: 20 devices, real images, a live 802.11a air
# make test   sets up .venv and runs the tests
# make docs   writes the reference and builds the site into build/site
PYTHON ?= python3
FUZZ_SECONDS ?= 60
VENV := .venv
BIN := $(VENV)/bin
ENGINE := CMakeLists.txt $(wildcard ns3_scenarios/engine/*)
PIP := $(BIN)/pip --disable-pip-version-check install --quiet --constraint constraints.txt

.PHONY: setup run browser test test-slow fuzz check bench docs clean

setup: $(VENV)/.ready

# The build needs go into .venv and the build is not isolated: ns3 is large and would be installed twice.
$(VENV)/.ready: pyproject.toml constraints.txt $(ENGINE)
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) --upgrade pip
	@echo "Installing ns-3, PyTorch and the tools (several minutes the first time)"
	$(PIP) --group build ns3 torch
	$(PIP) --group dev --group docs
	@echo "Building the engine"
	$(PIP) --no-build-isolation --editable ".[text,tensorboard,mlflow,ray]"
	touch $@

run: setup
	$(BIN)/testbed run ns3_scenarios/quickstart.toml --resume

# Tests of pages are skipped where there is no Chromium and none can be installed.
browser:
	@command -v chromium chromium-browser google-chrome >/dev/null || test "$$(id -u)" != 0 \
	  || (apt-get -qq update && apt-get -qq install --yes --no-install-recommends chromium fonts-dejavu-core) >/dev/null \
	  || echo "No Chromium: tests of pages are skipped"

# Real MNIST is for the tests that reproduce published numbers, texts and pretrained models for those of LoRA; without
# them these are skipped, with the reason.
test: setup browser
	-$(BIN)/testbed data fetch mnist
	-$(BIN)/testbed data fetch fashion-mnist
	-$(BIN)/testbed data fetch reuters-r8 20newsgroups minilm efficientnet-lite0
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest -m "not slow" --numprocesses 2 --dist worksteal

test-slow: setup
	$(BIN)/testbed data fetch mnist
	$(BIN)/pytest -m slow

# Every importer on whatever bytes atheris comes up with, FUZZ_SECONDS each.
fuzz: setup
	$(PIP) --group fuzz
	$(BIN)/python tests/fuzz/imports.py --seconds $(FUZZ_SECONDS)

bench: setup
	$(BIN)/testbed bench fleet
	$(BIN)/testbed bench mixing
	$(BIN)/testbed bench session
	$(BIN)/testbed bench culling --devices 50
	$(BIN)/testbed bench culling --devices 200
	$(BIN)/testbed bench culling --devices 400
	$(BIN)/testbed bench culling --devices 1000
	$(BIN)/testbed bench scaling
	$(BIN)/testbed bench radio
	$(BIN)/testbed bench broadcast
	$(BIN)/testbed bench overlap
	$(BIN)/testbed bench replay
	$(BIN)/testbed bench trace
	$(BIN)/testbed bench lora

docs: setup
	$(BIN)/python scripts/write_reference.py
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet
	@echo "build/site/index.html"

clean:
	rm -rf $(VENV) build
