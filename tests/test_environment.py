"""The installation, and rules that hold for the whole tree."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import lzjax
from lzjax import _checks, _types

PACKAGE = Path(lzjax.__file__).parent
RANK = {
    "_types": 0,
    "_checks": 0,
    "models": 1,
    "exact": 1.2,  # some formulas take a model
    "bases": 1.5,
    "kernels": 1.8,
    "propagate": 2,
    "readout": 3,
    "dissipation": 3,
    "experiments": 4,
    "sweeps": 5,
    "fits": 5,
    "breakdown": 5.5,  # an application: it fits with lz.fits
    "molecules": 5.5,  # an application too; equal ranks cannot import one another
    "interferometry": 5.5,
    "plots": 6,
    "cli": 6.5,  # it draws what it computes
}
MODULES = sorted(PACKAGE.rglob("*.py"))
# Whoever installs only the core must be able to import lzjax.
OPTIONAL = {
    "diffrax",
    "lineax",
    "matplotlib",
    "mpmath",
    "optimistix",
    "rich",
    "scipy",
    "xarray",
}


def _name(path):
    return path.relative_to(PACKAGE).as_posix()


def test_jax_multiplies_small_matrices_correctly():
    assert _checks.jax_computes_3x3_correctly()


def test_float64_is_on():
    assert jnp.asarray(1.0).dtype == np.float64


def test_an_import_leaves_the_choice_of_devices_and_flags():
    """The first array starts JAX: with its platforms and flags as they are then."""
    environment = os.environ | {"JAX_PLATFORMS": "none of these"}
    subprocess.run([sys.executable, "-c", "import lzjax"], env=environment, check=True)


@pytest.mark.parametrize(
    ("version", "reason"),
    [
        ("0.10.2", "wrong numbers on the CPU"),
        ("0.11.1", "loops"),
        ("0.10.2.dev3", "wrong numbers"),
        ("0.9.2", "older than"),
    ],
)
def test_a_bad_jax_is_refused_with_the_reason_and_the_cure(
    monkeypatch, version, reason
):
    monkeypatch.setattr(jax, "__version__", version)
    with pytest.raises(ImportError) as error:
        _checks.check_jax()
    message = str(error.value)
    assert f"jax {version}" in message and reason in message
    assert 'pip install --upgrade "jax>=0.10.1,!=0.10.2,!=0.11.1"' in message


@pytest.mark.parametrize("version", ["0.10.1", "0.11.0", "0.12.0", "1.0"])
def test_a_good_jax_is_accepted(version):
    _checks.check_jax(version)


def test_a_missing_extra_says_what_to_install():
    with pytest.raises(ImportError, match=r'pip install "lzjax\[plots\]"'):
        _checks.require("no_such_module", extra="plots")
    assert _checks.require("math", extra="plots").pi == np.pi


def test_checks_say_what_was_got():
    with pytest.raises(ValueError, match="`t0` must be finite, got nan"):
        _checks.check_finite("t0", np.array([0.0, np.nan]))
    with pytest.raises(ValueError, match="`width` must be positive, got -1.0"):
        _checks.check_positive("width", -1.0)
    with pytest.raises(ValueError, match="one of 'a', 'b'; got 'c'"):
        _checks.check_one_of("basis", "c", ("a", "b"))
    with pytest.raises(ValueError, match=r"shape \(any, 2\), got \(3,\). Do so"):
        _checks.check_shape("m", np.zeros(3), (None, 2), hint="Do so.")
    _checks.check_shape("m", np.zeros((3, 2)), (None, 2))


def test_checks_of_values_pass_what_is_traced():
    @jax.jit
    def function(x):
        _checks.check_finite("x", x)
        _checks.check_positive("x", x)
        return x

    assert function(-1.0) == -1.0


def test_converters_make_float64_and_let_stand_ins_through():
    assert _types.as_scalar(1).dtype == np.float64
    assert _types.as_scalar(np.float32(1)).dtype == np.float64
    assert _types.as_complex_or_real_scalar(1j).dtype == np.complex128
    assert _types.as_complex_or_real_scalar(2).dtype == np.float64
    single = jnp.float32(1)
    assert _types.as_scalar(single) is single
    sentinel = object()
    assert _types.as_scalar(sentinel) is sentinel
    assert _types.as_scalar(None) is None
    assert jax.jit(jax.grad(lambda x: _types.as_scalar(x) ** 2))(3.0) == 6.0
    with pytest.raises(TypeError, match="real numbers"):
        _types.as_scalar(1j)
    with pytest.raises(TypeError):
        _types.as_scalar("one")


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_imports_point_down(path):
    here = path.relative_to(PACKAGE).parts
    if here[0] in {"__init__.py", "__main__.py"}:
        return  # the top gathers everything
    own = RANK[here[0].removesuffix(".py")]
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level == len(here):
            targets = [node.module] if node.module else [a.name for a in node.names]
            for target in targets:
                folder = target.split(".")[0]
                assert RANK[folder] < own, f"line {node.lineno}: {folder}"
        elif isinstance(node, ast.ImportFrom) and node.level > len(here):
            raise AssertionError(f"line {node.lineno}: above the package")


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_optional_packages_are_imported_only_where_they_are_used(path):
    for node in ast.parse(path.read_text("utf-8")).body:
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names = [node.module or ""]
        used = {name.split(".")[0] for name in names} & OPTIONAL
        assert not used, f"line {node.lineno}: {used}"


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_the_tree_is_flat_and_its_files_are_short(path):
    assert len(path.relative_to(PACKAGE).parts) <= 2
    assert len(path.read_text("utf-8").splitlines()) <= 400
