"""The recording: which role made which call in the journey's runs, without what differs from one run to the next.

A platform writes every call that it answers to `calls.jsonl`, and what Spark did with files to `spark.json` of each
Glue run. `neutral` makes of these what recording.json holds: resources by their place in the app (`<Storage/Raw>`),
each call once. The journey's last test compares a fresh one with the file; `CRIBA_RECORD=1` writes it.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from criba.local.settings import ACCOUNT, REGION
from tests.policies import services
from tests.policies.actions import Call
from tests.policies.deployed import Environment, synthesized

FILE = Path(__file__).with_name("recording.json")
PERSONAS = {
    "data-scientist": "Access/DataScientist/Role",
    "data-engineer": "Access/DataEngineer/Role",
    "ml-engineer": "Access/MlEngineer/Role",
    "admin": "Access/Admin/Role",
}
NOBODY = re.compile(r"cloudformation|operator|\d+|ASIA[0-9A-F]+")
"""What deploys, in sessions of the bootstrap's roles too, and what the tests look at besides: no role of ours."""
SERVICES = {"monitoring": "cloudwatch"}
"""A service's name on the wire -> in IAM, where they differ."""

VOLATILE = (
    (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "UUID"),
    (r"jr_[0-9a-f]{32}", "JOB-RUN"),
    (r"(?<![0-9a-zA-Z])[0-9a-f]{6,64}(?![0-9a-zA-Z])", "HEX"),
    (r"\d{8}(?=-HEX)", "DAY"),
    (r"\d{4}-\d{2}-\d{2}", "DATE"),
    (r"\b(run_id=|run=|runs/\w+/|execution:[\w<>-]+:|publications/|redriven-)[\w-]+", r"\1RUN"),
    (r"criba-<environment>-[\w-]+", "criba-<environment>-JOB"),
    (r"part-\d{5}", "part"),
    (r"-\d{5}\.", "-NUMBER."),
)
"""What differs from one run to the next, and what stands for it."""

UNIQUE = 20
"""Characters from which on a physical id is nothing but that: a table is named `messages`, as a folder is."""

NOT_FOUND = 404
NEEDLESS = ("VersionId",)
"""Of these it only matters that they are there."""
LEFT_OUT = {
    *("ApprovalDescription", "Arguments", "RunId", "SortBy", "SortOrder", "Version", "clientToken", "maxResults"),
    *("name", "statusFilter"),
}
"""Parameters that no policy sees."""


@dataclass(frozen=True)
class Spark:
    """What Spark did with files in runs of one role's job, each as `<bucket>/<key>`."""

    role: str
    read: list[str]
    wrote: list[str]
    deleted: list[str]


@dataclass(frozen=True)
class Recording:
    """Calls by the place of the role that made them, and Spark's doings."""

    calls: list[tuple[str, Call]]
    spark: list[Spark]


def load(environment: Environment) -> Recording:
    """The recording with this environment's names."""
    told = json.loads(FILE.read_text(encoding="utf-8"))
    names = {
        f"<{place}>": one.arn if one.type.endswith("StateMachine") else one.name
        for place, one in environment.resources.items()
    }
    names |= {"<account>": environment.account, "<region>": environment.region, "<environment>": environment.name}
    told = _replaced(told, names)
    calls = [
        (role, Call(service, operation, parameters))
        for role, made in told["calls"].items()
        for service, operation, parameters in made
    ]
    files = [Spark(role, one["read"], one["wrote"], one["deleted"]) for role, one in told["spark"].items()]
    return Recording(calls, files)


def neutral(folder: Path, stacks: Mapping[str, Any]) -> dict[str, Any]:
    """What a platform that ran below `folder` has recorded; `stacks` are its own descriptions by short name.

    A description maps logical ids to physical ones. Raises LookupError for a caller whom nobody knows.
    """
    places = dict(_places(stacks))
    calls: dict[str, set[str]] = {}
    for line in (folder / "calls.jsonl").read_text(encoding="utf-8").splitlines():
        call = json.loads(line)
        if role := _role(call["who"], places):
            told = [
                SERVICES.get(call["service"], call["service"]),
                call["operation"],
                _named(_parameters(call), places),
            ]
            calls.setdefault(role, set()).add(_steady(json.dumps(told, sort_keys=True)))
    return {
        "calls": {role: [json.loads(one) for one in sorted(calls[role])] for role in sorted(calls)},
        "spark": _spark(folder, places),
    }


def of_workflows(told: Mapping[str, Any]) -> dict[str, list[Any]]:
    """The calls of the state machines, by role: they are derived from the definitions, so no file has to keep them."""
    users = services.users(synthesized("local"))
    return {role: made for role, made in told["calls"].items() if "states.amazonaws.com" in users[role]}


