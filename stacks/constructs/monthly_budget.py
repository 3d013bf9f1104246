"""MonthlyBudget: mails when an environment costs, or will cost, more than it should."""

from collections.abc import Sequence

from aws_cdk import aws_budgets as budgets
from constructs import Construct

NOTICES = (("ACTUAL", 80), ("ACTUAL", 100), ("FORECASTED", 100))
"""Kind of cost, and the percentage of the budget above which people are told."""


class MonthlyBudget(Construct):
    """A cost budget of what bears the environment's tag, which has to be activated for cost allocation once."""

    def __init__(self, scope: Construct, id_: str, *, usd: float, environment: str, mails: Sequence[str]) -> None:
        super().__init__(scope, id_)
        budgets.CfnBudget(
            self,
            "Budget",
            budget=budgets.CfnBudget.BudgetDataProperty(
                budget_type="COST",
                time_unit="MONTHLY",
                budget_limit=budgets.CfnBudget.SpendProperty(amount=usd, unit="USD"),
                cost_filters={"TagKeyValue": [f"user:criba:environment${environment}"]},
            ),
            notifications_with_subscribers=[
                budgets.CfnBudget.NotificationWithSubscribersProperty(
                    notification=budgets.CfnBudget.NotificationProperty(
                        notification_type=kind, comparison_operator="GREATER_THAN", threshold=percent
                    ),
                    subscribers=[
                        budgets.CfnBudget.SubscriberProperty(subscription_type="EMAIL", address=mail) for mail in mails
                    ],
                )
                for kind, percent in NOTICES
            ],
        )
