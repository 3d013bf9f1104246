"""One SageMaker container: its folders below `/opt/ml`, its environment and its command."""

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from criba.local.jobs import JobFailed
from criba.local.jobs.child import GRACE_SECONDS, Child
from criba.local.jobs.images import OURS, Image, find

OPT_ML = "/opt/ml"
_REASON_LENGTH = 1024


@dataclass(frozen=True)
class Job:
    """What every SageMaker job has around it.

    `environment` holds the AWS_* variables; `work` is a folder for this job alone; `report` takes fields of the job's
    description as they become known; `images` are the programs that stand for images; setting `stop` ends the job.
    """

    name: str
    arn: str
    work: Path
    environment: Mapping[str, str]
    report: Callable[..., None]
    images: Sequence[Image] = (OURS,)
    stop: threading.Event = field(default_factory=threading.Event)
    grace: float = GRACE_SECONDS

    @property
    def root(self) -> Path:
        """What stands for `/opt/ml`."""
        return self.work / "opt-ml"

    @property
    def log(self) -> Path:
        return self.work / "log.txt"

    @property
    def region(self) -> str:
        return self.environment["AWS_REGION"]

    def path(self, local_path: str) -> Path:
        """Where a path of the container lies here; raises JobFailed for one outside `/opt/ml`."""
        below = Path(local_path)
        if not below.is_relative_to(OPT_ML) or ".." in below.parts:
            raise JobFailed(f"ClientError: LocalPath {local_path} is not below {OPT_ML}")
        return self.root / below.relative_to(OPT_ML)

    def write_config(self, path: str, content: Any) -> None:
        file = self.path(path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(content, indent=2))

    def start(self, image: str, entry: Sequence[str], *, environment: Mapping[str, str], isolated: bool) -> Child:
        """Start a command of an image.

        An isolated container gets no AWS_* variable, so that it finds neither credentials nor an endpoint, and HOME is
        its own folder. Its sockets are not cut off: that would need rights that a laptop does not give.
        """
        program = find(self.images, image)
        self.root.mkdir(parents=True, exist_ok=True)
        surroundings = {} if isolated else self.environment
        own = {"SAGEMAKER_BASE_DIR": str(self.root), "HOME": str(self.root)}
        return Child(
            program.command(image, entry),
            environment={**program.environment, **surroundings, **environment, **own},
            folder=program.folder,
            log=self.log,
            grace=self.grace,
        )

    def said(self, name: str) -> str:
        """What the container left in `/opt/ml/output/<name>`, as much as a description holds."""
        file = self.path(f"{OPT_ML}/output/{name}")
        return file.read_text(errors="replace").strip()[:_REASON_LENGTH] if file.exists() else ""


def acting_as(role: str | None) -> dict[str, str]:
    """The key id that names a role, as the platform's keys name people."""
    return {"AWS_ACCESS_KEY_ID": role.rpartition("/")[2]} if role else {}


def resources(instance_type: str) -> dict[str, Any]:
    """`resourceconfig.json` of a job on one instance."""
    return {
        "current_host": "algo-1",
        "current_instance_type": instance_type,
        "current_group_name": "homogeneousCluster",
        "hosts": ["algo-1"],
        "instance_groups": [
            {"instance_group_name": "homogeneousCluster", "instance_type": instance_type, "hosts": ["algo-1"]}
        ],
        "network_interface_name": "lo",
    }
