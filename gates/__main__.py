"""`python -m gates [ASSEMBLY …]`: check cloud assemblies; without one, every environment, synthesized anew."""

import argparse
import json
import shutil
import sys
import time
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from gates.assembly import AssemblyError, Stack, read
from gates.checking import check
from gates.findings import Finding, neutral, register, unexplained
from gates.synthesis import assemblies

BUILD = Path("build/gates")


def main() -> int:
    """Exit 0 if nothing is to be done, 1 with one line for each finding, 2 if an assembly cannot be read."""
    parser = argparse.ArgumentParser(prog="python -m gates", description=__doc__)
    parser.add_argument("assembly", nargs="*", type=Path, help="folder that `cdk synth --output` wrote")
    parser.add_argument("--draft", action="store_true", help="print the findings as entries for gates/register.toml")
    given = parser.parse_args()
    started = time.monotonic()
    shutil.rmtree(BUILD, ignore_errors=True)
    try:
        stacks = [stack for folder in given.assembly or assemblies(BUILD / "synth") for stack in read(folder)]
    except AssemblyError as error:
        print(error, file=sys.stderr)
        return 2
    found = check(stacks, BUILD / "templates")
    accepted = register()
    left = unexplained(found, stacks, accepted, all_environments=not given.assembly)
    if given.draft:
        print(_draft(left, stacks))
        return 1 if left else 0
    for finding in left:
        print(finding.line())
    names = ", ".join(stack.name for stack in stacks)
    print(
        f"{len(left)} findings, {len(found) - sum(one.rule != 'register' for one in left)} accepted by "
        f"gates/register.toml, in {time.monotonic() - started:.0f} s: {names}",
        file=sys.stderr,
    )
    return 1 if left else 0


def _draft(left: Sequence[Finding], stacks: Sequence[Stack]) -> str:
    """Entries for the register, to be given a reason each."""
    by_name = {stack.name: stack for stack in stacks}
    keys = sorted({neutral(one, by_name[one.stack]) for one in left if one.stack in by_name})
    lines = []
    for rule, group in groupby(keys, key=lambda key: key[0]):
        places = "\n".join(f"    {json.dumps(place)}," for _, place in group)
        lines.append(f'[[accepted]]\nrule = {json.dumps(rule)}\nreason = ""\nfindings = [\n{places}\n]\n')
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
