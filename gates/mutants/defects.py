"""The list of defects, by class: security, IAM, schema, state machines, events, operations, deployment."""

# A row a line, so that the table can be read as one.
# fmt: off
from typing import Any

from gates.mutants.planting import DROP, Defect, added, definition, granted, put, removed, statement
from gates.mutants.storage import (
    ALARM,
    ANYBODY,
    AWS_KEY,
    JOB,
    LOGS,
    MACHINE,
    QUEUE,
    ROLE,
    RULE,
    SCHEDULE,
    SECURITY,
    STORAGE,
    TOPIC,
    Rows,
    altered,
    drop,
    with_,
)

IDENTITY: Rows = [
    ("a role that may do everything", "iam", granted({"Action": "*", "Resource": "*"})),
    ("a role that may do all of S3", "iam", granted({"Action": "s3:*", "Resource": "arn:aws:s3:::x/*"})),
    ("a role that reads every bucket", "iam", granted({"Action": "s3:GetObject", "Resource": "*"})),
    ("a role that decrypts with every key", "iam", granted({"Action": "kms:Decrypt", "Resource": "*"})),
    ("a role that decrypts with every key of the account", "iam", granted({"Action": "kms:Decrypt", "Resource": "arn:aws:kms:eu-west-1:111111111111:key/*"})),
    ("a role that may pass every role", "iam", granted({"Action": "iam:PassRole", "Resource": "*"})),
    ("a role that passes one to any service", "iam", statement("AWS::IAM::Policy", "PolicyDocument", "iam:PassRole", with_(Condition=DROP))),
    ("a role that passes one to two services", "iam", statement("AWS::IAM::Policy", "PolicyDocument", "iam:PassRole", with_(Condition={"StringEquals": {"iam:PassedToService": ["sagemaker.amazonaws.com", "glue.amazonaws.com"]}}))),
    ("a role that passes one to services by pattern", "iam", statement("AWS::IAM::Policy", "PolicyDocument", "iam:PassRole", with_(Condition={"StringLike": {"iam:PassedToService": "*.amazonaws.com"}}))),
    ("an action that does not exist", "iam", granted({"Action": "s3:GetObjekt", "Resource": "arn:aws:s3:::x/*"})),
    ("a service that does not exist", "iam", granted({"Action": "s33:GetObject", "Resource": "arn:aws:s3:::x/*"})),
    ("an action on what it does not act on", "iam", granted({"Action": "glue:StartJobRun", "Resource": "arn:aws:s3:::x/*"})),
    ("a condition that the action does not know", "iam", granted({"Action": "s3:GetObject", "Resource": "arn:aws:s3:::x/*", "Condition": {"StringEquals": {"s3:prefix": "x"}}})),
    ("everything but", "iam", granted({"NotAction": "iam:*", "Resource": "arn:aws:s3:::x"})),
    ("everywhere but", "iam", granted({"Action": "s3:GetObject", "NotResource": "arn:aws:s3:::x"})),
    ("a role that grants its keys on", "iam", statement("AWS::IAM::Policy", "PolicyDocument", "kms:CreateGrant", with_(Condition=DROP))),
    ("a role that stops trails", "iam", granted({"Action": "cloudtrail:StopLogging", "Resource": "arn:aws:cloudtrail:eu-west-1:111111111111:trail/x"})),
    ("a role that deletes keys", "iam", granted({"Action": "kms:ScheduleKeyDeletion", "Resource": "arn:aws:kms:eu-west-1:111111111111:key/x"})),
    ("a role that deletes buckets", "iam", granted({"Action": "s3:DeleteBucket", "Resource": "arn:aws:s3:::x"})),
    ("a role that rewrites bucket policies", "iam", granted({"Action": "s3:PutBucketPolicy", "Resource": "arn:aws:s3:::x"})),
    ("a job that approves models", "iam", granted({"Action": "sagemaker:UpdateModelPackage", "Resource": "arn:aws:sagemaker:eu-west-1:111111111111:model-package/x/*"})),
    ("a role that writes policies", "iam", granted({"Action": "iam:PutRolePolicy", "Resource": "arn:aws:iam::111111111111:role/x"})),
    ("a role that replaces a function's code", "iam", granted({"Action": "lambda:UpdateFunctionCode", "Resource": "arn:aws:lambda:eu-west-1:111111111111:function:x"})),
    ("a role for any account's service", "iam", put(ROLE, "Properties.AssumeRolePolicyDocument.Statement.0.Condition", DROP)),
    ("a role for another account's service", "iam", put(ROLE, "Properties.AssumeRolePolicyDocument.Statement.0.Condition", {"StringEquals": {"aws:SourceAccount": "999999999999"}})),
    ("a role for a source that may be missing", "iam", put(ROLE, "Properties.AssumeRolePolicyDocument.Statement.0.Condition", {"StringEqualsIfExists": {"aws:SourceAccount": "111111111111"}})),
    ("a role for everybody", "iam", put(ROLE, "Properties.AssumeRolePolicyDocument.Statement.0.Principal", ANYBODY)),
    ("a role for another account", "iam", put(ROLE, "Properties.AssumeRolePolicyDocument.Statement.0.Principal", {"AWS": "arn:aws:iam::999999999999:root"})),
    ("a role for people without MFA", "iam", put(ROLE, "Properties.AssumeRolePolicyDocument.Statement.0", {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "arn:aws:iam::111111111111:root"}})),
    ("a role with AWS's administrator policy", "iam", put(ROLE, "Properties.ManagedPolicyArns", ["arn:aws:iam::aws:policy/AdministratorAccess"])),
    ("a role that lasts 12 hours", "iam", put(ROLE, "Properties.MaxSessionDuration", 43200)),
    ("a user", "iam", added("Someone", {"Type": "AWS::IAM::User"})),
    ("an access key", "iam", added("Someone", {"Type": "AWS::IAM::AccessKey", "Properties": {"UserName": "someone"}})),
    ("a statement of no effect", "iam", granted({"Effect": "Alow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::x/*"})),
    ("a policy that is too long", "iam", granted({"Action": "s3:GetObject", "Resource": [f"arn:aws:s3:::bucket/{'x' * 90}/{n}/*" for n in range(120)]})),
]


