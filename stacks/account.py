"""Account: what an account and Region have once, made by the one environment there whose settings say so."""

from typing import Any

import aws_cdk as cdk
from aws_cdk import RemovalPolicy
from aws_cdk import aws_glue as glue
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct


class AccountStack(cdk.Stack):
    """Encryption of the Glue Data Catalog and of the passwords in its connections, with a key of its own."""

    def __init__(self, scope: Construct, id_: str, **kwargs: Any) -> None:
        super().__init__(scope, id_, termination_protection=True, **kwargs)
        key = kms.Key(
            self,
            "CatalogKey",
            description="The Glue Data Catalog of this account and Region",
            enable_key_rotation=True,
            removal_policy=RemovalPolicy.RETAIN,
        )
        role = self._catalog_role(key)
        settings = glue.CfnDataCatalogEncryptionSettings
        catalog = settings(
            self,
            "CatalogEncryption",
            catalog_id=self.account,
            data_catalog_encryption_settings=settings.DataCatalogEncryptionSettingsProperty(
                encryption_at_rest=settings.EncryptionAtRestProperty(
                    # Glue takes the role, so nobody who reads a table needs the key.
                    catalog_encryption_mode="SSE-KMS-WITH-SERVICE-ROLE",
                    catalog_encryption_service_role=role.role_arn,
                    sse_aws_kms_key_id=key.key_arn,
                ),
                connection_password_encryption=settings.ConnectionPasswordEncryptionProperty(
                    return_connection_password_encrypted=True, kms_key_id=key.key_arn
                ),
            ),
        )
        # Others' tables are encrypted with this key from now on: the setting outlives the stack, as the key does.
        catalog.apply_removal_policy(RemovalPolicy.RETAIN)
        catalog.node.add_dependency(role.node.find_child("DefaultPolicy"))

    def _catalog_role(self, key: kms.IKey) -> iam.Role:
        conditions = {"StringEquals": {"aws:SourceAccount": self.account}}
        role = iam.Role(
            self, "CatalogRole", assumed_by=iam.ServicePrincipal("glue.amazonaws.com", conditions=conditions)
        )
        role.add_to_policy(
            iam.PolicyStatement(
                sid="UseCatalogKey",
                actions=["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"],
                resources=[key.key_arn],
            )
        )
        return role
