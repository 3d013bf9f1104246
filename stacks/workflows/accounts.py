"""What a job took and what a run cost, as JSONata: from what Glue and SageMaker report and one dated price table."""

import json
import tomllib
from pathlib import Path

PRICES = tomllib.loads((Path(__file__).resolve().parent.parent / "prices.toml").read_text(encoding="utf-8"))
NOT_COUNTED = (
    "S3 requests and storage",
    "KMS, CloudWatch and EventBridge",
    "what SageMaker bills before a job's start and after its end",
    "jobs of earlier attempts, and those that failed before a redrive",
)
HISTORY_EVENTS = 1000
"""As many events as GetExecutionHistory gives at once; without their data they fit into a state."""

KINDS = ("Training", "Processing", "Transform")


def with_job(step: str, description: str) -> str:
    """`$jobs` and one more entry: of `step` (an expression), from a job's `description` by its service.

    The optimised integrations give times in milliseconds, the others in ISO 8601.
    """
    return f"[$jobs, {_entry(step, description)}]"


def with_failed_job(step: str, cause: str) -> str:
    """`$jobs` and the job that failed, if `cause` is its description in JSON, as the `.sync` integrations give it."""
    return f"$contains({cause}, /^\\{{[\\s\\S]*\\}}$/) ? {with_job(step, f'$parse({cause})')} : $jobs"


def cost() -> str:
    """The cost of `$jobs` and `$transitions` in USD, and what it leaves out. An instance type may have no price."""
    glue, states = PRICES["glue"]["dpu_hour"], PRICES["step_functions"]["transition"]
    parts = {
        "glue": f"$round($sum([$jobs.dpu_seconds]) * {glue} / 3600, 6)",
        "sagemaker": "$round($sum([$priced.(instances * seconds * $lookup($prices, instance_type))]) / 3600, 6)",
        "step_functions": f"$round($transitions * {states}, 6)",
    }
    return f"""(
        $prices := {json.dumps(PRICES["sagemaker"]["instance_hour"])};
        $machines := $jobs[$exists(instance_type)];
        $priced := $machines[$exists($lookup($prices, instance_type))];
        $parts := {_object(parts)};
        {{
            'currency': '{PRICES["currency"]}',
            'estimate': $round($sum($parts.*), 6),
            'parts': $parts,
            'prices_as_of': '{PRICES["as_of"]}',
            'prices_region': '{PRICES["region"]}',
            'without_price': [$distinct($machines[$not($exists($lookup($prices, instance_type)))].instance_type)],
            'not_counted': {json.dumps(NOT_COUNTED)}
        }}
    )"""


def _entry(step: str, description: str) -> str:
    workers = f"$job.NumberOfWorkers * $lookup({json.dumps(PRICES['glue']['dpus'])}, $job.WorkerType)"
    # A run without DPU-seconds is taken for one of all its workers; Glue bills one minute at least.
    dpu_seconds = f"$max([60, $job.ExecutionTime]) * {_first('$job.MaxCapacity', workers)}"
    fields = {
        "step": step,
        "service": "$is_glue ? 'glue' : 'sagemaker'",
        "job": _first("$job.Id", *(f"$job.{kind}JobName" for kind in KINDS)),
        "status": _first("$job.JobRunState", *(f"$job.{kind}JobStatus" for kind in KINDS)),
        "started_at": "$from",
        "ended_at": "$to",
        "seconds": "($toMillis($to) - $toMillis($from)) / 1000",
        "dpu_seconds": f"$is_glue ? {_first('$job.DPUSeconds', '$job.DpuSeconds', dpu_seconds)}",
        "instance_type": "$cluster.InstanceType",
        "instances": "$cluster.InstanceCount",
    }
    cluster = _first("$job.ResourceConfig", "$job.ProcessingResources.ClusterConfig", "$job.TransformResources")
    return f"""(
        $job := {description};
        $is_glue := $exists($job.JobRunState);
        $at := function($time) {{ $type($time) = 'number' ? $fromMillis($time) : $time }};
        $from := $at({_first("$job.StartedOn", *(f"$job.{kind}StartTime" for kind in KINDS))});
        $to := $at({_first("$job.CompletedOn", *(f"$job.{kind}EndTime" for kind in KINDS))});
        $cluster := {cluster};
        {_object(fields)}
    )"""


def _first(*expressions: str) -> str:
    """The first of several expressions that is there."""
    return f"[{', '.join(expressions)}][0]"


def _object(fields: dict[str, str]) -> str:
    return "{" + ", ".join(f"'{name}': {value}" for name, value in fields.items()) + "}"
