"""The README's table of systems is what `benchmarks/systems.py` writes."""

import importlib.util
import sys
from pathlib import Path

import pytest

from lzjax import models
from tests.computed import COMPUTED

ROOT = Path(__file__).parent.parent
PATH = ROOT / "benchmarks" / "systems.py"


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("systems", PATH)
    module = importlib.util.module_from_spec(spec)
    sys.modules["systems"] = module
    spec.loader.exec_module(module)
    return module


def test_the_table_of_the_readme_is_current(script):
    readme = (ROOT / "README.md").read_text("utf-8")
    if script.with_table(readme, script.load()) != readme:
        pytest.fail("README.md's table is not current: python benchmarks/systems.py")


def test_a_new_model_gets_a_row_by_itself(script, monkeypatch):
    class NewSweep(models.LinearSweep):
        """A sweep that nobody knows."""

    readme = (ROOT / "README.md").read_text("utf-8")
    monkeypatch.setattr(models, "NewSweep", NewSweep, raising=False)
    written = script.with_table(readme, script.load())
    assert "| A sweep that nobody knows. | `NewSweep` | | |\n" in written
    assert script.with_table(written, script.load()) == written
    monkeypatch.undo()
    assert script.with_table(written, script.load()) == readme


def test_every_name_of_the_table_exists(script):
    for group in script.groups():
        for system in group["system"]:
            for name in script.names(system["model"] + system.get("closed_form", "")):
                script.resolve(name)


def test_every_record_belongs_to_one_system(script):
    owned = script.assigned()
    every = [name for names in owned.values() for name in names]
    assert sorted(every) == sorted(script.records())
    names = [system["name"] for g in script.groups() for system in g["system"]]
    assert len(set(names)) == len(names)
    claimed = {
        s["name"] for g in script.groups() for s in g["system"] if "oracles" in s
    }
    assert claimed == set(owned)


def test_measured_deviations_are_within_the_tolerances(script):
    measured, records = script.load(), script.records()
    assert set(measured) == set(COMPUTED), "python benchmarks/systems.py --measure NAME"
    for name, deviation in measured.items():
        assert deviation <= records[name]["tolerance"], name


def test_a_record_that_was_not_measured_is_said_to_be_missing(script):
    got = script.accuracy(["a", "b"], {"a": 1.1e-9}, "and why")
    assert got == "2: measured 2e-9; 1 not measured; and why"
    assert script.accuracy([], {}, None) == ""


def test_numbers_are_rounded_up(script):
    assert [script._short(x) for x in (0.0, 1e-9, 1.2e-9, 9.5e-9, 0.05)] == [
        "0",
        "1e-9",
        "2e-9",
        "1e-8",
        "5e-2",
    ]
