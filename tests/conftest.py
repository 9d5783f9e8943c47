"""Settings for all tests: float64, no silent broadcasting, repeatable examples."""

import hypothesis
import jax
import pytest

import lzjax  # noqa: F401  # enables float64

jax.config.update("jax_numpy_rank_promotion", "raise")

# A first trace takes longer than any deadline.
hypothesis.settings.register_profile("lzjax", deadline=None, derandomize=True)
hypothesis.settings.load_profile("lzjax")


@pytest.fixture(autouse=True, scope="module")
def _compiled_programs_end_with_their_file():
    """Each compiled program keeps memory maps, of which a process may only have so
    many: thousands of programs in one process would crash it."""
    yield
    jax.clear_caches()
