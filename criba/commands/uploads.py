"""Uploading a file of labels as it is, told as it goes; a group's `land` command says where it belongs."""

from collections.abc import Callable
from pathlib import Path

import typer

from criba import landing
from criba.aws import Aws
from criba.commands.options import aws
from criba.console import sentence, show, uploading

Land = Callable[[Aws, Path, Callable[[int], None]], landing.Landed]
"""Puts a file where its kind belongs; the last argument hears of every chunk's bytes."""


def land_file(context: typer.Context, file: Path, land: Land, *, as_json: bool) -> None:
    """Check a file, land it and say where it lies. Raises BadInput for a file that no job could read."""
    landing.check_file(file)
    here = aws(context)
    with uploading(file.name, file.stat().st_size) as progress:
        landed = land(here, file, progress)
    said = "was there already" if landed.already else f"landed, {landed.bytes:,} bytes"
    show(vars(landed), sentence(f"s3://{landed.bucket}/{landed.key} {said}"), as_json=as_json)
