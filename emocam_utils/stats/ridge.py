"""Ridge regression of ratings on features, cross-fitted by groups.

Rows of a group (a theme of photographs) are alike, so a group is never on both sides of a split:
neither where a head is fitted and tried, nor inside, where its penalty is chosen.

Axes: N images, C features, D ratings, K folds, P penalties.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import eigh
from sklearn.model_selection import GroupKFold

FOLDS = 10
PENALTIES = tuple(float(10**power) for power in np.arange(1, 5.1, 0.5))


@dataclass(frozen=True)
class Linear:
    """Ratings that are linear in the features as they are: features @ weight.T + bias.

    penalty : (D,), the ridge's, on standardised features
    """

    weight: NDArray[np.float64]  # (D, C)
    bias: NDArray[np.float64]  # (D,)
    penalty: NDArray[np.float64]

    def __call__(self, features: ArrayLike) -> NDArray[np.float64]:
        """(N, C) -> (N, D)"""
        return np.asarray(features, dtype=np.float64) @ self.weight.T + self.bias


def group_folds(groups: ArrayLike, folds: int = FOLDS, seed: int = 0) -> NDArray[np.int64]:
    """The fold of each row, (N,): groups whole, about as many in each fold.

    Errors: ValueError for fewer groups than folds
    """
    groups = np.asarray(groups)
    fold = np.empty(len(groups), dtype=np.int64)
    splits = GroupKFold(folds, shuffle=True, random_state=seed).split(groups, groups=groups)
    for number, (_, rows) in enumerate(splits):
        fold[rows] = number
    return fold


def ridge(features: ArrayLike, ratings: ArrayLike, penalties: ArrayLike) -> Linear:
    """Ridge on standardised features with one penalty a rating; a constant feature weighs 0.

    features : (N, C); ratings : (N, D); penalties : (D,)
    """
    path = _path(features, ratings, penalties)
    places = np.arange(np.shape(ratings)[1])
    return Linear(path.weight[places, places], path.bias[places, places], np.asarray(penalties))


def fit_ridge(features: ArrayLike, ratings: ArrayLike, groups: ArrayLike) -> Linear:
    """Ridge, the penalty of each rating chosen by cross-validation over the groups.

    features : (N, C); ratings : (N, D); groups : (N,)
    """
    features, ratings = np.asarray(features, np.float64), np.asarray(ratings, np.float64)
    fold = group_folds(groups, min(FOLDS, len(np.unique(groups))))
    errors = np.zeros((len(PENALTIES), ratings.shape[1]))
    for number in np.unique(fold):
        seen = fold != number
        path = _path(features[seen], ratings[seen], PENALTIES)
        rated = np.einsum("nc,pdc->pnd", features[~seen], path.weight) + path.bias[:, None]
        errors += ((rated - ratings[~seen]) ** 2).sum(axis=1)
    return ridge(features, ratings, np.asarray(PENALTIES)[errors.argmin(axis=0)])


def cross_fitted(
    features: ArrayLike, ratings: ArrayLike, groups: ArrayLike, fold: ArrayLike
) -> tuple[NDArray[np.float64], list[Linear]]:
    """Ratings of each row by a fit on the other folds, (N, D), and the fit that each fold gets.

    features : (N, C); ratings : (N, D); groups, fold : (N,), groups whole in their folds
    Errors   : ValueError for a group that is in two folds
    """
    features, ratings = np.asarray(features, np.float64), np.asarray(ratings, np.float64)
    groups, fold = np.asarray(groups), np.asarray(fold)
    for group in np.unique(groups):
        if len(here := np.unique(fold[groups == group])) > 1:
            raise ValueError(f"the group {group} is in the folds {here.tolist()}, and not whole")
    values, fits = np.full(ratings.shape, np.nan), []
    for number in np.unique(fold):
        seen = fold != number
        fits.append(fit_ridge(features[seen], ratings[seen], groups[seen]))
        values[~seen] = fits[-1](features[~seen])
    return values, fits


def _path(features: ArrayLike, ratings: ArrayLike, penalties: ArrayLike) -> Linear:
    """Fits for all penalties at once: weight (P, D, C), bias (P, D).

    One decomposition serves them all: of X'X, or in the dual form, w = X'(XX' + penalty)^-1 y, of
    XX' where there are more features than images.
    """
    features, ratings = np.asarray(features, np.float64), np.asarray(ratings, np.float64)
    mean, spread = features.mean(axis=0), features.std(axis=0)
    scale = np.where(spread > 0, spread, np.inf)
    standard, middle = (features - mean) / scale, ratings.mean(axis=0)
    penalties = np.asarray(penalties, dtype=np.float64)
    dual = standard.shape[1] > len(standard)
    values, vectors = eigh(standard @ standard.T if dual else standard.T @ standard)
    turned = vectors.T @ (ratings - middle if dual else standard.T @ (ratings - middle))
    shrunk = turned / (values.clip(0)[:, None] + penalties[:, None, None])
    found = vectors @ shrunk  # (P, N, D), or (P, C, D) of the features themselves
    if dual:
        found = np.einsum("pnd,nc->pcd", found, standard, optimize=True)
    weight = found.transpose(0, 2, 1) / scale
    return Linear(weight, middle - weight @ mean, penalties)
