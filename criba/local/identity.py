"""Who calls: the access key id names the person, so that approvals carry a name without a single secret."""

from typing import Any

from criba.local import emulator
from criba.local.settings import ACCOUNT, OPERATOR


def person_arn(name: str) -> str:
    """The identity of a person, or of a service that acts by itself."""
    return f"arn:aws:sts::{ACCOUNT}:assumed-role/{name}/local"


def caller(headers: dict[str, str], query: dict[str, Any]) -> str:
    """ARN of who signed a request: a session's own, an IAM user's, or the person whom the key id names."""
    key = emulator.module("core.router").extract_access_key_id(headers, query) or OPERATOR
    known = emulator.module("core.iam_evaluator").resolve_caller_identity(key)
    if known and (known["session"] or ":user/" in known["userArn"]):
        return str(known["userArn"])
    return person_arn(OPERATOR if key.isdigit() else key)


def caller_identity_xml(arn: str, request_id: str) -> bytes:
    """STS's answer to GetCallerIdentity, as the query protocol has it."""
    user_id = f"AROA{arn.split('/')[1].upper().replace('-', ''):X<17.17}:{arn.rsplit('/', 1)[-1]}"
    return (
        '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>'
        f"<Arn>{arn}</Arn><UserId>{user_id}</UserId><Account>{ACCOUNT}</Account></GetCallerIdentityResult>"
        f"<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata></GetCallerIdentityResponse>"
    ).encode()
