"""monitor: how far a scored batch has drifted from its model's baseline, by SageMaker Model Monitor's contract."""

import os
import sys
from dataclasses import asdict
from typing import Any

from pipeline_code.layout import Layout, run, write_json, write_text
from pipeline_code.monitoring import contract
from pipeline_code.monitoring.baseline import Baseline, constraints
from pipeline_code.monitoring.batch import Batch, read
from pipeline_code.monitoring.contract import Request
from pipeline_code.monitoring.outliers import outliers
from pipeline_code.monitoring.page import page
from pipeline_code.monitoring.report import Memory, Report, mixes
from pipeline_code.monitoring.seen import Seen, Totals
from pipeline_code.monitoring.statistics import FRACTIONAL, statistics
from pipeline_code.monitoring.verdict import KINDS, Verdict, judge

Content = dict[str, Any]


def watch(request: Request) -> tuple[Report, Content, Content]:
    """Judge the batch that is asked for. Returns the report and what goes to statistics.json and constraints.json.

    Raises InputError for messages and answers that do not go together, and for the baseline of another model.
    """
    batch = read(request.source, answers_needed=request.schedule is None)
    memory = Memory.read(request.previous, request.model_version).before(request.run_id)
    if request.baseline is None:
        why = f"model version {request.model_version or 'unknown'} has no baseline"
        described = statistics(batch.seen, [])
        return Report(request, batch, Verdict((), dict.fromkeys(KINDS, why)), memory), described, constraints(described)
    baseline = Baseline.read(request.baseline)
    baseline.check(request.trained_by, request.model_version)
    seen = Seen.of(batch.texts, batch.seen[: len(batch.texts)], baseline.known, baseline.kinds)
    report = _report(request, batch, memory, baseline, seen)
    described = statistics(batch.seen, seen.unknown_ngram_rate.tolist())
    return report, described, _held_against(described, report.verdict)


def _report(request: Request, batch: Batch, memory: Memory, baseline: Baseline, seen: Seen) -> Report:
    totals = Totals.over(seen, baseline.kinds)
    verdict = judge(totals, baseline, memory.far)
    if not verdict.judged:
        return Report(request, batch, verdict, memory)
    found, count = outliers(seen, batch.ids, baseline.bounds)
    return Report(request, batch, verdict, memory, found, count, mixes(totals, batch.seen, baseline))


def _held_against(described: Content, verdict: Verdict) -> Content:
    """The constraints of the batch, and the limits that it was held against."""
    content = constraints(described)
    content["features"] += [
        {"name": one.signal.name, "inferred_type": FRACTIONAL, "completeness": 1.0, "limits": [asdict(one.limit)]}
        for one in verdict.findings
    ]
    return content


def main() -> int:
    layout = Layout.from_environment()

    def job() -> None:
        request = Request.of(os.environ, layout)
        report, described, held_against = watch(request)
        content = report.content()
        contract.write_reports(request.output, described, held_against, report.violations)
        write_json(request.output / "report.json", content)
        write_text(request.output / "report.html", page(content))
        write_text(request.output / "outliers.jsonl", report.outlier_lines())
        write_json(request.output / "summary.json", report.summary())
        if request.publish:
            contract.write_metrics(layout, request, report.metrics())
        contract.write_message(layout, report.violations, report.words)

    return run(job, layout.message)


if __name__ == "__main__":
    sys.exit(main())
