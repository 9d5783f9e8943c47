"""The README's table of systems names everything that there is."""

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
    assert own in ABSTRACT or f"`{own}" in README or f".{own}" in README
