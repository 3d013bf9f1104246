"""The journey: an empty platform, a model, an approval, predictions, a drift, its page; nothing is left running."""

import json
import shutil
import signal
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from criba import deploying, executions, landing, ledgers, registry, reports, runs
from criba.aws import LAPTOP, Aws, connect
from criba.demo import given, material, published, summary, watched
from criba.demo.material import Material
from criba.demo.page import page
from criba.demo.published import Prediction
from criba.demo.steps import Steps
from criba.errors import CribaError
from criba.executions import Attempt
from criba.local import process, settings
from pipeline_code.contracts import PREDICTIONS, RunFiles, evaluation_prefix, report_prefix

FOLDER = Path("build/demo")
SCIENTIST, ENGINEER, REVIEWER = "data-scientist", "data-engineer", "ml-engineer"
_PATIENCE = 60


def demo(data: Path | None, folder: Path = FOLDER, *, keep: bool = False) -> dict[str, Any]:
    """Run the whole journey, on the bundled sample or on `data`, and return its summary.

    With `keep` the platform runs on. Raises BadInput for data that cannot be used and CribaError when a step fails;
    either way nothing runs on.
    """
    rows = given.read(data) if data else None
    _make_empty(folder)
    steps = Steps()
    with _a_platform(steps, keep=keep) as platform, ThreadPoolExecutor(1) as aside:
        # Node deploys while Python writes.
        writing = aside.submit(
            lambda: given.prepare(rows, folder / "data") if rows else material.sample(folder / "data")
        )
        with steps.step("Deploy the stacks") as told:
            recorded = deploying.deploy(platform, told)
        told_of = _Journey(steps, writing.result(), folder).go()
    result = {
        **told_of,
        "seconds": {**steps.seconds, "total": steps.total},
        "not_emulated": recorded.types,
        "not_emulated_properties": recorded.properties,
    }
    (folder / "summary.json").write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    return result


class _Journey:
    """The steps on a deployed platform, each as the person whose job it is."""

    def __init__(self, steps: Steps, lands: Material, folder: Path) -> None:
        self._steps = steps
        self._lands = lands
        self._folder = folder

    def go(self) -> dict[str, Any]:
        version = self._train()
        self._promote(version)
        score = self._score()
        with self._steps.step("Read the predictions"):
            told, predictions = self._judge(version, score)
        if self._lands.shifted:
            told["drift"] = self._drift([score.run_id])
        whole = {**told, "seconds": self._steps.seconds}
        (self._folder / "report.html").write_text(page(whole, predictions), encoding="utf-8")
        return told

    def _train(self) -> int:
        """Land the labels and train; the version of the challenger."""
        scientist = connect(LAPTOP, SCIENTIST)
        with self._steps.step("Land the labels"):
            for path in self._lands.labels:
                landing.land_labels(scientist, path, _unseen)
        with self._steps.step("Train a challenger") as told:
            started = runs.start(scientist, "train")
            self._finish(scientist, executions.attempts(scientist, "train", started.run_id)[-1], told)
        newest = registry.packages(scientist)[0]
        figures = (registry.evaluation(scientist, newest) or {})["challenger"]
        self._steps.note(
            f"version {newest.version}, test set of {figures['examples']:,}: "
            f"accuracy {figures['accuracy']:.4f}, macro-F1 {figures['macro_f1']:.4f}"
        )
        return newest.version

    def _promote(self, version: int) -> None:
        """Approve the challenger, and see the approval's event make it the champion."""
        reviewer = connect(LAPTOP, REVIEWER)
        with self._steps.step("Approve and promote it") as told:
            approved = registry.decide(
                reviewer, version, registry.APPROVED, "Demo: the figures on the test set are good"
            )
            run = _started(reviewer, "promote", lambda given_: given_.get("model_package_arn") == approved.arn)
            self._finish(reviewer, run, told)

    def _score(self) -> Attempt:
        """Land the messages and then the marker, whose event starts the run."""
        engineer = connect(LAPTOP, ENGINEER)
        day = self._lands.day.isoformat()
        with self._steps.step("Land the messages"):
            for source, paths in self._lands.messages.items():
                for path in paths:
                    landing.land_messages(engineer, path, source, day, _unseen)
            landing.write_marker(engineer, day, None)
        with self._steps.step("Score them") as told:
            run = _started(engineer, "score", lambda given_: given_.get("scope", {}).get("date_from") == day)
            return self._finish(engineer, run, told)

    def _drift(self, seen: list[str]) -> dict[str, Any]:
        """Land what the model has not learnt, batch by batch, and see what people are told and what it starts."""
        aws, batches = connect(LAPTOP, ENGINEER), []
        for number, files in enumerate(self._lands.shifted, start=1):
            with self._steps.step(f"Score batch {number} of a campaign in Portugal") as told:
                run = self._score_more(aws, files, seen, told)
            seen.append(run.run_id)
            published.copy(aws, aws.deployment.monitoring_bucket, report_prefix(run.run_id), self._folder / "reports")
            batches.append(watched.batch(aws, run.run_id))
            self._steps.note(watched.in_words(batches[-1]))
        if batches[-1]["verdict"] != "page":
            return {"batches": batches, "alarms": [], "sms": [], "retraining": None}
        with self._steps.step("See the page wake people"):
            told_people = watched.people_told(aws)
        return {"batches": batches, **told_people, "retraining": self._retraining(aws)}

    def _score_more(
        self, aws: Aws, files: dict[str, list[Path]], seen: list[str], told: Callable[[str], None]
    ) -> Attempt:
        """Land further messages of the day and its marker once more, and follow the run that takes what is new."""
        day = self._lands.day.isoformat()
        for source, paths in files.items():
            for path in paths:
                landing.land_messages(aws, path, source, day, _unseen)
        landing.write_marker(aws, day, None)
        return self._finish(aws, _started(aws, "score", lambda given_: given_["run_id"] not in seen), told)

    def _retraining(self, aws: Aws) -> dict[str, Any]:
        """The training that the page has started; it would give the same model again, so nobody waits for it here."""
        with self._steps.step("See the page start a training"):
            run = _started(aws, "train", lambda given_: given_["trigger"]["kind"] == "drift")
        return {"run_id": run.run_id, "status": run.status}

    def _judge(self, version: int, score: Attempt) -> tuple[dict[str, Any], list[Prediction]]:
        """Copy what was published, check that every message is accounted for, and compare labels with the truth."""
        aws = connect(LAPTOP, ENGINEER)
        self._copy_reports(aws, score)
        predictions = published.read(published.copy(aws, aws.deployment.predictions_bucket, PREDICTIONS, self._folder))
        account = ledgers.ledger(aws, "score", score.run_id) or {}
        counts = summary.messages(account["steps"]["clean"], account["steps"]["published"])
        summary.reconcile(counts, predictions, self._lands)
        one = registry.package(aws, version)
        model = {"package_arn": one.arn, "approval": one.approval, "version": one.version}
        told = {"messages": counts, "model": {**model, **summary.quality(predictions, self._lands.truth)}}
        return told, predictions

    def _copy_reports(self, aws: Aws, score: Attempt) -> None:
        """The runs' own files, evaluation, model card and monitoring report, to look at when the platform is gone."""
        there, folder = aws.deployment, self._folder / "reports"
        published.copy(aws, there.curated_bucket, "runs/", folder)
        shutil.copy(folder / RunFiles("score", score.run_id).quality_page, folder / "quality.html")
        evaluations = published.copy(aws, there.models_bucket, evaluation_prefix(""), folder)
        (card,) = (path for path in evaluations if path.name == "model_card.html")
        shutil.copyfile(card, folder / card.name)
        published.copy(aws, there.monitoring_bucket, report_prefix(score.run_id), folder)

    def _finish(self, aws: Aws, attempt: Attempt, told: Callable[[str], None]) -> Attempt:
        """Follow a run to its end. Raises CribaError unless it succeeded."""
        ended = executions.follow(aws, attempt, told)
        if ended.status != "SUCCEEDED":
            report = reports.report(aws, ended.workflow, ended.run_id)
            raise CribaError(
                f"{ended.workflow} run {ended.run_id}: {ended.status}: {report['reason']}. "
                f"The platform's log: {process.ROOT / 'platform.log'}"
            )
        return ended


