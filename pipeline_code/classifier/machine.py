"""Machine: bytes looked at eight at a time, for which numba has no word."""

from typing import Any

import numpy as np
from llvmlite import ir
from numba import extending, types

from pipeline_code.classifier.compiled import inner

intrinsic: Any = extending.intrinsic  # numba's own types are wrong

_ONES, _TOPS = np.uint64(0x0101010101010101), np.uint64(0x8080808080808080)
_SPACES, _QUOTES, _BACKSLASHES = (np.uint64(byte) * _ONES for byte in b' "\\')
_EIGHT, _BITS = 8, np.uint64(3)


@intrinsic  # type: ignore[untyped-decorator]
def eight_bytes(typing_context: Any, array: Any, at: Any) -> Any:
    """The eight bytes of an array from `at` on as one number, the first byte lowest. They have to exist."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        data = context.make_array(array)(context, builder, arguments[0]).data
        place = builder.bitcast(builder.gep(data, [arguments[1]]), ir.IntType(64).as_pointer())
        loaded = builder.load(place)
        loaded.align = 1
        return loaded

    return types.uint64(array, types.int64), generate


@intrinsic  # type: ignore[untyped-decorator]
def bits_below(typing_context: Any, number: Any) -> Any:
    """How many bits stand below the lowest 1 of a number of 64 bits, which is not 0."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], ir.IntType(1)(1))

    return types.uint64(types.uint64), generate


@inner
def skip_plain(text: Any, at: int) -> int:
    """The first place from `at` on that may hold no plain ASCII of a JSON string: a control character, a quote, a
    backslash, a byte beyond 0x7F, or one of the last seven of the array."""
    while at + _EIGHT <= len(text):
        eight = eight_bytes(text, at)
        # What is subtracted borrows into the top bit of a byte that is smaller, or zero where a difference is looked
        # for; of the bits that it sets the lowest is right.
        found = (eight | eight - _SPACES | (eight ^ _QUOTES) - _ONES | (eight ^ _BACKSLASHES) - _ONES) & _TOPS
        if found:
            return at + int(bits_below(found) >> _BITS)
        at += _EIGHT
    return at


@inner
def find(text: Any, byte: int, at: int, end: int) -> int:
    """The first place from `at` to `end` that holds a byte; `end` where none does."""
    wanted = np.uint64(byte) * _ONES
    while at + _EIGHT <= end:
        other = eight_bytes(text, at) ^ wanted
        found = (other - _ONES) & ~other & _TOPS
        if found:
            return at + int(bits_below(found) >> _BITS)
        at += _EIGHT
    while at < end and text[at] != byte:
        at += 1
    return at