def _state(name: str, **changes: Any) -> Any:
    """Change fields of one state; DROP removes."""

    def change(content: Any) -> None:
        state = content["States"][name]
        for key, value in changes.items():
            if value is DROP:
                del state[key]
            else:
                state[key] = value

    return change


def _argument(name: str, path: str, value: Any) -> Any:
    """Change one of a state's arguments; DROP removes."""

    def change(content: Any) -> None:
        place = content["States"][name]["Arguments"]
        *steps, last = path.split(".")
        for step in steps:
            place = place[step]
        if value is DROP:
            del place[last]
        else:
            place[last] = value

    return change


def _without(machine: str, action: str) -> Any:
    """Take one action out of a machine's role."""

    def change(one: Any) -> Any:
        left = [name for name in ([one["Action"]] if isinstance(one["Action"], str) else one["Action"]) if name != action]
        return altered(one, Action=left) if left else DROP

    return statement("AWS::IAM::Policy", "PolicyDocument", f'"{action}"', change, id_=machine)


TRAIN, SCORE, PROMOTE, LAUNCH = "TrainingTrain", "ScoringScore", "PromotionPromote", "LaunchingLaunch"
SDK = "arn:aws:states:::aws-sdk:"
WORKFLOWS: Rows = [
    ("a state that leads to nothing known", "asl", definition(TRAIN, _state("Train", Next="Evaluat"))),
    ("a state that leads nowhere", "asl", definition(TRAIN, _state("Clean messages", Next=DROP))),
    ("a state that is never reached", "asl", definition(TRAIN, lambda content: content["States"].update(Lost={"Type": "Succeed"}))),
    ("a start that is not there", "asl", definition(TRAIN, lambda content: content.update(StartAt="Nowhere"))),
    ("an unknown type of state", "asl", definition(TRAIN, _state("Train", Type="Tusk"))),
    ("a task without a timeout", "asl", definition(TRAIN, _state("Train", TimeoutSeconds=DROP))),
    ("a task without retries", "asl", definition(TRAIN, _state("Train", Retry=DROP))),
    ("retries without jitter", "asl", definition(TRAIN, lambda content: content["States"]["Train"]["Retry"][0].pop("JitterStrategy"))),
    ("retries of what is not transient", "asl", definition(TRAIN, lambda content: content["States"]["Train"]["Retry"][0].update(ErrorEquals=["States.ALL"]))),
    ("a backoff below one", "asl", definition(TRAIN, lambda content: content["States"]["Train"]["Retry"][0].update(BackoffRate=0.5))),
    ("a machine that never ends", "asl", definition(TRAIN, lambda content: content.pop("TimeoutSeconds"))),
    ("an unknown query language", "asl", definition(TRAIN, lambda content: content.update(QueryLanguage="SQL"))),
    ("an expression that is no JSONata", "asl", definition(TRAIN, _state("Train", Assign={"x": "{% $states.result.( %}"}))),
    ("an expression that does not end", "asl", definition(TRAIN, _state("Train", Assign={"x": "{% $states.result "}))),
    ("a JSONPath field in JSONata", "asl", definition(TRAIN, _state("Train", ResultPath="$.x"))),
    ("a choice without a way out", "asl", definition(LAUNCH, lambda content: next(one for one in content["States"].values() if one["Type"] == "Choice").update(Choices=[]))),
    ("an unknown integration", "asl", definition(LAUNCH, _state("Start the run", Resource=f"{SDK}sfn:startExecutions"))),
    ("an unknown service", "asl", definition(LAUNCH, _state("Start the run", Resource=f"{SDK}stepfunction:startExecution"))),
    ("a wait that the SDK does not have", "asl", definition(LAUNCH, _state("Start the run", Resource=f"{SDK}sfn:startExecution.sync"))),
    ("an unknown argument", "asl", definition(SCORE, _argument("Score", "TransformResources.InstanceTyp", "ml.m5.large"))),
    ("an unknown value", "asl", definition(SCORE, _argument("Score", "BatchStrategy", "MultiRecords"))),
    ("a missing argument", "asl", definition(SCORE, _argument("Score", "TransformInput", DROP))),
    ("a number as text", "asl", definition(SCORE, _argument("Score", "MaxPayloadInMB", "6"))),
    ("a number out of bounds", "asl", definition(SCORE, _argument("Score", "ModelClientConfig.InvocationsTimeoutInSeconds", 7200))),
    ("an argument of the wrong kind", "asl", definition(PROMOTE, _argument("Create the model", "ExecutionRoleArn", 7))),
    ("a role that is no ARN", "asl", definition(PROMOTE, _argument("Create the model", "ExecutionRoleArn", "admin"))),
    ("training that reaches the network", "security", definition(TRAIN, _argument("Train", "EnableNetworkIsolation", False))),
    ("training without a word on isolation", "security", definition(TRAIN, _argument("Train", "EnableNetworkIsolation", DROP))),
    ("training in the clear between containers", "security", definition(TRAIN, _argument("Train", "EnableInterContainerTrafficEncryption", False))),
    ("evaluation that reaches the network", "security", definition(TRAIN, _argument("Evaluate", "NetworkConfig.EnableNetworkIsolation", False))),
    ("evaluation without a network configuration", "security", definition(TRAIN, _argument("Evaluate", "NetworkConfig", DROP))),
    ("a model that reaches the network", "security", definition(PROMOTE, _argument("Create the model", "EnableNetworkIsolation", False))),
    ("a training volume in the clear", "security", definition(TRAIN, _argument("Train", "ResourceConfig.VolumeKmsKeyId", DROP))),
    ("a training output in the clear", "security", definition(TRAIN, _argument("Train", "OutputDataConfig.KmsKeyId", DROP))),
    ("an output with AWS's key", "security", definition(TRAIN, _argument("Train", "OutputDataConfig.KmsKeyId", AWS_KEY))),
    ("a transform volume in the clear", "security", definition(SCORE, _argument("Score", "TransformResources.VolumeKmsKeyId", DROP))),
    ("a transform output in the clear", "security", definition(SCORE, _argument("Score", "TransformOutput.KmsKeyId", DROP))),
    ("an evaluation's output in the clear", "security", definition(TRAIN, _argument("Evaluate", "ProcessingOutputConfig.KmsKeyId", DROP))),
    ("a volume key where the disk is local", "security", definition(TRAIN, _argument("Train", "ResourceConfig.InstanceType", "ml.g5.xlarge"))),
    ("a package in the clear", "security", definition(TRAIN, _argument("Register the challenger", "SecurityConfig", DROP))),
    ("a package that nobody approves", "security", definition(TRAIN, _argument("Register the challenger", "ModelApprovalStatus", "Approved"))),
    ("a package without an approval status", "security", definition(TRAIN, _argument("Register the challenger", "ModelApprovalStatus", DROP))),
    ("training that never stops", "operations", definition(TRAIN, _argument("Train", "StoppingCondition", DROP))),
    ("an image by tag", "security", definition(TRAIN, _argument("Train", "AlgorithmSpecification.TrainingImage", "111122223333.dkr.ecr.eu-west-1.amazonaws.com/criba:latest"))),
    ("no right to stop its job", "iam", _without(TRAIN, "sagemaker:StopTrainingJob")),
    ("no right to see its job", "iam", _without(SCORE, "sagemaker:DescribeTransformJob")),
    ("no right to be woken", "iam", _without(TRAIN, "events:PutTargets")),
    ("no right to make its rule", "iam", _without(SCORE, "events:PutRule")),
    ("no right to stop a Glue run", "iam", _without(TRAIN, "glue:BatchStopJobRun")),
    ("no right to start a Glue run", "iam", _without(SCORE, "glue:StartJobRun")),
    ("no right to make the model", "iam", _without(PROMOTE, "sagemaker:CreateModel")),
    ("no right to pass the role", "iam", _without(TRAIN, "iam:PassRole")),
    ("no right to tell", "iam", _without(TRAIN, "events:PutEvents")),
    ("no right to write the parameter", "iam", _without(PROMOTE, "ssm:PutParameter")),
    ("no right to start a run", "iam", _without(LAUNCH, "states:StartExecution")),
    ("no right to log", "iam", _without(TRAIN, "logs:CreateLogDelivery")),
    ("no right to trace", "iam", _without(TRAIN, "xray:PutTraceSegments")),
    ("a machine that logs errors only", "operations", put(MACHINE, "Properties.LoggingConfiguration.Level", "ERROR")),
    ("a machine that does not log", "operations", put(MACHINE, "Properties.LoggingConfiguration", DROP)),
    ("a machine that logs what it is given", "security", put(MACHINE, "Properties.LoggingConfiguration.IncludeExecutionData", True)),
    ("a machine without a trace", "operations", put(MACHINE, "Properties.TracingConfiguration.Enabled", False)),
    ("a machine with AWS's key", "security", put(MACHINE, "Properties.EncryptionConfiguration", {"Type": "AWS_OWNED_KEY"})),
    ("a machine without encryption", "security", put(MACHINE, "Properties.EncryptionConfiguration", DROP)),
    ("an express machine", "operations", put(MACHINE, "Properties.StateMachineType", "EXPRESS")),
    ("a machine that starts before its rights", "deployment", put(MACHINE, "DependsOn", DROP)),
    ("a machine named for all environments", "deployment", put(MACHINE, "Properties.StateMachineName", "Train")),
    ("a definition that is no JSON", "asl", put(MACHINE, "Properties.DefinitionString", '{"StartAt": ')),
]

