# Two commands: `make run` and `make test`. Everything else is for those who change the code.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
JOBS ?= 2
VAR := $(or $(VAR_DIR),var)
MANAGE := $(BIN)/python manage.py
INSTALL := $(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes

.DEFAULT_GOAL := help
# Bytecode makes the second start quick.
unexport PYTHONDONTWRITEBYTECODE
.PHONY: help run test test-services test-browser check bench bench-kpi bench-desk bench-pages bench-office bench-notify lighthouse reset requirements

help:  ## What can be made
	@sed -n 's/^\([a-z-]*\):.*## /make \1  # /p' Makefile | column -t -s '#'

run: $(VENV)/.base  ## Set up everything and serve at http://localhost:8000 with worker and beat
	@$(MANAGE) serve

test: $(VENV)/.dev  ## All tests that need no server; says what it leaves out
	@$(BIN)/python -m pytest -n $(JOBS) --dist worksteal -rsR

test-services: $(VENV)/.dev  ## The suite on PostgreSQL and Redis on localhost: each test with its first parameters, without what knows no database
	@DATABASE_URL=$${DATABASE_URL:-postgres://postgres@127.0.0.1:5432/postgres} \
	 TEST_BROKER_URL=$${TEST_BROKER_URL:-redis://127.0.0.1:6379/9} \
	 $(BIN)/python -m pytest -n $(JOBS) --dist worksteal -rsR --each-once -m "not tour" --ignore tests/matching

test-browser: $(VENV)/.dev  ## In Debian's chromium: the line, every page in every language, by keyboard alone
	@command -v chromium >/dev/null || { echo "chromium is missing: apt install chromium fonts-noto-cjk"; exit 1; }
	@TOUR_ALL=1 $(BIN)/python -m pytest -n $(JOBS) --dist worksteal -m browser -rsR

check: $(VENV)/.dev  ## Format, lint, types, import direction, migrations, deployment settings
	@$(BIN)/ruff format --check . && $(BIN)/ruff check .
	@echo "types ..." && $(BIN)/mypy .
	@PYTHONPATH=requests $(BIN)/lint-imports --no-cache
	@$(MANAGE) makemigrations --check --dry-run
	@MDEJI_ENV=production SECRET_KEY=$$($(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(50))') \
	 ALLOWED_HOSTS=mdeji.example.jp SITE_URL=https://mdeji.example.jp EMAIL_URL=smtp://localhost:25 \
	 DEFAULT_FROM_EMAIL=office@example.jp DATABASE_URL=postgres://localhost/mdeji BROKER_URL=redis://localhost/0 CACHE_URL=rediscache://localhost/1 VAR_DIR=$(VAR)/check $(MANAGE) check --deploy --fail-level WARNING

bench: $(VENV)/.bench  ## Measurements, as ratios within one run
	@PYTHONPATH=requests $(BIN)/python -m bench.matcher --picture $(VAR)/matcher.png

bench-kpi: $(VENV)/.dev  ## The ledger with ten million consultations on PostgreSQL; SCALE=0.05 for a twentieth
	@PYTHONPATH=requests $(BIN)/python -m bench.kpi --scale $(or $(SCALE),1)

bench-desk: $(VENV)/.dev  ## The desk log: its endpoint against a bare view on PostgreSQL, and tap to saved in chromium
	@PYTHONPATH=requests $(BIN)/python -m bench.desk_api; api=$$?; PYTHONPATH=requests $(BIN)/python -m bench.desk_log && exit $$api

bench-pages: $(VENV)/.dev  ## Each page of the two forms in steps against a bare page on the base template
	@PYTHONPATH=requests $(BIN)/python -m bench.pages

bench-office: $(VENV)/.dev  ## Each page of the office with 5,000 supporters and 60,000 duties on PostgreSQL, against a bare page
	@PYTHONPATH=requests $(BIN)/python -m bench.office

bench-notify: $(VENV)/.dev  ## 10,000 messages in a storm, and the worker beside a bare loop of Twilio's SDK; needs the programs of PostgreSQL and Redis
	@PYTHONPATH=requests $(BIN)/python -m bench.notify

lighthouse: $(VENV)/.dev  ## Lighthouse's marks on a simulated phone; needs Node and chromium
	@PYTHONPATH=requests $(BIN)/python -m bench.lighthouse

reset:  ## Start over: forget the demo's database, mails and queue
	rm -rf $(VAR)/mdeji.sqlite3* $(VAR)/mail $(VAR)/broker $(VAR)/beat-schedule*

requirements: $(BIN)/uv  ## Pin what pyproject.toml declares, with hashes
	$(BIN)/uv pip compile --quiet --upgrade --generate-hashes --universal --python-version 3.11 --no-header pyproject.toml -o requirements/base.txt
	for extra in dev bench; do \
	 $(BIN)/uv pip compile --quiet --upgrade --generate-hashes --universal --python-version 3.11 --no-header \
	  -c requirements/base.txt --extra $$extra pyproject.toml -o requirements/$$extra.txt; done

$(BIN)/uv: requirements/uv.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; this is " + sys.version.split()[0] + ". Name another by PYTHON=...")'
	@echo "Making the environment in $(VENV) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
	@touch $@

$(VENV)/.%: requirements/%.txt $(BIN)/uv
	@echo "Installing what requirements/$*.txt pins ..."
	@$(INSTALL) -r $<
	@touch $@
