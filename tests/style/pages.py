"""What pages of Markdown say, taken apart: links, headings, shell blocks and inline code."""

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
GENERATED = re.compile(r"<!-- generated: .*?<!-- end -->", re.DOTALL)


def prose(text: str) -> str:
    """A page without its fenced blocks."""
    return FENCED.sub("", text)


def links(text: str) -> Iterator[tuple[str, str]]:
    """(path, anchor) of every relative link; either may be empty."""
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(text)):
        if "://" not in target:
            path, _, anchor = target.partition("#")
            yield path, anchor


def anchors(text: str) -> set[str]:
    """What `#…` can name in a page: its headings in small letters, without punctuation, with hyphens."""
    headings = re.findall(r"^#+ (.+)$", prose(text), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def codes(text: str) -> list[str]:
    """Every piece of inline code, a line break in it being a space."""
    return [" ".join(found.split()) for found in re.findall(r"(?<!`)`([^`]+)`(?!`)", prose(text))]


def commands(text: str, program: str) -> Iterator[str]:
    """Every command of a program: lines of shell blocks, and inline code, without comments."""
    lines = [line for kind, block in FENCED.findall(text) if kind == "sh" for line in block.splitlines()]
    for said in [*lines, *codes(text)]:
        command = said.partition("#")[0].strip()
        if command.split(" ")[0] == program and command != program:
            yield command


def paths(text: str) -> Iterator[str]:
    """Inline code that names a file or folder of the repository: with a slash, and no place to fill in."""
    top = {path.name for path in ROOT.iterdir()}
    for code in codes(text):
        if re.fullmatch(r"[\w.-]+/[\w./-]*", code) and code.partition("/")[0] in top - {"build"}:
            yield code
