"""People: an encrypted topic and those who subscribe to it, by mail and by SMS."""

from collections.abc import Sequence

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct


class People(Construct):
    """A topic that alarms and rules of this account publish to, over TLS only.

    An SMS begins with the first ten characters of `name`.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        key: kms.IKey,
        mails: Sequence[str] = (),
        phones: Sequence[str] = (),
    ) -> None:
        super().__init__(scope, id_)
        self.topic = sns.Topic(self, "Topic", display_name=name, master_key=key, enforce_ssl=True)
        self.topic.add_to_resource_policy(
            iam.PolicyStatement(
                sid="AlarmsPublish",  # a rule adds its own statement, in which EventBridge allows no condition
                principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
                actions=["sns:Publish"],
                resources=[self.topic.topic_arn],
                conditions={"StringEquals": {"aws:SourceAccount": Stack.of(self).account}},
            )
        )
        for mail in mails:
            self.topic.add_subscription(subscriptions.EmailSubscription(mail))
        for phone in phones:
            self.topic.add_subscription(subscriptions.SmsSubscription(phone))