JOBS: Rows = [
    ("a job without a security configuration", "security", put(JOB, "Properties.SecurityConfiguration", DROP)),
    ("a Glue version that is gone", "operations", put(JOB, "Properties.GlueVersion", "1.0")),
    ("a Glue version that is old", "operations", put(JOB, "Properties.GlueVersion", "2.0")),
    ("a job that hangs for ever", "operations", put(JOB, "Properties.Timeout", DROP)),
    ("a job that Glue retries too", "operations", put(JOB, "Properties.MaxRetries", 3)),
    ("a job without its log prefix", "security", put(JOB, "Properties.DefaultArguments.--custom-logGroup-prefix", DROP)),
    ("a job that installs from the internet", "security", put(JOB, "Properties.DefaultArguments.--additional-python-modules", "requests==2.0.0")),
    ("a job without workers", "operations", put(JOB, "Properties.NumberOfWorkers", DROP)),
    ("an unknown type of worker", "schema", put(JOB, "Properties.WorkerType", "G.3X")),
    ("a job on Python 2", "operations", put(JOB, "Properties.Command.PythonVersion", "2")),
    ("a job that starts before its rights", "deployment", put(JOB, "DependsOn", DROP)),
    ("objects in the clear", "security", put(SECURITY, "Properties.EncryptionConfiguration.S3Encryptions.0.S3EncryptionMode", "SSE-S3")),
    ("bookmarks in the clear", "security", put(SECURITY, "Properties.EncryptionConfiguration.JobBookmarksEncryption", DROP)),
    ("logs in the clear", "security", put(SECURITY, "Properties.EncryptionConfiguration.CloudWatchEncryption.CloudWatchEncryptionMode", "DISABLED")),
    ("a security configuration for all environments", "deployment", put(SECURITY, "Properties.Name", "criba")),
    ("a log group in the clear", "security", put(LOGS, "Properties.KmsKeyId", DROP)),
    ("a log group with an alias", "security", put(LOGS, "Properties.KmsKeyId", "alias/criba")),
    ("logs for ever", "operations", put(LOGS, "Properties.RetentionInDays", DROP)),
    ("logs for a day", "operations", put(LOGS, "Properties.RetentionInDays", 1)),
    ("a log group of no account of ours", "deployment", put(LOGS, "Properties.KmsKeyId", "arn:aws:kms:us-east-1:999999999999:key/00000000-0000-0000-0000-000000000000")),
    ("a queue in the clear", "security", put(QUEUE, "Properties.KmsMasterKeyId", DROP)),
    ("a queue with AWS's key", "security", put(QUEUE, "Properties.KmsMasterKeyId", "alias/aws/sqs")),
    ("dead letters for four days", "operations", put(QUEUE, "Properties.MessageRetentionPeriod", 345600)),
    ("a queue for everybody", "security", statement("AWS::SQS::QueuePolicy", "PolicyDocument", "SecureTransport", with_(Effect="Allow"))),
    ("a queue over plain transport", "security", statement("AWS::SQS::QueuePolicy", "PolicyDocument", "SecureTransport", drop)),
    ("a queue for anybody's rules", "security", statement("AWS::SQS::QueuePolicy", "PolicyDocument", "events.amazonaws.com", with_(Condition=DROP))),
    ("a queue that takes no rule's events", "deployment", statement("AWS::SQS::QueuePolicy", "PolicyDocument", "events.amazonaws.com", drop)),
    ("a bus in the clear", "security", put("AWS::Events::EventBus", "Properties.KmsKeyIdentifier", DROP)),
    ("a secret in a template", "security", put(JOB, "Properties.DefaultArguments.--aws-key", "AKIAIOSFODNN7EXAMPLE")),
    ("an internet gateway", "security", added("Way", {"Type": "AWS::EC2::InternetGateway"})),
    ("a security group for everybody", "security", added("Door", {"Type": "AWS::EC2::SecurityGroup", "Properties": {"GroupDescription": "x", "SecurityGroupIngress": [{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "CidrIp": "0.0.0.0/0"}]}})),
    ("an old function runtime", "operations", added("Old", {"Type": "AWS::Lambda::Function", "Properties": {"Runtime": "python3.8", "Handler": "x.y", "Code": {"ZipFile": "x"}, "Role": "arn:aws:iam::111111111111:role/x"}})),
]