def kept(told: Mapping[str, Any]) -> dict[str, Any]:
    """What recording.json holds: all but the calls of the state machines."""
    derived = of_workflows(told)
    return {**told, "calls": {role: made for role, made in told["calls"].items() if role not in derived}}


def shape(told: Mapping[str, Any]) -> set[tuple[str, ...]]:
    """What two recordings of the same work have in common: who called what, and in which folder."""
    found = {
        (role, service, operation, *_folder(parameters))
        for role, made in told["calls"].items()
        for service, operation, parameters in made
    }
    for role, one in told["spark"].items():
        found |= {(role, "spark", what, *_top(path)) for what, paths in one.items() for path in paths}
    return found


def _folder(parameters: Mapping[str, Any]) -> tuple[str, ...]:
    """Bucket and first folder of what a call is about."""
    if "Bucket" not in parameters:
        return ()
    key: str = parameters.get("Key") or parameters.get("Prefix", "")
    return parameters["Bucket"], key.partition("/")[0]


def _top(path: str) -> tuple[str, ...]:
    """Bucket and first folder of `<Stack/Bucket>/folder/name`."""
    bucket, end, key = path.partition(">/")
    return f"{bucket}{end[:1]}", key.partition("/")[0]


def _places(stacks: Mapping[str, Mapping[str, str]]) -> Iterator[tuple[str, str]]:
    """(physical id, place), the longest first."""
    local = synthesized("local")
    found = {}
    for stack, ids in stacks.items():
        for id_, physical in ids.items():
            place = local.place(stack, id_)
            if place and len(physical) >= UNIQUE:
                found[physical] = place
    yield from sorted(found.items(), key=lambda one: -len(one[0]))


def _role(who: str, places: Mapping[str, str]) -> str | None:
    if who in PERSONAS:
        return PERSONAS[who]
    if who in places:
        return places[who]
    if NOBODY.fullmatch(who):
        return None
    raise LookupError(f"{who} made calls, and is no role of the stacks, no persona and not what deploys")


def _parameters(call: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters, and that an object was not there: who is to be told so must be allowed to list."""
    missing = call["service"] == "s3" and call["status"] == NOT_FOUND
    seen = {name: value for name, value in call["parameters"].items() if name not in LEFT_OUT}
    return {**seen, **({"Missing": True} if missing else {})}


def _named(value: Any, places: Mapping[str, str]) -> Any:
    names = {physical: f"<{place}>" for physical, place in places.items()}
    names |= {ACCOUNT: "<account>", REGION: "<region>"}
    names |= {
        "Criba-local-": "Criba-<environment>-",
        "criba-local": "criba-<environment>",
        "/criba/local/": "/criba/<environment>/",
    }
    return _replaced(value, names)


def _replaced(value: Any, names: Mapping[str, str]) -> Any:
    text = json.dumps(value)
    pattern = re.compile("|".join(map(re.escape, sorted(names, key=len, reverse=True))))
    return json.loads(pattern.sub(lambda found: names[found[0]], text))


def _steady(text: str) -> str:
    for pattern, name in VOLATILE:
        text = re.sub(pattern, name, text)
    return re.sub(rf'("(?:{"|".join(NEEDLESS)})": )"[^"]*"', r'\1"ANY"', text)


def _spark(folder: Path, places: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, dict[str, set[str]]] = {}
    for path in sorted(folder.glob("jobs/*/spark.json")):
        told = json.loads(path.read_text(encoding="utf-8"))
        role = places[told.pop("role")]
        for what, objects in told.items():
            kept = found.setdefault(role, {}).setdefault(what, set())
            kept |= {_steady(one) for one in _named(objects, places)}
    return {role: {what: sorted(paths) for what, paths in sorted(one.items())} for role, one in sorted(found.items())}


def written(told: Mapping[str, Any]) -> str:
    """A recording as its file has it: a line for each call."""
    lines = {role: ",\n".join(json.dumps(call) for call in made) for role, made in told["calls"].items()}
    calls = ",\n".join(f"{json.dumps(role)}: [\n{made}\n]" for role, made in lines.items())
    return f'{{"calls": {{\n{calls}\n}},\n"spark": {json.dumps(told["spark"], indent=1)}}}\n'


def differences(fresh: Iterable[tuple[str, ...]], kept: Iterable[tuple[str, ...]]) -> list[str]:
    """One sentence for each call that only one of two recordings has."""
    new, old = set(fresh), set(kept)
    return [f"new: {' '.join(one)}" for one in sorted(new - old)] + [
        f"gone: {' '.join(one)}" for one in sorted(old - new)
    ]
