# EmoCAM: `make help` lists what there is. Works with GNU make 3.81 or newer.
#
# A section is made by running its notebook. Its target is the executed notebook,
# figures/<study>/notebooks/NN_name.ipynb; beside it lie NN_name.html to read, NN_name.products (the
# figures it saved) and NN_name.parameters. It runs again when the notebook, the code, the study, the
# weights, the pins or a parameter changed, or when one of its figures is gone. What the networks
# computed is kept in data/results, so running again is quick.

STUDY ?= emoscenes## the study: a file of data/studies
IMAGES ?=## a folder of photographs, for STUDY=folder
DATA ?=## the folder of FER2013, for train-gimefive and facial-parts
FOLDER ?=## a folder of photographs, for face-scores
VIDEO ?=## a video file, for face-video
OUT ?=## what face-scores (a .csv) and face-video (an .mp4) write
EXTRA ?=## more parameters of a notebook, e.g. EXTRA='-p limit 100'
TIMEOUT ?=## seconds that one cell may take (default: any time)
PYTHON ?=## the Python 3.11 or 3.12 that .venv is made from (default: the first on the PATH)
# PY=python on the command line takes a Python that has the packages (conda) instead of .venv.

EMOCAM_FIGURES ?= figures
EMOCAM_RESULTS ?= data/results
export EMOCAM_FIGURES EMOCAM_RESULTS
export JUPYTER_PREFER_ENV_PATH := 1

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules

fer2013 = $(call quote,$(or $(DATA),$(error Give the folder of FER2013: make $@ DATA=folder)))
quote = '$(subst ','\'',$(1))'# one word for the shell, whatever is in it
# $(call given,OUT,OUT=scores.csv): the variable as one word for the shell, or what to type
given = $(call quote,$(or $($(1)),$(error Give $(1), e.g. make $@ $(2))))
absent = $(filter-out $(wildcard $(1)),$(1))

# ---------------------------------------------------------------------------- the environment
ifeq ($(origin PY),command line)
INSTALLED :=
else
PY := .venv/bin/python
INSTALLED := .venv/.installed
# The stamp holds the folder and the pins: a checkout that only touches their files installs
# nothing, and a copied clone does not go on importing the code of the first one.
stamp := { echo "\# $$(pwd -P)"; cat requirements.txt requirements-nodeps.txt; }
ifneq ($(shell test -x $(PY) && $(stamp) | cmp -s - $(INSTALLED) || echo outdated),)
$(INSTALLED): FORCE
endif
endif

# ------------------------------------------------------------------------------- the sections
# 00_<kind> is a section of the studies of that kind of corpus only.
KIND := $(shell sed -n 's/^corpus:.*kind: *\([a-z]*\).*/\1/p' data/studies/$(STUDY).yaml 2>/dev/null)
NOTEBOOKS := $(filter-out $(patsubst %,notebooks/00_%.ipynb,$(filter-out $(KIND),emoscenes findingemo \
	folder)),$(sort $(wildcard notebooks/[0-9]*.ipynb)))
RUNS := $(EMOCAM_FIGURES)/$(STUDY)/notebooks
INDEX := $(EMOCAM_FIGURES)/$(STUDY)/index.html
EXECUTED := $(NOTEBOOKS:notebooks/%=$(RUNS)/%)

# 03_cam_methods -> cam-methods
stem = $(basename $(notdir $(1)))
number = $(firstword $(subst _, ,$(stem)))
section = $(subst _,-,$(patsubst $(number)_%,%,$(stem)))
SECTIONS := $(foreach notebook,$(NOTEBOOKS),$(call section,$(notebook)))
WANTED := $(if $(filter paper,$(MAKECMDGOALS)),$(EXECUTED),$(strip $(foreach notebook,$(EXECUTED),\
	$(if $(filter $(call section,$(notebook)),$(MAKECMDGOALS)),$(notebook)))))

CODE := $(filter-out emocam_utils/runner/% emocam_utils/training/%,\
	$(wildcard emocam_utils/*.py emocam_utils/*/*.py emocam_utils/*/*/*.py))
