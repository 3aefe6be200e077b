# Everything the project offers by one word. Needs Python >= 3.11, make and git; the rest is made here.

PYTHON ?= python3
PROCESSES ?= auto
export DEMO_PORT ?= 8500

DEV := .venv
RUN := $(DEV)/bin/python
PEER := .venv-peer
# Whoever has the developer's environment needs no second one for the demo.
DEMO := $(if $(wildcard $(DEV)/.ready),$(DEV),.venv-demo)
PACKAGES := coursecrew coursecrew_lti coursecrew_openedx coursecrew_team_assignment coursecrew_peer_review
EVERYTHING := postgres,mariadb,redis,browser,peer_platform

.DEFAULT_GOAL := help
.PHONY: help demo demo-check studio test check lint types campaign bench screenshots reference translations format clean

help: ## list what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(DEMO)/.ready ## a course to click through: sample LMS and LTI tool; prints one address (DEMO_PORT, usually 8500)
	@$(DEMO)/bin/python -m demo $(ARGS)

demo-check: $(DEMO)/.ready ## drive the main job over HTTP and read the marks back
	@$(DEMO)/bin/python -m demo.check

studio: $(DEV)/.ready ## the XBlock workbench with every block and sample people (STUDIO_PORT, usually 8600)
	@$(RUN) -m demo.studio

test: $(DEV)/.ready $(PEER)/.ready ## all tests that this machine allows; says what it did not find
	$(RUN) -m pytest -n $(PROCESSES) --dist loadfile

check: lint types bench-small $(PEER)/.ready ## what CI runs: format, lint, types, contracts, every test with everything required
	COURSECREW_REQUIRE=$(EVERYTHING) $(RUN) -m pytest -n $(PROCESSES) --dist loadfile --durations 15

lint: $(DEV)/.ready ## format and lint, and the import contracts
	$(DEV)/bin/ruff format --check .
	$(DEV)/bin/ruff check .
	$(DEV)/bin/lint-imports

types: $(DEV)/.ready ## mypy, strict for the packages
	$(DEV)/bin/mypy $(addprefix -p ,$(PACKAGES))
	$(DEV)/bin/mypy tests demo benchmarks setup.py

campaign: $(DEV)/.ready $(PEER)/.ready ## the long runs: many more examples, full benchmarks
	$(RUN) -m pytest -n $(PROCESSES) --dist loadfile --hypothesis-profile campaign
	$(RUN) -m benchmarks.run

bench: $(DEV)/.ready ## every claim about speed, as a ratio measured in one run
	$(RUN) -m benchmarks.run

.PHONY: bench-small
bench-small: $(DEV)/.ready
	$(RUN) -m benchmarks.run --small

screenshots: $(DEV)/.ready ## take the pictures of the docs again
	$(RUN) -m tests.take_pictures

reference: $(DEV)/.ready ## write the tables of the documents again
	$(RUN) -m tests.write_reference

translations: $(DEV)/.ready ## collect every sentence into the catalogues again
	$(RUN) -m tests.write_catalogue

format: $(DEV)/.ready ## put the code in its usual form
	$(DEV)/bin/ruff format .
	$(DEV)/bin/ruff check --fix .

clean: ## remove the environments and everything that was built
	rm -rf $(DEV) .venv-demo $(PEER) .tox build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .demo var

# The environments. Each is ready when its stamp is newer than what decides about its content.

$(DEV)/.ready: setup.py pyproject.toml
	$(call environment,$(DEV))
	@echo "Installing what the tests need (a minute or two) ..."
	@$(DEV)/bin/python -m pip install --quiet --editable ".[openedx,lti,dev]"
	@touch $@

.venv-demo/.ready: setup.py pyproject.toml
	$(call environment,.venv-demo)
	@echo "Installing what the demo needs (about a minute) ..."
	@.venv-demo/bin/python -m pip install --quiet --editable ".[lti]"
	@touch $@

# An LTI platform that others wrote; it has requirements of its own and never meets ours.
$(PEER)/.ready: tests/peer_platform.txt
	$(call environment,$(PEER))
	@$(PEER)/bin/python -m pip install --quiet --requirement $<
	@touch $@

define environment
@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Coursecrew needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Name another: make PYTHON=python3.12 ...")'
@test -x $(1)/bin/python || { echo "Making the environment $(1) ..."; $(PYTHON) -m venv $(1); }
endef
