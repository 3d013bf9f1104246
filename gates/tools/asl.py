"""Two checkers of the States Language, statelint and asl-validator, on every state machine."""

import copy
import json
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from statelint.linter import Linter

from gates.assembly import Stack
from gates.findings import Finding
from gates.machines import Machine, machines

VALIDATOR = Path("node_modules/asl-validator/dist/bin/asl-validator.js")


def find(stacks: Sequence[Stack], folder: Path) -> list[Finding]:
    """What either says of each definition."""
    every = [machine for stack in stacks for machine in machines(stack)]
    found = [one for machine in every for one in _linted(machine)]
    return found + _validated([machine for machine in every if machine.definition], folder)


def _linted(machine: Machine) -> list[Finding]:
    problems = Linter.validate(_as_linted(machine.definition))
    return [_finding("statelint", machine, problem) for problem in problems]


def _as_linted(value: Any) -> Any:
    """The definition as statelint wants it: numbers that may be fractions as fractions, and no expression for one."""
    if isinstance(value, list):
        return [_as_linted(one) for one in value]
    if not isinstance(value, dict):
        return value
    changed = {key: _as_linted(one) for key, one in value.items()}
    if isinstance(changed.get("BackoffRate"), int):
        changed["BackoffRate"] = float(changed["BackoffRate"])
    if str(changed.get("MaxConcurrency", "")).startswith("{%"):
        changed["MaxConcurrency"] = 1
    return changed


def _validated(every: Sequence[Machine], folder: Path) -> list[Finding]:
    """One call of asl-validator for all definitions; it takes no expression of several lines, no null, no ""."""
    node = shutil.which("node")
    if node is None or not VALIDATOR.is_file():
        raise RuntimeError("asl-validator is not installed: run make install")
    command = [node, str(VALIDATOR)]
    by_file = {}
    for machine in every:
        path = folder / f"{machine.stack}.{machine.id}.asl.json"
        path.write_text(json.dumps(_one_line(copy.deepcopy(machine.definition))), encoding="utf-8")
        by_file[path.name] = machine
        command += ["--json-path", str(path)]
    if not every:
        return []
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode == 2:
        raise RuntimeError(f"asl-validator did not run: {done.stdout[-500:]}{done.stderr[-2000:]}")
    found = []
    wrong: Machine | None = None
    for line in (done.stdout + done.stderr).splitlines():
        if match := re.search(r'definition "([^"]+)" is invalid', line):
            wrong = by_file[Path(match[1]).name]
        elif wrong and re.search(r"[A-Z_]{8,}: ", line):
            found.append(_finding("asl-validator", wrong, line.strip()))
    return found


def _one_line(value: Any) -> Any:
    if isinstance(value, list):
        return [_one_line(one) for one in value]
    if isinstance(value, dict):
        return {key: _one_line(one) for key, one in value.items()}
    if value is None or isinstance(value, str):
        return (value or "-").replace("\n", " ")
    return value


def _finding(rule: str, machine: Machine, problem: str) -> Finding:
    return Finding(rule, machine.stack, machine.id, f"mend the definition: {problem[:300]}", problem[:120])
