"""Markdown out of plain values: tables, and cells that a bar or a line break cannot break."""

from collections.abc import Iterable, Sequence


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; the cells may hold any text in one line."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def code(text: str) -> str:
    return f"`{text}`"


def codes(texts: Iterable[str]) -> str:
    return ", ".join(map(code, texts))


def plain(text: str) -> str:
    """Words in which an angle bracket is no HTML."""
    return text.replace("<", "\\<")
