"""Retries, catches, timeouts, choices and variables behave as Step Functions documents them."""

import json
import time

from criba.local.states.task import delay_seconds
from tests.local.machines import call, ended, history, machine, run

MISSING = call("aws-sdk:ssm:getParameter", {"Name": "/missing"})


def test_a_retry_waits_longer_each_time_up_to_its_longest_delay():
    retrier = {"IntervalSeconds": 2, "BackoffRate": 3, "MaxDelaySeconds": 10}
    assert [delay_seconds(retrier, done) for done in range(4)] == [2.0, 6.0, 10.0, 10.0]


def test_full_jitter_waits_anything_up_to_the_delay():
    waits = {delay_seconds({"IntervalSeconds": 8, "JitterStrategy": "FULL"}, 0) for _ in range(50)}
    assert len(waits) > 40
    assert all(0 <= wait <= 8 for wait in waits)


def test_a_task_is_retried_as_often_as_it_says_and_then_caught(aws):
    retry = [{"ErrorEquals": ["Ssm.ParameterNotFoundException"], "IntervalSeconds": 1, "MaxAttempts": 2}]
    retry[0] |= {"BackoffRate": 1, "MaxDelaySeconds": 1, "JitterStrategy": "FULL"}
    catch = {
        "ErrorEquals": ["Ssm.ParameterNotFoundException"],
        "Next": "After",
        "Output": {"error": "{% $states.errorOutput.Error %}", "input": "{% $states.input %}"},
        "Assign": {"cause": "{% $states.errorOutput.Cause %}"},
    }
    after = {"Type": "Pass", "Output": {"was": "{% $states.input %}", "cause": "{% $cause %}"}, "End": True}
    found = run(aws, {"Try": {**MISSING, "Retry": retry, "Catch": [catch]}, "After": after}, {"a": 1})
    assert found["output"]["was"] == {"error": "Ssm.ParameterNotFoundException", "input": {"a": 1}}
    assert "(Service: Ssm, Status Code: 400" in found["output"]["cause"]
    assert history(aws, found["executionArn"]).count("TaskScheduled") == 3


def test_a_catch_without_output_hands_on_the_error(aws):
    catch = [{"ErrorEquals": ["States.TaskFailed"], "Next": "After"}]
    found = run(aws, {"Try": {**MISSING, "Catch": catch}, "After": {"Type": "Succeed"}})
    assert list(found["output"]) == ["Error", "Cause"]


def test_an_expression_without_a_result_is_an_error_that_a_task_can_catch(aws):
    task = call("aws-sdk:ssm:getParameter", {"Name": "{% $states.input.nothing %}"})
    catch = [{"ErrorEquals": ["States.QueryEvaluationError"], "Next": "After"}]
    assert run(aws, {"Try": {**task, "Catch": catch}, "After": {"Type": "Succeed"}})["status"] == "SUCCEEDED"


def test_a_task_that_takes_too_long_times_out_and_what_it_started_is_stopped(aws):
    other = machine(aws, {"Wait": {"Type": "Wait", "Seconds": 60, "End": True}})
    start = call("states:startExecution.sync:2", {"StateMachineArn": other, "Name": "slow"}, TimeoutSeconds=1)
    found = run(aws, {"Start": start})
    assert (found["status"], found["error"]) == ("FAILED", "States.Timeout")
    assert "TaskTimedOut" in history(aws, found["executionArn"])
    child = ended(aws, other.replace(":stateMachine:", ":execution:") + ":slow")
    assert child["status"] == "ABORTED"


def test_a_machine_that_takes_too_long_times_out_whatever_its_states_catch(aws):
    other = machine(aws, {"Wait": {"Type": "Wait", "Seconds": 60, "End": True}})
    catch = [{"ErrorEquals": ["States.ALL"], "Next": "After"}]
    start = call("states:startExecution.sync:2", {"StateMachineArn": other}, Catch=catch)
    found = run(aws, {"Start": start, "After": {"Type": "Succeed"}}, TimeoutSeconds=1)
    assert found["status"] == "TIMED_OUT"
    assert history(aws, found["executionArn"])[-1] == "ExecutionTimedOut"


