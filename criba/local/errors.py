"""What the local platform refuses: an AWS call in AWS's own words, or itself in words for the operator."""


class LocalPlatformError(Exception):
    """The platform cannot start, stop or answer; the message says what, the value given and what to do."""


class AwsError(Exception):
    """An error that a service answers with: its code without a namespace, and the HTTP status (400 to 599)."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
