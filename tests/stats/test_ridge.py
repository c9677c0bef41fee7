"""Ridge on standardised features, cross-fitted by groups; the oracle is scikit-learn."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from emocam_utils.stats.ridge import cross_fitted, fit_ridge, group_folds, ridge


@pytest.fixture
def data():
    """60 images of 20 groups with 90 features of unlike scales, one of them constant."""
    rng = np.random.default_rng(0)
    features = rng.normal(3, rng.uniform(0.1, 5, 90), (60, 90))
    features[:, 7] = 2.5
    ratings = np.stack([features[:, 0] * 2 + rng.normal(size=60), rng.normal(size=60)], axis=1)
    return features, ratings, np.repeat([f"g{k}" for k in range(20)], 3)


@pytest.mark.parametrize("count", [90, 20])  # more features than images, and fewer
def test_ridge_is_scikit_learns_with_a_penalty_a_rating(data, count):
    features, ratings = data[0][:, :count], data[1]
    ours = ridge(features, ratings, (3.0, 300.0))
    for place, penalty in enumerate((3.0, 300.0)):
        theirs = make_pipeline(StandardScaler(), Ridge(penalty)).fit(features, ratings[:, place])
        np.testing.assert_allclose(ours(features)[:, place], theirs.predict(features), atol=1e-8)
    assert (ours.weight[:, 7] == 0).all()


def test_groups_are_whole_and_as_many_in_each_fold():
    groups = np.repeat(np.arange(40), np.arange(40) % 5 + 1)
    fold = group_folds(groups, 8)
    assert all(len(np.unique(fold[groups == group])) == 1 for group in range(40))
    inside = [len(np.unique(groups[fold == number])) for number in range(8)]
    assert inside == [5] * 8
    assert (group_folds(groups, 8) == fold).all()
    with pytest.raises(ValueError, match="number of splits"):
        group_folds(groups[:10], 9)


def test_the_penalty_is_chosen_for_groups_that_were_not_seen(data):
    features, ratings, groups = data
    signal, noise = fit_ridge(features, ratings, groups).penalty
    assert noise > signal


def test_a_row_is_rated_by_a_fit_without_its_fold(data):
    features, ratings, groups = data
    fold = group_folds(groups, 5)
    values, fits = cross_fitted(features, ratings, groups, fold)
    for number in range(5):
        alone = fit_ridge(features[fold != number], ratings[fold != number], groups[fold != number])
        np.testing.assert_allclose(values[fold == number], alone(features[fold == number]))
        np.testing.assert_allclose(fits[number].weight, alone.weight)
    moved = ratings.copy()
    moved[fold == 2] += 1000  # what a fold's people say does not reach its own ratings
    again, _ = cross_fitted(features, moved, groups, fold)
    np.testing.assert_allclose(again[fold == 2], values[fold == 2])
    with pytest.raises(ValueError, match="g0 is in the folds"):
        cross_fitted(features, ratings, groups, np.arange(60) % 3)


def test_what_is_only_the_groups_own_is_not_rated():
    """Features tell the group, and ratings are the group's: of a new group nothing is known."""
    rng = np.random.default_rng(1)
    groups = np.repeat(np.arange(30), 4)
    features = np.eye(30)[groups] + rng.normal(0, 0.01, (120, 30))
    ratings = rng.normal(size=30)[groups][:, None]
    values, _ = cross_fitted(features, ratings, groups, group_folds(groups, 10))
    assert abs(np.corrcoef(values[:, 0], ratings[:, 0])[0, 1]) < 0.5
    loose, _ = cross_fitted(features, ratings, np.arange(120), np.arange(120) % 4)
    assert np.corrcoef(loose[:, 0], ratings[:, 0])[0, 1] > 0.9
