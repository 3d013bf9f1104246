"""Model Monitor: job definitions, schedules, and the executions of those that are fired.

The platform waits for no hour: a schedule runs when it is fired, over what was captured since the last time. Then it
starts the definition's container as a processing job, as AWS does.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from criba.local.errors import AwsError
from criba.local.sagemaker import captured, listing, shapes
from criba.local.sagemaker.account import Account, now
from criba.local.sagemaker.job_kind import JobKind

Record = dict[str, Any]

NOUNS = ("DataQuality", "ModelQuality")


class Definitions:
    """The job definitions of one kind, which cannot be changed once they are made."""

    def __init__(self, noun: str, account: Account) -> None:
        self.noun = noun
        self._account = account
        self._known: dict[str, Record] = {}

    def create(self, request: Record, person: str) -> Record:
        name = request["JobDefinitionName"]
        kind = "data-quality" if self.noun == "DataQuality" else "model-quality"
        arn = self._account.arn(f"{kind}-job-definition", name)
        if name in self._known:
            raise AwsError("ResourceInUse", f"Job definition {arn} already exists.")
        if "BatchTransformInput" not in request[f"{self.noun}JobInput"]:
            raise AwsError("NotEmulated", "the local platform does not do this: a monitor of an endpoint", 501)
        given = {key: value for key, value in request.items() if key != "Tags"}
        self._known[name] = {**given, "JobDefinitionArn": arn, "CreationTime": now()}
        self._account.tags.register(arn, request.get("Tags", []))
        return {"JobDefinitionArn": arn}

    def describe(self, request: Record, person: str) -> Record:
        return shapes.answer(f"Describe{self.noun}JobDefinition", self.known(request["JobDefinitionName"]))

    def list(self, request: Record, person: str) -> Record:
        named = ({**one, "MonitoringJobDefinitionName": name} for name, one in self._known.items())
        found, more = listing.page(named, request, name="MonitoringJobDefinitionName", newest_first=True)
        entries = [
            {
                **shapes.summary(f"List{self.noun}JobDefinitions", one),
                "MonitoringJobDefinitionArn": one["JobDefinitionArn"],
            }
            for one in found
        ]
        return {"JobDefinitionSummaries": entries, **more}

    def delete(self, request: Record, person: str) -> Record:
        gone = self.known(request["JobDefinitionName"])
        del self._known[gone["JobDefinitionName"]]
        self._account.tags.forget(gone["JobDefinitionArn"])
        return {}

    def known(self, name: str) -> Record:
        if name not in self._known:
            raise AwsError("ResourceNotFound", f"Job definition {name} does not exist.")
        return self._known[name]


class Schedules:
    """The monitoring schedules, each of one definition, and what became of their executions."""

    def __init__(self, account: Account, definitions: dict[str, Definitions], jobs: JobKind) -> None:
        self._account = account
        self._definitions = definitions
        self._jobs = jobs
        self._known: dict[str, Record] = {}
        self._executions: list[Record] = []

    def create(self, request: Record, person: str) -> Record:
        name = request["MonitoringScheduleName"]
        if name in self._known:
            raise AwsError("ResourceInUse", f"Monitoring schedule {name} already exists.")
        arn = self._account.arn("monitoring-schedule", name)
        self._known[name] = {
            "MonitoringScheduleName": name,
            "MonitoringScheduleArn": arn,
            "CreationTime": now(),
            **self._configured(request),
        }
        self._account.tags.register(arn, request.get("Tags", []))
        return {"MonitoringScheduleArn": arn}

    def update(self, request: Record, person: str) -> Record:
        schedule = self._schedule(request)
        schedule.update(self._configured(request))
        return {"MonitoringScheduleArn": schedule["MonitoringScheduleArn"]}

    def describe(self, request: Record, person: str) -> Record:
        schedule = self._schedule(request)
        latest = [one for one in self._told() if one["MonitoringScheduleName"] == schedule["MonitoringScheduleName"]][
            -1:
        ]
        last = {"LastMonitoringExecutionSummary": _execution(latest[0])} if latest else {}
        return shapes.answer("DescribeMonitoringSchedule", {**schedule, **last})

    def list(self, request: Record, person: str) -> Record:
        found, more = listing.page(
            self._known.values(),
            request,
            name="MonitoringScheduleName",
            status="MonitoringScheduleStatus",
            newest_first=True,
        )
        return {
            "MonitoringScheduleSummaries": [shapes.summary("ListMonitoringSchedules", one) for one in found],
            **more,
        }

    def delete(self, request: Record, person: str) -> Record:
        schedule = self._schedule(request)
        del self._known[schedule["MonitoringScheduleName"]]
        self._account.tags.forget(schedule["MonitoringScheduleArn"])
        return {}

    def executions(self, request: Record, person: str) -> Record:
        wanted = request.get("MonitoringScheduleName")
        own = [one for one in self._told() if wanted in (None, one["MonitoringScheduleName"])]
        found, more = listing.page(
            own, request, name="MonitoringScheduleName", status="MonitoringExecutionStatus", newest_first=True
        )
        return {"MonitoringExecutionSummaries": [_execution(one) for one in found], **more}

    def fire(self, name: str) -> Record:
        """Run a schedule now, over what was captured since it last ran; the execution. Raises AwsError."""
        with self._account.lock:
            schedule = self._schedule({"MonitoringScheduleName": name})
            kind = schedule["MonitoringType"]
            definition = self._definitions[kind].known(schedule["MonitoringJobDefinitionName"])
            since: float = schedule.get("fired") or schedule["CreationTime"]
            schedule["fired"] = moment = now()
            execution: Record = {
                "MonitoringScheduleName": name,
                "ScheduledTime": moment,
                "CreationTime": moment,
                "LastModifiedTime": moment,
                "MonitoringExecutionStatus": "InProgress",
                "MonitoringJobDefinitionName": definition["JobDefinitionName"],
                "MonitoringType": kind,
            }
            self._executions.append(execution)
        window = captured.Window.around(_time(since), _time(moment))
        try:
            request = captured.job(self._account, kind, definition, name, window)
        except captured.NothingCaptured as nothing:
            execution.update(MonitoringExecutionStatus="Failed", FailureReason=str(nothing), LastModifiedTime=now())
            return _execution(execution)
        with self._account.lock:
            request["ProcessingJobName"] = f"model-monitoring-{len(self._executions):04d}-{int(moment)}"
            execution["ProcessingJobArn"] = self._jobs.create(request, "")["ProcessingJobArn"]
            execution["job"] = request["ProcessingJobName"]
        return _execution(execution)

    def names(self) -> Sequence[str]:
        return sorted(self._known)

    def _told(self) -> Sequence[Record]:
        """All executions, with what has become of their jobs by now."""
        for one in self._executions:
            if one["MonitoringExecutionStatus"] == "InProgress" and "job" in one:
                self._settle(one)
        return self._executions

    def _settle(self, execution: Record) -> None:
        job = self._jobs.describe({"ProcessingJobName": execution["job"]}, "")
        status = job["ProcessingJobStatus"]
        if status == "InProgress":
            return
        violated = job.get("ExitMessage", "").startswith("CompletedWithViolations")
        execution["MonitoringExecutionStatus"] = (
            "CompletedWithViolations" if violated and status == "Completed" else status
        )
        execution["LastModifiedTime"] = job["LastModifiedTime"]
        if reason := job.get("FailureReason"):
            execution["FailureReason"] = f"{reason} {job.get('ExitMessage', '')}".strip()

    def _configured(self, request: Record) -> Record:
        config = request["MonitoringScheduleConfig"]
        name, kind = config.get("MonitoringJobDefinitionName"), config.get("MonitoringType")
        if name is None or kind not in self._definitions:
            raise AwsError(
                "NotEmulated", "the local platform does not do this: a schedule other than of a named quality job", 501
            )
        self._definitions[kind].known(name)
        return {
            "MonitoringScheduleConfig": config,
            "MonitoringJobDefinitionName": name,
            "MonitoringType": kind,
            "MonitoringScheduleStatus": "Scheduled",
            "LastModifiedTime": now(),
        }

    def _schedule(self, request: Record) -> Record:
        name = request["MonitoringScheduleName"]
        if name not in self._known:
            raise AwsError("ResourceNotFound", f"Monitoring schedule {name} does not exist.")
        return self._known[name]


def _execution(one: Record) -> Record:
    return shapes.summary("ListMonitoringExecutions", one)


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
