"""Every private name of MiniStack that the platform replaces or reads is there, with the parameters it relies on."""

import re
from pathlib import Path

import pytest

from criba.local import hooks
from criba.local.errors import LocalPlatformError
from criba.local.hooks import HOOKS, Hook

CODE = Path(hooks.__file__).parent
PRIVATE = re.compile(
    r"(?:\b(?:interpreter|bus|service|module|queues|schedules|stacks)|service\(\"\w+\"\)|module\(\"[\w.]+\"\))"
    r"\.(_[a-z]\w+|_[A-Z]\w+)"
)


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: f"{hook.module}.{hook.name}")
def test_a_hook_fits_the_pinned_version(hook: Hook):
    assert hook.complaint() is None


def test_a_name_that_moved_is_complained_of_by_name():
    with pytest.raises(LocalPlatformError, match=r"services\.s3\._get_thing is gone"):
        hooks.check([Hook("services.s3", "_get_thing")])


def test_a_function_that_changed_its_parameters_is_complained_of_by_name():
    with pytest.raises(LocalPlatformError, match=r"services\.s3\._ensure_bucket takes \(name\), not \(bucket\)"):
        hooks.check([Hook("services.s3", "_ensure_bucket", ("bucket",))])


def test_every_private_name_in_the_platforms_code_is_a_hook():
    used = {name for path in CODE.rglob("*.py") for name in PRIVATE.findall(path.read_text())}
    assert len(used) > 40
    assert used - {hook.name for hook in HOOKS} == set()
