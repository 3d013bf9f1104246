"""Which raw object versions a run takes: claimed exclusively (messages) or as a snapshot (labels).

A claim is an object that only one run can write, so no version is taken twice and a file that comes late, or an
object written again, waits for the next run. A message that a source delivers again in a later object is a new
version for a later run: repeats are found within a run only.
"""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace

from glue_jobs.lake.store import delete, keys_below, read_json, read_json_if_there, s3, write_json_once
from glue_jobs.raw.rewritten import rewritten_below
from pipeline_code.contracts import ANY, CLAIMS, RAW_LABELS, RAW_MESSAGES, RunFiles, claim_key, raw_place

PARALLEL_CLAIMS = 16


@dataclass(frozen=True, order=True)
class RawObject:
    """One version of a raw object; `last_modified` is ISO 8601 in UTC."""

    key: str
    version_id: str
    bytes: int
    last_modified: str

    @property
    def place(self) -> tuple[str, str] | None:
        """Source and date of a message object, None when its key does not follow the layout."""
        place = raw_place(self.key)
        return place and place[:2]


@dataclass(frozen=True)
class Scope:
    """The sources and dates that a run may take; `*` leaves an end open."""

    source: str = ANY
    date_from: str = ANY
    date_to: str = ANY
    again: bool = False
    """Whether objects that other runs took are read once more."""

    @property
    def prefix(self) -> str:
        """The longest prefix of all keys in scope."""
        if self.source == ANY:
            return f"{RAW_MESSAGES}/"
        one_day = self.date_from == self.date_to != ANY
        return f"{RAW_MESSAGES}/source={self.source}/" + (f"date={self.date_from}/" if one_day else "")

    def holds(self, place: tuple[str, str] | None) -> bool:
        """Whether an object belongs here; a misplaced one, which has no date, does when both dates are open."""
        if place is None:
            return self.date_from == self.date_to == ANY
        _, day = place
        return not (self.date_from != ANY and day < self.date_from) and not (self.date_to != ANY and day > self.date_to)


def take_messages(raw: str, curated: str, files: RunFiles, scope: Scope) -> list[RawObject]:
    """Claim the unclaimed message objects in scope, or return what this run took before."""
    return _once(curated, files, lambda: _claim_all(raw, curated, files, scope), again=scope.again)


def take_labels(raw: str, curated: str, files: RunFiles, folder: str = RAW_LABELS) -> list[RawObject]:
    """Take a snapshot of all current label objects below `folder`, or return what this run took before."""
    return _once(curated, files, lambda: list(known_objects(raw, curated, f"{folder}/")))


def inputs_of(curated: str, files: RunFiles) -> list[RawObject]:
    """The raw object versions that a run took; raises FileNotFoundError for a run that has taken none."""
    return [RawObject(**one) for one in read_json(curated, files.inputs)["objects"]]


def known_objects(raw: str, curated: str, prefix: str) -> Iterator[RawObject]:
    """Yield the current objects by the versions that claims know them by, without those that are being rewritten."""
    found = list(current_objects(raw, prefix))
    # Looked at afterwards: a new version that was seen has its note by now, or its object is still pending.
    notes = rewritten_below(curated, prefix)
    for one in found:
        if one.key not in notes.pending:
            yield replace(one, version_id=notes.original_of(one.key, one.version_id))


def current_objects(bucket: str, prefix: str) -> Iterator[RawObject]:
    """Yield the latest version of each data object, in the order of the keys; raises ValueError without versioning."""
    for page in s3().get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix):
        for version in page.get("Versions", []):
            key = version["Key"]
            if not version["IsLatest"] or not _is_data(key):
                continue
            if version["VersionId"] == "null":
                raise ValueError(f"s3://{bucket}/{key} has no version: turn versioning on and land it again")
            yield RawObject(key, version["VersionId"], version["Size"], version["LastModified"].isoformat())


def _claim_all(raw: str, curated: str, files: RunFiles, scope: Scope) -> list[RawObject]:
    """Claim what nobody has. Only a run that began before, and was cut off, looks whether a claim is its own.

    A run that scores once more takes what others have claimed, too, and claims what it is the first to see. An object
    that is just being rewritten waits for the next run.
    """
    first_attempt = write_json_once(curated, files.key("claiming.json"), {"run_id": files.run_id})
    taken = set(keys_below(curated, f"{CLAIMS}/{scope.prefix}")) if first_attempt else set()
    here = [found for found in known_objects(raw, curated, scope.prefix) if scope.holds(found.place)]
    free = [found for found in here if claim_key(found.key, found.version_id) not in taken]
    with ThreadPoolExecutor(PARALLEL_CLAIMS) as pool:
        ours = list(pool.map(lambda found: _claim(curated, found, files.run_id), free))
    return here if scope.again else [found for found, is_ours in zip(free, ours, strict=True) if is_ours]


def _claim(curated: str, found: RawObject, run_id: str) -> bool:
    key = claim_key(found.key, found.version_id)
    claim = {"run_id": run_id, "key": found.key, "version_id": found.version_id}
    return write_json_once(curated, key, claim) or read_json(curated, key)["run_id"] == run_id


def _once(curated: str, files: RunFiles, take: Callable[[], list[RawObject]], *, again: bool = True) -> list[RawObject]:
    """Write the list of inputs once; every later attempt reads that list and releases what it claimed beside it."""
    try:
        return inputs_of(curated, files)
    except FileNotFoundError:
        taken = sorted(take())
    document = {"run_id": files.run_id, "again": again, "objects": [asdict(one) for one in taken]}
    if write_json_once(curated, files.inputs, document):
        return taken
    settled = inputs_of(curated, files)
    _release(curated, files.run_id, set(taken) - set(settled))
    return settled


def _release(curated: str, run_id: str, unused: Iterable[RawObject]) -> None:
    """Give back what this run claimed; what it only reads again is another's."""
    for key in (claim_key(one.key, one.version_id) for one in unused):
        claim = read_json_if_there(curated, key)
        if claim and claim["run_id"] == run_id:
            delete(curated, key)


def _is_data(key: str) -> bool:
    name = key.rpartition("/")[2]
    return bool(name) and name[0] not in "_."
