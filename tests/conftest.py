"""Settings for all tests: float64, no silent broadcasting, repeatable examples."""

import importlib.metadata
import os

import hypothesis
import jax
import pytest

import lzjax  # noqa: F401  # enables float64

# Compiling takes most of the time of these tests, and three times less of it like this.
# Numbers change by rounding only. jaxlib 0.12 has just one code generator. The flags
# are read when the first array is made, not before.
_FLAGS = ["--xla_backend_optimization_level=0"]
if importlib.metadata.version("jaxlib").startswith(("0.10.", "0.11.")):
    _FLAGS.append("--xla_cpu_use_fusion_emitters=false")
os.environ.setdefault("XLA_FLAGS", " ".join(_FLAGS))

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


@pytest.fixture
def one_lane_each(monkeypatch):
    """Imitated, more lanes take longer: no stretches, where they are not wanted."""
    monkeypatch.setattr("lzjax.propagate._stretches._MOST", 1)
