"""Runs a Glue script as Glue does: as `__main__` with its arguments, with what it failed of written to a file.

Started as `python glue_main.py <error file> <script> --name value …`. Only what the job brings and what Glue has
installed can be imported: this checkout's own packages come from the job's zips, or the import fails here as there.
Exit code: 0, or 1 for an exception, or the script's own.
"""

import runpy
import sys
import traceback
from pathlib import Path


def main(error_file: Path, script: str) -> int:
    sys.argv = sys.argv[2:]
    sys.path[0] = str(Path(script).parent)
    sys.meta_path[:] = [finder for finder in sys.meta_path if "__editable__" not in getattr(finder, "__module__", "")]
    try:
        runpy.run_path(script, run_name="__main__")
    except SystemExit as end:
        if end.code in (None, 0):
            return 0
        error_file.write_text(f"SystemExit: {end.code}")
        print(f"SystemExit: {end.code}", file=sys.stderr)
        return end.code if isinstance(end.code, int) else 1
    except BaseException as problem:
        traceback.print_exc()
        error_file.write_text(_said(problem))
        return 1
    return 0


def _said(problem: BaseException) -> str:
    """`ValueError: what it said`: one line, as Glue's ErrorMessage; of a failed Python worker, the worker's own."""
    lines = [line for line in str(problem).splitlines() if line.strip()]
    traces = [number for number, line in enumerate(lines) if line.endswith("Traceback (most recent call last):")]
    if traces:
        return next(line for line in lines[traces[0] + 1 :] if not line[0].isspace())
    return f"{type(problem).__name__}: {lines[0].strip() if lines else ''}"


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2]))
