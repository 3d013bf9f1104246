"""Baseline: what batches of a model are compared with, in the two files that Model Monitor knows.

statistics.json describes the messages; constraints.json has the limits and, below `criba`, the sums, the buckets that
training filled and what model it is of. Hashes and counts: neither file holds a text, nor what one could be made of.
"""

import base64
import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from pipeline_code.classifier.hashing import BUCKETS
from pipeline_code.classifier.unknown import Known
from pipeline_code.errors import InputError
from pipeline_code.monitoring import outliers, thresholds
from pipeline_code.monitoring.outliers import Bound
from pipeline_code.monitoring.seen import Kinds, Seen, Totals
from pipeline_code.monitoring.signals import SIGNALS
from pipeline_code.monitoring.statistics import FRACTIONAL, Observation, statistics
from pipeline_code.monitoring.thresholds import Limit, Limits

SCHEMA = 1
MOST_MESSAGES = 5_000
"""Messages that a baseline is made of; more would make the limits little closer and their making longer."""

LARGEST_DOMAIN = 500
MONITORING_CONFIG = {
    "evaluate_constraints": "Enabled",
    "emit_metrics": "Enabled",
    "datatype_check_threshold": 1.0,
    "domain_content_threshold": 1.0,
    "distribution_constraints": {
        "perform_comparison": "Enabled",
        "comparison_threshold": 0.1,
        "comparison_method": "Robust",
        "categorical_comparison_threshold": 0.1,
        "categorical_drift_method": "LInfinity",
    },
}
"""What Model Monitor asks of every constraints.json; the limits of the signals are what is held against here."""


@dataclass(frozen=True)
class Baseline:
    """Of the model that the run `trained_by` made: sums over `messages` that it has not learnt from, and limits."""

    trained_by: str
    messages: int
    kinds: Kinds
    known: Known
    totals: Totals
    limits: Limits
    bounds: Mapping[str, Bound]

    @classmethod
    def of(
        cls, trained_by: str, texts: Sequence[str], observations: Sequence[Observation], learnt: Iterable[str]
    ) -> tuple[Self, dict[str, Any]]:
        """From scored messages, at least one, and the texts that the model learnt from; and their statistics.json.

        Of many messages the baseline is of some, always the same ones.
        """
        some = np.sort(np.random.default_rng(thresholds.SEED).permutation(len(texts))[:MOST_MESSAGES])
        chosen = [observations[place] for place in some]
        known, kinds = Known.of(learnt), Kinds.of(chosen)
        seen = Seen.of([texts[place] for place in some], chosen, known, kinds)
        found = cls(
            trained_by,
            len(seen),
            kinds,
            known,
            Totals.over(seen, kinds),
            thresholds.bootstrap(seen, kinds),
            outliers.bounds(seen),
        )
        return found, statistics(chosen, seen.unknown_ngram_rate.tolist())

    def limit(self, signal: str, messages: int) -> Limit:
        """The limit of a signal for a batch of so many messages."""
        return thresholds.at(self.limits[signal], messages, self.messages)

    def constraints(self, described: Mapping[str, Any]) -> dict[str, Any]:
        """The content of constraints.json beside `described`, the content of statistics.json."""
        content = constraints(described)
        content["features"] += [
            {
                "name": signal.name,
                "inferred_type": FRACTIONAL,
                "completeness": 1.0,
                "limits": [asdict(one) for one in self.limits[signal.name]],
            }
            for signal in SIGNALS
        ]
        content["criba"] = {
            "schema": SCHEMA,
            "trained_by": self.trained_by,
            "messages": self.messages,
            "kinds": asdict(self.kinds),
            "known": {"ngrams": _packed(self.known.ngrams), "words": _packed(self.known.words)},
            "totals": {name: np.asarray(value).round(6).tolist() for name, value in self.totals._asdict().items()},
            "bounds": {name: asdict(bound) for name, bound in self.bounds.items()},
        }
        return content

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a constraints.json. Raises InputError where it is damaged, or no baseline of ours."""
        try:
            content = json.loads(path.read_bytes())
            ours = content["criba"]
            if ours["schema"] != SCHEMA:
                raise ValueError(f"schema {ours['schema']} where this code reads {SCHEMA}")
            limits = {one["name"]: [Limit(**limit) for limit in one.get("limits", ())] for one in content["features"]}
            return cls(
                ours["trained_by"],
                ours["messages"],
                Kinds(**ours["kinds"]),
                Known(_bits(ours["known"]["ngrams"], 2 * BUCKETS), _bits(ours["known"]["words"], BUCKETS)),
                Totals(**{name: np.array(value, np.float64) for name, value in ours["totals"].items()}),
                {signal.name: limits[signal.name] for signal in SIGNALS},
                {name: Bound(**bound) for name, bound in ours["bounds"].items()},
            )
        except (KeyError, TypeError, ValueError, zlib.error) as error:
            raise InputError(
                f"{path.name} is no baseline that this code reads ({type(error).__name__}): train again, or promote an "
                "earlier version"
            ) from error

    def check(self, trained_by: str, model_version: str) -> None:
        """Raise InputError where the baseline is another model's."""
        if trained_by != self.trained_by:
            raise InputError(
                f"the baseline is of the model that run {self.trained_by} trained, but version {model_version} was "
                f"trained by run {trained_by or 'unknown'}: promote version {model_version} again"
            )


def constraints(described: Mapping[str, Any]) -> dict[str, Any]:
    """Constraints that the described messages suggest: types, how complete they are, and which words there are."""
    return {
        "version": 0,
        "features": [_suggested(feature) for feature in described["features"]],
        "monitoring_config": MONITORING_CONFIG,
    }


def _suggested(feature: Mapping[str, Any]) -> dict[str, Any]:
    figures = feature.get("numerical_statistics") or feature["string_statistics"]
    present, missing = figures["common"]["num_present"], figures["common"]["num_missing"]
    suggested = {
        "name": feature["name"],
        "inferred_type": feature["inferred_type"],
        "completeness": present / max(present + missing, 1),
    }
    if "numerical_statistics" in feature:
        return {**suggested, "num_constraints": {"is_non_negative": (figures["min"] or 0) >= 0}}
    words = [bucket["value"] for bucket in figures["distribution"]["categorical"]["buckets"]]
    return {**suggested, "string_constraints": {"domains": words}} if len(words) <= LARGEST_DOMAIN else suggested


def _packed(bits: NDArray[np.bool_]) -> str:
    return base64.b64encode(zlib.compress(np.packbits(bits).tobytes(), 9)).decode()


def _bits(packed: str, count: int) -> NDArray[np.bool_]:
    found = np.frombuffer(zlib.decompress(base64.b64decode(packed)), np.uint8)
    if len(found) * 8 != count:
        raise ValueError(f"{len(found) * 8} buckets where {count} belong")
    return np.unpackbits(found).astype(np.bool_)
