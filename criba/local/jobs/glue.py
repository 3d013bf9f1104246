"""Runs one Glue job run: the deployed script under PySpark, in a process group of its own."""

import json
import re
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from criba.local.calls import MOUNT
from criba.local.jobs import JobFailed, JobTimedOut, files, spark
from criba.local.jobs.child import Child
from criba.local.jobs.s3_gate import S3Gate
from criba.local.jobs.workspace import Workspace

_MAIN = Path(__file__).with_name("glue_main.py")
_GRACE_SECONDS = 5.0

_FOR_SPARK_SUBMIT = ("--conf", "--extra-py-files", "--extra-files", "--extra-jars", "--additional-python-modules")
"""Arguments that Glue takes for itself. The modules of the last one are those of this installation."""


def run(
    job: Mapping[str, Any],
    job_run: Mapping[str, Any],
    *,
    environment: Mapping[str, str],
    work: Path,
    stop: threading.Event,
    archives: Path | None = None,
) -> None:
    """Run a Glue job run to its end.

    `job` is the job as Glue's GetJob has it (Command.ScriptLocation, DefaultArguments, Timeout in minutes), `job_run`
    as StartJobRun has it, with its Id (Arguments, Timeout). `environment` holds the AWS_* variables that the script
    sees; `work` is a folder for this run alone, which keeps the log (`log.txt`); setting `stop` ends the run's process
    group; `spark.json` there tells which objects Spark read, wrote and deleted, under which role. `archives` is where
    spark.class_archive() was called with.

    The buckets that the arguments name lie as files under Spark's `s3://`; what Spark wrote and deleted goes back
    through the S3 API, before each S3 call of the script itself and when the script ends, whether it failed or not.

    Raises JobFailed with what is Glue's ErrorMessage, JobStopped (StopJobRun) or JobTimedOut.
    """
    arguments = {**job.get("DefaultArguments", {}), **job_run.get("Arguments", {})}
    s3 = files.s3_client(environment, MOUNT)
    script = work / "script" / Path(job["Command"]["ScriptLocation"]).name
    files.download_uri(s3, job["Command"]["ScriptLocation"], script)
    workspace = Workspace(s3, work / "s3", _scopes(arguments))
    workspace.pull()
    properties = {**_configuration(arguments), **{f"spark.hadoop.{k}": v for k, v in workspace.properties().items()}}
    variables = {
        **spark.environment(work, properties, spark.existing_archive(archives) if archives else None),
        "PYTHONPATH": ":".join(str(path) for path in _packages(s3, arguments, work)),
        "HOME": str(work),
    }
    command = _command(script, job, job_run, arguments, work)
    try:
        with S3Gate(environment["AWS_ENDPOINT_URL"], workspace) as gate:
            _execute(command, {**gate.environment(environment), **variables}, work, stop, _minutes(job, job_run))
    finally:
        workspace.push()
        (work / "spark.json").write_text(json.dumps({"role": environment["AWS_ACCESS_KEY_ID"], **workspace.account()}))
        files.remove(workspace.folder)
        files.remove(work / "tmp")


def _execute(
    command: list[str], variables: dict[str, str], work: Path, stop: threading.Event, minutes: float | None
) -> None:
    seconds = None if minutes is None else minutes * 60
    with Child(command, environment=variables, folder=work, log=work / "log.txt", grace=_GRACE_SECONDS) as child:
        try:
            code = child.wait(stop, seconds)
        except JobTimedOut as late:
            raise JobTimedOut(f"Job run exceeded its timeout of {minutes:g} minutes") from late
        if code:
            said = work / "error.txt"
            raise JobFailed(said.read_text() if said.exists() else f"Command failed with exit code {code}")


def _command(
    script: Path, job: Mapping[str, Any], job_run: Mapping[str, Any], arguments: Mapping[str, str], work: Path
) -> list[str]:
    """The script with its arguments as Glue passes them: names the job and the run, and keeps what it does not know."""
    own = {"--JOB_NAME": job_run.get("JobName") or job["Name"], "--JOB_RUN_ID": job_run["Id"]}
    passed = {name: value for name, value in {**own, **arguments}.items() if name not in _FOR_SPARK_SUBMIT}
    pairs = [str(part) for name, value in passed.items() for part in (name, value)]
    return [sys.executable, str(_MAIN), str(work / "error.txt"), str(script), *pairs]


def _minutes(job: Mapping[str, Any], job_run: Mapping[str, Any]) -> float | None:
    given = job_run.get("Timeout") or job.get("Timeout")
    return None if given is None else float(given)


def _scopes(arguments: Mapping[str, str]) -> list[tuple[str, str]]:
    """The buckets, with prefixes, that the script's own arguments name."""
    own = (str(value) for name, value in arguments.items() if name not in (*_FOR_SPARK_SUBMIT, "--TempDir"))
    return [files.split_uri(uri) for value in own for uri in re.findall(r"s3://[^\s,]+", value)]


def _configuration(arguments: Mapping[str, str]) -> dict[str, str]:
    """Spark's properties from `--conf`, which Glue lets hold several: `a=1 --conf b=2`."""
    given = arguments.get("--conf", "")
    pairs = (part.strip().partition("=") for part in re.split(r"\s*--conf\s+", given) if part.strip())
    return {name: value for name, _, value in pairs}


def _packages(s3: Any, arguments: Mapping[str, str], work: Path) -> list[Path]:
    """`--extra-py-files`, downloaded in the order that they stand in."""
    uris = [uri.strip() for uri in arguments.get("--extra-py-files", "").split(",") if uri.strip()]
    packages = []
    for number, uri in enumerate(uris):
        package = work / "packages" / str(number) / uri.rpartition("/")[2]
        files.download_uri(s3, uri, package)
        packages.append(package if package.suffix in (".zip", ".whl", ".egg") else package.parent)
    return packages
