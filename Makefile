# From a bare machine with python3, gcc and make: each target sets up what it needs; a second run is quick.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_ROOT_USER_ACTION := ignore

.PHONY: help demo test test-processors lint types proofs docs wheels try-wheels clean

help:
	@echo "make demo             set up, certify Iris and check the certificate"
	@echo "make test             set up, build the proofs where Coq and OCaml are there, run all tests"
	@echo "make test-processors  the numerical tests with the kernels of four kinds of processors"
	@echo "make lint             ruff"
	@echo "make types            mypy"
	@echo "make proofs           the proofs in Coq, and the checker extracted from them"
	@echo "make docs             the site, in site/; it runs the tutorials"
	@echo "make wheels           certify and certify-checker to install from, in dist/"
	@echo "make try-wheels       installs these as a user does, and uses them"
	@echo "make clean            remove what these have made"

demo: $(VENV)/.installed
	@mkdir -p demo
	$(BIN)/certify bound --data examples/iris.csv --certificate demo/iris.cert --save-network demo/iris.npz --report demo/iris.html
	$(BIN)/certify check demo/iris.cert --data examples/iris.csv

# One worker a core, so each keeps to one BLAS thread; neighbours, which share fixtures, stay with one worker.
test: $(VENV)/.installed-dev
	@if $(HAS_PROOF_TOOLS); then $(MAKE) --no-print-directory proofs; fi
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/pytest -n auto --dist worksteal

# What computes in floating point, once with the kernels that OpenBLAS has for each of these processors.
PROCESSORS := SkylakeX Haswell Zen Nehalem
EXACT_TESTS := tests/certify/checker tests/certify/trust/extracted tests/certify/trust/coq tests/corpus
FLOAT_TESTS = tests $(EXACT_TESTS:%=--ignore=%)
USE_KERNELS := import numpy, scipy.linalg; A = numpy.eye(200) + numpy.ones((200, 200)); scipy.linalg.eigh(A @ A)
test-processors: $(VENV)/.installed-dev
	@failed=; export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1; for name in $(PROCESSORS); do \
	  export OPENBLAS_CORETYPE=$$name; \
	  if ! $(BIN)/python -c "$(USE_KERNELS)" >/dev/null 2>&1; then \
	    echo "$$name: left out, as this processor cannot run its kernels"; \
	  else \
	    echo "$$name:"; $(BIN)/pytest -n auto --dist worksteal $(FLOAT_TESTS) || failed="$$failed $$name"; \
	  fi; \
	done; if [ -n "$$failed" ]; then echo "failed with the kernels for$$failed"; exit 1; fi

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.installed-dev
	$(BIN)/mypy

# The proofs in Coq and the checker that is extracted from them, which `certify check` then uses.
HAS_PROOF_TOOLS = { command -v coqc && ocamlfind query zarith; } >/dev/null 2>&1
PROOF_TOOLS := coq libcoq-mathcomp-algebra ocaml-nox ocaml-findlib libzarith-ocaml-dev
proofs:
	@if ! $(HAS_PROOF_TOOLS); then \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    apt-get update -qq && apt-get install -y -qq --no-install-recommends $(PROOF_TOOLS) >/dev/null; \
	  else \
	    echo "the proofs need Coq and OCaml with Zarith: on Debian, as root, apt-get install $(PROOF_TOOLS)"; exit 1; \
	  fi; \
	fi
	$(MAKE) --no-print-directory -C proofs
	@cat proofs/build/assumptions.txt

# Without the proved checker, where it is not built, the wheel is for any machine.
wheels: $(VENV)/.installed-release
	@rm -rf dist
	@for package in . packages/checker; do \
	  $(BIN)/python -m build --sdist --wheel --outdir dist $$package >dist.log 2>&1 || { cat dist.log; exit 1; }; \
	done
	@rm dist.log; ls dist

# Under each Python from 3.11 to 3.14 that is there.
try-wheels: wheels
	$(BIN)/python packages/try_wheels.py dist

docs: $(VENV)/.installed-docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

clean:
	$(MAKE) -C proofs clean
	rm -rf $(VENV) demo dist site

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "certify needs Python 3.11 or later; set PYTHON=/path/to/python3.11")'
	$(PYTHON) -m venv $(VENV)

# pip's warnings are about the machine, and many on some; what fails is still said.
INSTALL := $(BIN)/pip install --quiet --quiet --editable packages/checker --editable
PROJECTS := pyproject.toml packages/checker/pyproject.toml

$(VENV)/.installed: $(PROJECTS) | $(BIN)/python
	$(INSTALL) .
	@touch $@

# With an extra.
$(VENV)/.installed-%: $(PROJECTS) | $(BIN)/python
	$(INSTALL) '.[$*]'
	@touch $@ $(VENV)/.installed
