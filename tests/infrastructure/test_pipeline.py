"""Pipeline: pinned jobs, guarded roles, triggers that lose nothing."""

import json
from typing import Any

from tests.infrastructure.conftest import Templates, synthesize
from tests.infrastructure.policies import actions, resources, statements, statements_of


def test_every_glue_job_is_pinned_encrypted_and_stopped_in_time(templates: Templates) -> None:
    jobs = templates.resources("AWS::Glue::Job")
    assert sorted(id_[: id_.index("Job")] for id_ in jobs) == [
        "BuildBatch",
        "BuildTrainingSet",
        "CleanMessages",
        "EraseMessages",
        "MatchLabels",
        "PublishPredictions",
        "ReconcileRuns",
    ]
    for job in jobs.values():
        properties = job["Properties"]
        assert properties["GlueVersion"] == "5.1"
        assert properties["MaxRetries"] == 0
        assert 1 <= properties["Timeout"] <= 2880
        assert "Ref" in properties["SecurityConfiguration"]
        assert "spark.sql.ansi.enabled=true" in properties["DefaultArguments"]["--conf"]


def test_clean_messages_reads_raw_by_version_and_never_writes_there(prod: Templates) -> None:
    found = statements_of(prod.pipeline, "CleanMessages")
    read = resources(found, "s3:GetObjectVersion")
    assert read and all(one.endswith(("/messages/*", "/labels/*")) for one in read)
    written = resources(found, "s3:PutObject")
    assert all("Curated" in one for one in written)
    assert sorted(one.rpartition("}")[2] for one in written) == [
        "/claims/*",
        "/labelled/*",
        "/labelled_$folder$",
        "/messages/*",
        "/messages_$folder$",
        "/quality/*",
        "/quarantine/*",
        "/runs/*",
    ]


def test_no_job_deletes_raw_messages_or_ledgers(prod: Templates) -> None:
    for job in ("CleanMessages", "BuildTrainingSet", "BuildBatch", "PublishPredictions"):
        deleted = resources(statements_of(prod.pipeline, job), "s3:DeleteObject")
        assert not [one for one in deleted if "Raw" in one or one.endswith("/runs/*")]


ERASED = {
    "Raw": {"/messages/*", "/labels/*", "/ground-truth/*"},
    "Curated": {
        "/messages/*",
        "/labelled/*",
        "/quarantine/*",
        "/training/*",
        "/batch/*",
        "/erasures/*",
    },
    "Predictions": {"/predictions/*", "/query-results/*"},
}


def by_bucket(found: list[str]) -> dict[str, set[str]]:
    """Key patterns by bucket, of resources in text."""
    buckets: dict[str, set[str]] = {}
    for one in found:
        bucket = next(name for name in ("Raw", "Curated", "Predictions", "Models", "Monitoring") if name in one)
        buckets.setdefault(bucket, set()).add(one.rpartition("}")[2])
    return buckets


def test_only_erasing_deletes_versions_and_only_where_messages_lie(templates: Templates) -> None:
    erasing = statements_of(templates.pipeline, "EraseMessages")
    assert by_bucket(resources(erasing, "s3:DeleteObjectVersion")) == ERASED
    for template in templates.all():
        others = [one for one in statements(template) if one not in erasing]
        assert resources(others, "s3:DeleteObjectVersion") == []


def test_erasing_writes_no_ledger_no_claim_and_no_model(prod: Templates) -> None:
    erasing = statements_of(prod.pipeline, "EraseMessages")
    written = by_bucket(resources(erasing, "s3:PutObject"))
    assert written == {**ERASED, "Curated": {*ERASED["Curated"], "/rewritten/*"}}
    assert by_bucket(resources(erasing, "s3:GetObjectVersion")) == ERASED
    assert prod.resources("AWS::Glue::Job")
    (job,) = [one for id_, one in prod.resources("AWS::Glue::Job").items() if id_.startswith("EraseMessages")]
    assert job["Properties"]["ExecutionProperty"] == {"MaxConcurrentRuns": 1}


def test_reconciling_reads_and_writes_its_findings_only(prod: Templates) -> None:
    found = statements_of(prod.pipeline, "ReconcileRuns")
    assert by_bucket(resources(found, "s3:PutObject")) == {"Curated": {"/runs/*"}}
    assert resources(found, "s3:DeleteObject") == []


