"""`python -m gates.mutants [ASSEMBLY]`: plant every defect in production's templates and say which gate caught it."""

import json
import sys
from collections import Counter
from pathlib import Path

from gates.assembly import artifacts
from gates.checking import TOOLS
from gates.mutants.catching import Catch, caught_by_rules, caught_by_tools
from gates.mutants.defects import DEFECTS
from gates.synthesis import synthesize

BUILD = Path("build/mutants")


def main(folder: Path | None) -> int:
    """Exit 1 if a defect was missed; `build/mutants/summary.json` says what became of each."""
    found = list(artifacts(folder or synthesize("prod", BUILD / "synth")))
    catches = [caught_by_rules(defect, found) for defect in DEFECTS]
    for tool in ("cloudformation-validate", "parliament", "asl", "cfn-lint", "checkov", "cdk-nag"):
        left = [one.defect for one in catches if not one.gate]
        again = caught_by_tools(left, found, tool, TOOLS[tool], BUILD / tool) if left else {}
        catches = [again.get(one.defect.name, one) for one in catches]
    _summary(catches)
    missed = [one.defect.name for one in catches if not one.gate]
    for name in missed:
        print(f"missed: {name}")
    print(f"{len(catches)} planted, {len(catches) - len(missed)} caught, {len(missed)} missed", file=sys.stderr)
    return 1 if missed else 0


def _summary(catches: list[Catch]) -> None:
    content = {
        "planted": len(catches),
        "caught": sum(1 for one in catches if one.gate),
        "missed": [one.defect.name for one in catches if not one.gate],
        "by_class": dict(Counter(one.defect.kind for one in catches)),
        "by_gate": dict(Counter(one.gate for one in catches if one.gate)),
        "defects": [
            {
                "name": one.defect.name,
                "class": one.defect.kind,
                "stack": one.defect.stack,
                "gate": one.gate,
                "said": one.said,
            }
            for one in catches
        ],
    }
    (BUILD / "summary.json").write_text(json.dumps(content, indent=2), encoding="utf-8")


if __name__ == "__main__":
    BUILD.mkdir(parents=True, exist_ok=True)
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else None))
