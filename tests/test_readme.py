"""The README's table of systems names everything that there is."""

import re
from pathlib import Path

import pytest

from lzjax import exact, models

README = (Path(__file__).parent.parent / "README.md").read_text("utf-8")
NAMES = sorted(
    {
        f"{module.__name__}.{name}"
        for module in (models, exact)
        for name, value in vars(module).items()
        if not name.startswith("_") and callable(value)
    }
)
ABSTRACT = ("AbstractHamiltonian", "AbstractTwoLevel", "AbstractWaveform")


@pytest.mark.parametrize("name", NAMES)
def test_every_model_and_every_closed_form_is_in_the_readme(name):
    own = name.rpartition(".")[2]
    if not (own in ABSTRACT or f"`{own}" in README or f".{own}" in README):
        pytest.fail(f"README.md has no {own}: python benchmarks/systems.py adds it")


@pytest.mark.slow
def test_the_examples_run_one_after_the_other(capsys):
    names: dict[str, object] = {}
    for example in re.findall(r"```python\n(.*?)```", README, re.DOTALL):
        exec(example, names)
    printed = capsys.readouterr().out
    for number in ("0.36593130694", "-0.91968568", "8.124"):
        assert number in README and number in printed