EVENTS: Rows = [
    ("a rule that hears another kind of event", "events", put(RULE, "Properties.EventPattern.detail-type", ["Object created"])),
    ("a rule that hears another source", "events", put(RULE, "Properties.EventPattern.source", ["aws.s4"])),
    ("a rule that hears every source", "events", put(RULE, "Properties.EventPattern.source", DROP)),
    ("a rule that hears every detail", "events", put(RULE, "Properties.EventPattern.detail", DROP, id_="TriggersModelApproved")),
    ("a rule that hears rejections", "events", put(RULE, "Properties.EventPattern.detail.ModelApprovalStatus", ["Approved", "Rejected"], id_="TriggersModelApproved")),
    ("a rule that hears no approval", "events", put(RULE, "Properties.EventPattern.detail.ModelApprovalStatus", ["Aproved"], id_="TriggersModelApproved")),
    ("a rule that hears every edit", "events", put(RULE, "Properties.EventPattern.detail.$or", DROP, id_="TriggersModelApproved")),
    ("a rule that hears any group's models", "events", put(RULE, "Properties.EventPattern.detail.ModelPackageGroupName", DROP, id_="TriggersModelApproved")),
    ("a rule that hears success", "events", put(RULE, "Properties.EventPattern.detail.status", ["SUCCEEDED"], id_="TriggersRunEnded")),
    ("a rule that misses aborted runs", "events", put(RULE, "Properties.EventPattern.detail.status", ["FAILED", "TIMED_OUT"], id_="TriggersRunEnded")),
    ("a rule that hears any object", "events", put(RULE, "Properties.EventPattern.detail.object", DROP, id_="TriggersMessagesLanded")),
    ("a rule that hears any bucket", "events", put(RULE, "Properties.EventPattern.detail.bucket", DROP, id_="TriggersMessagesLanded")),
    ("an unknown operator", "events", put(RULE, "Properties.EventPattern.detail.object.key", [{"sufix": "/_SUCCESS"}], id_="TriggersMessagesLanded")),
    ("a value that is no list", "events", put(RULE, "Properties.EventPattern.source", "aws.s3")),
    ("a rule that is off", "events", put(RULE, "Properties.State", "DISABLED")),
    ("a rule without a target", "events", put(RULE, "Properties.Targets", DROP)),
    ("a rule without a dead-letter queue", "events", put(RULE, "Properties.Targets.0.DeadLetterConfig", DROP)),
    ("a rule that does not retry", "events", put(RULE, "Properties.Targets.0.RetryPolicy", DROP)),
    ("a rule that never retries", "events", put(RULE, "Properties.Targets.0.RetryPolicy.MaximumRetryAttempts", 0)),
    ("a rule that starts without a role", "events", put(RULE, "Properties.Targets.0.RoleArn", DROP)),
    ("a rule whose role may not start", "events", statement("AWS::IAM::Policy", "PolicyDocument", "states:StartExecution", with_(Action="states:DescribeStateMachine"), id_="TriggersMessagesLanded")),
    (
        "a rule that starts itself",
        "events",
        lambda template: next(one for id_, one in template["Resources"].items() if id_.startswith("TriggersRunEnded") and one["Type"] == RULE)["Properties"]["EventPattern"]["detail"]["stateMachineArn"].append(
            next(one for id_, one in template["Resources"].items() if id_.startswith("TriggersRunEnded") and one["Type"] == RULE)["Properties"]["Targets"][0]["Arn"]
        ),
    ),
    ("a cron of seven fields", "events", put(SCHEDULE, "Properties.ScheduleExpression", "cron(0 2 * * ? * *)")),
    ("a cron of five fields", "events", put(SCHEDULE, "Properties.ScheduleExpression", "cron(0 2 * * *)")),
    ("a cron with two days", "events", put(SCHEDULE, "Properties.ScheduleExpression", "cron(0 2 * * * *)")),
    ("a cron without a day", "events", put(SCHEDULE, "Properties.ScheduleExpression", "cron(0 2 ? * ? *)")),
    ("a cron at 25 o'clock", "events", put(SCHEDULE, "Properties.ScheduleExpression", "cron(0 25 * * ? *)")),
    ("a cron on no day of the week", "events", put(SCHEDULE, "Properties.ScheduleExpression", "cron(0 2 ? * SUNDAY *)")),
    ("a rate of nothing", "events", put(SCHEDULE, "Properties.ScheduleExpression", "rate(0 hours)")),
    ("a rate of one hours", "events", put(SCHEDULE, "Properties.ScheduleExpression", "rate(1 hours)")),
    ("a schedule without a time zone", "events", put(SCHEDULE, "Properties.ScheduleExpressionTimezone", DROP)),
    ("a schedule that is off", "events", put(SCHEDULE, "Properties.State", "DISABLED")),
    ("a schedule in the clear", "security", put(SCHEDULE, "Properties.KmsKeyArn", DROP)),
    ("a schedule without a dead-letter queue", "events", put(SCHEDULE, "Properties.Target.DeadLetterConfig", DROP)),
    ("a schedule that does not retry", "events", put(SCHEDULE, "Properties.Target.RetryPolicy", DROP)),
    ("a flexible schedule without a window", "events", put(SCHEDULE, "Properties.FlexibleTimeWindow", {"Mode": "FLEXIBLE"})),
    ("a schedule whose input is no JSON", "events", put(SCHEDULE, "Properties.Target.Input", "{now}")),
]