TABLES := $(filter-out data/README.md data/assets.lock,$(wildcard data/*.*))
FETCHED := $(if $(filter findingemo,$(KIND)),$(wildcard \
	data/raw/findingemo/ledger.jsonl data/raw/emonet/emonet.pth data/raw/yolov3/*.weights))
INPUTS := $(CODE) requirements.txt requirements-nodeps.txt data/studies/$(STUDY).yaml $(TABLES) $(FETCHED) \
	$(wildcard data/emoscenes/*.* data/emoscenes/validation/*.* data/faces/*.* data/objects/*.*)

ifneq ($(WANTED),)
ifeq ($(wildcard data/studies/$(STUDY).yaml),)
$(error There is no study '$(STUDY)' (data/studies/$(STUDY).yaml). Studies: $(sort \
	$(basename $(notdir $(wildcard data/studies/*.yaml)))). Try: make paper STUDY=emoscenes)
endif
ifneq ($(IMAGES),)
ifeq ($(shell test -d $(call quote,$(IMAGES)) && echo there),)
$(error IMAGES is not a folder: $(IMAGES))
endif
# Names, sizes and dates of the photographs: a folder that has changed is analysed again.
CONTENTS := $(shell ls -lnRL $(call quote,$(IMAGES)) 2>/dev/null | cksum)
endif
endif

# Parameters are kept in a file that is written only when they differ from those of the last run.
PARAMETERS := study=$(STUDY) images=$(IMAGES) contents=$(CONTENTS) extra=$(EXTRA)
differ = $(or $(subst $(1),,$(2)),$(subst $(2),,$(1)))
OTHER := $(foreach file,$(WANTED:.ipynb=.parameters),$(if \
	$(call differ,$(PARAMETERS),$(shell cat $(file) 2>/dev/null)),$(file)))
ifneq ($(OTHER),)
$(OTHER): FORCE
endif

# A notebook of which something is gone runs again; the others do not.
products = $(1:.ipynb=.products) $(addprefix $(RUNS)/,$(shell cat $(1:.ipynb=.products) 2>/dev/null))
INCOMPLETE := $(foreach notebook,$(WANTED),$(if $(call absent,$(call products,$(notebook))),$(notebook)))
ifneq ($(INCOMPLETE),)
$(INCOMPLETE): FORCE
endif

# 01 computes boxes, predictions and maps, which the later notebooks read: it goes first, so that a
# parallel make does not compute them twice. That it ran is no reason for the others to run again.
FIRST := $(filter $(RUNS)/01_%,$(WANTED))
ifneq ($(FIRST),)
LATER := $(filter-out $(RUNS)/00_% $(FIRST),$(WANTED))
ifneq ($(LATER),)
$(LATER): | $(FIRST)
endif
endif

.PHONY: help env data paper $(SECTIONS) test test-notebooks lab train train-validation train-gimefive bench clean FORCE
.PHONY: face-scores face-video facial-parts

help: ## this list
	@echo "EmoCAM: make TARGET [VARIABLE=value]"
	@echo
	@awk -F ' *:.*## ' '/^[a-z-]+:.*## / { printf "  %-17s %s\n", $$1, $$2 }' Makefile
	@echo
	@echo "  one section of the paper:"
	@$(foreach notebook,$(NOTEBOOKS),title=$$(sed -n 's/^ *"#* \{1,\}\([^"]*[^"\\n]\)\(\\n\)*",*$$/\1/p' \
		$(notebook) | head -n 1); printf '  %-17s %s\n' $(call section,$(notebook)) "$$title";)
	@echo
	@awk -F '( *\\?= *|## )' '/^[A-Z]+ \?=.*## / { printf "  %-10s %s%s\n", $$1, $$3, \
		$$2 ? " (" $$2 ")" : "" }' Makefile

env: $(INSTALLED) ## the Python environment .venv, with the pinned packages

paper: $(EXECUTED) $(INDEX) ## every section, its figures, and figures/<study>/index.html

data: $(INSTALLED) ## what a study needs from the web (DRY_RUN=1 lists it, LIMIT=100 takes a few images)
	@$(PY) -m emocam_utils.downloads.fetch $(call quote,$(STUDY)) $(if $(DRY_RUN),--dry-run) \
		$(if $(LIMIT),--limit $(call quote,$(LIMIT)))

test: $(INSTALLED) ## format, lint, tests, and every notebook on a tiny study
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(PY) -m pytest --ignore=tests/browser --ignore=tests/benchmarks
	@$(MAKE) --no-print-directory test-notebooks

test-notebooks: $(INSTALLED) ## every notebook on the study tiny, in a temporary folder
	@folder=$$(mktemp -d) && \
	export EMOCAM_FIGURES="$$folder/figures" EMOCAM_RESULTS="$$folder/results" && \
	if $(MAKE) --no-print-directory paper STUDY=tiny IMAGES= EXTRA= \
		EMOCAM_FIGURES="$$EMOCAM_FIGURES" EMOCAM_RESULTS="$$EMOCAM_RESULTS" && \
		( for other in $(filter-out $(wildcard notebooks/[0-9]*),$(wildcard notebooks/*.ipynb)); do \
		$(PY) -m emocam_utils.runner.execute $$other --out "$$folder/figures/tiny/notebooks" \
		-p study tiny || exit 1; done ); \
	then rm -rf "$$folder"; echo "Every notebook runs on the study tiny."; \
	else echo "What there is lies in $$folder" >&2; exit 1; fi

test-browser: $(INSTALLED) ## notebooks 02 and 05 in JupyterLab and Chromium (requirements-browser.txt)
	$(PY) -m pytest -rs tests/browser

lab: $(INSTALLED) ## JupyterLab in notebooks/ (LAB= for its options)
	$(PY) -m jupyterlab --LabApp.default_url=/lab/tree/notebooks $(LAB)

train: $(INSTALLED) ## train the shipped networks again on drawn scenes (up to an hour)
	$(PY) -m emocam_utils.training

train-validation: $(INSTALLED) ## train the further networks of 06_validation and measure them (SEEDS="0 2")
	@for seed in $(or $(SEEDS),0 2); do weights=data/raw/validation/seed-$$seed; \
	$(PY) -m emocam_utils.training --only emonet --seed $$seed --epochs 12 --out $$weights $(TRAIN) && \
	$(PY) -m emocam_utils.training.validate --seed $$seed --weights $$weights || exit 1; done

train-gimefive: $(INSTALLED) ## train GiMeFive on FER2013 again (DATA=its folder; some two hours)
	$(PY) -m emocam_utils.training.gimefive $(call fer2013)

facial-parts: $(INSTALLED) ## eyes or mouth: what the parts of a face are to the networks (DATA=folder)
	$(PY) -m emocam_utils.faces.parts $(call fer2013)

network = $(if $(NETWORK),--network $(call quote,$(NETWORK))) \
	$(if $(WEIGHTS),--weights $(call quote,$(WEIGHTS)))
face-scores: $(INSTALLED) ## the emotions of the faces in FOLDER= as a table, OUT=scores.csv (CROPPED=1: the images are faces)
	@$(PY) -m emocam_utils.apps.face_scores $(call given,FOLDER,FOLDER=/home/me/photos OUT=scores.csv) \
		--out $(call given,OUT,FOLDER=/home/me/photos OUT=scores.csv) $(network) \
		$(if $(CROPPED),--cropped)

face-video: $(INSTALLED) ## VIDEO= with its faces read and explained, OUT=annotated.mp4
	@$(PY) -m emocam_utils.apps.face_video $(call given,VIDEO,VIDEO=in.mp4 OUT=annotated.mp4) \
		$(call given,OUT,VIDEO=in.mp4 OUT=annotated.mp4) $(network)

bench: $(INSTALLED) ## how fast each stage is
	$(PY) tests/benchmarks/run.py

clean: ## remove results, executed notebooks and galleries; keep figures, downloads and .venv
	rm -rf $(call quote,$(EMOCAM_RESULTS))
	rm -rf $(EMOCAM_FIGURES)/*/notebooks $(EMOCAM_FIGURES)/*/index.html

# ---------------------------------------------------------------------------------- the rules
FORCE:

define section_rule
$(call section,$(1)): $(RUNS)/$(notdir $(1)) $(INDEX)
endef
$(foreach notebook,$(NOTEBOOKS),$(eval $(call section_rule,$(notebook))))

$(EXECUTED): $(RUNS)/%.ipynb: notebooks/%.ipynb $(RUNS)/%.parameters $(INPUTS) | $(INSTALLED)
	@$(PY) -m emocam_utils.runner.execute $< --out $(@D) $(if $(TIMEOUT),--timeout $(TIMEOUT)) \
		-p study $(STUDY) $(if $(IMAGES),-p images $(call quote,$(IMAGES))) $(EXTRA)

$(RUNS)/%.parameters:
	@mkdir -p $(@D)
	@printf '%s\n' $(call quote,$(PARAMETERS)) > $@

$(INDEX): $(WANTED) emocam_utils/runner/gallery.py $(wildcard $(EMOCAM_FIGURES)/$(STUDY)/*.json) | $(INSTALLED)
	@$(PY) -m emocam_utils.runner.gallery $(STUDY)

ifneq ($(INSTALLED),)
# brambox 5 is not built for newer Pythons, and does not compile with the numpy of today.
fits = -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 13))' 2>/dev/null
tried = $(or $(PYTHON),python3 python3.12 python3.11)
$(INSTALLED):
	@if ! $(PY) $(fits) || ! $(PY) -m pip --version >/dev/null 2>&1; then \
		for python in $(tried) ""; do test -z "$$python" || ! "$$python" $(fits) || break; done; \
		test -n "$$python" || { echo "EmoCAM needs Python 3.11 or 3.12, and found none ($(tried);" \
			"$$($(firstword $(tried)) --version 2>&1)). Name one: make env PYTHON=/usr/bin/python3.12" >&2; exit 1; }; \
		echo "Making .venv with $$("$$python" --version)" && "$$python" -m venv --clear .venv; \
	fi
	$(PY) -m pip install --disable-pip-version-check -r requirements.txt
	$(PY) -m pip install --disable-pip-version-check --no-deps -r requirements-nodeps.txt
	@$(PY) -c 'import pathlib, sysconfig; \
		pathlib.Path(sysconfig.get_path("purelib"), "emocam.pth").write_text(f"{pathlib.Path.cwd()}\n")'
	@$(stamp) > $@
endif
