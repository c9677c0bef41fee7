# EmoCAM: `make help` lists what there is. Works with GNU make 3.81 or newer.
#
# A section is a notebook. emocam_utils/runner decides whether it has to run: DRY_RUN=1 says why.
# Its products lie under figures/<study>; those of a folder of photographs, or of other parameters
# (EXTRA), in a folder of their own. What the networks computed is kept in data/results.

STUDY ?= emoscenes## the study: a file of data/studies
IMAGES ?=## a folder of photographs, for a study of a folder (photos, emonet-photos, your own)
EXTRA ?=## other parameters of a notebook, e.g. EXTRA='-p limit 100'
DRY_RUN ?=## 1: say what would run or be fetched, and do nothing
TIMEOUT ?=## seconds that one cell may take (default: any time)
DATA ?=## the folder of FER2013, for train-gimefive and facial-parts; of labelled images, for train-multi-gap
FOLDER ?=## a folder of photographs, for face-scores
VIDEO ?=## a video file, for face-video
OUT ?=## what face-scores (a .csv), face-video (an .mp4) or facial-parts (a folder) writes
PYTHON ?=## the Python 3.11 or 3.12 that .venv is made from (default: the first on the PATH)
# PY=python on the command line takes a Python that has the packages (conda) instead of .venv.
PY := .venv/bin/python
INSTALLED := $(if $(findstring command line,$(origin PY)),,.venv/.installed)
export JUPYTER_PREFER_ENV_PATH := 1

SECTIONS := $(shell ls notebooks | sed -n 's/^[0-9]*_\(.*\)\.ipynb$$/\1/p' | tr _ -)
quote = '$(subst ','\'',$(1))'# one word for the shell, whatever is in it
option = $(if $($(1)),$(2) $(call quote,$($(1))))# $(call option,OUT,--out)
needed = $(call quote,$(or $($(1)),$(error Give $(1), e.g. make $@ $(2))))# $(call needed,OUT,OUT=a.csv)
dry = $(if $(filter-out 0,$(DRY_RUN)),--dry-run)
model = $(call option,NETWORK,--network) $(call option,WEIGHTS,--weights)
.PHONY: $(shell sed -n 's/^\([a-z-]*\):.*/\1/p' Makefile) $(SECTIONS) FORCE

help: ## this list
	@printf 'EmoCAM: make TARGET [VARIABLE=value]\n\n'
	@awk -F ' *:.*## ' '/^[a-z-]+:.*## / { printf "  %-17s %s\n", $$1, $$2 }' Makefile
	@printf '\n  one section of the paper:\n'
	@awk -F '"' '/^ *"#/ && !seen[FILENAME]++ { name = FILENAME; gsub(/^[^_]*_|\.ipynb$$/, "", name); \
		gsub(/_/, "-", name); gsub(/^#+ *|\\n$$/, "", $$2); printf "  %-17s %s\n", name, $$2 }' notebooks/[0-9]*
	@echo
	@awk -F '( *\\?= *|## )' '/^[A-Z_]+ \?=.*## / { printf "  %-10s %s%s\n", $$1, $$3, $$2 ? " (" $$2 ")" : "" }' Makefile
env: $(INSTALLED) ## the Python environment .venv, with the pinned packages
	@$(PY) -m emocam_utils.runner.committed --install
paper: sections ## every section, its figures, and figures/<study>/index.html
$(SECTIONS): sections ; @:
sections: $(INSTALLED)
	@$(PY) -m emocam_utils.runner $(filter paper $(SECTIONS),$(MAKECMDGOALS)) --study $(call quote,$(STUDY)) \
		$(call option,IMAGES,--images) $(call option,TIMEOUT,--timeout) $(dry) $(EXTRA)
data: $(INSTALLED) ## what a study needs from the web (LIMIT=100: a few images; ONLY=networks: no images)
	@$(PY) -m emocam_utils.downloads.fetch $(call quote,$(STUDY)) $(dry) \
	$(call option,LIMIT,--limit) $(call option,ONLY,--only)
test: $(INSTALLED) ## format, lint, tests, and every notebook on a tiny study
	$(PY) -m ruff format --check . && $(PY) -m ruff check .
	$(PY) -m pytest -n auto --maxprocesses 4 --ignore=tests/browser --ignore=tests/benchmarks
	@$(MAKE) --no-print-directory test-notebooks
test-notebooks: $(INSTALLED) ## every notebook on the study tiny, in a temporary folder
	@folder=$$(mktemp -d) && EMOCAM_FIGURES="$$folder/figures" EMOCAM_RESULTS="$$folder/results" $(PY) \
	-m emocam_utils.runner paper $(basename $(notdir $(wildcard notebooks/[a-z]*.ipynb))) --study tiny --jobs 2 && rm -rf "$$folder" \
	&& echo "Every notebook runs on the study tiny." || { echo "What there is lies in $$folder" >&2; exit 1; }
test-browser: $(INSTALLED) ## explorers in JupyterLab and Chromium, offline page in Chromium (requirements-browser.txt)
	$(PY) -m pytest tests/browser
check-plugin: $(INSTALLED) ## the contract tests on FILE=my_module.py, your network, detector, CAM method or box score (WEIGHTS=its file)
	@$(PY) -m emocam_utils.contracts $(call needed,FILE,FILE=my_module.py) $(call option,WEIGHTS,--weights)