def _started(aws: Aws, workflow: str, matches: Callable[[dict[str, Any]], bool]) -> Attempt:
    """The run that an event starts, awaited. Raises CribaError when none comes."""
    deadline = time.monotonic() + _PATIENCE
    for pause in aws.pauses():
        for one in executions.recent(aws, workflow, 10):
            attempt = executions.attempts(aws, workflow, one["run_id"])[-1]
            if matches(attempt.input):
                return attempt
        if refused := executions.failed_launch(aws):
            raise CribaError(f"launch did not start {workflow}: {refused}")
        if time.monotonic() > deadline:
            break
        time.sleep(pause)
    raise CribaError(f"no event started {workflow} within {_PATIENCE} s. See {process.ROOT / 'platform.log'}")


@contextmanager
def _a_platform(steps: Steps, *, keep: bool) -> Iterator[process.Endpoint]:
    """A fresh platform, which ends with the demo, whether that succeeds (but to `keep` it), fails or is stopped."""
    before = {number: signal.signal(number, _interrupt) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        with steps.step("Start the platform"):
            platform = process.up(free_port(settings.PORT, steps))
        ended_well = False
        try:
            yield platform
            ended_well = True
        finally:
            if not (keep and ended_well):
                process.down()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _interrupt(number: int, _: FrameType | None) -> None:
    raise KeyboardInterrupt(signal.Signals(number).name)


def free_port(wanted: int, steps: Steps) -> int:
    """`wanted`, or any free port when that is taken. Raises CribaError when none is left."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((settings.HOST, port))
            except OSError:
                continue
            free = int(probe.getsockname()[1])
        if free != wanted:
            steps.note(f"port {wanted} is taken: using {free}")
        return free
    raise CribaError(f"no port of {settings.HOST} is free")


def _make_empty(folder: Path) -> None:
    try:
        if folder.exists():
            shutil.rmtree(folder)
        folder.mkdir(parents=True)
    except OSError as problem:
        raise CribaError(
            f"cannot write in {folder.absolute()}: {problem.strerror}. Make it writable, or remove what is there"
        ) from problem


def _unseen(_: int) -> None:
    """Progress of files too small to draw a bar for."""
