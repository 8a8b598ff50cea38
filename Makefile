# Verbs for people. GNU make 3.81 and bash 3.2 are enough; `make help` says what each does.

# The first Python that is new enough and really starts (a version manager's shims may not).
ifndef PYTHON
PYTHON := $(shell for name in python3.13 python3.12 python3.11 python3; do \
	if "$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then \
		command -v "$$name"; break; fi; done)
endif

BIN := .venv/bin
OPERATOR := $(BIN)/python -m project_operator
SHELL_FILES := .ci/run $(wildcard scripts/*.sh)

.PHONY: help sandbox demo test test-kind check bench kill chaos soak mutants generate verify docs clean sbom lock run-environment environment

help: ## say what each verb does
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -e 's/:.*## /|/' | awk -F'|' '{ printf "  make %-10s %s\n", $$1, $$2 }'

run-environment:
	@test -n "$(PYTHON)" || { echo "make: no Python 3.11 or newer found; install one, or say which: make PYTHON=…" >&2; exit 1; }
	@$(PYTHON) scripts/bootstrap.py run

environment:
	@test -n "$(PYTHON)" || { echo "make: no Python 3.11 or newer found; install one, or say which: make PYTHON=…" >&2; exit 1; }
	@$(PYTHON) scripts/bootstrap.py dev

sandbox: run-environment ## start a Kubernetes control plane without a cluster (BUILD_ONLY=1: only get it ready)
	@$(OPERATOR) sandbox controlplane $(if $(BUILD_ONLY),--build-only) $(ARGS)

demo: run-environment ## from nothing to a Project that is Ready, and a live table of it (ONCE=1: without a person; BACKEND=nscale, keystone, otc, k5, csp)
	@$(OPERATOR) sandbox demo $(if $(ONCE),--once) $(if $(BACKEND),--backend=$(BACKEND)) $(ARGS)

test: environment ## run the tests, part by part (ARGS= goes to pytest, PARTS= chooses, WHOLE=1: also what takes long)
	@$(BIN)/python scripts/run_tests.py $(foreach part,$(PARTS),--part $(part)) -- $(if $(WHOLE),--whole) $(ARGS)

test-kind: environment ## run the scenarios on a cluster made by kind, with Docker (or CLUSTER=kubeconfig EXPENDABLE=context: on yours)
	@$(if $(CLUSTER),SANDBOX_KUBECONFIG="$(CLUSTER)" SANDBOX_EXPENDABLE="$(EXPENDABLE)") \
		$(BIN)/python scripts/run_tests.py --part api --part scenarios -- $(if $(CLUSTER),,--kind) $(ARGS)

check: environment ## lint, types, layers, dependencies, shell, docs, generated files
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/deptry .
	@$(BIN)/shellcheck $(SHELL_FILES)
	@$(BIN)/hadolint deploy/image/Dockerfile
	@$(BIN)/python scripts/check_docs.py
	@$(MAKE) --no-print-directory verify

bench: environment ## measure the operator beside a bare client, to 10,000 Projects (QUICK=1: small, RECORD=1, PARTS=)
	@$(if $(QUICK),,$(PYTHON) scripts/bootstrap.py plots)
	@PYTHONPATH=tests/support:.cache/plots/packages $(BIN)/python -m bench \
		$(if $(QUICK),--quick) $(if $(RECORD),--record) $(foreach part,$(PARTS),--part $(part)) $(ARGS)

kill: environment ## kill the operator amid creations, all seeds and broken builds; prints what is left
	@$(BIN)/python scripts/run_tests.py --part kill -- --whole $(ARGS)

chaos: environment ## kill, cut and spoil at every point, on all backends; prints what came of it (RECORD=1, ARGS=)
	@$(BIN)/python scripts/run_chaos.py $(if $(RECORD),--record) -- $(ARGS)

soak: environment ## what is too long for `make test`: its longer tests, bigger worlds, random edits on a real API server (ARGS= chooses)
	@$(if $(ARGS),,$(MAKE) --no-print-directory test WHOLE=1 PARTS="core unit contract sandbox scenarios chart api")
	@$(BIN)/python -m pytest -o cache_dir=.pytest_cache/soak $(or $(ARGS),tests/soak)

mutants: environment ## break the core in small ways, and count how many of these its tests notice (RECORD=1, ARGS=)
	@$(PYTHON) scripts/bootstrap.py mutants
	@PYTHONPATH=.cache/mutants/packages nice $(BIN)/python scripts/mutants.py $(if $(RECORD),--record) $(ARGS)

generate: environment ## write the generated files anew
	@$(OPERATOR) generate
	@$(BIN)/python scripts/generate.py

verify: environment ## compare the generated files with what is committed
	@$(OPERATOR) generate --check
	@$(BIN)/python scripts/generate.py --check

docs: environment ## check the documentation, build its site (.cache/docs/site), and type its commands (SITE=1: only build)
	@$(BIN)/python scripts/check_docs.py
	@$(PYTHON) scripts/bootstrap.py docs
	@$(BIN)/python scripts/docs_site.py
	@$(if $(SITE),,$(BIN)/python scripts/run_tests.py --part api --part scenarios -- --whole -k "doc_blocks or typed" $(ARGS))

clean: ## remove what was built, environments and caches included
	rm -rf .venv .cache dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis .coverage .coverage.*

sbom: run-environment ## write the bill of materials of the image to dist/sbom.cdx.json (CycloneDX)
	@$(BIN)/python scripts/sbom.py

lock: environment ## maintainers: resolve the dependencies anew (ARGS=--upgrade)
	@$(BIN)/python scripts/lock.py $(ARGS)
