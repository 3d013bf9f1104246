"""What the local platform says of itself: types that are only recorded, properties that do nothing, refused fields."""

from criba.local.cloudformation.added_types import ADDED
from criba.local.cloudformation.late_properties import LATE
from criba.local.recorded_only import TYPES
from generators.markdown import code, codes, table


def recorded_only() -> str:
    """Resource types that are written down at deploy; calls to them are refused."""
    rows = ((code(type_), entry.reason, codes(entry.calls)) for type_, entry in TYPES.items())
    return table(("type", "only recorded, because", "calls that are refused"), rows)


def kept_but_idle() -> str:
    """Properties that are kept and shown by the service, and do nothing here."""
    rows = (
        (code(type_), code(name), late.but)
        for type_, properties in LATE.items()
        for name, late in properties.items()
        if late.but
    )
    return table(("type", "property", "what it does not do here"), rows)


def added_types() -> str:
    return codes(sorted(ADDED))
