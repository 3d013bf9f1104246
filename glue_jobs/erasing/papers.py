"""The papers of an erasure: who asked, who approved, what happened to which object, and what is left to say of it.

Ids lie in one file beside the request, and there only until it has been carried out. The certificate holds their
hashes, salted with the request's own number: whoever brings an id can see that it is the one, and nobody else can.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from itertools import count
from typing import Any

from botocore.exceptions import ClientError

from glue_jobs.erasing.objects import delete_versions, objects_below
from glue_jobs.erasing.places import NOT_COVERED
from glue_jobs.lake.across_runs import TABLES, Erased
from glue_jobs.lake.store import keys_below, read_json, read_json_if_there, s3, write_json
from pipeline_code.contracts import ERASURES, ErasureFiles, RunFiles, same_person


@dataclass(frozen=True)
class Request:
    """A request that two people stand for; `number` is that of the certificate that it will get."""

    files: ErasureFiles
    ids: frozenset[str]
    salt: str
    asked_by: str
    asked_at: str
    approved_by: str
    approved_at: str
    number: int


@dataclass(frozen=True)
class Entry:
    """What an erasure does to one key; `rows` are those that a run's `table` loses, counted in `report_version`.

    `messages` are the hashes of the messages that it holds.
    """

    place: str
    bucket: str
    key: str
    records: int
    versions: tuple[str, ...]
    messages: tuple[str, ...] = ()
    run_id: str = ""
    table: str = ""
    rows: int = 0
    report: str = ""
    report_version: str = ""


def request_of(curated: str, request_id: str) -> Request:
    """Read a request. Raises ValueError when two people do not stand for it, or when it has been carried out."""
    files = ErasureFiles(request_id)
    asked, approved = read_json(curated, files.request), read_json_if_there(curated, files.approval)
    if approved is None:
        raise ValueError(f"request {request_id} is not approved: criba erase run {request_id}")
    if same_person(asked["asked_by"], approved["approved_by"]):
        raise ValueError(f"request {request_id} was asked for and approved by one person: another has to approve it")
    ids = read_json_if_there(curated, files.ids)
    if ids is None:
        raise ValueError(f"request {request_id} was carried out: ask again to look once more")
    number = next(n for n in count(1) if not _is_there(curated, files.certificate(n)))
    people = {name: asked[name] for name in ("asked_by", "asked_at")} | {
        name: approved[name] for name in ("approved_by", "approved_at")
    }
    return Request(files, frozenset(ids["ids"]), asked["salt"], number=number, **people)


def journalled(curated: str, request: Request) -> list[Entry]:
    """What earlier attempts began for the same certificate, in order of places and keys."""
    keys = list(keys_below(curated, request.files.journal(request.number)))
    found = [Entry(**read_json(curated, key)) for key in keys]
    return sorted(found, key=lambda one: (one.place, one.key))


def journal(curated: str, request: Request, entry: Entry) -> None:
    """Write down what is about to happen to a key, beside what an attempt that was cut off had written of it."""
    name = hashlib.sha256(f"{entry.bucket}/{entry.key}".encode()).hexdigest()
    key = f"{request.files.journal(request.number)}{name}.json"
    before = read_json_if_there(curated, key)
    told = asdict(entry)
    if before:
        told |= {name: sorted({*before[name], *told[name]}) for name in ("versions", "messages")}
        told |= {name: max(before[name], told[name]) for name in ("records", "rows")}
        told |= {name: before[name] for name in ("report", "report_version")}
    write_json(curated, key, told)


def close(curated: str, request: Request, *, unreadable: Iterable[Mapping[str, str]], began_at: str) -> dict[str, Any]:
    """Write the certificate, delete the ids, and return the certificate."""
    entries = journalled(curated, request)
    found = {message for one in entries for message in one.messages}
    hashes = sorted(hashed(request.salt, id_) for id_ in request.ids)
    certificate = {
        "request": request.files.request_id,
        "number": request.number,
        **{name: getattr(request, name) for name in ("asked_by", "asked_at", "approved_by", "approved_at")},
        "began_at": began_at,
        "finished_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "salt": request.salt,
        "messages": [{"sha256": one, "found": one in found} for one in hashes],
        "places": _by_place(entries),
        "objects": [{name: value for name, value in asdict(one).items() if name != "messages"} for one in entries],
        "nothing_left": not entries,
        "unreadable": list(unreadable),
        "not_covered": NOT_COVERED,
    }
    write_json(curated, request.files.certificate(request.number), certificate)
    for ids in objects_below(curated, request.files.ids):
        delete_versions(ids, but=set())
    return certificate


def hashed(salt: str, id_: str) -> str:
    """How a certificate names a message: the sha256 of its salt, a colon and `<source>:<message_id>`."""
    return hashlib.sha256(f"{salt}:{id_}".encode()).hexdigest()


def erased_since(curated: str) -> Erased:
    """The rows that were erased of each run since the report in which it counted them was written."""
    gone: dict[str, Counter[str]] = {table: Counter() for table in TABLES}
    reports: dict[str, str] = {}
    for key in keys_below(curated, f"{ERASURES}/"):
        if not key.rpartition("/")[2].startswith("certificate-"):
            continue
        for one in read_json(curated, key)["objects"]:
            if one["table"] and one["report_version"] == report_version(curated, one["run_id"], one["report"], reports):
                gone[one["table"]][one["run_id"]] += one["rows"]
    return gone


def report_version(curated: str, run_id: str, report: str, known: dict[str, str] | None = None) -> str:
    """The version of a run's report that is current, empty when there is none; `known` are those looked at before."""
    key = RunFiles("score", run_id).key(report)
    known = {} if known is None else known
    if key not in known:
        try:
            known[key] = s3().head_object(Bucket=curated, Key=key)["VersionId"]
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
                raise
            known[key] = ""
    return known[key]


def _by_place(entries: Iterable[Entry]) -> dict[str, dict[str, int]]:
    told: dict[str, dict[str, int]] = {}
    for one in entries:
        sums = told.setdefault(one.place, {"objects": 0, "records": 0, "versions_deleted": 0})
        sums["objects"] += 1
        sums["records"] += one.records
        sums["versions_deleted"] += len(one.versions)
    return told


def _is_there(curated: str, key: str) -> bool:
    return read_json_if_there(curated, key) is not None
