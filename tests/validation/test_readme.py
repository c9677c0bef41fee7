"""The README says what the shipped tables say."""

import pytest

from emocam_utils import paths
from emocam_utils.study import load_study
from emocam_utils.validation import fresh_tables, headline, known, words


def test_the_table_of_the_readme_is_that_of_the_shipped_tables():
    readme = (paths.ROOT / "README.md").read_text(encoding="utf-8")
    corpora = fresh_tables.read_fresh()
    if "| presence, log odds" not in readme or not corpora:
        pytest.skip("the README has no such table, or no fresh corpora are shipped")
    least = load_study("emoscenes").preset("corrected").probability
    truths = {name: known.read_truth(name, least) for name in corpora}
    table = headline.headline_table(truths, corpora, fresh_tables.read_boxes())
    assert words.readme_table(table) in readme
