# One-line calls only. Logic lives in tools/, .ci/run and the command `gtc`.

PORT ?= 8080
PYTHON ?= python3
PYTHON_VERSION ?= 3.12

# Choices; empty means as in .env, then environments/*.toml. gtc reads them all, and every other
# GTC_* variable, so `make deploy GTC_GROVE=off` is a choice like these.
ENV ?=
REGION ?= $(GTC_REGION)
GPU_TYPE ?= $(GTC_GPU_TYPE)
MODEL ?= $(GTC_MODEL)
REGISTRY ?= $(GTC_REGISTRY)
TAG ?= $(GTC_TAG)
DO_CONTEXT ?= $(GTC_DO_CONTEXT)
UNTIL ?= $(GTC_UNTIL)
URL ?= $(GTC_URL)
export GTC_REGION := $(REGION)
export GTC_GPU_TYPE := $(GPU_TYPE)
export GTC_MODEL := $(MODEL)
export GTC_REGISTRY := $(REGISTRY)
export GTC_TAG := $(TAG)
export GTC_DO_CONTEXT := $(DO_CONTEXT)
export GTC_UNTIL := $(UNTIL)
export GTC_URL := $(URL)

BIN := .venv/bin
CORE := $(BIN)/python gtc_runtime/load/native/build.py
COMPILE := $(BIN)/uv pip compile -q --generate-hashes --no-header --python-version 3.11 $(LOCK_FLAGS)

# States, plans and kubeconfigs hold credentials: nobody else may read what these commands write.
GTC := umask 077 && $(BIN)/gtc
NAMED = $(if $(ENV),--env $(ENV))
CONFIRMED = $(if $(YES),--yes)
FORCED = $(if $(FORCE),--force)
ADOPTING = $(if $(ADOPT),--adopt)
UNSEEN = $(if $(filter no,$(DOCTOR)),--skip-doctor)

.DEFAULT_GOAL := help
.PHONY: help setup demo plan twin-beside-rehearsal test test-slow test-python dist control-plane test-control-plane test-charts third-party chaos mutants bench-load bench-models check lint \
	types arch synth export-terraform check-env doctor deploy teardown kubeconfig infra-init infra-plan infra-up \
	infra-down cluster-config cluster-teardown deploy-dynamo deploy-keda deploy-loadgen deploy-corpus \
	deploy-apps model-to-spaces model-to-nfs setup-model build-loadgen build-all push-loadgen \
	push-all build-push-all demo-status preflight demo-start demo-auto demo-stop demo-reset \
	test-inference test-disagg test-kv-cache test-scaling validate-all compare demo-ui \
	demo-dashboard cost teardown-if-expired fmt docs lock clean

##@ Start
help: ## List these commands
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {print "\n" substr($$0, 5)} /^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' Makefile

setup: ## Install everything that developing needs into .venv
	@$(PYTHON) tools/bootstrap.py dev

demo: ## Play the demo on this machine; ENV=prod|dev|cpu PORT=8080
	@$(PYTHON) tools/bootstrap.py demo
	@$(BIN)/gtc rehearse $(NAMED) --port $(PORT)

plan: ## Predict whether the show of ENV tells its story, in seconds
	@$(PYTHON) tools/bootstrap.py demo
	@$(BIN)/gtc plan check $(NAMED)

twin-beside-rehearsal: export GTC_REQUEST_LOG = .gtc/twin
twin-beside-rehearsal: ## Rehearse one cycle of ENV and hold the twin against it, request by request; a quarter of an hour
	@$(PYTHON) tools/bootstrap.py demo
	@rm -rf .gtc/twin && mkdir -p .gtc
	@$(BIN)/gtc rehearse $(NAMED) --port 0 --headless --auto --once --report .gtc/twin.json || true
	@$(BIN)/python -m tools.fidelity.rehearsal .gtc/twin.json .gtc/twin

##@ Check
test: setup ## Run the tests, without the slow ones; TEST=tests/unit/spec runs what it names, slow or not
ifdef TEST
	$(BIN)/pytest $(TEST)
else
	-@$(PYTHON) -m tools.prometheus
	$(BIN)/pytest -m "not slow and not cluster and not charts and not control_plane" $(SHARED_OUT)
endif

# Many tests wait, so one process more than there are cores.
SHARED_OUT = --numprocesses $$(expr $$(nproc) + 1) --dist loadfile

# Only these are imported: looking through all files costs each process half a minute. Whole
# rehearsals come before what is short, or one process ends long after the others.
test-slow: SLOW_FILES = $$(grep -rl --include='test_*.py' 'mark\.slow' tests | sort -r)
test-slow: setup ## Run the slow suites: browser, chaos, whole rehearsals
	@$(PYTHON) -m tools.chromium
	-@$(PYTHON) -m tools.ffmpeg
	@$(PYTHON) -m tools.prometheus
	@$(PYTHON) tools/compiler.py || true
	-@$(CORE)
	@$(BIN)/pytest -m "slow and not alone and not cluster and not control_plane" $(SHARED_OUT) --no-loadscope-reorder $(SLOW_FILES); beside=$$?; \
	$(BIN)/pytest -m "slow and alone and not cluster and not control_plane" $(SLOW_FILES) && exit $$beside

