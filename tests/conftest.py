"""Settings for all tests: float64, no silent broadcasting, repeatable examples."""

import hypothesis
import jax

import lzjax  # noqa: F401  # enables float64

jax.config.update("jax_numpy_rank_promotion", "raise")

# A first trace takes longer than any deadline.
hypothesis.settings.register_profile("lzjax", deadline=None, derandomize=True)
hypothesis.settings.load_profile("lzjax")
