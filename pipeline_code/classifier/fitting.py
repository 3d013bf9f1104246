"""Fitting: the linear model's weights and its temperature. Apart, because the server does without these libraries."""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.sparse import csr_array
from sklearn.svm import LinearSVC

from pipeline_code.classifier.scoring import Weights

Floats = NDArray[np.float32]

PENALTY = 1.0
"""C of the linear support vector machine, the inverse of its regularisation."""

COLDEST, HOTTEST = 1e-3, 1e2


def fit_weights(matrix: csr_array, truth: NDArray[np.intp], seed: int) -> Weights:
    """Weights that tell each label from all others; `truth` counts from 0 and gives each row's label."""
    fitted = LinearSVC(C=PENALTY, random_state=seed).fit(matrix, truth)
    weights, bias = fitted.coef_.T, fitted.intercept_
    if weights.shape[1] == 1:  # of two labels scikit-learn gives the second one's score only
        weights, bias = np.hstack([-weights, weights]) / 2, np.hstack([-bias, bias]) / 2
    return Weights.rounded(weights, bias)


def fit_temperature(scores: Floats, truth: NDArray[np.intp]) -> float:
    """The temperature by which to divide the raw scores so that the true labels become likeliest.

    scores: rows x labels; truth: the column of each row's true label. As in Platt's scaling the targets stop short of
    1, by 1 / (rows + 2): a few rows that all are right would otherwise prove that the model is never wrong.
    """
    rows, labels = scores.shape
    doubt = 1 / (rows + 2)
    target = np.full((rows, labels), doubt / (labels - 1))
    target[np.arange(rows), truth] = 1 - doubt

    def surprise(log_temperature: float) -> float:
        scaled = scores / np.exp(log_temperature)
        scaled = scaled - scaled.max(axis=1, keepdims=True)
        log_likelihood = scaled - np.log(np.exp(scaled).sum(axis=1, keepdims=True))
        return float(-(target * log_likelihood).sum(axis=1).mean())

    best = minimize_scalar(surprise, bounds=(np.log(COLDEST), np.log(HOTTEST)), method="bounded")
    return float(np.exp(best.x))
