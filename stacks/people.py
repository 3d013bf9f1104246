"""Settings of people and sources: who signs people in, for how long, and what lands a source's messages."""

from typing import Annotated

from pydantic import Field

from stacks.section import Section, Source, matching

IdentityProvider = Annotated[
    str,
    matching(
        r"arn:aws[a-z-]*:(iam::\d{12}:saml-provider/[\w.-]{1,128}|sso:::instance/(sso)?ins-[a-z0-9.-]{16})",
        'write the ARN of a SAML provider, such as "arn:aws:iam::111122223333:saml-provider/Corporate", '
        'or of the Identity Center instance, "arn:aws:sso:::instance/ssoins-" and 16 characters',
    ),
]
Principal = Annotated[
    str,
    matching(
        r"arn:aws[a-z-]*:iam::\d{12}:(role|user)/[\w+=,.@/-]{1,512}",
        'write the ARN of an IAM role, such as "arn:aws:iam::111122223333:role/web-form-export"',
    ),
]


class People(Section):
    identity_provider: IdentityProvider | None = Field(
        None,
        description="Who signs people in: ARN of a SAML provider or of the Identity Center instance; "
        "without it people are IAM users of the account, with MFA.",
    )
    session_hours: int = Field(
        4, ge=1, le=4, description="Hours that a person's session lasts at most; an Admin's lasts one."
    )
    sources: dict[Source, Principal] = Field(
        default={},
        description="ARN of what lands each source's messages; without it whatever in the account bears the tag "
        "`criba:source` with the source's name.",
    )