def test_a_stopped_execution_stays_stopped(aws):
    arn = machine(aws, {"Wait": {"Type": "Wait", "Seconds": 60, "End": True}})
    execution = aws("stepfunctions").start_execution(stateMachineArn=arn)["executionArn"]
    aws("stepfunctions").stop_execution(executionArn=execution, error="Person", cause="enough")
    time.sleep(0.5)
    found = ended(aws, execution)
    assert (found["status"], found["error"]) == ("ABORTED", "Person")
    assert history(aws, execution)[-1] == "ExecutionAborted"


def test_a_choice_takes_the_first_condition_that_holds_and_else_the_default_with_its_output(aws):
    choices = [
        {"Condition": "{% $states.input.n > 10 %}", "Next": "Large", "Output": "large"},
        {"Condition": "{% $states.input.n > 5 %}", "Next": "Large", "Output": "medium"},
    ]
    choice = {"Type": "Choice", "Choices": choices, "Default": "Small", "Output": "small"}
    states = {"Which": choice, "Large": {"Type": "Succeed"}, "Small": {"Type": "Succeed"}}
    assert [run(aws, states, {"n": n})["output"] for n in (20, 7, 1)] == ["large", "medium", "small"]


def test_a_condition_that_is_no_boolean_is_an_error(aws):
    choice = {"Type": "Choice", "Choices": [{"Condition": "{% 'yes' %}", "Next": "Yes"}], "Default": "Yes"}
    assert run(aws, {"Which": choice, "Yes": {"Type": "Succeed"}})["error"] == "States.QueryEvaluationError"


def test_all_variables_of_a_state_are_assigned_at_once(aws):
    first = {"Type": "Pass", "Assign": {"a": 1, "b": 2}, "Next": "Swap"}
    swap = {"Type": "Pass", "Assign": {"a": "{% $b %}", "b": "{% $a %}"}, "Next": "Done"}
    done = {"Type": "Succeed", "Output": "{% [$a, $b] %}"}
    assert run(aws, {"First": first, "Swap": swap, "Done": done})["output"] == [2, 1]


def test_parallel_branches_have_their_own_variables_and_their_outputs_are_in_order(aws):
    branches = [
        {
            "StartAt": "P",
            "States": {"P": {"Type": "Pass", "Assign": {"x": n}, "Output": f"{{% $x + {n} %}}", "End": True}},
        }
        for n in (10, 20)
    ]
    both = {"Type": "Parallel", "Branches": branches, "Next": "Done", "Assign": {"sum": "{% $sum($states.result) %}"}}
    states = {"Set": {"Type": "Pass", "Assign": {"x": 1}, "Next": "Both"}, "Both": both}
    found = run(aws, {**states, "Done": {"Type": "Succeed", "Output": "{% [$x, $sum] %}"}})
    assert found["output"] == [1, 32]


def test_when_a_branch_fails_the_others_are_stopped(aws):
    slow = {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 60, "End": True}}}
    broken = {"StartAt": "F", "States": {"F": {"Type": "Fail", "Error": "Broken", "Cause": "{% 'be' & 'cause' %}"}}}
    found = run(aws, {"Both": {"Type": "Parallel", "Branches": [slow, broken], "End": True}})
    assert (found["error"], found["cause"]) == ("Broken", "because")


def test_map_runs_its_items_and_keeps_their_order(aws):
    state = {"Type": "Pass", "Output": "{% $states.input * 2 %}", "End": True}
    each = {"Type": "Map", "Items": [1, 2, 3], "ItemProcessor": {"StartAt": "D", "States": {"D": state}}, "End": True}
    assert run(aws, {"Each": each})["output"] == [2, 4, 6]


