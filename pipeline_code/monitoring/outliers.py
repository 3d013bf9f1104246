"""Outliers: single messages that are far from what the model was trained on, by id and never by text."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from pipeline_code.monitoring.seen import Floats, Seen

SHARE = 0.001
"""Of the baseline's messages, how many lie beyond a bound."""

MOST_LISTED = 1_000
RATE, SCORE = "unknown_ngram_rate", "in_scope_score"


@dataclass(frozen=True)
class Bound:
    """What few messages of the baseline are beyond, above it or (`drifts` -1) below it, and their deviation."""

    limit: float
    deviation: float
    drifts: int


@dataclass(frozen=True)
class Outlier:
    """A message, the signal that lies farthest beyond its bound, its value and that bound."""

    message_id: str
    signal: str
    value: float
    threshold: float


def bounds(baseline: Seen) -> dict[str, Bound]:
    """Bounds by signal; that of the score only if any message could be scored."""
    scores = baseline.in_scope_score[baseline.scored]
    found = {RATE: _bound(baseline.unknown_ngram_rate, 1)}
    return found | ({SCORE: _bound(scores, -1)} if len(scores) else {})


def outliers(seen: Seen, ids: Sequence[str], bounds: Mapping[str, Bound]) -> tuple[list[Outlier], int]:
    """The farthest messages, farthest first, and how many there are in all."""
    values = {RATE: seen.unknown_ngram_rate, SCORE: np.where(seen.scored, seen.in_scope_score, np.nan)}
    names = list(bounds)
    beyond = np.stack(
        [bounds[name].drifts * (values[name] - bounds[name].limit) / bounds[name].deviation for name in names]
    )
    beyond = np.nan_to_num(beyond, nan=-1.0)
    farthest, most = beyond.argmax(axis=0), beyond.max(axis=0)
    listed = np.argsort(-most, kind="stable")[: min(MOST_LISTED, int((most > 0).sum()))]
    found = [
        Outlier(ids[place], name, float(values[name][place]), bounds[name].limit)
        for place, name in ((place, names[farthest[place]]) for place in listed.tolist())
    ]
    return found, int((most > 0).sum())


def _bound(values: Floats, drifts: int) -> Bound:
    limit = float(np.quantile(values, 1 - SHARE if drifts > 0 else SHARE))
    return Bound(limit, max(float(values.std()), 1e-6), drifts)
