# `make up` and `make test` need nothing but git and make before them; `make help` lists the rest.
# PYTHON=/path/to/python3.12 chooses the interpreter.

CHECKS := lint types imports shell unit integration simulate e2e
ENVIRONMENT := PYTHON="$(PYTHON)" scripts/environment.sh
TICKETCTL := .venv/bin/ticketctl

.DEFAULT_GOAL := help
.PHONY: help environment up down test docs constraints $(CHECKS)

help: ## Print this list
	@grep -hE '^[a-z0-9]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /#/' | while IFS='#' read -r name text; do printf '  make %-12s %s\n' "$$name" "$$text"; done
	@printf '  make %-12s %s\n' 'CHECK' 'One check with what it needs; CHECK is one of: $(CHECKS)'

environment: ## Make .venv, or bring it up to date
	@$(ENVIRONMENT)

up: environment ## From a bare machine to a healthy stack: engine, images, containers, migrations, index, health
	@$(TICKETCTL) engine ensure
	@scripts/with_engine.sh $(TICKETCTL) bootstrap

down: environment ## Stop the stack and keep its data
	@scripts/with_engine.sh $(TICKETCTL) down

test: environment ## All checks and tests, on real servers that it starts and removes itself
	@.venv/bin/python scripts/checks.py

$(CHECKS): environment
	@.venv/bin/python scripts/checks.py $@

docs: environment ## Write the generated pages and the Compose file
	@.venv/bin/python docs/generate.py
	@$(TICKETCTL) compose render

constraints: environment ## Write constraints.txt from pyproject.toml (UPGRADE=1 takes the newest)
	@UPGRADE="$(UPGRADE)" scripts/constraints.sh
