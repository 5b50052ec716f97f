"""The notebooks as readers get them, and the generator that writes them."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
NOTEBOOKS = ROOT / "notebooks"


def load_generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generator", ROOT / "tools" / "notebooks.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def generator() -> ModuleType:
    return load_generator()


@pytest.fixture
def sources() -> list[Path]:
    found = sorted((NOTEBOOKS / "source").glob("*.py"))
    assert found
    return found


@pytest.fixture
def small(tmp_path: Path, generator: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one small source, in the place of the book's."""
    folder = tmp_path / "notebooks"
    (folder / "source").mkdir(parents=True)
    monkeypatch.setattr(generator, "FOLDER", folder)
    source = folder / "source" / "01_small.py"
    source.write_text(
        '# %% [markdown] lang="en"\n# # Good morning\n\n'
        '# %% [markdown] lang="es"\n# # Buenos días\n\n'
        '# %% tags=["parameters"]\nlanguage: str = "en"  # which\n\n'
        '# %% tags=["check"] guide="G01"\nprint(language)\n'
    )
    return source
