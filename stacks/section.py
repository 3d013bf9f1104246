"""What every section of the settings is made of: a strict, frozen table, and values that say how they are written."""

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict

from pipeline_code.contracts import SOURCE


class Section(BaseModel):
    """A table of the file: no unknown key, no silent conversion, no change after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


def matching(pattern: str, advice: str) -> AfterValidator:
    """A text of this pattern; another is refused with the advice."""

    def check(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise ValueError(advice)
        return value

    return AfterValidator(check)


Source = Annotated[
    str, matching(SOURCE.pattern, 'write 1 to 31 lower-case letters, digits or hyphens, such as "web-form"')
]
