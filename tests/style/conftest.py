"""Makes the documentation's generator importable as it is when it runs by itself: from docs/."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "docs"))
