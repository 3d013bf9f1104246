"""Rules of our own, for what no public checker finds; named after the reviewer's checklist in docs."""

from gates.assembly import Resource, Stack
from gates.findings import Finding


def on(rule: str, stack: Stack, resource: Resource, advice: str, detail: str = "") -> Finding:
    """A finding of `rule` on one resource."""
    return Finding(rule, stack.name, resource.id, advice, detail)