def test_matching_labels_reads_ground_truth_by_version_and_writes_no_messages(prod: Templates) -> None:
    found = statements_of(prod.pipeline, "MatchLabels")
    assert by_bucket(resources(found, "s3:GetObjectVersion")) == {"Raw": {"/ground-truth/*"}}
    assert by_bucket(resources(found, "s3:PutObject")) == {"Curated": {"/measuring/*", "/runs/*"}}
    read = [one for one in resources(found, "s3:GetObject") if "cdk-" not in one]  # its own script and library apart
    assert by_bucket(read) == {
        "Curated": {"/runs/*", "/rewritten/*", "/measuring/*"},
        "Predictions": {"/predictions/*", "/publications/*"},
        "Monitoring": {"/baseline/*", "/latest/*"},
    }


def test_measure_writes_its_ledger_and_its_verdict_and_nothing_else(prod: Templates) -> None:
    found = statements_of(prod.pipeline, "MeasuringMeasure")
    assert by_bucket(resources(found, "s3:PutObject")) == {
        "Curated": {"/runs/measure/*/ledger.json"},
        "Monitoring": {"/latest/quality.json"},
    }
    assert by_bucket(resources(found, "s3:GetObject")) == {
        "Curated": {"/runs/measure/*"},
        "Monitoring": {"/reports/*/summary.json"},
    }


def test_launch_looks_for_trainings_and_challengers_only_where_it_may_retrain(prod: Templates) -> None:
    local = synthesize("local")
    (train,) = resources(statements_of(local.pipeline, "LaunchingLaunch"), "states:ListExecutions")
    assert "TrainingTrain" in train
    (packages,) = resources(statements_of(local.pipeline, "LaunchingLaunch"), "sagemaker:ListModelPackages")
    assert packages.endswith(":model-package/criba-local/*")
    for action in ("states:ListExecutions", "sagemaker:ListModelPackages"):
        assert resources(statements_of(prod.pipeline, "LaunchingLaunch"), action) == []


def test_score_reads_reports_and_remembers_them_and_touches_no_baseline(prod: Templates) -> None:
    found = statements_of(prod.pipeline, "ScoringScore")
    read, written = (by_bucket(resources(found, action))["Monitoring"] for action in ("s3:GetObject", "s3:PutObject"))
    assert read == {"/latest/*", "/reports/*/outliers.jsonl", "/reports/*/summary.json"}
    assert written == {"/latest/*", "/outliers/*"}


def test_only_promote_writes_a_baseline_and_the_monitor_only_reads_it(prod: Templates) -> None:
    promote = by_bucket(resources(statements_of(prod.pipeline, "PromotionPromote"), "s3:PutObject"))
    assert promote["Monitoring"] == {"/baseline/*"}
    job = statements_of(prod.pipeline, "JobRolesJob")
    assert by_bucket(resources(job, "s3:PutObject"))["Monitoring"] == {"/reports/*"}
    assert by_bucket(resources(job, "s3:GetObject"))["Monitoring"] == {"/baseline/*", "/reports/*"}


def test_backfill_starts_and_stops_score_and_nothing_else(prod: Templates) -> None:
    found = statements_of(prod.pipeline, "BackfillingBackfill")
    for action in ("states:StartExecution", "states:StopExecution", "states:DescribeExecution"):
        (target,) = resources(found, action)
        assert "ScoringScore" in target
    assert by_bucket(resources(found, "s3:PutObject")) == {"Curated": {"/runs/backfill/*/ledger.json"}}
    assert by_bucket(resources(found, "s3:GetObject")) == {"Curated": {"/runs/score/*/ledger.json"}}
    (rule,) = resources(found, "events:PutRule")
    assert rule.endswith("rule/StepFunctionsGetEventsForStepFunctionsExecutionRule")


