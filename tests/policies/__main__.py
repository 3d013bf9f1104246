"""`make proof`: what each role calls and whether it may, the matrix of personas, who may take and give which role."""

import sys
import time
from collections import Counter

from tests.policies import grants, matrix, passing, proof, trusts
from tests.policies.deployed import Environment, synthesized
from tests.policies.proof import Proof


def main() -> int:
    began = time.monotonic()
    environment = synthesized(proof.ENVIRONMENT)
    synthesized_in = time.monotonic() - began
    found = proof.prove(environment)
    wrong = [*found.wrong(), *_of_roles(found), *_of_matrix(environment), *_of_trusts(environment)]
    print(f"\nsynthesized in {synthesized_in:.1f} s, proved in {time.monotonic() - began - synthesized_in:.1f} s")
    for one in wrong:
        print(f"WRONG {one}", file=sys.stderr)
    return 1 if wrong else 0


def _of_roles(found: Proof) -> list[str]:
    """Print a line for each role; what is granted, not used and not in the register is wrong."""
    unused = Counter(one.role for one in found.unused())
    asked = Counter(one.role for one in found.questions)
    recorded = Counter(one.role for one in found.questions if one.source.startswith("recorded"))
    print(f"{'role':42}{'checks':>8}{'recorded':>10}{'derived':>9}{'grants':>8}{'unused':>8}")
    for place, role in found.environment.roles.items():
        granted = len(set(grants.grants(role)))
        made, derived = recorded[place], asked[place] - recorded[place]
        print(f"{place:42}{asked[place]:>8}{made:>10}{derived:>9}{granted:>8}{unused[place]:>8}")
    print(f"{'all':42}{len(found.questions):>8}{recorded.total():>10}{asked.total() - recorded.total():>9}")
    print("\ngranted and not used, each for a reason in register.toml:")
    entries = grants.register("unused")
    for one in found.unused():
        reason = next((e.reason for e in entries if e.explains(one.role, one.action, one.resource)), "NO REASON")
        print(f"  {one.role}: {one}: {reason}")
    stars = [(one.role, one.action, one.resource) for one in found.stars()]
    known = grants.register("wildcard")
    left = grants.unexplained([(one.role, one.action, one.resource) for one in found.unused()], entries)
    return [f"{' '.join(one)} is granted and not used" for one in left] + [
        f"{' '.join(one)} is granted on everything" for one in grants.unexplained(stars, known)
    ]


def _of_matrix(environment: Environment) -> list[str]:
    """Print the matrix as it was typed; what comes out otherwise is wrong."""
    print(f"\n{'may':64}" + "".join(f"{name:>17}" for name in matrix.COLUMNS))
    for row in matrix.rows():
        print(f"{row.says[:62]:64}" + "".join(f"{'yes' if name in row.may else '-':>17}" for name in matrix.COLUMNS))
    wrong = matrix.wrong(environment)
    print(f"{len(matrix.cells())} cells, {len(wrong)} wrong")
    return wrong


def _of_trusts(environment: Environment) -> list[str]:
    asked = list(trusts.takings(environment))
    wrong = trusts.wrong(asked)
    print(f"\n{len(asked)} ways to take a role, {sum(one.expected for one in asked)} of them open, {len(wrong)} wrong")
    given = list(passing.passings(environment))
    amiss = passing.wrong(environment, given)
    print(f"{len(given)} ways to give one to a service, {sum(one.expected for one in given)} open, {len(amiss)} wrong")
    return [*wrong, *amiss]


if __name__ == "__main__":
    sys.exit(main())