lab: $(INSTALLED) ## JupyterLab in notebooks/ (LAB= for its options)
	$(PY) -m jupyterlab --LabApp.default_url=/lab/tree/notebooks $(LAB)
train: $(INSTALLED) ## train the shipped networks again on drawn scenes (up to an hour)
	@$(PY) -m emocam_utils.training
train-validation: $(INSTALLED) ## train the further networks of 06_validation, and measure what objects do to all of them
	@for what in "0 0.2 seed-0" "2 0.2 seed-2" "1 0 seed-1-no-conv5-dropout"; do set -- $$what; \
	$(PY) -m emocam_utils.training --only emonet --seed $$1 --cam-dropout $$2 --out data/emoscenes/networks/$$3 $(TRAIN) || exit 1; done
	@$(PY) -m emocam_utils.training.truth
	@$(MAKE) --no-print-directory spread
spread: $(INSTALLED) ## thresholds of these networks, and their matrices on fresh corpora (an hour; goes on where it was)
	@$(PY) -m emocam_utils.training.calibrate && $(PY) -m emocam_utils.training.fresh
train-oasis: $(INSTALLED) ## fit the heads that read valence and arousal again (OASIS; two minutes)
	@$(PY) -m emocam_utils.training.oasis
train-gimefive: $(INSTALLED) ## train GiMeFive on FER2013 again (DATA=its folder; some two hours)
	@$(PY) -m emocam_utils.training.gimefive $(call needed,DATA,DATA=/home/me/fer2013)
train-multi-gap: $(INSTALLED) ## train Multi-GAP on drawn scenes again (DATA=a folder per label takes yours; under an hour)
	@$(PY) -m emocam_utils.training.multi_gap $(call option,DATA,--data) $(TRAIN)
	@$(if $(DATA),true,$(PY) -m emocam_utils.training.multi_gap_ratings)
facial-parts: $(INSTALLED) ## eyes or mouth: what the parts of a face are to the networks (DATA=folder, PUBLISH=1)
	@$(PY) -m emocam_utils.faces.parts $(call needed,DATA,DATA=/home/me/fer2013) $(call option,OUT,--out) $(if $(PUBLISH),--publish)
face-scores: $(INSTALLED) ## the emotions of the faces in FOLDER= as a table, OUT=scores.csv (CROPPED=1: the images are faces)
	@$(PY) -m emocam_utils.apps.face_scores $(call needed,FOLDER,FOLDER=/home/me/photos OUT=scores.csv) \
		--out $(call needed,OUT,FOLDER=/home/me/photos OUT=scores.csv) $(if $(CROPPED),--cropped) $(model)
face-video: $(INSTALLED) ## VIDEO= with its faces read and explained, OUT=annotated.mp4
	@$(PY) -m emocam_utils.apps.face_video $(call needed,VIDEO,VIDEO=in.mp4 OUT=annotated.mp4) \
		$(call needed,OUT,VIDEO=in.mp4 OUT=annotated.mp4) $(model)
bench: $(INSTALLED) ## how fast each stage is
	@$(PY) tests/benchmarks/run.py
clean: ## remove results, executed notebooks, galleries and what training left; keep figures, downloads, .venv
	rm -rf $(call quote,$(or $(EMOCAM_RESULTS),data/results)) data/raw/training; find data -name '*.checkpoint' -exec rm {} +
	cd $(call quote,$(or $(EMOCAM_FIGURES),figures)) && rm -rf */notebooks */index.html */explore.html .digests.json
ifneq ($(INSTALLED),)
# The stamp holds the folder and the pins: a checkout that only touches their files installs nothing,
# and a copied clone does not go on importing the code of the first one.
stamp := { echo "\# $$(pwd -P)"; cat requirements.txt requirements-nodeps.txt; }
$(INSTALLED): $(if $(shell test -x $(PY) && $(stamp) | cmp -s - $(INSTALLED) || echo outdated),FORCE)
# brambox 5 is not built for newer Pythons, and does not compile with the numpy of today.
fits = -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 13))' 2>/dev/null
tried = $(or $(PYTHON),python3 python3.12 python3.11)
$(INSTALLED):
	@if ! $(PY) $(fits) || ! $(PY) -m pip --version >/dev/null 2>&1; then \
		for python in $(tried) ""; do test -z "$$python" || ! "$$python" $(fits) || break; done; \
		test -n "$$python" || { echo "EmoCAM needs Python 3.11 or 3.12, and found none ($(tried); $$($(firstword $(tried)) --version 2>&1)). Name one: make env PYTHON=/usr/bin/python3.12" >&2; exit 1; }; \
		echo "Making .venv with $$("$$python" --version)" && "$$python" -m venv --clear .venv; fi
	$(PY) -m pip install --disable-pip-version-check -r requirements.txt
	$(PY) -m pip install --disable-pip-version-check --no-deps -r requirements-nodeps.txt
	@$(PY) -c 'import sysconfig; open(sysconfig.get_path("purelib") + "/emocam.pth", "w").write("$(CURDIR)\n")'
	@$(PY) -m emocam_utils.runner.committed --install
	@$(stamp) > $@
endif
