"""Starting twice, and redriving: as AWS documents StartExecution and RedriveExecution."""

import json

import pytest
from botocore.exceptions import ClientError

from tests.local.machines import call, ended, history, machine

WAIT = {"Wait": {"Type": "Wait", "Seconds": 60, "End": True}}


@pytest.fixture
def states(aws):
    return aws("stepfunctions")


def code(refusal):
    return refusal.value.response["Error"]["Code"]


def test_the_same_name_and_input_while_it_runs_is_the_same_execution(aws, states):
    arn = machine(aws, WAIT)
    first = states.start_execution(stateMachineArn=arn, name="n", input='{"a": 1}')
    second = states.start_execution(stateMachineArn=arn, name="n", input='{"a": 1}')
    assert (second["executionArn"], second["startDate"]) == (first["executionArn"], first["startDate"])
    assert len(states.list_executions(stateMachineArn=arn)["executions"]) == 1


def test_another_input_or_a_closed_execution_takes_the_name_for_good(aws, states):
    arn = machine(aws, WAIT)
    first = states.start_execution(stateMachineArn=arn, name="n", input='{"a": 1}')
    with pytest.raises(ClientError) as refusal:
        states.start_execution(stateMachineArn=arn, name="n", input='{"a":1}')
    assert code(refusal) == "ExecutionAlreadyExists"
    states.stop_execution(executionArn=first["executionArn"])
    with pytest.raises(ClientError) as refusal:
        states.start_execution(stateMachineArn=arn, name="n", input='{"a": 1}')
    assert code(refusal) == "ExecutionAlreadyExists"


@pytest.mark.parametrize("name", ["a" * 81, "a b", "a:b", "a*"])
def test_a_name_that_aws_does_not_take_is_refused(aws, states, name):
    with pytest.raises(ClientError) as refusal:
        states.start_execution(stateMachineArn=machine(aws, WAIT), name=name)
    assert code(refusal) == "InvalidName"


def test_an_input_that_is_no_json_is_refused(aws, states):
    with pytest.raises(ClientError) as refusal:
        states.start_execution(stateMachineArn=machine(aws, WAIT), input="{")
    assert code(refusal) == "InvalidExecutionInput"


@pytest.fixture
def failed(aws, states):
    """An execution that failed at its second state, for want of the parameter /late."""
    first = {"Type": "Pass", "Assign": {"n": "{% $states.input.n + 1 %}"}, "Output": {"from": "first"}, "Next": "Read"}
    output = {
        "value": "{% $states.result.Parameter.Value %}",
        "n": "{% $n %}",
        "input": "{% $states.input %}",
        "redrives": "{% $states.context.Execution.RedriveCount %}",
    }
    read = call("aws-sdk:ssm:getParameter", {"Name": "/late"}, Output=output, Assign={"n": 100})
    arn = machine(aws, {"First": first, "Read": read})
    found = ended(aws, states.start_execution(stateMachineArn=arn, input='{"n": 1}')["executionArn"])
    assert (found["status"], found["redriveStatus"], found["redriveCount"]) == ("FAILED", "REDRIVABLE", 0)
    yield found
    aws("ssm").put_parameter(Name="/late", Value="x", Type="String", Overwrite=True)
    aws("ssm").delete_parameter(Name="/late")


def test_a_redrive_goes_on_at_the_failed_state_with_what_it_had(aws, states, failed):
    before = history(aws, failed["executionArn"])
    aws("ssm").put_parameter(Name="/late", Value="here", Type="String")
    redriven = states.redrive_execution(executionArn=failed["executionArn"])
    found = ended(aws, failed["executionArn"])
    assert found["output"] == {"value": "here", "n": 2, "input": {"from": "first"}, "redrives": 1}
    assert (found["redriveCount"], found["redriveDate"]) == (1, redriven["redriveDate"])
    assert found["startDate"] == failed["startDate"]
    assert "error" not in found
    after = history(aws, failed["executionArn"])
    assert after[: len(before)] == before
    assert after[len(before) :] == [
        "ExecutionRedriven",
        "TaskStateEntered",
        "TaskScheduled",
        "TaskStarted",
        "TaskSucceeded",
        "TaskStateExited",
        "ExecutionSucceeded",
    ]


def test_a_redrive_may_fail_again_and_be_redriven_again(aws, states, failed):
    for count in (1, 2):
        states.redrive_execution(executionArn=failed["executionArn"])
        found = ended(aws, failed["executionArn"])
        assert (found["status"], found["redriveCount"]) == ("FAILED", count)


def test_a_redrive_keeps_the_definition_of_the_original_execution(aws, states, failed):
    aws("ssm").put_parameter(Name="/late", Value="here", Type="String")
    definition = {"StartAt": "New", "States": {"New": {"Type": "Succeed"}}}
    states.update_state_machine(stateMachineArn=failed["stateMachineArn"], definition=json.dumps(definition))
    states.redrive_execution(executionArn=failed["executionArn"])
    assert ended(aws, failed["executionArn"])["output"]["value"] == "here"


def test_a_stopped_execution_is_redriven_and_its_old_thread_stays_away(aws, states):
    arn = machine(aws, {"Wait": {"Type": "Wait", "Seconds": 1, "End": True}})
    execution = states.start_execution(stateMachineArn=arn)["executionArn"]
    states.stop_execution(executionArn=execution)
    states.redrive_execution(executionArn=execution)
    assert ended(aws, execution)["status"] == "SUCCEEDED"
    assert history(aws, execution).count("ExecutionSucceeded") == 1


def test_a_running_or_successful_execution_is_not_redrivable(aws, states):
    running = states.start_execution(stateMachineArn=machine(aws, WAIT))["executionArn"]
    done = states.start_execution(stateMachineArn=machine(aws, {"S": {"Type": "Succeed"}}))["executionArn"]
    ended(aws, done)
    for execution, status in ((running, "RUNNING"), (done, "SUCCEEDED")):
        with pytest.raises(ClientError, match=f"Execution is {status} and cannot be redriven") as refusal:
            states.redrive_execution(executionArn=execution)
        assert code(refusal) == "ExecutionNotRedrivable"
        assert states.describe_execution(executionArn=execution)["redriveStatus"] == "NOT_REDRIVABLE"


def test_a_failure_inside_parallel_is_refused_by_name(aws, states):
    branch = {"StartAt": "F", "States": {"F": {"Type": "Fail", "Error": "E", "Cause": "c"}}}
    arn = machine(aws, {"Both": {"Type": "Parallel", "Branches": [branch], "End": True}})
    found = ended(aws, states.start_execution(stateMachineArn=arn)["executionArn"])
    assert found["redriveStatusReason"] == (
        "The local platform does not redrive inside a Parallel state, and this execution failed in 'Both'"
    )
