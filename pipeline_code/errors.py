"""InputError: what was given cannot be worked with, said in one sentence to the person who gave it."""


class InputError(Exception):
    """The reason, the value given and what to do, without the text of any message."""
