"""Which program of this checkout stands for which container image."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from criba.local.jobs import JobFailed
from pipeline_code import contracts

_CODE = Path(contracts.__file__).parent


@dataclass(frozen=True)
class Image:
    """A container image by the start of its repository's name, with what its commands run here.

    `commands` maps a name on the image's PATH to the argument list that stands for it; `environment` is what the
    image's Dockerfile sets; `folder` is the working directory.
    """

    repository: str
    commands: Mapping[str, Sequence[str]]
    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)

    def command(self, uri: str, entry: Sequence[str]) -> list[str]:
        """The argument list for an entry point and its arguments; raises JobFailed for a command that is unknown."""
        if entry[0] not in self.commands:
            raise JobFailed(
                f"ClientError: the image {uri} has no command {entry[0]!r} here. It has: {', '.join(self.commands)}"
            )
        return [*self.commands[entry[0]], *entry[1:]]


OURS = Image(
    repository="criba",
    commands={
        name: (sys.executable, "-m", f"{_CODE.name}.{name}")
        for name in (contracts.TRAIN, contracts.EVALUATE, contracts.SERVE, contracts.MONITOR, contracts.MEASURE)
    },
    folder=_CODE.parent,
    environment={"PYTHONHASHSEED": "0", "PYTHONUNBUFFERED": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
)


def find(images: Sequence[Image], uri: str) -> Image:
    """The image of `<registry>/<repository>[:tag][@digest]`; raises JobFailed when none stands for it."""
    repository = uri.partition("@")[0].rpartition("/")[2].partition(":")[0].lower()
    for image in images:
        if repository.startswith(image.repository):
            return image
    raise JobFailed(
        f"ClientError: no program stands for the image {uri}. "
        f"Known repositories start with: {', '.join(image.repository for image in images)}"
    )
