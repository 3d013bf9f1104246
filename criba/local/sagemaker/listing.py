"""How every List operation filters, sorts and pages."""

from collections.abc import Iterable
from typing import Any

Record = dict[str, Any]

_DEFAULT_PAGE = 100
_BOUNDS = {
    "CreationTimeAfter": ("CreationTime", 1),
    "CreationTimeBefore": ("CreationTime", -1),
    "LastModifiedTimeAfter": ("LastModifiedTime", 1),
    "LastModifiedTimeBefore": ("LastModifiedTime", -1),
}


def page(
    records: Iterable[Record], request: Record, *, name: str, status: str = "", newest_first: bool = False
) -> tuple[list[Record], dict[str, str]]:
    """One page of the records that a request asks for, and `{"NextToken": …}` when there is another.

    `name` and `status` are the fields that NameContains, StatusEquals and SortBy mean. Timestamps are in seconds.
    """
    kept = [record for record in records if _is_wanted(record, request, name, status)]
    field = {"Name": name, "Status": status}.get(request.get("SortBy", ""), "CreationTime")
    default = "Descending" if newest_first else "Ascending"
    kept.sort(key=lambda record: record[field])
    if request.get("SortOrder", default) == "Descending":
        kept.reverse()  # not sort(reverse=True), which would leave what is of one moment in the order of its making
    start = int(request.get("NextToken", 0))
    end = start + request.get("MaxResults", _DEFAULT_PAGE)
    return kept[start:end], {"NextToken": str(end)} if end < len(kept) else {}


def _is_wanted(record: Record, request: Record, name: str, status: str) -> bool:
    if request.get("NameContains", "").lower() not in record[name].lower():
        return False
    if "StatusEquals" in request and record[status] != request["StatusEquals"]:
        return False
    return all(
        sign * record[field] >= sign * float(request[bound])
        for bound, (field, sign) in _BOUNDS.items()
        if bound in request
    )
