# Each command does its own set-up; what is up to date is skipped. PYTHON=... chooses a Python.
# ARGS=... is passed on: make test ARGS='test/geometry -x'

.PHONY: demo test lint bench setup engines lock clean

demo: setup
	@.venv/bin/spatialclaw demo $(ARGS)

test:
	@PYTHON="$(PYTHON)" scripts/set_up.sh --test
	.venv/bin/python -m pytest $(ARGS)

lint:
	@PYTHON="$(PYTHON)" scripts/set_up.sh --test
	.venv/bin/ruff check .
	.venv/bin/mypy
	.venv/bin/lint-imports

bench:
	@PYTHON="$(PYTHON)" scripts/set_up.sh --bench
	@.venv/bin/python benchmarks/run_all.py $(ARGS)

setup:
	@PYTHON="$(PYTHON)" scripts/set_up.sh

# What SAM 3 and Depth Anything 3 need, but for their weights.
engines:
	@PYTHON="$(PYTHON)" scripts/set_up.sh --engines

# Pin what requirements/*.in bring along, for all supported Pythons at once; numpy in base alone,
# for with a distribution sourced the system's stays.
COMPILE = ../build/lock/bin/uv pip compile --quiet --universal --python-version 3.10 \
    --no-annotate --no-header
lock:
	python3 -m venv build/lock && build/lock/bin/pip install --quiet uv==0.13.9
	cd requirements && $(COMPILE) base.in -o base.txt && for name in engines test bench; do \
	    $(COMPILE) --no-emit-package numpy $$name.in -o $$name.txt; done

clean:
	rm -rf .venv build
