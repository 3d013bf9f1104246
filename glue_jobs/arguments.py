"""Arguments of a Glue job: `--name value` pairs, all required, among others that Glue adds for itself."""

import argparse
from collections.abc import Sequence
from datetime import date
from types import SimpleNamespace

from pipeline_code.contracts import ANY, RUN_ID


def job_arguments(argv: Sequence[str], *names: str) -> SimpleNamespace:
    """Return the named arguments as attributes, every one a string; what else Glue passes is ignored.

    Raises ValueError when one is missing or empty, or when `run_id` cannot name a run.
    """
    parser = argparse.ArgumentParser(allow_abbrev=False, add_help=False)
    for name in names:
        parser.add_argument(f"--{name}")
    arguments, _ = parser.parse_known_args(list(argv))
    missing = [f"--{name}" for name in names if not getattr(arguments, name)]
    if missing:
        raise ValueError(f"missing job argument {', '.join(missing)}: give each as --name value")
    if "run_id" in names and not RUN_ID.fullmatch(arguments.run_id):
        raise ValueError(f"--run_id {arguments.run_id!r} cannot name a run: use 1 to 40 of a-z, 0-9 and -")
    return SimpleNamespace(**vars(arguments))


def bucket_name(uri: str) -> str:
    """Name of the bucket in `s3://bucket`; raises ValueError for any other shape."""
    scheme, _, name = uri.rstrip("/").partition("://")
    if scheme != "s3" or not name or "/" in name:
        raise ValueError(f"{uri!r} is not a bucket: write s3://bucket")
    return name


def choice(name: str, value: str, allowed: Sequence[str]) -> str:
    """Return the value if it is allowed; raises ValueError naming the argument otherwise."""
    if value not in allowed:
        raise ValueError(f"--{name} {value!r}: use one of {', '.join(allowed)}")
    return value


def positive(name: str, value: str) -> int:
    """Return the value as an integer above zero; raises ValueError naming the argument otherwise."""
    if not value.isdecimal() or int(value) == 0:
        raise ValueError(f"--{name} {value!r}: use an integer above 0")
    return int(value)


def day(name: str, value: str) -> str:
    """Return a `YYYY-MM-DD` date, or `*` for an open end; raises ValueError naming the argument otherwise."""
    if value == ANY:
        return value
    try:
        if date.fromisoformat(value).isoformat() == value:
            return value
    except ValueError:
        pass
    raise ValueError(f"--{name} {value!r}: use YYYY-MM-DD, or {ANY} for an open end")
