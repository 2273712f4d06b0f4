# Two commands: `make run` and `make test`. Both set up all they need inside this folder.

PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
LOCKS := gridshare_portal/demo/requirements.txt requirements.txt

.PHONY: run test test-long test-faults check format setup test-setup lock clean

run: setup
	@exec $(PY) -m gridshare_portal.demo

test: test-setup
	@exec $(PY) -m tests

# The same tests, with many more rounds where repeating says more: races and fuzzing.
test-long: test-setup
	@ROUNDS=long exec $(PY) -m tests

# The 44 faults of tests/faults/matrix.py, row by row, with the whole portal on both databases. About 20 minutes.
test-faults: test-setup
	@exec $(PY) -m tests.faults

check: test-setup
	@exec $(PY) -m tests.gate

format: test-setup
	$(VENV)/bin/ruff check --fix-only -q . && $(VENV)/bin/ruff format -q .
	$(VENV)/bin/djangofmt -q templates || true
	node_modules/.bin/biome check --write static

setup: $(VENV)/.ready node_modules/.ready

test-setup: $(VENV)/.test-ready node_modules/.test-ready

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "This needs Python 3.11 or newer; say which with `make PYTHON=python3.12 …`.")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.ready: $(LOCKS) | $(VENV)/bin/python
	$(VENV)/bin/pip install -q --disable-pip-version-check --require-hashes $(addprefix -r ,$(LOCKS))
	@touch $@

$(VENV)/.test-ready: tests/requirements.txt $(VENV)/.ready
	$(VENV)/bin/pip install -q --disable-pip-version-check --require-hashes -r tests/requirements.txt
	@touch $@

# Node is used where there is one; else a wheel brings it into the virtual environment.
NPM = PATH="$$PATH:$(CURDIR)/$(VENV)/bin" npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
NODE = command -v npm >/dev/null 2>&1 || $(VENV)/bin/pip install -q --disable-pip-version-check --require-hashes -r gridshare_portal/demo/requirements-node.txt

node_modules/.ready: package-lock.json $(VENV)/.ready
	@$(NODE)
	$(NPM) --omit=dev
	@touch $@

node_modules/.test-ready: package-lock.json $(VENV)/.ready
	@$(NODE)
	$(NPM)
	@touch node_modules/.ready $@

# Writes the lock files anew from pyproject.toml; the only target that needs uv.
COMPILE = uv pip compile --generate-hashes --universal --no-header --no-emit-index-url -q
lock:
	$(COMPILE) pyproject.toml -o requirements.txt
	$(COMPILE) --group demo -c requirements.txt -o gridshare_portal/demo/requirements.txt
	$(COMPILE) --group node -c requirements.txt -o gridshare_portal/demo/requirements-node.txt
	$(COMPILE) --group test -c requirements.txt -c gridshare_portal/demo/requirements.txt -o tests/requirements.txt

clean:
	rm -rf $(VENV) node_modules .data staticfiles
