"""README and findings say what the shipped tables and the committed figures' tables say."""

import re

import pandas as pd
import pytest

from emocam_utils import paths
from emocam_utils.comparison.agreement import above_floors
from emocam_utils.study import load_study
from emocam_utils.validation import contestants, factors, fresh_tables, headline, known, words

FIGURES = paths.ROOT / "figures" / "emoscenes"
SAID = paths.ROOT / "README.md", paths.ROOT / "docs" / "findings.md"


@pytest.fixture(scope="module")
def readme():
    return " ".join(" ".join(file.read_text(encoding="utf-8") for file in SAID).split())


@pytest.fixture(scope="module")
def shipped():
    corpora = fresh_tables.read_fresh()
    least = load_study("emoscenes").preset("corrected").probability
    return {name: known.read_truth(name, least) for name in corpora}, corpora


def test_the_table_of_the_readme_is_that_of_the_shipped_tables(readme, shipped):
    table = headline.headline_table(*shipped, fresh_tables.read_boxes())
    assert " ".join(words.readme_table(table).split()) in readme
    assert f"{len(next(iter(shipped[1].values())))} fresh corpora" in readme
    ap, kept = table["ap"].unstack("contestant"), table["kept"].unstack("contestant")
    published = [contestants.PUBLISHED, contestants.SAME_RATE, contestants.OWN_BEST]
    assert (ap[published].lt(ap[contestants.ODDS], axis=0)).all(axis=None)
    assert kept[contestants.PUBLISHED].between(0.005, 0.025).all()  # 1 to 2 %
    alike = ap[contestants.OWN_BEST_ODDS] - ap[contestants.ODDS]
    assert alike.between(-0.04, 0.02).all()


def test_what_is_said_of_steps_and_cuts(readme, shipped):
    steps = factors.step_table(*shipped, load_study("emoscenes").presets)
    first, second, third, _ = factors.STEPS
    change = steps["change"].xs("gradcam", level="method").groupby(level="step").mean()
    assert (
        f"the ReLU (+{change[third]:.2f}) and a threshold (+{change[second]:.2f})".replace(
            "0.", "."
        )
        in readme
    )
    single = steps["change"].xs("gradcam", level="method").unstack("step")
    ends = [f"{single[s].min():.2f} to {single[s].max():.2f}" for s in (third, second)]
    said = f"the ReLU adds {ends[0]}, the threshold {ends[1]} on single ones".replace("0.", ".")
    assert said in readme
    others = steps["ap"].unstack("step").loc[(slice(None), ["ablation", "lrp", "lift"]), :]
    for step, where in ((first, "poor at 0.3 ({})"), (second, "beat counting ({})")):
        ends = f"{others[step].min():.2f} to {others[step].max():.2f}".replace("0.", ".")
        assert where.format(ends) in readme
    cuts = headline.cut_table(*shipped)
    said = words.cut_words(cuts)
    assert "at 9 of 9 cuts" in said and "everywhere but for: seed 1 at 0.7." in said


def test_what_is_said_of_cam_methods(readme):
    pairs = pd.read_csv(FIGURES / "fig6_rsa.csv", index_col=[0, 1, 2, 3])
    over, beyond = above_floors(pairs)["above all"], {}
    for preset, name, text in (
        ("corrected", "corrected", "Corrected, {} of 10 pairs"),
        ("paper", "as published", "as published {} does"),
    ):
        rho = pairs["rho"].xs((preset, "M_A"), level=("preset", "representation"))
        count = over[name, "M_A"]
        assert text.format(count or "none") in readme
        beyond[preset] = over[name, "beyond chance"]
        assert f"{rho.min():.2f} to {rho.max():.2f}".replace("0.", ".") in readme
    assert f"presence taken out, {beyond['corrected']} and {beyond['paper']} of 10 do" in readme


def test_what_is_said_of_dots(readme):
    cells = pd.read_csv(FIGURES / "fig2_association.csv")
    dots = {name: cells[cells[f"{name}_p"] < 0.05] for name in ("corrected", "paper")}
    tested = cells["corrected_p"].notna().sum()
    right = dots["corrected"]["cause"].sum()
    assert len(dots["paper"]) == 1 and not dots["paper"]["cause"].any()
    assert (
        f"over {tested} cells: {len(dots['corrected'])} when corrected, {right} of them planted, "
        f"of {(cells['cause'] & (cells['present'] > 0)).sum()}; one as published, which is not"
    ) in readme


def test_what_is_said_of_faces(readme):
    claims = pd.read_csv(FIGURES / "face_claims.csv")
    right = claims[claims["faces"] == "correct"].set_index(["emotion", "network", "measure"])
    joy = right.loc["happiness"]["verdict"]
    assert joy[joy != "supported"].to_dict() == {("mini-xception", "gradcam"): "undecided"}
    eyes = right.loc["surprise"]["verdict"].unstack("network")
    covering = eyes.index.str.startswith("occlusion")
    assert eyes.loc["gradcam", "gimefive"] == "supported" and (eyes[covering] == "undecided").all(
        None
    )
    assert (eyes.loc["guided saliency"] == "supported").all()
    assert (eyes.loc["saliency"] == "contradicted").all()
    assert right.loc[("surprise", slice(None), "saliency"), "fragile"].all()
    neutral = claims[(claims["emotion"] == "neutral") & (claims["network"] == "mini-xception")]
    neutral = neutral.set_index("measure")["verdict"]
    held = neutral[neutral == "supported"].index
    assert set(held) == {"saliency", *(m for m in neutral.index if m.startswith("occlusion"))}
    faces = right.loc["disgust"]["n"].groupby("network").max()
    assert f"with {faces['mini-xception']} and {faces['gimefive']} faces, cannot" in readme


@pytest.mark.parametrize("file", SAID, ids=lambda file: file.name)
def test_links_lead_somewhere(file):
    links = re.findall(r"\]\(([^)#]+)\)", file.read_text(encoding="utf-8"))
    assert len(links) > 3
    for link in links:
        assert link.startswith("https://") or (file.parent / link).exists(), link