def test_a_wildcard_stands_only_where_aws_has_no_resource_type(templates: Templates) -> None:
    """ECR's login, CloudWatch metrics, X-Ray and log delivery know no resource; nothing else may say `*`."""
    without_resource_type = {
        "cloudwatch:PutMetricData",
        "ecr:GetAuthorizationToken",
        "logs:CreateLogDelivery",
        "logs:DeleteLogDelivery",
        "logs:DescribeLogGroups",
        "logs:DescribeResourcePolicies",
        "logs:GetLogDelivery",
        "logs:ListLogDeliveries",
        "logs:PutResourcePolicy",
        "logs:UpdateLogDelivery",
        "xray:GetSamplingRules",
        "xray:GetSamplingTargets",
        "xray:PutTelemetryRecords",
        "xray:PutTraceSegments",
    }
    for template in templates.all():
        for statement in statements(template):
            if statement["Effect"] == "Allow" and statement["Resource"] in ("*", ["*"]):
                assert set(actions(statement)) <= without_resource_type, statement
            assert not [one for one in actions(statement) if one == "*" or one.endswith(":*")], statement


def test_a_role_is_passed_to_one_service_only(templates: Templates) -> None:
    passing = [one for one in statements(templates.pipeline) if "iam:PassRole" in actions(one)]
    assert len(passing) == 4
    for statement in passing:
        assert statement["Condition"] == {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}
        assert "*" not in json.dumps(statement["Resource"])


def test_every_service_role_is_taken_for_this_account_only(templates: Templates) -> None:
    for id_, role in templates.resources("AWS::IAM::Role").items():
        if id_.startswith("ImageBuild") or "Starter" in id_:
            continue  # CodeBuild and Lambda take their own project's and function's role
        for statement in role["Properties"]["AssumeRolePolicyDocument"]["Statement"]:
            assert "aws:SourceAccount" in json.dumps(statement.get("Condition", {})), id_


def test_every_rule_and_schedule_has_a_dead_letter_queue_and_retries(templates: Templates) -> None:
    targets: list[dict[str, Any]] = [
        target for rule in templates.resources("AWS::Events::Rule").values() for target in rule["Properties"]["Targets"]
    ]
    targets += [one["Properties"]["Target"] for one in templates.resources("AWS::Scheduler::Schedule").values()]
    assert len(targets) in (17, 18)  # one more where drift retrains
    for target in targets:
        assert "Arn" in target["DeadLetterConfig"]
        assert target["RetryPolicy"]["MaximumRetryAttempts"] == 8
        assert target["RetryPolicy"]["MaximumEventAgeInSeconds"] == 6 * 3600


def test_every_state_machine_is_encrypted_traced_and_logged_without_its_data(templates: Templates) -> None:
    machines = templates.resources("AWS::StepFunctions::StateMachine")
    assert len(machines) == 8
    for machine in machines.values():
        properties = machine["Properties"]
        assert properties["EncryptionConfiguration"]["Type"] == "CUSTOMER_MANAGED_KMS_KEY"
        assert properties["TracingConfiguration"] == {"Enabled": True}
        assert properties["LoggingConfiguration"]["Level"] == "ALL"
        assert properties["LoggingConfiguration"]["IncludeExecutionData"] is False


def test_every_state_machine_may_use_its_own_key_under_its_own_name(templates: Templates) -> None:
    for template in (templates.pipeline, templates.operations):
        names = {
            resource["Properties"]["StateMachineName"]
            for resource in template["Resources"].values()
            if resource["Type"] == "AWS::StepFunctions::StateMachine"
        }
        contexts = json.dumps(
            [
                one["Condition"]["StringEquals"]["kms:EncryptionContext:aws:states:stateMachineArn"]
                for one in statements(template)
                if "kms:EncryptionContext:aws:states:stateMachineArn" in json.dumps(one.get("Condition", {}))
            ]
        )
        assert names and all(f":stateMachine:{name}" in contexts for name in names)
        assert ':stateMachine:"' not in contexts


def test_every_log_group_is_encrypted_and_kept_for_a_stated_time(templates: Templates) -> None:
    groups = templates.resources("AWS::Logs::LogGroup")
    assert groups
    for id_, group in groups.items():
        assert "KmsKeyId" in group["Properties"], id_
        assert group["Properties"]["RetentionInDays"] >= 30, id_


