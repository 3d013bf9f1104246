"""The quarantine for the operator: what was refused, by run, and how it comes back.

A redrive writes a *ticket* first: `redriven/run_id=<run>/<number>.json` names the records that leave, and the raw
objects that they leave as. Only one ticket of a number can be written, and each is made knowing all before it, so no
record is on two. Then its objects land, each once, and at last a note says so. Whatever is cut off in between, the next
redrive of the run finishes. See docs/decisions/0011-redrive.md.
"""

import base64
import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import Any

from criba import ledgers
from criba.aws import Aws
from criba.errors import BadInput, CribaError
from criba.landing import EXTENSIONS, check_file
from criba.writing import put_once
from pipeline_code.contracts import (
    QUARANTINE,
    REDRIVE,
    landed_key,
    quarantine_prefix,
    raw_message_key,
    raw_place,
    ticket_key,
)

_WHOLE = ("unknown_format", "truncated_gzip")
"""Reasons that refuse an object from the record's position on, rather than one record."""

Identity = tuple[str, str, int]
"""Object, version and position of a record."""


@dataclass(frozen=True)
class Refused:
    """One line of the quarantine; `record` are the bytes that were kept of it."""

    run_id: str
    step: str
    reason: str
    detail: str
    source: str
    object: str
    version_id: str
    position: int
    record: bytes = field(repr=False)

    @property
    def identity(self) -> Identity:
        return self.object, self.version_id, self.position

    @property
    def id(self) -> str:
        """A short name of the record within its run: 12 hex digits."""
        return hashlib.sha256("\n".join(map(str, self.identity)).encode()).hexdigest()[:12]

    @property
    def is_rest(self) -> bool:
        """Whether it stands for all that follows in its object too."""
        return self.reason in _WHOLE or not self.record

    def described(self) -> dict[str, Any]:
        """Everything but the bytes."""
        told = {name: value for name, value in vars(self).items() if name != "record"}
        return {"id": self.id, **told, "bytes": len(self.record)}


@dataclass(frozen=True)
class Ticket:
    """Records that leave a run's quarantine: `lands` are raw objects, each with what is in it or what it replaces."""

    run_id: str
    number: int
    asked_by: str
    asked_at: str
    lands: list[dict[str, Any]]

    @property
    def records(self) -> set[Identity]:
        return {
            (raw_message_key(*_place(one["key"]), named["name"]), named["version_id"], position)
            for one in self.lands
            for named in one["objects"]
            for position in _positions(named)
        }


@dataclass(frozen=True)
class Chosen:
    """Which records: those of a reason and a source where they are given, or the one with an id."""

    reason: str | None = None
    source: str | None = None
    record: str | None = None

    def holds(self, one: Refused) -> bool:
        return self.reason in (None, one.reason) and self.source in (None, one.source) and self.record in (None, one.id)


def runs(aws: Aws) -> list[str]:
    """The runs that have a quarantine."""
    pages = aws.s3.get_paginator("list_objects_v2").paginate(
        Bucket=aws.deployment.curated_bucket, Prefix=f"{QUARANTINE}/", Delimiter="/"
    )
    folders = [one["Prefix"] for page in pages for one in page.get("CommonPrefixes", [])]
    return [folder.rstrip("/").rpartition("=")[2] for folder in folders]


def refused(aws: Aws, run_id: str) -> Iterator[Refused]:
    """Every record that a run refused, as it lies there: what was redriven since is among them."""
    bucket = aws.deployment.curated_bucket
    for key in _keys(aws, bucket, f"{quarantine_prefix(run_id)}/"):
        for line in aws.s3.get_object(Bucket=bucket, Key=key)["Body"].iter_lines():
            told = json.loads(line)
            yield Refused(record=base64.b64decode(told.pop("record_base64")), **told)


def tickets(aws: Aws, run_id: str) -> list[Ticket]:
    """The redrives of a run, the first one first."""
    found: list[Ticket] = []
    while told := ledgers.read_json(aws, aws.deployment.curated_bucket, ticket_key(run_id, len(found) + 1)):
        found.append(Ticket(**told))
    return found


def gone(aws: Aws, run_id: str) -> set[Identity]:
    """The records of a run that have left its quarantine: those on a ticket whose objects have landed."""
    return {one for ticket in tickets(aws, run_id) if _has_landed(aws, ticket) for one in ticket.records}


def redrive(aws: Aws, run_id: str, chosen: Chosen) -> list[Ticket]:
    """Land what was chosen and is still there, to be read again where it first landed; returns what landed now.

    Finishes what an earlier redrive of the run began.
    """
    landed: list[Ticket] = []
    while True:
        before = tickets(aws, run_id)
        landed += [ticket for ticket in before if _land(aws, ticket)]
        left = {one for ticket in before for one in ticket.records}
        waiting = [one for one in refused(aws, run_id) if chosen.holds(one) and one.identity not in left]
        lands = _lands(run_id, len(before) + 1, waiting)
        if not lands:
            return landed
        # Where somebody else has written a ticket of this number, what is left is looked at anew.
        _written(aws, _ticket(aws, run_id, len(before) + 1, lands))


