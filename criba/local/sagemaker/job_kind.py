"""Jobs of one kind: created under a name that is never free again, run in a thread, described, listed, stopped."""

import contextvars
import copy
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from criba.local.errors import AwsError
from criba.local.jobs import JobFailed, JobStopped, JobTimedOut, files
from criba.local.jobs.container import Job, acting_as
from criba.local.sagemaker import listing, shapes
from criba.local.sagemaker.account import Account, now

Record = dict[str, Any]

log = logging.getLogger(__name__)


@dataclass
class _Running:
    """A job's description and the way to stop it."""

    record: Record
    stop: threading.Event = field(default_factory=threading.Event)


class JobKind:
    """Training, Processing or Transform jobs. `run` does the work, `check` refuses requests before they are taken."""

    def __init__(
        self,
        noun: str,
        account: Account,
        *,
        run: Callable[[Record, Job], None],
        check: Callable[[Record], None],
        missing: str,
        newest_first: bool = False,
    ) -> None:
        self.noun = noun
        self._account = account
        self._run, self._check, self._missing, self._newest_first = run, check, missing, newest_first
        self._jobs: dict[str, _Running] = {}
        self._name, self._arn, self._status = f"{noun}JobName", f"{noun}JobArn", f"{noun}JobStatus"

    def create(self, request: Record, person: str) -> Record:
        self._check(request)
        name = request[self._name]
        arn = self._account.arn(f"{self.noun.lower()}-job", name)
        if name in self._jobs:
            raise AwsError(
                "ResourceInUse",
                f"{self.noun} job names must be unique within an AWS account and region, and a {self.noun.lower()} job "
                f"with this name already exists ({arn})",
            )
        given = {key: value for key, value in copy.deepcopy(request).items() if key != "Tags"}
        moment = now()
        record = {**given, self._arn: arn, "CreationTime": moment, "LastModifiedTime": moment}
        self._jobs[name] = running = _Running(record)
        self._account.tags.register(arn, request.get("Tags", []))
        self._move(running, "InProgress", SecondaryStatus="Starting")
        context = contextvars.copy_context()
        threading.Thread(target=context.run, args=(self._work, given, running), name=name, daemon=True).start()
        return {self._arn: arn}

    def describe(self, request: Record, person: str) -> Record:
        return shapes.answer(f"Describe{self.noun}Job", copy.deepcopy(self._job(request).record))

    def list(self, request: Record, person: str) -> Record:
        records = [running.record for running in self._jobs.values()]
        found, more = listing.page(
            records, request, name=self._name, status=self._status, newest_first=self._newest_first
        )
        entries = [shapes.summary(f"List{self.noun}Jobs", record) for record in found]
        return {f"{self.noun}JobSummaries": entries, **more}

    def stop(self, request: Record, person: str) -> Record:
        running = self._job(request)
        status = running.record[self._status]
        if status not in ("InProgress", "Stopping"):
            raise AwsError(
                "ValidationException",
                f"The request was rejected because the {self.noun.lower()} job is in status {status}.",
            )
        running.stop.set()
        self._move(running, "Stopping", SecondaryStatus="Stopping")
        return {}

    def _job(self, request: Record) -> _Running:
        name = request[self._name]
        if name not in self._jobs:
            arn = self._account.arn(f"{self.noun.lower()}-job", name)
            raise AwsError("ValidationException", self._missing.format(arn=arn, name=name))
        return self._jobs[name]

    def _work(self, request: Record, running: _Running) -> None:
        """Run a job and record how it ended."""
        record = running.record
        job = Job(
            name=record[self._name],
            arn=record[self._arn],
            work=self._account.work / f"{self.noun.lower()}-jobs" / record[self._name],
            environment={**self._account.environment, **acting_as(request.get("RoleArn"))},
            report=lambda **fields: self._report(running, fields),
            images=self._account.images,
            stop=running.stop,
            grace=self._account.grace,
        )
        files.remove(job.work)
        self._report(running, {f"{self.noun}StartTime": now()})
        status, fields = self._outcome(request, job)
        files.remove(job.root)
        with self._account.lock:
            self._move(running, status, **fields, **{f"{self.noun}EndTime": now()})

    def _outcome(self, request: Record, job: Job) -> tuple[str, Record]:
        try:
            self._run(request, job)
        except JobStopped:
            return "Stopped", {"SecondaryStatus": "Stopped"}
        except JobTimedOut:
            return "Stopped", {"SecondaryStatus": "MaxRuntimeExceeded"}
        except JobFailed as failure:
            return "Failed", {"SecondaryStatus": "Failed", "FailureReason": str(failure)[:1024]}
        except Exception as problem:
            log.exception("%s job %s: the platform's own fault", self.noun, job.name)
            reason = f"InternalServerError: {type(problem).__name__}: {problem}"
            return "Failed", {"SecondaryStatus": "Failed", "FailureReason": reason[:1024]}
        return "Completed", {"SecondaryStatus": "Completed"}

    def _move(self, running: _Running, status: str, **fields: Any) -> None:
        """To another status, which is an event."""
        running.record[self._status] = status
        self._report(running, fields)
        detail = shapes.answer(f"Describe{self.noun}Job", copy.deepcopy(running.record))
        self._account.send(f"SageMaker {self.noun} Job State Change", detail, running.record[self._arn])

    def _report(self, running: _Running, fields: Record) -> None:
        with self._account.lock:
            running.record.update(fields, LastModifiedTime=now())
            if self.noun == "Training" and "SecondaryStatus" in fields:
                _note_transition(running.record, fields["SecondaryStatus"])


def _note_transition(record: Record, status: str) -> None:
    """Close the secondary status that a training job was in and open the next."""
    transitions = record.setdefault("SecondaryStatusTransitions", [])
    moment = now()
    if transitions:
        transitions[-1]["EndTime"] = moment
    transitions.append({"Status": status, "StartTime": moment})
    if status in ("Completed", "Failed", "Stopped", "MaxRuntimeExceeded"):
        transitions[-1]["EndTime"] = moment
        started = record.get("TrainingStartTime", moment)
        record["TrainingTimeInSeconds"] = record["BillableTimeInSeconds"] = max(1, round(moment - started))
