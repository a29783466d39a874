PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

.PHONY: demo test check check-words slow bench bench-scale fuzz crashes docs clean

demo: $(VENV)/.installed            ## the main job on the shipped sample: out/demo/plan.xlsx
	$(BIN)/soihang demo --out out/demo

# Each of pytest's workers has a core: processes and threads that a test does not ask for would only wait for each other.
test: $(VENV)/.tested               ## all that is not slow
	OMP_NUM_THREADS=1 LOKY_MAX_CPU_COUNT=1 $(BIN)/python -m pytest -m "not slow" -n auto --dist loadfile

check: $(VENV)/.tested              ## lint and types
	$(BIN)/ruff check .
	$(BIN)/mypy

audit: $(BIN)/pip-audit             ## known flaws of the pinned dependencies, by OSV's data: needs the network, so the tests do without
	@mkdir -p out
	@$(BIN)/pip-audit --strict --vulnerability-service osv --no-deps --disable-pip --progress-spinner off --requirement constraints.txt 2> out/audit.txt \
	|| { if grep -q 'requests\.exceptions' out/audit.txt; then echo "audit: the data at api.osv.dev cannot be reached from here, so nothing was audited" >&2; \
	else cat out/audit.txt >&2; fi; exit 1; }

$(BIN)/pip-audit: constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt pip-audit
	touch $@

slow: $(VENV)/.tested               ## sweeps
	$(BIN)/python -m pytest -m slow

check-words: $(VENV)/.tested        ## every real text and 100,000 odd strings: the words of underthesea, one by one (about half an hour)
	$(BIN)/python benchmarks/check_words.py

bench: $(VENV)/.tested              ## speed and quality on the real listings, where they lie beside the repository
	$(BIN)/python benchmarks/real_listings.py
	$(BIN)/python benchmarks/words.py
	$(BIN)/python -m benchmarks.robust
	$(BIN)/python benchmarks/kinds.py
	$(BIN)/python benchmarks/scoring.py
	$(BIN)/python -m benchmarks.increments
	$(BIN)/python benchmarks/words_or_syllables.py
	$(BIN)/python -m benchmarks.learned
	$(BIN)/python benchmarks/imitations.py
	$(BIN)/python -m benchmarks.prices
	$(BIN)/python benchmarks/sellers.py
	$(BIN)/python benchmarks/links.py
	$(BIN)/python benchmarks/market.py
	$(BIN)/python benchmarks/reports.py --targets 1000
	$(BIN)/python -m benchmarks.returns
	$(BIN)/python -m benchmarks.planning
	$(BIN)/python -m benchmarks.poisoning
	$(BIN)/python -m benchmarks.closed_loop

bench-scale: $(VENV)/.tested        ## the whole way at 100,000, 1 and 5 million full listings; docs/img/scale.svg (a night; 40 GB of disk)
	$(BIN)/python -m benchmarks.scale --one-worker

$(VENV)/.installed: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable .
	touch $@

$(VENV)/.tested: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[test,dev]"
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --no-deps axe-playwright-python
	touch $@

fuzz: $(VENV)/.tested               ## a hundred thousand malformed inputs from ingest to score (some eight minutes)
	$(BIN)/python -m benchmarks.fuzz

crashes: $(VENV)/.tested            ## kill -9 at a hundred random moments, and the same bytes after all (some twenty minutes)
	$(BIN)/python -m benchmarks.crashes

docs: $(VENV)/.tested               ## the site, in out/site
	$(BIN)/mkdocs build

clean:
	rm -rf $(VENV) out dist build .pytest_cache .mypy_cache .ruff_cache
