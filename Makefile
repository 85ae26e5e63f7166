# Every target sets up what it needs: a virtual environment with pinned dependencies.
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
SETUP := pyproject.toml setup.py environment/extras.yml environment/constraints.txt \
  environment/install.py

.PHONY: generate test lint types check drills checked serve registry report picture samples clean

generate: $(VENV)/generate.stamp  ## a package for every model type, in generated/
	$(RUN) scripts/batch_generate.py --all --force

test: $(VENV)/models.stamp  ## the tests of this project and of generated packages
	$(RUN) -m pytest --numprocesses auto --dist loadfile

lint: $(VENV)/models.stamp  ## format, lint and import directions of our code
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(VENV)/bin/lint-imports --no-cache

types: $(VENV)/models.stamp  ## every source, those of the tasks and platforms too
	$(RUN) scripts/check_types.py

check: lint types test

drills: $(VENV)/models.stamp  ## kills, full disks, corrupt files, hostile names, jobs that go wrong
	DRILLS=full $(RUN) -m pytest tests/drills

checked: $(VENV)/models.stamp  ## packages of all tasks are right, their mutants are refused
	CHECKED=all $(RUN) -m pytest --numprocesses auto tests/test_checked_packages.py

serve: $(VENV)/models.stamp  ## handlers at small sizes are not slower than their limits
	$(RUN) benchmarks/serve.py --small --check

registry: $(VENV)/models.stamp  ## measure every model type again with the installed transformers
	$(RUN) scripts/build_registry.py --all --jobs 2

report: $(VENV)/report.stamp  ## report.html: what the registry knows, on one page
	$(RUN) scripts/report.py

picture: $(VENV)/models.stamp  ## docs/report.png, the picture of the report in the README
	$(RUN) scripts/report_picture.py

clean:
	rm -rf generated $(VENV)

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/%.stamp: $(VENV)/bin/python $(SETUP)
	$(RUN) environment/install.py $*
	touch $@
