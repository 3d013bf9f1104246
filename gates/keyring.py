"""Every customer key of the assembly by its ARN, and what its policy lets a service do."""

from collections.abc import Sequence
from dataclasses import dataclass

from gates.assembly import Resource, Stack
from gates.policies import Statement, statements


@dataclass(frozen=True)
class Key:
    """A key, where it stands, and its policy."""

    stack: Stack
    resource: Resource
    policy: tuple[Statement, ...]

    def serves(self, service: str, *actions: str) -> bool:
        """Whether the policy allows `service` (a principal such as `sns.amazonaws.com`) all these actions."""
        granted = [one for one in self.policy if one.allows and f"Service:{service}" in one.principals]
        return all(any(one.covers(action) for one in granted) for action in actions)


def keyring(stacks: Sequence[Stack]) -> dict[str, Key]:
    """All keys of all stacks."""
    return {
        stack.resolver.arn(resource.id): Key(
            stack, resource, tuple(statements(resource.properties.get("KeyPolicy", {})))
        )
        for stack in stacks
        for resource in stack.of("AWS::KMS::Key")
    }
