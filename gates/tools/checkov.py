"""checkov's CloudFormation checks, in its own environment: its pins fit nobody else's."""

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path

from gates.assembly import Stack
from gates.findings import Finding

PROGRAM = Path("build/checkov/bin/checkov")


def find(stacks: Sequence[Stack], folder: Path) -> list[Finding]:
    """Failed checks by resource; nothing is fetched."""
    if not PROGRAM.is_file():
        raise RuntimeError(f"{PROGRAM} is not installed: run make install")
    files = [part for stack in stacks for part in ("-f", str(folder / f"{stack.name}.template.json"))]
    options = ["--framework", "cloudformation", "--skip-download", "--compact", "--quiet", "--output", "json"]
    done = subprocess.run([str(PROGRAM), *files, *options], capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1) or not done.stdout.strip():
        raise RuntimeError(f"checkov did not run: {done.stderr[-2000:]}")
    answer = json.loads(done.stdout)
    reports = answer if isinstance(answer, list) else [answer]
    return [
        Finding(one["check_id"], _stack(one), one["resource"].split(".", 1)[1], one["check_name"])
        for report in reports
        for one in report.get("results", {}).get("failed_checks", [])
    ] + [
        Finding("checkov", Path(path).name.removesuffix(".template.json"), "", "checkov cannot read the template")
        for report in reports
        for path in report.get("results", {}).get("parsing_errors", [])
    ]


def _stack(check: dict[str, str]) -> str:
    return Path(check["file_path"]).name.removesuffix(".template.json")
