"""Requests to erase messages: one person asks, another approves and runs, and a certificate says what was done."""

import json
import re
import secrets
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

from criba import glue_runs, ledgers
from criba.aws import Aws
from criba.errors import BadInput, CribaError
from criba.writing import put_once
from pipeline_code.contracts import SOURCE, ErasureFiles, same_person

LONGEST_ID = 256
MOST_IDS = 10_000
_REQUEST = re.compile(r"erase-\d{8}-[0-9a-f]{6}")
_WORKFLOWS = ("train", "score", "backfill")


@dataclass(frozen=True)
class Asked:
    """A request: the name that it goes by, how many messages, who asked and when."""

    request: str
    messages: int
    asked_by: str
    asked_at: str


def ids_of(given: Iterable[str], file: Path | None, sources: Iterable[str]) -> list[str]:
    """The ids that were given, and those of a file, one a line. Raises BadInput for one that is none."""
    ids = [(f"--message-id {one!r}", one) for one in given]
    if file is not None:
        ids += [(f"line {number} of {file}", line) for number, line in _lines(file)]
    if not ids:
        raise BadInput("no message was named: say --message-id SOURCE:ID, or --key-file FILE with one a line")
    if len(ids) > MOST_IDS:
        raise BadInput(f"{len(ids):,} messages in one request, at most {MOST_IDS:,} can be: split the file")
    for where, one in ids:
        _check(where, one, sources)
    return list(dict.fromkeys(one for _, one in ids))


def ask(aws: Aws, ids: list[str]) -> Asked:
    """Write a request. The ids lie beside it only until it has been carried out."""
    asked_at = datetime.now(UTC)
    name = f"erase-{asked_at:%Y%m%d}-{secrets.token_hex(3)}"
    asked = Asked(name, len(ids), aws.caller, asked_at.isoformat(timespec="seconds"))
    files, bucket = ErasureFiles(name), aws.deployment.curated_bucket
    put_once(aws, bucket, files.ids, json.dumps({"ids": ids}).encode())
    put_once(aws, bucket, files.request, json.dumps({**vars(asked), "salt": secrets.token_hex(16)}).encode())
    return asked


def run(aws: Aws, request_id: str, told: Callable[[str], None]) -> dict[str, Any]:
    """Approve a request and carry it out; returns the certificate. Goes on where an earlier call was cut off.

    Raises BadInput for an unknown request, and CribaError where two people do not stand for it, it has been carried out
    or a run is under way that may hold the messages.
    """
    files, request = ErasureFiles(request_id), find(aws, request_id)
    if not waits(aws, request_id):
        raise CribaError(f"request {request_id} was carried out: see criba erase show {request_id}, or ask again")
    if same_person(request["asked_by"], aws.caller):
        raise CribaError(f"you asked for {request_id} yourself: another Admin has to approve and run it")
    if running := list(_under_way(aws)):
        raise CribaError(f"{' and '.join(running)} under way, which may hold the messages: wait until that has ended")
    approval = {"approved_by": aws.caller, "approved_at": datetime.now(UTC).isoformat(timespec="seconds")}
    put_once(aws, aws.deployment.curated_bucket, files.approval, json.dumps(approval).encode())
    buckets = {name: f"s3://{getattr(aws.deployment, f'{name}_bucket')}" for name in ("raw", "curated", "predictions")}
    glue_runs.run(aws, aws.deployment.erase_job, {"request": request_id, **buckets}, told)
    return certificates(aws, request_id)[-1]


def find(aws: Aws, request_id: str) -> dict[str, Any]:
    """A request as it stands. Raises BadInput when there is none of this name."""
    found = None
    if _REQUEST.fullmatch(request_id):
        found = ledgers.read_json(aws, aws.deployment.curated_bucket, ErasureFiles(request_id).request)
    if found is None:
        raise BadInput(f"there is no request {request_id!r}: write the name that criba erase printed")
    return dict(found)


def waits(aws: Aws, request_id: str) -> bool:
    """Whether a request has not been carried out yet."""
    return ledgers.read_json(aws, aws.deployment.curated_bucket, ErasureFiles(request_id).ids) is not None


def certificates(aws: Aws, request_id: str) -> list[dict[str, Any]]:
    """The certificates of a request, the first one first."""
    found: list[dict[str, Any]] = []
    for number in count(1):
        told = ledgers.read_json(aws, aws.deployment.curated_bucket, ErasureFiles(request_id).certificate(number))
        if told is None:
            break
        found.append(told)
    return found


def _lines(file: Path) -> Iterator[tuple[int, str]]:
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as problem:
        raise BadInput(f"--key-file {file} cannot be read as text: write one SOURCE:ID a line") from problem
    return ((number, line.strip()) for number, line in enumerate(text.splitlines(), 1) if line.strip())


def _check(where: str, id_: str, sources: Iterable[str]) -> None:
    source, separator, own = id_.partition(":")
    if not separator or not SOURCE.fullmatch(source) or not own or len(own) > LONGEST_ID or not own.isprintable():
        raise BadInput(f"{where} is no message's id: write SOURCE:ID, such as web-form:m-17")
    if source not in sources:
        raise BadInput(f"{where} names the source {source!r}, which is none of {', '.join(sources)}")


def _under_way(aws: Aws) -> Iterator[str]:
    for workflow in _WORKFLOWS:
        machine = aws.deployment.machine(workflow)
        found = aws.states.list_executions(stateMachineArn=machine, statusFilter="RUNNING", maxResults=1)
        yield from (f"{workflow} run {one['name']} is" for one in found["executions"])
