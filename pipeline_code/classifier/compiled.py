"""Compiled: how the kernel's functions become machine code, once, and where that code is kept.

The functions that Python calls carry their exact types: they are compiled, or read from the cache, when their module is
imported, and another type is an error and never a compilation while a job waits. What numba itself does not see is that
one file's functions are built into another's, so the cache lies in a folder named after all of the kernel's files.

As in C, no index is checked in the kernel, and none may be negative.
"""

import hashlib
import os
import platform
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar
from unittest import mock

import numba
from numba import types
from numba.np import arrayobj

Function = TypeVar("Function", bound=Callable[..., Any])

HERE = Path(__file__).parent
CACHES = HERE / "__pycache__"


def cache_folder(caches: Path = CACHES, sources: Path = HERE) -> Path:
    """Where the machine code of exactly these sources lies; a copy of it where that place cannot be written to."""
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in sorted(sources.glob("*.py"))))
    folder = caches / f"kernel-{digest.hexdigest()[:16]}"
    if os.access(caches if caches.exists() else sources, os.W_OK):
        return folder
    # numba reads no cache that it could not write: in a read-only container it would compile again, or refuse.
    copy = Path(tempfile.mkdtemp(prefix="kernel-"))
    if folder.exists():
        shutil.copytree(folder, copy, dirs_exist_ok=True)
    return copy


def inner(function: Function) -> Function:
    """A function of the kernel that only the kernel calls; it is built into each of its callers."""
    return _compile(function)


def called_with(signature: str | Any) -> Callable[[Function], Function]:
    """A function of the kernel that Python calls, with the types of its arguments. Other threads run meanwhile."""

    def decorate(function: Function) -> Function:
        return _compile(function, [signature], cache=True, nogil=True)

    return decorate


def struct(kind: type, *members: Any) -> Any:
    """The kernel's type of a NamedTuple, with the types of its members."""
    return types.NamedTuple(members, kind)  # type: ignore[no-untyped-call]


def _compile(function: Function, signatures: Any = None, **options: Any) -> Function:
    with mock.patch.object(arrayobj, "fix_integer_index", _index):
        # Multiply and add in one step: the one liberty with floating point that costs no digit.
        compiled: Function = numba.njit(signatures, fastmath={"contract"}, error_model="numpy", **options)(function)
    return compiled


def _index(context: Any, builder: Any, kind: Any, index: Any, size: Any) -> Any:
    """An index as it stands. Numba asks of each whether it is negative, to count from the end: a fifth of our time."""
    return context.cast(builder, index, kind, types.intp if kind.signed else types.uintp)


_config: Any = numba.config
_config.CACHE_DIR = str(cache_folder())
if platform.machine() == "x86_64":
    # One target for the machine that builds the image and all that run it, else the cache would not fit: every
    # x86 instance of SageMaker has AVX2.
    _config.CPU_NAME = "x86-64-v3"
    _config.CPU_FEATURES = "+avx2,+fma,+bmi,+bmi2,+f16c,+lzcnt,+movbe,+popcnt,+sse4.2"