test-python: setup ## Run the tests of facts and constructs with another Python of this machine; PYTHON_VERSION=3.12
	@$(BIN)/python -m tools.distributions.other_python $(PYTHON_VERSION)

control-plane: setup ## Build etcd and kube-apiserver for test-control-plane, once; KEDA=1 also KEDA and what makes HPAs act
	@$(BIN)/python -m tools.control_plane.build $(if $(KEDA),--with-keda)

test-control-plane: setup ## Hold the rehearsal against a real API server, KEDA and HPA; skips what is not built
	$(BIN)/pytest -m control_plane -rs --numprocesses 2 --dist loadfile tests/control_plane tests/contract

test-charts: setup ## Render every pinned chart and check it; GTC_CHARTS=folder of charts, else they are pulled
	$(BIN)/pytest -m charts -rs tests/charts

chaos: setup ## Kill and break everything, in virtual time and for real, against figures; PART= SEED= SIZE=slice JSON=FILE
	@$(BIN)/python -m tests.chaos.run $(if $(PART),--part $(PART)) $(if $(SEED),--seed $(SEED)) $(if $(SIZE),--size $(SIZE)) $(if $(JSON),--json $(JSON))

mutants: setup ## Plant small faults in deciding code and see whether its tests notice; MODULE=load/response JOBS=2
	@$(BIN)/python -m tools.mutants $(MODULE) $(if $(JOBS),--jobs $(JOBS))

third-party: setup ## Servers of others for the slow tests of the load engine: llama.cpp, LiteLLM, GuideLLM
	$(BIN)/python -m tools.third_party

bench-load: setup ## Hold the load engine against C, AIPerf and GuideLLM; BENCH_FLAGS=--quick, --peers=
	@$(PYTHON) tools/compiler.py
	@$(CORE)
	@$(BIN)/python -m tests.bench.load.run $(BENCH_FLAGS)

bench-models: setup ## Race, damage and kill the model sync with 2 GB; S3=URL of a store, else moto; DIR=
	$(BIN)/python -m tests.bench.models $(if $(S3),--s3 $(S3)) $(if $(DIR),--dir $(DIR))

dist: setup ## Build gtc-demo and gtc-constructs, check them, try the constructs with each Python here; VERSIONS="3.12 3.13"
	@$(BIN)/python -m tools.distributions $(VERSIONS)

check: lint types arch ## Everything static: lint, format, types, architecture

lint: setup ## ruff: rules and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup ## mypy, strict
	$(BIN)/mypy

arch: setup ## Import rules, sizes, generated files, lock files, documents
	$(BIN)/pytest tests/architecture

##@ Deploy; ENV=prod|dev|cpu REGION= GPU_TYPE= MODEL= REGISTRY= TAG= DO_CONTEXT= UNTIL= YES=1
synth: setup ## Write the Terraform configuration of all stacks into cdktf.out
	@umask 077 && $(if $(ENV),GTC_ENV=$(ENV)) $(BIN)/python main.py

export-terraform: setup ## Write the stacks of PROGRAM= as plain Terraform modules into OUT=, for houses that want no Python
	@$(BIN)/python -m gtc_constructs.export $(or $(PROGRAM),examples/thirty_lines.py) $(or $(OUT),terraform)

check-env: setup ## Check every variable and choice of a deployment, all at once
	@$(GTC) check-env $(NAMED)

doctor: setup ## Before money flows: tools, account, sizes, keys, licence, price; in under 15 s
	@$(GTC) doctor $(NAMED)

deploy: setup ## Everything: image, infra, cluster, and the wait for them; repeat it whatever went wrong; ADOPT=1 DOCTOR=no
	@$(GTC) deploy $(NAMED) $(ADOPTING) $(UNSEEN)

teardown: setup ## Safe state, then destroy everything; repeat it when interrupted; FORCE=1 asks nothing
	@$(GTC) teardown $(NAMED) $(CONFIRMED) $(FORCED)

kubeconfig: setup ## Write a kubeconfig of the deployed cluster and say where it is
	@$(GTC) kubeconfig $(NAMED)

infra-init: setup ## Synthesise and fetch the Terraform providers
	@$(GTC) infra init $(NAMED)

infra-plan: setup ## Show what infra-up would change
	@$(GTC) infra plan $(NAMED)

infra-up: setup ## VPC, Kubernetes, GPU nodes, share
	@$(GTC) infra up $(NAMED) $(ADOPTING)

infra-down: setup ## Destroy them
	@$(GTC) infra down $(NAMED) $(CONFIRMED)

cluster-config: setup ## Platform, workload, scalers, panel
	@$(GTC) cluster config $(NAMED) $(ADOPTING)

