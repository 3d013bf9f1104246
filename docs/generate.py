"""Rewrites the parts of the documentation that are made from the code: `python docs/generate.py`, or with `--check`.

A page marks such a part with `<!-- generated: NAME -->` and `<!-- end -->`; NAME is a key of PARTS. Those in
FILES are made whole.
"""

import argparse
import re
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.append(str(ROOT))  # for what is measured by the tests

from generators import (  # noqa: E402
    alarms,
    commands,
    dashboards,
    data,
    diagram,
    drift,
    laptop,
    ledger,
    personas,
    privacy,
    quality,
    security,
    settings,
)

PARTS: dict[str, Callable[[], str]] = {
    "diagram": diagram.diagram,
    "alarms": alarms.alarms_table,
    "settings": settings.settings_table,
    "kinds of settings": settings.kinds_table,
    "commands": commands.commands,
    "formats": data.formats_table,
    "fields": data.fields_table,
    "message columns": data.message_columns,
    "prediction columns": data.prediction_columns,
    "reasons": data.reasons_table,
    "drift signals": drift.signals_table,
    "quality rules": quality.rules_table,
    "quality ruleset": quality.ruleset,
    "folders": data.folders_table,
    "ledger": ledger.ledger_table,
    "equations": ledger.equations_table,
    "placeholders": privacy.placeholders_table,
    "found by type": privacy.by_type,
    "found by language": privacy.by_language,
    "regions": privacy.regions_table,
    "checklist": security.checklist,
    "personas": personas.personas_table,
    "personas as AWS has them": personas.actions_table,
    "recorded only": laptop.recorded_only,
    "kept but idle": laptop.kept_but_idle,
    "added types": laptop.added_types,
}
FILES: dict[str, Callable[[], str]] = {"docs/alarms/dashboards.svg": dashboards.picture}
"""Pictures that are made whole, by their path."""

MARKED = re.compile(r"(?<=<!-- generated: )(?P<name>[^>]+?) -->\n(?P<part>.*?)(?=<!-- end -->)", re.DOTALL)


def pages() -> list[Path]:
    """The README and every page below docs/."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def generated(page: str) -> str:
    """The text of a page with its generated parts made anew. Raises KeyError for a part that nobody makes."""
    return MARKED.sub(lambda mark: f"{mark['name']} -->\n{PARTS[mark['name']]()}\n", page)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; exit code 1 if a page is stale")
    check = parser.parse_args().check
    stale = 0
    made = {path: generated(path.read_text(encoding="utf-8")) for path in pages()}
    made |= {ROOT / name: make() for name, make in FILES.items()}
    for path, after in made.items():
        before = path.read_text(encoding="utf-8") if path.exists() else ""
        if before != after:
            stale += 1
            print(f"{path.relative_to(ROOT)} {'is stale' if check else 'written'}")
            if not check:
                path.write_text(after, encoding="utf-8")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
