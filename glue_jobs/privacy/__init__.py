"""Personal data out of a text: what identifies or locates a person becomes a typed placeholder such as `<EMAIL>`."""

from glue_jobs.privacy.redactor import PLACEHOLDERS, Redact, redactor

__all__ = ["PLACEHOLDERS", "Redact", "redactor"]
