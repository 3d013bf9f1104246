"""The private names of MiniStack that the platform stands on, in one table: an upgrade that moves one fails by name."""

import importlib
import inspect
from collections.abc import Iterable
from typing import NamedTuple

from criba.local.errors import LocalPlatformError


class Hook(NamedTuple):
    """A private name: its module below `ministack`, and its parameters where it is a function (None: it is data)."""

    module: str
    name: str
    parameters: tuple[str, ...] | None = None

    def complaint(self) -> str | None:
        """What is wrong with this name in the installed version, or None."""
        try:
            found = getattr(importlib.import_module(f"ministack.{self.module}"), self.name)
        except (ImportError, AttributeError):
            return f"{self.module}.{self.name} is gone"
        if self.parameters is None:
            return None
        given = tuple(inspect.signature(found).parameters)
        if given == self.parameters:
            return None
        return f"{self.module}.{self.name} takes ({', '.join(given)}), not ({', '.join(self.parameters)})"


_TABLE: dict[str, dict[str, str | None]] = {
    "app": {"app": "scope receive send", "SERVICE_HANDLERS": None, "_MAIN_LOOP": None, "_get_module": "name"},
    "core.router": {"SERVICE_PATTERNS": None, "extract_access_key_id": "headers query_params"},
    "core.iam_evaluator": {"resolve_caller_identity": "access_key_id"},
    "core.responses": {
        "request_scope": "account_id region",
        "json_response": "data status content_type",
        "error_response_json": "code message status extra message_key content_type",
    },
    "services.cloudformation": {"_stacks": None},
    "services.cloudformation.provisioners": {
        "_RESOURCE_HANDLERS": None,
        "_physical_name": "stack_name logical_id lowercase max_len seeded",
    },
    "services.cloudformation.stacks": {"_runs_on_worker_thread": "resource_type"},
    "services.cloudwatch": {
        "_alarms": None,
        "_calc_stats": "points",
        "_dims_from_list": "dimensions",
        "_dims_key": "dims",
        "_dispatch_alarm_actions": "alarm old_state new_state reason",
        "_evaluate_alarm": "alarm",
        "_evaluate_all_alarms": "",
        "_evaluate_parent_alarms": "child seen",
        "_metrics": None,
        "_record_history": "alarm_name old_state new_state reason alarm_type reason_data",
        "_stat_value": "stats stat_name points",
    },
    "services.eventbridge": {
        "_cron_next_fire": "fields after_dt",
        "_dispatch_event": "event view",
        "_dispatch_to_sns": "arn payload",
        "_dispatch_to_sqs": "spec payload sqs_parameters",
        "_dispatch_to_stepfunctions": "arn payload",
        "_event_buses": None,
        "_invoke_target": "target event rule view",
        "_parse_cron_fields": "expr",
        "_parse_rate_seconds": "expr",
        "_put_events": "data allow_aws_source",
    },
    "services.glue": {"_batch_stop_job_run": "data", "_job_runs": None, "_jobs": None, "_start_job_run": "data"},
    "services.s3": {
        "_fire_s3_event": "bucket_name key event_name size etag deletion_type restore_event_data version_id sequencer "
        "object_extra record_extra",
        "_get_object": "bucket_name key headers query_params",
        "_parse_range": "range_header total",
        "_resolve_sse_write_headers": "headers bucket_name",
    },
    "services.scheduler": {
        "_SCHEDULE_TICK_INTERVAL": None,
        "_schedules": None,
        "_tick_schedules": "",
        "_to_epoch": "value",
    },
    "services.sns": {
        "_fanout": "topic_arn msg_id message subject message_structure message_attributes message_group_id "
        "message_dedup_id",
        "_matches_filter_policy": "sub message_attributes message",
        "_resolve_message_for_protocol": "message message_structure protocol",
        "_topic_by_arn_any_scope": "topic_arn",
        "_topics": None,
    },
    "services.sqs": {
        "_act_send_message": "data qurl",
        "_queue_by_arn": "arn",
        "_queue_url_for_account": "account_id name",
    },
    "services.stepfunctions": {
        "_ExecutionError": "error cause",
        "_add_event": "execution event_type details",
        "_apply_catcher": "catcher raw_input ctx query_language error_output",
        "_apply_input_path": "state_def data ctx",
        "_apply_jsonata_arguments": "state_def raw_input ctx",
        "_apply_jsonata_output": "state_def raw_input ctx result error_output default",
        "_apply_jsonata_template": "value raw_input ctx result error_output",
        "_apply_output_path": "state_def data ctx",
        "_apply_state_assign": "state_def raw_input ctx result error_output",
        "_describe_execution": "data",
        "_emit_execution_status_event": "execution",
        "_error_matches": "error_equals error",
        "_evaluate_jsonata": "expression raw_input ctx result error_output",
        "_evaluate_jsonata_choice_rule": "rule raw_input ctx",
        "_execute_choice": "state_def raw_input ctx",
        "_execute_map": "state_def raw_input execution ctx",
        "_execute_parallel": "state_def raw_input execution ctx",
        "_execute_pass": "state_def raw_input ctx",
        "_execute_task": "state_def raw_input execution ctx",
        "_execute_wait": "state_def raw_input ctx",
        "_executions": None,
        "_fail_state_error": "state_def raw_input ctx",
        "_finalize_response": "response",
        "_find_matching_catcher": "catchers error",
        "_find_matching_retrier": "retriers error retry_counts",
        "_invoke_resource": "resource input_data",
        "_jsonata_state_field": "state_def field expected raw_input ctx",
        "_next_or_end": "state_def",
        "_register_sfn_jsonata_functions": "expr",
        "_resolve_state_machine_arn": "arn",
        "_run_execution": "exec_arn",
        "_run_parallel_branches": "state_def raw_input execution ctx",
        "_run_sub_machine": "states start_at input_data execution ctx",
        "_scaled_sleep": "seconds",
        "_sfn_jsonata_parse": "text",
        "_start_execution": "data",
        "_state_machines": None,
        "_state_query_language": "state_def ctx",
        "_with_retry_and_catch": "state_def raw_input ctx attempt",
    },
}

HOOKS = tuple(
    Hook(module, name, None if parameters is None else tuple(parameters.split()))
    for module, names in _TABLE.items()
    for name, parameters in names.items()
)


def check(hooks: Iterable[Hook] = HOOKS) -> None:
    """Raise LocalPlatformError, naming every private name that is gone or changed its parameters."""
    complaints = [complaint for hook in hooks if (complaint := hook.complaint())]
    if complaints:
        raise LocalPlatformError(
            f"this version of ministack does not fit criba: {'; '.join(complaints)}. "
            "Install the version that pyproject.toml pins."
        )