def test_the_functions_that_step_functions_adds_and_the_common_ones_are_there(aws):
    expressions = {
        "parse": """$parse('{"a": [1]}').a[0]""",
        "hash": "$hash('a', 'SHA-256')",
        "uuid": "$length($uuid())",
        "random": "$random(1) < 1 and $random() >= 0",
        "partition": "$partition([1, 2, 3], 2)",
        "range": "$range(0, 10, 5)",
        "round": "$round(5 / 2 * 2)",
        "ceil": "$ceil(10 / 4)",
        "string": """$string({"n": 4 / 2, "t": "á", "none": null})""",
        "match": "$match('run-17', /run-([0-9]+)/).groups[0]",
        "replace": "$replace('2026-01-31T10:00:00Z', /[:-]/, '')",
        "times": "$fromMillis($toMillis('2026-01-31T00:00:00Z') + 86400000, '[Y0001]-[M01]-[D01]')",
        "now": "$millis() > 1.7e12 and $toMillis($now()) > 1.7e12",
        "keys": """$keys({"b": 1, "a": 2})""",
        "merge": """$merge([{"a": 1}, {"a": 2}])""",
        "null": "$states.input.nothing = null ? 1 : 2",
        "lookup": """$lookup({"a": {"b": 3}}, 'a').b""",
    }
    output = {name: "{% " + expression + " %}" for name, expression in expressions.items()}
    assert run(aws, {"All": {"Type": "Pass", "Output": output, "End": True}}, {"nothing": None})["output"] == {
        "parse": 1,
        "hash": "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb",
        "uuid": 36,
        "random": True,
        "partition": [[1, 2], [3]],
        "range": [0, 5, 10],
        "round": 5,
        "ceil": 3,
        "string": '{"n":2,"t":"á","none":null}',
        "match": "17",
        "replace": "20260131T100000Z",
        "times": "2026-02-01",
        "now": True,
        "keys": ["b", "a"],
        "merge": {"a": 2},
        "null": 1,
        "lookup": 3,
    }


def test_the_context_names_the_execution_and_the_state(aws):
    arn = machine(aws, {"Look": {"Type": "Pass", "Output": "{% $states.context %}", "End": True}})
    started = aws("stepfunctions").start_execution(stateMachineArn=arn, name="run-1-1", input='{"a": 1}')
    context = ended(aws, started["executionArn"])["output"]
    assert context["Execution"]["Id"] == started["executionArn"]
    assert context["Execution"]["Name"] == "run-1-1"
    assert context["Execution"]["Input"] == {"a": 1}
    assert context["Execution"]["RedriveCount"] == 0
    assert context["Execution"]["StartTime"].endswith("Z")
    assert context["State"]["Name"] == "Look"
    assert context["State"]["RetryCount"] == 0
    assert context["State"]["EnteredTime"].endswith("Z")
    assert context["StateMachine"]["Id"] == arn


def test_the_end_of_an_execution_is_told_on_the_default_bus(aws):
    queue = aws("sqs").create_queue(QueueName="ends")["QueueUrl"]
    pattern = {"source": ["aws.states"], "detail": {"status": ["FAILED"], "error": ["Told"]}}
    aws("events").put_rule(Name="ends", EventPattern=json.dumps(pattern))
    aws("events").put_targets(Rule="ends", Targets=[{"Id": "q", "Arn": "arn:aws:sqs:eu-west-1:000000000000:ends"}])
    found = run(aws, {"F": {"Type": "Fail", "Error": "Told", "Cause": "c"}})
    event = json.loads(aws("sqs").receive_message(QueueUrl=queue, WaitTimeSeconds=5)["Messages"][0]["Body"])
    assert event["detail-type"] == "Step Functions Execution Status Change"
    assert event["detail"]["executionArn"] == found["executionArn"]
    assert event["detail"]["redriveStatus"] == "REDRIVABLE"


def test_the_history_tells_what_each_state_assigned(aws):
    states = {
        "First": {"Type": "Pass", "Assign": {"n": 1, "list": [{"a": "b"}]}, "Next": "Second"},
        "Second": {"Type": "Pass", "Assign": {"n": "{% $n + 1 %}"}, "Next": "Third"},
        "Third": {"Type": "Pass", "End": True},
    }
    found = run(aws, states)
    events = aws("stepfunctions").get_execution_history(executionArn=found["executionArn"])["events"]
    left = [event["stateExitedEventDetails"] for event in events if event["type"] == "PassStateExited"]
    assert [one.get("assignedVariables") for one in left] == [{"n": "1", "list": '[{"a": "b"}]'}, {"n": "2"}, None]


def test_a_null_that_is_parsed_is_null_and_not_nothing(aws):
    output = {"parsed": "{% $parse('null') %}", "exists": "{% $exists($parse('null')) %}"}
    found = run(aws, {"Only": {"Type": "Pass", "Output": output, "End": True}})
    assert found["output"] == {"parsed": None, "exists": True}