def replace(aws: Aws, run_id: str, record: str, file: Path) -> Ticket:
    """Land a file in place of one record. Raises BadInput for an unknown record, CribaError for one that has left."""
    body = check_file(file).read_bytes()
    sha256 = hashlib.sha256(body).hexdigest()
    while True:
        one = find(aws, run_id, record)
        before = tickets(aws, run_id)
        ticket = next((ticket for ticket in before if one.identity in ticket.records), None)
        if ticket is None:
            ticket = _ticket(aws, run_id, len(before) + 1, [_replacement(one, len(before) + 1, file.name, sha256)])
            if not _written(aws, ticket):
                continue
        if ticket.lands[0].get("sha256") != sha256:
            raise CribaError(f"record {record} of {run_id} left the quarantine with redrive {ticket.number} already")
        _land(aws, ticket, body)
        return ticket


def find(aws: Aws, run_id: str, record: str) -> Refused:
    """One record of a run's quarantine by its id. Raises BadInput when there is none."""
    for one in refused(aws, run_id):
        if one.id == record:
            return one
    raise BadInput(f"no record {record!r} in the quarantine of {run_id}: list them with criba quarantine show {run_id}")


def _lands(run_id: str, number: int, records: Iterable[Refused]) -> list[dict[str, Any]]:
    """One raw object for each source and date, naming the records to read again.

    Labels, which every train run reads anew, and what lay outside the layout cannot come back so: they are left out.
    """
    lands = []
    placed = [(place, one) for one in records if (place := raw_place(one.object))]
    by_place = sorted(placed, key=lambda pair: (pair[0], pair[1].identity))
    for (source, day), group in groupby(by_place, key=lambda pair: pair[0][:2]):
        objects = [
            _named(name, version, [one for _, one in of_object])
            for (name, version), of_object in groupby(group, key=lambda pair: (pair[0][2], pair[1].version_id))
        ]
        key = raw_message_key(source, day, f"redriven-{run_id}-{number:05d}{REDRIVE}")
        lands.append({"key": key, "objects": objects})
    return lands


def _named(name: str, version_id: str, records: list[Refused]) -> dict[str, Any]:
    rest = [one.position for one in records if one.is_rest]
    positions = [one.position for one in records if not one.is_rest]
    return {"name": name, "version_id": version_id, "positions": positions, "rest_from": min(rest) if rest else None}


def _replacement(one: Refused, number: int, name: str, sha256: str) -> dict[str, Any]:
    place = raw_place(one.object)
    if place is None:
        raise CribaError(f"record {one.id} lay in {one.object}, which has no source and date: land the file itself")
    stem = name.removesuffix(".gz")
    ending = next(ending for ending in EXTENSIONS if stem.endswith(ending)) + name.removeprefix(stem)
    return {
        "key": raw_message_key(*place[:2], f"redriven-{one.run_id}-{number:05d}{ending}"),
        "objects": [_named(place[2], one.version_id, [one])],
        "sha256": sha256,
    }


def _ticket(aws: Aws, run_id: str, number: int, lands: list[dict[str, Any]]) -> Ticket:
    return Ticket(run_id, number, aws.caller, datetime.now(UTC).isoformat(timespec="seconds"), lands)


def _written(aws: Aws, ticket: Ticket) -> bool:
    return _write_once(aws, aws.deployment.curated_bucket, ticket_key(ticket.run_id, ticket.number), vars(ticket))


def _has_landed(aws: Aws, ticket: Ticket) -> bool:
    note = landed_key(ticket.run_id, ticket.number)
    return ledgers.read_json(aws, aws.deployment.curated_bucket, note) is not None


def _land(aws: Aws, ticket: Ticket, replacement: bytes | None = None) -> bool:
    """Land a ticket's objects, unless that is done; returns whether it was done now.

    A replacement can land only while somebody gives its file.
    """
    if _has_landed(aws, ticket):
        return False
    for one in ticket.lands:
        body = replacement if "sha256" in one else json.dumps({"objects": one["objects"]}).encode()
        if body is None:
            return False
        put_once(aws, aws.deployment.raw_bucket, one["key"], body)
    note = {"keys": [one["key"] for one in ticket.lands]}
    return _write_once(aws, aws.deployment.curated_bucket, landed_key(ticket.run_id, ticket.number), note)


def _write_once(aws: Aws, bucket: str, key: str, document: dict[str, Any]) -> bool:
    return put_once(aws, bucket, key, json.dumps(document).encode())


def _keys(aws: Aws, bucket: str, prefix: str) -> Iterator[str]:
    for page in aws.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        yield from (one["Key"] for one in page.get("Contents", []))


def _place(key: str) -> tuple[str, str]:
    place = raw_place(key)
    if place is None:
        raise CribaError(f"a redrive names {key}, which has no source and date: its ticket was not written by criba")
    return place[:2]


def _positions(named: dict[str, Any]) -> list[int]:
    rest = named["rest_from"]
    return [*named["positions"], *([] if rest is None else [rest])]
