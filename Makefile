# The verbs of this project; `make` alone lists them. Written for GNU make 3.81, which macOS still ships.

PYTHON ?=
TORCH_INDEX ?=
ARGS ?=
KILLS ?= 100
DB ?= postgres
JOBS ?= 500
SEED ?= 1
MINUTES ?= 120
OUT ?= build/starter

bin := .venv/bin
ready := .venv/.ready
setup = PYTHON='$(PYTHON)' TORCH_INDEX='$(TORCH_INDEX)' sh .ci/setup

in_a_bucket := tests/conversation tests/telegram tests/discord_ tests/page
proved := storage/records/ledger.py,storage/records/ledger_check.py,core/credits.py

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-all check bench bench-gpu format pins starter starter-score kills chaos soak mutate ledger-coverage

help: ## List these verbs
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Make .venv with everything in it (PYTHON=python3.12, TORCH_INDEX=address of a build of torch)
	@$(setup)

demo: $(ready) ## Try Darkroom on a page of this computer, with no account anywhere
	@$(bin)/darkroom demo

# One thread for torch in each worker: together they would otherwise want more cores than there are.
# At most four workers: each may hold a model in memory.
test: $(ready) ## Run the tests (ARGS="-k ledger" for some of them)
	OMP_NUM_THREADS=1 $(bin)/python -m pytest -n auto --maxprocesses 4 --dist worksteal -m 'not products' $(ARGS)

test-all: $(ready) ## Run every test, then those of the doors once more with pictures in a bucket
	OMP_NUM_THREADS=1 $(bin)/python -m pytest -n auto --maxprocesses 4 --dist worksteal $(ARGS)
	TEST_BLOBS=bucket OMP_NUM_THREADS=1 $(bin)/python -m pytest -n auto --maxprocesses 4 --dist worksteal $(in_a_bucket) $(ARGS)

check: $(ready) ## Lint, format, types, architecture, and whether the docs match the declarations
	$(bin)/ruff check .
	$(bin)/ruff format --check .
	$(bin)/mypy
	$(bin)/lint-imports
	$(bin)/python -m pytest -q tests/declarations

bench: $(ready) ## Measure the start-up, the ledger, how soon people are answered, and what drawing costs
	$(bin)/python -m benchmarks

bench-gpu: $(ready) ## Measure how near a graphics card comes to what it could do (ARGS="--models sd15" for some of it)
	$(bin)/python -m benchmarks.gpu $(ARGS)

format: $(ready) ## Put the code in its one format
	$(bin)/ruff check --fix .
	$(bin)/ruff format .

# After a `.venv/bin/pip install --upgrade`. The comments of constraints.txt stay; torch's build (+cpu) is nobody else's
# choice, and the CUDA packages that only some builds bring follow torch's own requirements.
pins: $(ready) ## Pin in constraints.txt what is installed now
	@$(bin)/pip list --format=freeze --exclude darkroom > .venv/installed
	@{ grep '^#' constraints.txt; grep -Ev '^(cuda|nvidia|triton)' .venv/installed | sed 's/+.*//'; } > .venv/pins
	@mv .venv/pins constraints.txt

starter: $(ready) ## Train the starter model (MINUTES=120, OUT=build/starter; goes on where it was stopped)
	$(bin)/python -m inference.starter.train --minutes $(MINUTES) --out $(OUT)

starter-score: $(ready) ## Score the starter model on pictures it was not trained on (SEED=1)
	$(bin)/python -m inference.starter.score --seed $(SEED)

kills: $(ready) ## Kill the bot at random moments and look for lost credits and pictures (KILLS=100)
	$(bin)/python -m tests.kills --kills $(KILLS)

chaos: $(ready) ## Kill, pause, wipe and disconnect everything there is, and look at what got lost (KILLS=100 DB=postgres SEED=1)
	$(bin)/python -m tests.chaos --kills $(KILLS) --db $(DB) --seed $(SEED) $(ARGS)

soak: $(ready) ## Ask for pictures at doors whose platforms fail in every way, and look at what got lost (JOBS=500)
	$(bin)/python -m tests.telegram.soak --jobs $(JOBS)
	$(bin)/python -m tests.discord_.soak --jobs $(JOBS)

mutate: $(ready) ## Change the data map in every way that matters, and see that a check notices each (ARGS="--write" agrees to it)
	OMP_NUM_THREADS=1 $(bin)/python -m tests.mutate $(ARGS)

ledger-coverage: $(ready) ## Show that the tests reach every branch of the ledger
	$(bin)/coverage erase
	$(bin)/coverage run -m pytest -q tests/ledger
	$(bin)/coverage combine -q
	$(bin)/coverage report --include='$(proved)' --show-missing --fail-under=100

$(ready): pyproject.toml constraints.txt
	@$(setup)
