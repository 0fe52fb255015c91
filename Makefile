# Every target sets up what it needs; `make` alone lists them.
PYTHON ?= $(shell command -v python3 || command -v python || echo python3)
RUN := .venv/bin
TESTS := $(RUN)/python -m pytest --dist loadgroup
# Their tests have modules of the same names, which one run of mypy does not take.
APART := target-netsuite suitetalk emulator
CODE := tap-netsuite target-netsuite suitetalk emulator tests demo scripts benchmarks examples conftest.py
# Nothing is kept outside this folder, so it need not be asked where a home is, or whether there is one.
export UV_CACHE_DIR ?= $(CURDIR)/.cache/uv
export PIP_CACHE_DIR ?= $(CURDIR)/.cache/pip
# Hundreds of processes run in the tests; each would compile all it imports if none could keep what it has compiled.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo bench test slow lint format typecheck unit explore coverage docs settings screenshots dist lock clean environment

help: ## List the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

environment: ## Make .venv with the pinned packages
	@$(PYTHON) scripts/prepare_environment.py

demo: environment ## NetSuite to PostgreSQL and back, on the emulator
	@$(RUN)/python -m demo

bench: environment ## The tap's speed next to other readers, on the emulator; BENCH='slots --rows 60000' for one part
	@$(RUN)/python -m benchmarks $(BENCH)

test: lint typecheck unit ## Format check, lint, types, and the tests; five minutes

slow: environment ## What takes minutes: whole demos, Meltano, loaders, dbt, further kills
	@$(TESTS) -n 2 -m slow $(PYTEST)

lint: environment ## Formatter and linter
	@$(RUN)/ruff format --check $(CODE)
	@$(RUN)/ruff check $(CODE)

format: environment ## Let the formatter and the linter fix what they can
	@$(RUN)/ruff format $(CODE)
	@$(RUN)/ruff check --fix $(CODE)

typecheck: environment ## Strict type checking
	@for one in "$(filter-out $(APART),$(CODE))" $(APART); do $(RUN)/mypy $$one || exit; done

unit: environment ## The tests alone; PYTEST='-k words' for some of them
	@$(TESTS) -n 3 -m 'not slow' $(PYTEST)

explore: environment ## Property tests, with a thousand new examples each time
	@$(TESTS) -n 2 -m hypothesis --hypothesis-profile=others $(PYTEST)

coverage: environment ## Every test, with the lines and branches it reaches; takes twice as long
	@$(TESTS) -n 2 --cov --cov-report=term $(PYTEST)

settings: environment ## Write the plugins' settings into meltano.yml, docs/settings.md and the emulator's README
	@$(RUN)/python scripts/describe_settings.py

docs: environment ## Build the site in build/site; every link is checked
	@$(RUN)/python -m uv venv --quiet --allow-existing --python $(RUN)/python build/docs
	@$(RUN)/python -m uv pip sync --quiet --require-hashes --python build/docs/bin/python docs/requirements.lock
	@$(RUN)/python scripts/describe_code.py build/pages
	@NO_MKDOCS_2_WARNING=1 build/docs/bin/mkdocs build --quiet
	@echo "The site is in build/site."

screenshots: environment ## Make the pictures of docs/pictures; needs Chromium
	@$(RUN)/python scripts/make_pictures.py

dist: environment ## Build and check what is published, in dist/; nothing is uploaded
	@$(RUN)/python scripts/build_distributions.py

lock: environment ## Pin the newest version of every dependency in requirements.lock
	@$(RUN)/python -m uv pip compile --quiet --universal --python-version 3.10 --generate-hashes --upgrade \
	  --custom-compile-command 'make lock' --no-annotate \
	  --all-extras --group dev pyproject.toml -o requirements.lock
	@$(RUN)/python -m uv pip compile --quiet --universal --python-version 3.10 --generate-hashes --upgrade \
	  --custom-compile-command 'make lock' --no-annotate --group docs -o docs/requirements.lock

clean: ## Remove the environment, every cache, and all that the demo made
	rm -rf .venv .cache .demo build dist benchmarks/.environments .coverage .coverage.*
	find . -name .git -prune -o \( -name __pycache__ -o -name '*.egg-info' -o -name .meltano -o -name .mypy_cache \
	  -o -name .ruff_cache -o -name .pytest_cache -o -name .hypothesis -o -name .import_linter_cache \
	  -o -name .grimp_cache \) -prune -exec rm -rf {} +