OPERATIONS: Rows = [
    ("an alarm that tells nobody", "operations", put("AWS::CloudWatch::CompositeAlarm", "Properties.AlarmActions", DROP)),
    ("an alarm that tells somebody else", "operations", put(ALARM, "Properties.AlarmActions", ["arn:aws:sns:eu-west-1:333333333333:another"])),
    ("an alarm that is off", "operations", put(ALARM, "Properties.ActionsEnabled", False)),
    ("an alarm without a word on missing data", "operations", put(ALARM, "Properties.TreatMissingData", DROP)),
    ("an alarm on missing data that are missing", "operations", put(ALARM, "Properties.TreatMissingData", "missing")),
    ("an alarm without a runbook", "operations", put(ALARM, "Properties.AlarmDescription", "Look at it")),
    ("an alarm on no metric", "operations", put(ALARM, "Properties.MetricName", "ExecutionsFaild")),
    ("an alarm in no namespace", "operations", put(ALARM, "Properties.Namespace", "AWS/StepFunctions")),
    ("an alarm on every machine", "operations", put(ALARM, "Properties.Dimensions", DROP)),
    ("an alarm on a machine of nobody's", "operations", put(ALARM, "Properties.Dimensions.0.Value", "arn:aws:states:eu-west-1:333333333333:stateMachine:another")),
    ("an alarm by a dimension that is not there", "operations", put(ALARM, "Properties.Dimensions.0.Name", "StateMachineName")),
    ("an alarm that can never fire", "operations", put(ALARM, "Properties.DatapointsToAlarm", 5)),
    ("an alarm of 90 seconds", "operations", put(ALARM, "Properties.Period", 90)),
    ("an alarm without a threshold", "operations", put(ALARM, "Properties.Threshold", DROP)),
    ("an alarm that is gone", "operations", removed(ALARM)),
    ("an alarm on a metric that nobody publishes", "operations", put(ALARM, "Properties.MetricName", "HoursSinceSucces", id_="AlarmsScoreOverdue")),
    ("an alarm about another environment", "operations", put(ALARM, "Properties.Dimensions.0.Value", "dev", id_="AlarmsScoreOverdue")),
    ("a topic in the clear", "security", put(TOPIC, "Properties.KmsMasterKeyId", DROP)),
    ("a topic with AWS's key", "security", put(TOPIC, "Properties.KmsMasterKeyId", "alias/aws/sns")),
    ("a topic for everybody", "security", statement("AWS::SNS::TopicPolicy", "PolicyDocument", "cloudwatch.amazonaws.com", with_(Principal=ANYBODY, Condition=DROP))),
    ("a topic for anybody's alarms", "security", statement("AWS::SNS::TopicPolicy", "PolicyDocument", "cloudwatch.amazonaws.com", with_(Condition=DROP))),
    ("a topic over plain transport", "security", statement("AWS::SNS::TopicPolicy", "PolicyDocument", "SecureTransport", drop)),
    ("a topic that takes no rule's notices", "deployment", statement("AWS::SNS::TopicPolicy", "PolicyDocument", "events.amazonaws.com", drop)),
    ("a subscription in plain text", "security", put("AWS::SNS::Subscription", "Properties.Protocol", "http")),
    ("a notice of another event", "events", put(RULE, "Properties.EventPattern.detail-type", ["RunFailled"], id_="RunFailed")),
    ("a notice from anybody", "events", put(RULE, "Properties.EventPattern.source", DROP, id_="RunFailed")),
]

DEFECTS = [Defect(name, kind, stack, change) for stack, rows in (("Storage", STORAGE), ("Pipeline", [*IDENTITY, *WORKFLOWS, *JOBS, *EVENTS]), ("Operations", OPERATIONS)) for name, kind, change in rows]
