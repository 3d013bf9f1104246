"""(to be written in the next commit)"""


def install() -> None: ...
