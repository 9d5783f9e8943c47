"""What is installed, what it runs on, and what is missing."""

import importlib.metadata
import platform
import sys

import jax
import jax.numpy as jnp

_CORE = ("lzjax", "jax", "jaxlib", "equinox", "optax", "jaxtyping", "numpy")
# Extra -> the distributions it brings.
EXTRAS = {
    "fits": ("optimistix", "lineax", "scipy"),
    "diffrax": ("diffrax",),
    "sweeps": ("xarray",),
    "plots": ("matplotlib",),
    "cli": ("rich",),
    "exact": ("mpmath", "scipy"),
}


def installed(distribution: str) -> str | None:
    """The version of an installed distribution, or None."""
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None


def describe() -> str:
    """A text for bug reports."""
    lines = ["Versions"]
    lines.append(_line("python", f"{platform.python_version()} ({sys.platform})"))
    for name in _CORE:
        lines.append(_line(name, installed(name) or "not installed as a package"))
    lines += ["", "Devices"]
    for device in jax.devices():
        lines.append(_line(str(device.id), f"{device.platform}: {device.device_kind}"))
    lines.append(_line("precision", str(jnp.zeros(()).dtype)))
    lines += ["", "Extras"]
    for extra, distributions in EXTRAS.items():
        missing = [name for name in distributions if installed(name) is None]
        found = [f"{n} {installed(n)}" for n in distributions if n not in missing]
        text = ", ".join(found)
        if missing:
            text = f'missing {", ".join(missing)}: pip install "lzjax[{extra}]"'
        lines.append(_line(extra, text))
    return "\n".join(lines)


def _line(name: str, text: str) -> str:
    return f"  {name:<12}{text}"
