"""The programs behind Glue and SageMaker jobs, run as processes of this machine with AWS's rules and results."""


class JobFailed(Exception):  # noqa: N818 - an outcome, as the services name it
    """A job that did not succeed; the message is what the service would show as its reason."""


class JobStopped(JobFailed):
    """A job that somebody stopped."""


class JobTimedOut(JobFailed):
    """A job that ran longer than it may."""
