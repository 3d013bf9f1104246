"""Report: what all labels say, what the fresh ones prove, and the summary that the workflow reads."""

from collections.abc import Mapping, Sequence
from typing import Any

from pipeline_code.contracts import QUALITY_METRICS, QUALITY_VERDICTS
from pipeline_code.measuring.pairs import Pair, Pairs, by_version
from pipeline_code.measuring.quality import quality
from pipeline_code.measuring.verdict import Limits, judge

SHARES = "None"
"""CloudWatch's unit of a share."""


def report(
    pairs: Sequence[Pair], facts: Mapping[str, Any], baselines: Mapping[str, Any], limits: Limits
) -> dict[str, Any]:
    """Everything that is told of a run: counts, one part a model version, and the verdict.

    A verdict rests on labels that no earlier one on the same model version rested on, so two in a row are two pieces of
    evidence; a page is a fall beyond its limit in two verdicts running.
    """
    verdicts = facts["previous"]["verdicts"] if facts["previous"] else {}
    versions = [
        _of_version(version, own, baselines, limits, was_beyond=verdicts.get(version, {}).get("beyond", False))
        for version, own in by_version(pairs).items()
    ]
    paged, warned, judged = ([one for one in versions if one[what]] for what in ("page", "warned", "judged"))
    worst = next(iter([*paged, *warned, *judged, *versions]), None)
    now = {one["model_version"]: {"run": facts["run_id"], "beyond": bool(one["beyond"])} for one in judged}
    return {
        **{name: facts[name] for name in ("run_id", "measured_at", "since", "days", "counts", "dates", "previous")},
        "limits": vars(limits),
        "judged": bool(judged),
        "why_not": None if judged else _why_not(versions, facts),
        "warn": int(bool(warned)),
        "page": int(bool(paged)),
        "verdicts": {**verdicts, **now},
        "signals": worst["beyond"] or worst["warned"] if worst else [],
        "model_version": worst["model_version"] if worst else None,
        "versions": versions,
    }


def summary(told: Mapping[str, Any]) -> dict[str, Any]:
    """What the workflow needs to know: flat and small, however many labels and models there are."""
    counts = told["counts"]
    names = ("run_id", "judged", "why_not", "warn", "page", "verdicts", "previous", "model_version")
    return {
        **{name: told[name] for name in names},
        "signals": told["signals"][:10],
        "records": counts["predictions"],
        "labelled": counts["labelled"],
        "missing": counts["missing"],
        "metrics": metrics(told),
        "report": "report.html",
    }


def metrics(told: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The figures for CloudWatch; what could not be judged is left out, for a zero would say something."""
    counts, values = told["counts"], dict[str, float]()
    judged = next((one for one in told["versions"] if one["judged"]), None)
    if judged:
        now = judged["fresh"]
        values["Accuracy"], values["MacroF1"] = now["accuracy"], now["macro_f1"]["value"]
        values["CalibrationError"] = now["expected_calibration_error"]
    if counts["predictions"]:
        values["LabelsMissing"] = counts["missing"] / counts["predictions"]
    if told["judged"]:
        values["QualityWarn"], values["QualityPage"] = told["warn"], told["page"]
    wanted = (*QUALITY_METRICS, *QUALITY_VERDICTS)
    return [{"MetricName": name, "Value": values[name], "Unit": SHARES} for name in wanted if name in values]


def _of_version(
    version: str, pairs: list[Pair], baselines: Mapping[str, Any], limits: Limits, *, was_beyond: bool
) -> dict[str, Any]:
    everything, fresh = Pairs.of(pairs), Pairs.of(one for one in pairs if one.fresh)
    now, baseline = _figures(fresh), baselines.get(version)
    verdict = judge(now, baseline, limits)
    return {
        "model_version": version,
        "labelled": len(pairs),
        "out_of_scope": len(everything.rejected),
        "out_of_scope_rejection": _mean(everything.rejected),
        "all": _figures(everything),
        "fresh": now,
        "baseline": baseline,
        "by_decision": {
            name: {"labelled": int(kept.sum()), "accuracy": _accuracy(everything, kept)}
            for name, kept in (("auto", ~everything.review), ("review", everything.review))
        },
        "judged": bool(verdict.falls),
        "not_judged": verdict.not_judged,
        "falls": [one.report(limits) for one in verdict.falls],
        "warned": verdict.beyond(limits.warn_fall),
        "beyond": verdict.beyond(limits.page_fall),
        "page": was_beyond and bool(verdict.beyond(limits.page_fall)),
    }


def _figures(pairs: Pairs) -> dict[str, Any] | None:
    return quality(pairs.truth, pairs.predicted, pairs.confidence) if len(pairs) else None


def _accuracy(pairs: Pairs, kept: Any) -> float | None:
    return _mean([pairs.truth[place] == pairs.predicted[place] for place in kept.nonzero()[0]])


def _mean(values: Sequence[bool]) -> float | None:
    return sum(values) / len(values) if values else None


def _why_not(versions: Sequence[Mapping[str, Any]], facts: Mapping[str, Any]) -> str:
    if not versions:
        return f"no label has arrived for any of {facts['counts']['predictions']} messages since {facts['since']}"
    return "; ".join(f"version {one['model_version']}: {one['not_judged'][0]}" for one in versions)
