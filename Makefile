# Two commands: `make run` and `make test`. Both set up all they need inside this folder.

PYTHON ?= python3
VENV := .venv
SCANNERS := .scanners
PY := $(VENV)/bin/python
LOCKS := gridshare_portal/demo/requirements.txt requirements.txt

.PHONY: run test test-long test-faults check check-security outdated format setup test-setup lock clean

run: setup
	@exec $(PY) -m gridshare_portal.demo

test: test-setup
	@exec $(PY) -m tests

# The same tests, with many more rounds where repeating says more: races and fuzzing.
test-long: test-setup
	@ROUNDS=long exec $(PY) -m tests

# The 52 faults of tests/faults/matrix.py, row by row, with the whole portal on both databases. About 20 minutes.
test-faults: test-setup
	@exec $(PY) -m tests.faults

check: test-setup
	@exec $(PY) -m tests.gate

# Scanners of the source and of the running portal, each with a planted control; it takes some minutes.
check-security: test-setup $(SCANNERS)/.ready
	@exec $(PY) -m tests.scans

# Which of the packages that we name are behind, and whether pyproject.toml lets the newest in.
outdated: test-setup
	@exec $(PY) -m tests.outdated

format: test-setup
	$(VENV)/bin/ruff check --fix-only -q . && $(VENV)/bin/ruff format -q .
	$(VENV)/bin/djangofmt -q templates || true
	node_modules/.bin/biome check --write static

setup: $(VENV)/.ready

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

node_modules/.test-ready: package-lock.json $(VENV)/.ready
	@$(NODE)
	$(NPM)
	@touch $@

SCANNER_LOCKS := $(addprefix tests/scans/,requirements-source.txt requirements-web.txt observatory/package-lock.json)
OBSERVATORY := $(SCANNERS)/observatory
$(SCANNERS)/.ready: $(SCANNER_LOCKS) $(VENV)/.ready
	@$(NODE)
	for kind in source web; do \
	  $(VENV)/bin/python -m venv $(SCANNERS)/$$kind && \
	  $(SCANNERS)/$$kind/bin/pip install -q --disable-pip-version-check --require-hashes -r tests/scans/requirements-$$kind.txt || exit 1; \
	done
	mkdir -p $(OBSERVATORY) && cp tests/scans/observatory/package*.json $(OBSERVATORY)/
	cd $(OBSERVATORY) && $(NPM)
	echo '{}' > $(OBSERVATORY)/node_modules/@mdn/mdn-http-observatory/conf/hsts-preload.json # else it asks for Chromium's list
	@touch $@

# Writes the lock files anew from pyproject.toml; the only target that needs uv. `make lock UPGRADE=-U` takes the
# newest of everything, `make lock UPGRADE="-P granian"` of one package.
COMPILE = uv pip compile --generate-hashes --universal --no-header --no-emit-index-url -q $(UPGRADE)
lock:
	$(COMPILE) pyproject.toml -o requirements.txt
	$(COMPILE) --group demo -c requirements.txt -o gridshare_portal/demo/requirements.txt
	$(COMPILE) --group node -c requirements.txt -o gridshare_portal/demo/requirements-node.txt
	$(COMPILE) --group test -c requirements.txt -c gridshare_portal/demo/requirements.txt -o tests/requirements.txt
	$(COMPILE) --group source-scanners -o tests/scans/requirements-source.txt
	$(COMPILE) --group web-scanners -o tests/scans/requirements-web.txt

clean:
	rm -rf $(VENV) $(SCANNERS) node_modules .data staticfiles
