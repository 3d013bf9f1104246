"""measure: predictions held against labels that came later: figures by model version, a verdict, pictures."""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from pipeline_code.errors import InputError
from pipeline_code.layout import Layout, run, write_json, write_text
from pipeline_code.measuring import schedule
from pipeline_code.measuring.page import page
from pipeline_code.measuring.pairs import Pairs, by_version, read_pairs
from pipeline_code.measuring.report import report, summary
from pipeline_code.measuring.verdict import Limits
from pipeline_code.model_quality import model_quality


def main(argv: Sequence[str]) -> int:
    """Measure what the workflow matched, or what Model Monitor merged where it starts this container."""
    layout = Layout.from_environment()
    if "dataset_source" in os.environ:
        return run(lambda: schedule.measure(layout, os.environ), layout.message)
    return run(lambda: _job(layout, argv), layout.message)


def _job(layout: Layout, argv: Sequence[str]) -> None:
    limits = _arguments(argv)
    folder = layout.processing_input("matched")
    facts, baselines = (_document(folder / name) for name in ("facts.json", "baselines.json"))
    pairs = list(read_pairs(folder))
    told = report(pairs, facts, baselines, limits)
    write_json(layout.processing_output("report.json"), told)
    write_json(layout.processing_output("summary.json"), summary(told))
    for version, own in by_version(pairs).items():
        columns = Pairs.of(own)
        if len(columns):
            figures = model_quality(columns.truth, columns.predicted)
            write_json(layout.processing_output(f"model_quality-{version}.json"), figures)
    write_text(layout.processing_output("report.html"), page(told))
    write_text(layout.message, _in_words(told))


def _document(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise InputError(f"{path.name} cannot be read: match the labels again") from error


def _in_words(told: dict[str, Any]) -> str:
    counts = told["counts"]
    said = f"{counts['labelled']} of {counts['predictions']} messages labelled"
    if told["warn"]:
        return f"CompletedWithViolations: {said}; worse than on the test set: {', '.join(told['signals'][:5])}"
    return f"Completed: {said}; {'as good as on the test set' if told['judged'] else told['why_not']}"


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise InputError(message)


def _arguments(argv: Sequence[str]) -> Limits:
    parser = _Parser(prog="measure", allow_abbrev=False)
    parser.add_argument("--min-labels", required=True, type=int)
    parser.add_argument("--warn-fall", required=True, type=float)
    parser.add_argument("--page-fall", required=True, type=float)
    return Limits(**vars(parser.parse_args(argv)))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
