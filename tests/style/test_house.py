"""The house style, as far as a test can hold it: files, names, pins and what is never in the repository."""

import ast
import json
import re
import tarfile
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import aws_cdk
import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("criba", "stacks", "glue_jobs", "pipeline_code", "benchmarks", "gates", "tests", "docs")
OURS = [ROOT / "app.py", *(path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py")))]
THIS = Path(__file__).resolve()
TEXTS = (".py", ".md", ".toml", ".json", ".in", ".lock", ".cfg", "")
LOCKS = (
    "pipeline_code/requirements.lock",
    "pipeline_code/transformer/requirements.lock",
    "requirements/bench.lock",
    "requirements/checkov.lock",
    "requirements/main.lock",
    "requirements/transformer.lock",
    "requirements/uv.lock",
)


def texts() -> Iterator[Path]:
    """Every file of text that we wrote."""
    top = [path for path in ROOT.iterdir() if path.is_file() and path.suffix in TEXTS and path.name != ".git"]
    folders = [*ROOMS, "environments", "requirements", ".ci"]
    below = [path for folder in folders for path in (ROOT / folder).rglob("*") if path.is_file()]
    return (path for path in [*top, *below] if path.suffix in TEXTS and "__pycache__" not in path.parts)


def offenders(is_wrong: Callable[[str], object]) -> list[str]:
    """Our Python files whose text is wrong; empty ones, which only make a folder a package, never are."""
    texts_of = {path: path.read_text(encoding="utf-8") for path in OURS if path != THIS}
    return [str(path.relative_to(ROOT)) for path, text in texts_of.items() if text and is_wrong(text)]


def test_the_first_line_of_every_file_says_what_it_is_for() -> None:
    assert offenders(lambda text: not re.match(r'"""\S.{15,}', text)) == []


def test_no_file_is_longer_than_350_lines() -> None:
    assert offenders(lambda text: len(text.splitlines()) > 350) == []


def test_nothing_is_left_to_do() -> None:
    assert offenders(re.compile(r"\b(?:TODO|FIXME|XXX|NotImplementedError)\b").search) == []


def test_no_error_is_swallowed() -> None:
    assert offenders(_swallows) == []


def _swallows(text: str) -> bool:
    """Whether a handler of everything has a body that does nothing."""
    handlers = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ExceptHandler)]
    return any(
        all(isinstance(one, ast.Pass | ast.Continue) for one in handler.body)
        and (handler.type is None or (isinstance(handler.type, ast.Name) and handler.type.id.endswith("Exception")))
        for handler in handlers
    )


def test_a_handler_that_swallows_everything_is_noticed() -> None:
    assert _swallows("try:\n    f()\nexcept Exception:\n    pass\n")
    assert not _swallows("try:\n    f()\nexcept KeyError:\n    pass\n")


def test_no_file_names_a_path_of_a_persons_machine() -> None:
    private = re.compile(r"(?<![\w./<>}])/(?:home|Users|root|work)/[\w.-]+|[A-Z]:\\Users\\")
    found = {str(path.relative_to(ROOT)): private.findall(path.read_text(encoding="utf-8")) for path in texts()}
    assert {path: names for path, names in found.items() if names} == {}


def test_nothing_but_the_containers_server_listens_to_other_machines() -> None:
    everywhere = re.compile(r"""0\.0\.0\.0(?!/0)|INADDR_ANY|["']::["']|\bbind\(\(["']{2}""")
    found = [path for path in offenders(everywhere.search) if not path.startswith("tests/")]
    assert found == ["pipeline_code/server_settings.py"]


def test_every_npm_package_is_pinned_exactly_and_none_is_needed_to_deploy() -> None:
    package = json.loads((ROOT / "package.json").read_text())
    assert not {"dependencies", "optionalDependencies"} & set(package)
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in package["devDependencies"].values())


def test_the_cdk_cli_is_pinned_exactly() -> None:
    package = json.loads((ROOT / "package.json").read_text())
    lock = json.loads((ROOT / "package-lock.json").read_text())
    assert package["devDependencies"]["aws-cdk"] == "2.1148.1"
    assert lock["packages"]["node_modules/aws-cdk"]["version"] == "2.1148.1"
    assert lock["packages"]["node_modules/aws-cdk"]["integrity"].startswith("sha512-")


@pytest.mark.parametrize(
    "pin",
    ["ministack==1.5.33", "botocore==1.43.106", "moto==5.2.5", "pyspark==3.5.6", "aws-cdk-lib==2.275.0"],
)
def test_what_the_platform_hooks_into_is_pinned_exactly(pin: str) -> None:
    assert pin in requirements(ROOT / "requirements/main.lock")
    name, _, version = pin.partition("==")
    asked = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    named = [one for extra in asked.values() for one in extra if re.match(rf"{name}\b(?!-)", one)]
    assert named
    assert all(one.endswith(f"=={version}") for one in named)


def test_pandas_stays_below_3_which_spark_3_5_does_not_know() -> None:
    (pandas,) = [one for one in requirements(ROOT / "requirements/main.lock") if one.startswith("pandas==")]
    assert int(pandas.removeprefix("pandas==").split(".")[0]) == 2


@pytest.mark.parametrize("lock", LOCKS)
def test_every_locked_requirement_has_a_version_and_a_hash(lock: str) -> None:
    found = requirements(ROOT / lock)
    assert found
    for name, hashes in found.items():
        assert "==" in name
        assert hashes, name


def test_the_benchmarks_measure_the_very_libraries_that_the_image_holds() -> None:
    image = requirements(ROOT / "pipeline_code/requirements.lock").keys()
    measured = requirements(ROOT / "requirements/bench.lock").keys()
    assert "numba" in {one.partition("==")[0] for one in image}
    assert {one for one in image - measured if not one.startswith("uv==")} == set()


def test_uv_itself_is_pinned() -> None:
    (uv,) = requirements(ROOT / "requirements/uv.lock")
    assert re.fullmatch(r"uv==\d+\.\d+\.\d+", uv)


def requirements(lock: Path) -> dict[str, int]:
    """Each requirement of a lock, such as `boto3==1.2.3`, and how many hashes it has."""
    found: dict[str, int] = {}
    for line in lock.read_text(encoding="utf-8").splitlines():
        if match := re.match(r"([\w.-]+)(?:\[[^\]]*\])?(==\S+)?", line):
            found[match[1] + (match[2] or "")] = 0
        elif line.strip().startswith("--hash=sha256:"):
            found[list(found)[-1]] += 1
    return found


def test_cdk_json_has_the_librarys_recommended_flags_and_no_other() -> None:
    assert json.loads((ROOT / "cdk.json").read_text())["context"] == recommended_flags()


def recommended_flags() -> dict[str, Any]:
    (archive,) = (Path(aws_cdk.__file__).parent / "_jsii").glob("*.jsii.tgz")
    with tarfile.open(archive, "r:gz") as members:
        for member in members:
            if member.name == "package/recommended-feature-flags.json":
                file = members.extractfile(member)
                assert file is not None
                return dict(json.load(file))
    raise AssertionError(f"{archive.name} has no recommended-feature-flags.json")


def test_ci_runs_the_readmes_test_command() -> None:
    assert "make test" in (ROOT / ".ci/run").read_text().splitlines()


def test_the_licence_is_apaches_whole() -> None:
    licence = (ROOT / "LICENSE").read_text()
    assert "Apache License" in licence
    assert "APPENDIX: How to apply the Apache License to your work." in licence
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["license"] == "Apache-2.0"
