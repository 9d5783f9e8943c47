"""The gallery draws every family, and finds solution and closed form together."""

import importlib.util
import sys
from pathlib import Path

import pytest

PATH = Path(__file__).parents[2] / "benchmarks" / "figures" / "gallery.py"


@pytest.mark.slow
def test_every_family_is_drawn(tmp_path):
    pytest.importorskip("matplotlib")
    spec = importlib.util.spec_from_file_location("gallery", PATH)
    gallery = importlib.util.module_from_spec(spec)
    sys.modules["gallery"] = gallery
    spec.loader.exec_module(gallery)
    gallery.main([str(tmp_path)])
    names = {family.name.replace(" ", "_") for family in gallery.families()}
    assert {path.stem for path in tmp_path.glob("*.png")} == names
