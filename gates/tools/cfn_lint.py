"""cfn-lint on every template: schemas, references, and what CloudFormation would refuse at deploy."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from gates.assembly import Stack
from gates.findings import Finding


def find(stacks: Sequence[Stack], folder: Path) -> list[Finding]:
    """Errors and warnings, by resource and property."""
    files = [str(folder / f"{stack.name}.template.json") for stack in stacks]
    done = subprocess.run(
        [str(Path(sys.executable).with_name("cfn-lint")), "--format", "json", *files],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode not in (0, 2, 4, 6, 8, 10, 12, 14):
        raise RuntimeError(f"cfn-lint did not run: {done.stderr[-2000:]}")
    found = []
    for one in json.loads(done.stdout or "[]"):
        path = [str(part) for part in one["Location"].get("Path") or []]
        where, rest = (path[1], path[2:]) if path[:1] == ["Resources"] and len(path) > 1 else ("", path)
        stack = Path(one["Filename"]).name.removesuffix(".template.json")
        found.append(Finding(f"cfn-lint-{one['Rule']['Id']}", stack, where, one["Message"][:400], ".".join(rest)))
    return found