def test_every_queue_is_encrypted_with_our_key_and_tls_only(templates: Templates) -> None:
    for queue in templates.resources("AWS::SQS::Queue").values():
        assert "KmsMasterKeyId" in queue["Properties"]
    for policy in templates.resources("AWS::SQS::QueuePolicy").values():
        assert '"aws:SecureTransport": "false"' in json.dumps(policy)


def test_schedules_name_their_time_zone(prod: Templates) -> None:
    schedules = {
        one["Properties"]["ScheduleExpression"]: one["Properties"]["ScheduleExpressionTimezone"]
        for one in prod.resources("AWS::Scheduler::Schedule").values()
    }
    assert schedules == {
        "cron(0 2 * * ? *)": "Europe/Madrid",
        "cron(0 4 ? * SUN *)": "Europe/Madrid",
        "cron(0 6 * * ? *)": "Europe/Madrid",
        "cron(7 * * * ? *)": "UTC",
    }


def test_a_schedule_waits_for_its_group(prod: Templates) -> None:
    groups = set(prod.resources("AWS::Scheduler::ScheduleGroup"))
    for id_, schedule in prod.resources("AWS::Scheduler::Schedule").items():
        assert groups & set(schedule["DependsOn"]), id_


def test_only_dev_builds_an_image_and_production_names_one_by_digest(dev: Templates, prod: Templates) -> None:
    assert len(dev.resources("AWS::CodeBuild::Project")) == 1
    assert "ImageDigest" in dev.pipeline["Outputs"]
    assert not prod.resources("AWS::CodeBuild::Project")
    assert "@sha256:" in json.dumps(prod.pipeline)


def test_two_environments_in_one_account_share_no_physical_name(dev: Templates, prod: Templates) -> None:
    def names(templates: Templates) -> set[str]:
        keys = (
            "Name",
            "BucketName",
            "RoleName",
            "TopicName",
            "QueueName",
            "AlarmName",
            "ModelPackageGroupName",
            "RuleName",
        )
        keys += ("RepositoryName", "StateMachineName", "LogGroupName", "FunctionName", "GroupName", "ProjectName")
        return {
            resource["Properties"][key]
            for template in templates.all()
            for resource in template["Resources"].values()
            for key in keys
            if isinstance(resource.get("Properties", {}).get(key), str)
        }

    assert names(dev) & names(prod) == set()
    assert "criba-prod" in names(prod)


def test_templates_stay_well_below_cloudformations_limits(templates: Templates) -> None:
    for template in templates.all():
        assert len(template["Resources"]) <= 450
        assert len(json.dumps(template)) <= 900_000


def test_a_workflow_reads_the_history_of_its_own_executions_and_close_that_of_all(prod: Templates) -> None:
    for owner, machines in {
        "TrainingTrain": ["Train"],
        "PromotionPromote": ["Promote"],
        "ScoringScore": ["Score"],
        "BackfillingBackfill": ["Backfill"],
        "MeasuringMeasure": ["Measure"],
        "ClosingClose": ["Train", "Promote", "Score", "Measure", "Backfill"],
        "LaunchingLaunch": [],
    }.items():
        read = json.dumps(resources(statements_of(prod.pipeline, owner), "states:GetExecutionHistory"))
        assert read.count(":execution:") == len(machines), owner
        assert all(name in read for name in machines), owner


def test_whoever_describes_encrypted_executions_may_decrypt_them_and_nothing_else(prod: Templates) -> None:
    for owner, machines in {"LaunchingLaunch": 4, "ClosingClose": 5, "BackfillingBackfill": 1}.items():
        found = statements_of(prod.pipeline, owner)
        (described,) = [one for one in found if "states:DescribeExecution" in actions(one)]
        looking = {"states:DescribeExecution", "states:GetExecutionHistory"}
        assert set(actions(described)) - {"states:StopExecution"} <= looking
        assert len(resources([described], "states:DescribeExecution")) == machines
        (decrypting,) = [
            one
            for one in found
            if actions(one) == ["kms:Decrypt"]
            and len(
                one.get("Condition", {})
                .get("StringEquals", {})
                .get("kms:EncryptionContext:aws:states:stateMachineArn", [])
            )
            == machines
        ]
        assert "KeysServices" in json.dumps(decrypting["Resource"])
