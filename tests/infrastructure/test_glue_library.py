"""The archive that Glue puts on the jobs' path: whole enough to redact with, and without what nothing reads."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from aws_cdk import App, Stack

from stacks.constructs.glue_runtime import _library
from tests.conftest import ROOT


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    app = App(outdir=str(tmp_path_factory.mktemp("out")))
    return Path(app.outdir) / _library(Stack(app, "Stack"), ROOT).asset_path


def test_the_archive_redacts_with_nothing_else_installed(library: Path) -> None:
    program = (
        f"import sys; sys.path.insert(0, {str(library)!r})\n"
        "from glue_jobs.privacy import redactor\n"
        "print(redactor(('es',))('dni 48219377X, móvil 612 345 678, cuenta ES9121000418450200051332'))"
    )
    command = [sys.executable, "-I", "-S", "-X", "utf8", "-c", program]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    assert finished.stdout == "dni <NATIONAL_ID>, móvil <PHONE>, cuenta <IBAN>\n", finished.stderr


def test_the_names_of_places_and_carriers_stay_behind(library: Path) -> None:
    with zipfile.ZipFile(library) as archive:
        folders = {"/".join(name.split("/")[:2]) for name in archive.namelist()}
    assert {"phonenumbers/data", "stdnum/es", "glue_jobs/privacy"} <= folders
    assert folders.isdisjoint({"phonenumbers/geodata", "phonenumbers/carrierdata", "phonenumbers/tzdata"})
    assert library.stat().st_size < 2_000_000
