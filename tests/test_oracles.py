"""Propagation against values computed without lzjax, each to its own tolerance.

Every two-level record that the core can compute stands in a table below, by the
function that computes it; `test_every_record_is_covered_or_excused` keeps watch.
"""

import jax.numpy as jnp
import numpy as np
import pytest

from lzjax import bases
from tests.oracles import oracle, oracles
from tests.propagate.oracle_drives import DRIVES, PASSAGES
from tests.propagate.oracle_levels import LEVELS
from tests.propagate.oracle_linear import ALL_TIMES, WINDOWS, sweep
from tests.propagate.oracle_shapes import SHAPES

# --- energies and states at one time --------------------------------------------------


def levels(p, rtol):
    return bases.energies(sweep(p), jnp.asarray(p.get("t", 0.0)))


def smallest_gap(p, rtol):
    p = {"Delta": 2 * p["V"], "alpha": 1.0} if "V" in p else p
    return jnp.diff(levels(p, rtol))[0]


def mixing_angle(p, rtol):
    model, t = sweep(p), jnp.asarray(p["t"])
    states = bases.superadiabatic_states(model, t, 0)
    angle = 2 * jnp.arctan2(states[1, 1].real, states[0, 1].real)
    return [angle, jnp.abs((states.conj().T @ model(t) @ states)[0, 1])]


OTHERS = {name: smallest_gap for name in oracles("gap-")} | {
    "eig": levels,
    "mixing": mixing_angle,
}

COVERED = ALL_TIMES | WINDOWS | SHAPES | PASSAGES | DRIVES | LEVELS | OTHERS

# Beginnings of names -> why propagation says nothing about them here.
CLOSED_FORM = "a formula of numbers, nothing to propagate"
OPEN = "an open or noisy system: see the tests of lzjax.dissipation"
FINITE = "not Hermitian, or finite windows of many levels: see tests/models"
EXCUSED = {
    "fisher-opt": CLOSED_FORM,
    "cdt": CLOSED_FORM,
    "lzsm-aim-": CLOSED_FORM,
    "echo-aim-": CLOSED_FORM,
    "noise-aim-": CLOSED_FORM,
    "sqrt-fast": CLOSED_FORM,
    "sqrt-slow": CLOSED_FORM,
    "ddp-": CLOSED_FORM,
    "dither-phaseavg": CLOSED_FORM,
    "magnus1": CLOSED_FORM,
    "grad-fringe": CLOSED_FORM,
    "incoh-": CLOSED_FORM,
    "tauLZ-": CLOSED_FORM,
    "crlb-": CLOSED_FORM,
    "stokes-d": CLOSED_FORM,
    "massey": CLOSED_FORM,
    "dcoup-": CLOSED_FORM,
    "marcus": CLOSED_FORM,
    "lztst-": CLOSED_FORM,
    "lz-xsec": CLOSED_FORM,
    "berry-": CLOSED_FORM,
    "ci-vortex": CLOSED_FORM,
    "ci-circulation": CLOSED_FORM,
    "complexsym-": FINITE,
    "nonlinear-2.0": "nonlinear: see test_mean_field.py",
    "wavepacket-": "a wavepacket, not a trajectory",
    "decay-": FINITE,
    "dephase-": OPEN,
    "ou-": OPEN,
    "fast-trans-": OPEN,
    "rtn-": OPEN,
    "shevchenko-": OPEN,
    "addephase-": OPEN,
    "relax-": OPEN,
    "dissip-": CLOSED_FORM,
    "continuum-": FINITE,
    "ident-rank": "its tolerance is that of a formula",
    "grad-DO": CLOSED_FORM,
}


@pytest.mark.parametrize("name", COVERED)
def test_propagation_agrees_with_the_oracle(name):
    record = oracle(name)
    tolerance = record["tolerance"]
    # |δP| ≤ 2|u||δu|: half the tolerance on U is enough for P. The default serves
    # where the record is coarser; 1e-12 is the finest tolerance there is.
    rtol = float(np.clip(0.5 * tolerance, 1e-12, 1e-8))
    got = COVERED[name](record["parameters"], rtol)
    got = np.asarray([float(x) for x in np.ravel(got)])
    np.testing.assert_allclose(got, np.ravel(record["value"]), rtol=0, atol=tolerance)


def test_every_record_is_covered_or_excused():
    every = set(oracles(""))
    rest = every - set(COVERED)
    excused = {name for name in rest if name.startswith(tuple(EXCUSED))}
    assert every == set(COVERED) | excused
    for beginning in EXCUSED:
        assert any(name.startswith(beginning) for name in excused), beginning
