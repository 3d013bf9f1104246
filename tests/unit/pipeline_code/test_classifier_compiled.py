"""The kernel's machine code: made ahead, never while a job waits, found again in a container that cannot be written."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from pipeline_code.classifier import compiled
from pipeline_code.classifier.features import count_texts


def test_other_sources_have_another_folder(tmp_path: Path) -> None:
    (tmp_path / "one.py").write_text('"""One."""\n')
    before = compiled.cache_folder(tmp_path / "caches", tmp_path)
    (tmp_path / "one.py").write_text('"""Two."""\n')
    assert compiled.cache_folder(tmp_path / "caches", tmp_path) != before
    assert before.parent == tmp_path / "caches"


def test_what_cannot_be_written_to_is_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    baked = compiled.cache_folder(tmp_path / "caches", tmp_path)
    baked.mkdir(parents=True)
    (baked / "kernel.nbi").write_bytes(b"machine code")
    monkeypatch.setattr(os, "access", lambda _path, _mode: False)
    copy = compiled.cache_folder(tmp_path / "caches", tmp_path)
    assert copy != baked
    assert (copy / "kernel.nbi").read_bytes() == b"machine code"


def test_another_type_is_an_error_and_no_compilation() -> None:
    with pytest.raises(TypeError, match="No matching definition"):
        count_texts(np.zeros(1, np.float64), np.zeros(2, np.int64), np.zeros(1, np.int32))


def test_a_new_process_finds_the_machine_code_and_compiles_nothing() -> None:
    program = (
        "from numba.core import event\n"
        "with event.install_recorder('numba:llvm_lock') as _, event.install_recorder('numba:compile') as compiled:\n"
        "    import pipeline_code.classifier\n"
        "print(len(compiled.buffer))\n"
    )
    finished = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert finished.stdout == "0\n"
