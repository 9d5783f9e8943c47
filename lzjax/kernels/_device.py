"""Whether there is a GPU that kernels can be made for."""

import contextlib
import functools
from collections.abc import Iterator

import jax

_OLDEST_JAX = (0, 11)
_OLDEST_CAPABILITY = (9, 0)
_assumed: list[tuple[int, int]] = []


@contextlib.contextmanager
def assumed_capability(major: int, minor: int) -> Iterator[None]:
    """Compile for a GPU of this compute capability, though none may be there.

    Forgets, at both ends, what JAX has traced so far.
    """
    _assumed.append((major, minor))
    jax.clear_caches()
    try:
        yield
    finally:
        _assumed.pop()
        jax.clear_caches()


def has_gpu() -> bool:
    """Whether programs may run on an NVIDIA GPU here."""
    return bool(_assumed) or _capability() is not None


def why_no_kernel() -> str | None:
    """Why there cannot be a kernel here; `None` if there can.

    Asked before anything is lowered: the compiler ends the process when it meets an
    older GPU.
    """
    if jax.__version_info__[:2] < _OLDEST_JAX:
        return f"jax {jax.__version__} is older than 0.11"
    found = _assumed[-1] if _assumed else _capability()
    if found is None:
        return "there is no NVIDIA GPU"
    if found < _OLDEST_CAPABILITY:
        return f"the GPU's compute capability {found[0]}.{found[1]} is below 9.0"
    return None


@functools.cache
def _capability() -> tuple[int, int] | None:
    """The lowest compute capability among the CUDA devices; `None` without one."""
    try:
        devices = jax.devices("cuda")
    except RuntimeError:
        return None
    found = [str(getattr(device, "compute_capability", "0.0")) for device in devices]
    pairs = [tuple(int(part) for part in text.split(".")[:2]) for text in found]
    return min((major, minor) for major, minor in pairs)
