# Only aliases of bin/, for those who type make. `make help` lists them; every script explains itself with `help`.

.DEFAULT_GOAL := help
.PHONY: help setup dev test ci reset

help: ## Say what there is
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

setup: ## Make the virtual environment with all dependencies
	@bin/setup

dev: ## Start everything, on http://localhost:8000
	@bin/dev

test: ## Run all tests
	@bin/test

ci: ## Check everything that a change must pass
	@bin/ci

reset: ## Clear all state of development
	@bin/reset
