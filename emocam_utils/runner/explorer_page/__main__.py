"""Write the offline explorer of a study: figures/<study>/explore.html.

    python -m emocam_utils.runner.explorer_page --study emoscenes

`make paper` calls it after the notebooks, whose results it reads; what is missing it computes.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from ...names import PRESETS, SCORES, method_name
from ...pipeline.analysis import Analysis
from ...study import Study, StudyError, load_study
from ...widgets.cells import GROUPS, ORDERS
from ...widgets.heatmap import GRID, GRID_STYLE, colours
from ...widgets.words import MEASURE_NAMES, MEASURE_QUESTIONS
from .data import MOST_IMAGES, as_json, page_data
from .made import PAGE

HERE = Path(__file__).parent
START = "corrected"  # the preset that the page starts with, or else the study's first


def page_html(analysis: Analysis, most: int = MOST_IMAGES) -> str:
    """The page, whole; most : images in it, of more a seeded sample."""
    from jinja2 import Environment

    study = analysis.study
    about, arrays, thumbnails = page_data(analysis, most)
    methods = {cam: method_name(cam) for cam in study.cams}
    about["words"] = {"methods": methods, "presets": PRESETS}
    about["words"] |= {"scores": SCORES, "measures": MEASURE_NAMES, "groups": GROUPS}
    about["words"] |= {"questions": MEASURE_QUESTIONS, "orders": ORDERS}
    about["colours"] = {name: colours(name) for name in ("rocket_r", "RdBu_r")}
    hexes, _ = colours("inferno")
    about["inferno"] = [[int(one[k : k + 2], 16) for k in (1, 3, 5)] for one in hexes]
    about["start"] = START if START in study.presets else next(iter(study.presets))
    n = len(about["images"])
    read = {
        name: (HERE / f"{name}.js").read_text(encoding="utf-8") for name in ("counting", "page")
    }
    template = (HERE / "page.html.j2").read_text(encoding="utf-8")
    return (
        Environment(autoescape=True)
        .from_string(template)
        .render(
            study=study.name,
            title=study.title,
            of=f"{analysis.corpus.name} · {study.network.name}",
            n=f"{n:,} images",
            sampled=n < about["total"],
            total=f"{about['total']:,}",
            style=GRID_STYLE.read_text("utf-8") + (HERE / "page.css").read_text("utf-8"),
            about=as_json(about),
            arrays=arrays,
            thumbnails=as_json(thumbnails),
            grid=GRID.read_text("utf-8").rstrip(),
            **read,
        )
    )


def write_page(study: Study) -> Path:
    """Write the page of a study whole; returns its path."""
    html = page_html(Analysis(study))
    page = study.figures / PAGE
    page.parent.mkdir(parents=True, exist_ok=True)
    part = page.with_name(f".explore-{os.getpid()}.html")
    part.write_text(html, encoding="utf-8")
    part.replace(page)
    return page


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="explorer_page", description=__doc__.split("\n")[0])
    parser.add_argument("--study", default="emoscenes")
    parser.add_argument("--images", default="", help="a folder of photographs")
    parser.add_argument("--variant", default="", help="the folder of the figures")
    options = parser.parse_args(arguments)
    try:
        study = load_study(options.study, images=options.images, variant=options.variant)
        page = write_page(study)
    except (StudyError, OSError) as error:
        print(f"explore.html: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("explore.html: interrupted, and made no page", file=sys.stderr)
        return 130
    print(f"explore.html: {page.stat().st_size / 1e6:.1f} MB, {page}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