cluster-teardown: setup ## Destroy what is inside the cluster
	@$(GTC) cluster teardown $(NAMED) $(CONFIRMED)

deploy-dynamo: setup ## Deploy the cluster stack and wait for platform and workers
	@$(GTC) cluster config $(NAMED) --wait dynamo --wait workers

deploy-keda: setup ## Deploy the cluster stack and wait for the scalers
	@$(GTC) cluster config $(NAMED) --wait keda

deploy-loadgen: build-push-all ## Build, push, deploy the cluster stack and wait for the panel
	@$(GTC) cluster config $(NAMED) --wait panel

deploy-corpus: setup ## Texts of the load: build, push to the bucket, verify; OFFLINE=1 FORCE=1
	@$(GTC) corpus deploy $(NAMED) $(if $(OFFLINE),--offline) $(if $(FORCE),--force)

deploy-apps: deploy-corpus build-push-all ## Corpus, image, then everything in the cluster, and wait for it
	@$(GTC) cluster config $(NAMED) --wait dynamo --wait workers --wait keda --wait panel

model-to-spaces: setup ## In the cluster: the checkpoint from HuggingFace to the bucket
	@$(GTC) model setup $(NAMED) --step spaces

model-to-nfs: setup ## In the cluster: the checkpoint from the bucket to the share
	@$(GTC) model setup $(NAMED) --step nfs

setup-model: setup ## Both; seconds when the share has the checkpoint
	@$(GTC) model setup $(NAMED)

build-loadgen: setup ## Build the image of panel, guardian and model jobs
	@$(GTC) image build

build-all: build-loadgen ## Build every image of ours: there is one

push-loadgen: setup ## Push it; refuses files that differ from the commit
	@$(GTC) image push

push-all: push-loadgen ## Push every image of ours

build-push-all: build-all ## Build, then push
	@$(GTC) image push

##@ Show; ENV= URL= of a panel, default: the rehearsal that runs here, else the deployed cluster
demo-status: setup ## Pods, GPUs, pools, mode, load and cost
	@$(GTC) status $(NAMED)

preflight: setup ## Before the show: check everything that it needs, in under 20 s
	@$(GTC) preflight $(NAMED)

demo-start: setup ## Start the load in manual mode; auto mode ends first
	@$(GTC) start $(NAMED)

demo-auto: setup ## Let the scenario drive load and workers
	@$(GTC) auto $(NAMED)

demo-stop: setup ## Stop all load
	@$(GTC) stop $(NAMED)

demo-reset: setup ## Load off, initial ratio, statistics zeroed
	@$(GTC) reset $(NAMED)

test-inference: setup ## Prove by real requests that each workload is answered
	@$(GTC) verify inference $(NAMED)

test-disagg: setup ## Prove that prefill workers did the work
	@$(GTC) verify disagg $(NAMED)

test-kv-cache: setup ## Prove that later turns find their prefix
	@$(GTC) verify kv-cache $(NAMED)

test-scaling: setup ## Prove that KEDA adds workers, and takes them away
	@$(GTC) verify scaling $(NAMED)

validate-all: setup ## All proofs, one after the other
	@$(GTC) verify all $(NAMED)

compare: setup ## The same load disaggregated and aggregated on the same GPUs, 15 minutes
	@mkdir -p .gtc
	@$(GTC) compare $(NAMED) --report .gtc/compare.json --report .gtc/compare.html

demo-ui: setup ## The panel: its address, with a forwarded port on a cluster
	@$(GTC) open panel $(NAMED)

demo-dashboard: setup ## The boards: Grafana by a forwarded port on a cluster, the stage page in a rehearsal
	@$(GTC) dashboards open $(NAMED)

cost: setup ## GPU-hours and dollars: an hour, so far, until the end date
	@$(GTC) cost $(NAMED)

teardown-if-expired: setup ## For cron: tear down once the end date has passed
	@$(GTC) teardown-if-expired $(NAMED)

##@ Change
fmt: setup ## Format the code and fix what ruff can fix
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: setup ## Write what is generated: tables in docs/, the reference of the constructs, .env.example, boards
	$(BIN)/python tools/generate.py

lock: setup ## Pin the requirements again; LOCK_FLAGS=--upgrade takes newer versions
	$(COMPILE) $(foreach extra,infra runtime ui load reports video rehearsal,--extra $(extra)) --group dev --group build -o requirements/dev.txt pyproject.toml
	$(COMPILE) --extra runtime --extra ui --extra rehearsal --extra reports --group build -c requirements/dev.txt -o requirements/demo.txt pyproject.toml
	$(COMPILE) --extra runtime --extra ui --group build -c requirements/dev.txt -o requirements/runtime.txt pyproject.toml
	$(COMPILE) --group dist --group build -c requirements/dev.txt -o requirements/dist.txt pyproject.toml

clean: ## Remove caches, synthesised files and empty states; refuses while anything is deployed
	@$(PYTHON) tools/clean.py
