"""Many levels on paper: oracles, sum rules, theorems, gradients."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, strategies as st

from lzjax import exact, models
from tests.exact.oracle_forms import FORMS, displaced_oscillator, second_of_a_band
from tests.oracles import compute, oracle, oracles

ROUNDING = dict(rtol=0, atol=1e-13)


def from_record(name):
    return oracle(name)["parameters"], np.array(oracle(name)["value"])


def assert_bistochastic(matrix):
    for axis in (0, 1):
        np.testing.assert_allclose(jnp.sum(matrix, axis=axis), 1.0, **ROUNDING)
    assert jnp.all(matrix > -1e-13)


@pytest.mark.parametrize("name", ["V-sep", "V-overlap", "DO5"])
def test_one_level_through_a_band_is_that_of_the_oracle(name):
    p, value = from_record(name)
    got = exact.demkov_osherov(p["alpha"], p["E"], p["V"])
    np.testing.assert_allclose(np.ravel(got), value, **ROUNDING)
    assert_bistochastic(got)


def test_phases_signs_and_distances_do_not_matter_but_the_order_does():
    energies, couplings = jnp.array([-4.0, -1.0, 2.0]), jnp.array([0.2, 0.35, 0.15])
    want = exact.demkov_osherov(1.0, energies, couplings)
    phases = jnp.exp(1j * jnp.array([0.3, -1.0, 2.0]))
    again = exact.demkov_osherov(1.0, 0.01 * energies, couplings * phases)
    np.testing.assert_allclose(again, want, **ROUNDING)
    # Swept down, the band is met from above: all is as in a mirror.
    mirrored = exact.demkov_osherov(-1.0, -energies, couplings)
    np.testing.assert_allclose(mirrored, want, **ROUNDING)
    assert want[1, 2] == 0.0 and want[2, 1] > 0.0


def test_the_gradient_of_the_product_rule_is_that_of_the_oracle():
    p, value = from_record("grad-DO")
    np.testing.assert_allclose(compute(FORMS, "grad-DO"), value, **ROUNDING)
    couplings = jnp.array([p["V1"], p["V2"]])
    for transform in (jax.jacfwd, lambda function: jax.jit(jax.grad(function))):
        slope = transform(second_of_a_band)(couplings, p["alpha"])
        np.testing.assert_allclose(slope, value, **ROUNDING)


def test_the_mean_rate_of_a_band_is_the_integral_of_its_width():
    # 60 levels on [−1, 1] with Γ = 0.4 keep exp(−0.8).
    _, value = from_record("continuum-flat")
    np.testing.assert_allclose(compute(FORMS, "continuum-flat"), value, rtol=1e-12)


BOW_TIES = ["bowtie3", "bowtie4", "bowtie4-same-sign", "bowtie5"]


@pytest.mark.parametrize("name", BOW_TIES)
def test_a_bow_tie_is_that_of_the_oracle(name):
    p, value = from_record(name)
    got = exact.bow_tie(p["slopes"][1:], p["V"])
    # The records give eight digits or more.
    np.testing.assert_allclose(np.ravel(got), value, rtol=0, atol=1e-12)
    assert_bistochastic(got)


def test_the_bow_tie_of_three_levels_is_the_one_written_out():
    got = exact.bow_tie([1.0, -0.5], [0.4, 0.3])
    p, r = np.exp(-np.pi * 0.16), np.exp(-np.pi * 0.09 / 0.5)
    want = [
        [(1 - p - r) ** 2, (1 - p) * (p + r), (1 - r) * (p + r)],
        [(1 - p) * (p + r), p**2, (1 - p) * (1 - r)],
        [(1 - r) * (p + r), (1 - p) * (1 - r), r**2],
    ]
    np.testing.assert_allclose(got, want, **ROUNDING)


@given(
    slopes=st.lists(st.floats(0.1, 3.0), min_size=2, max_size=2, unique=True),
    couplings=st.lists(st.floats(-1.0, 1.0), min_size=2, max_size=2),
)
def test_bow_ties_keep_probability_and_the_theorem_of_the_extremal_slope(
    slopes, couplings
):
    slopes = np.array([slopes[0], -slopes[1]])
    for matrix, all_slopes, every in (
        (
            exact.bow_tie(slopes, couplings),
            np.array([0.0, *slopes]),
            models.bow_tie(slopes, couplings).couplings,
        ),
        (
            exact.generalized_bow_tie(slopes, couplings),
            np.array([0.0, 0.0, *slopes]),
            models.generalized_bow_tie(slopes, couplings, 1.0).couplings,
        ),
    ):
        assert_bistochastic(matrix)
        theorem = exact.brundobler_elser(all_slopes, every)
        where = np.asarray(theorem.valid)
        np.testing.assert_array_equal(where, np.arange(len(where)) >= len(where) - 2)
        diagonal = np.diagonal(matrix)
        np.testing.assert_allclose(diagonal[where], theorem.value[where], **ROUNDING)


def test_extremal_slopes_survive_as_the_oracle_says():
    p, value = from_record("bowtie4-BE")
    matrix = models.bow_tie(p["slopes"][1:], p["V"]).couplings
    theorem = exact.brundobler_elser(jnp.array(p["slopes"]), matrix)
    np.testing.assert_allclose(theorem.value[np.array([1, 3])], value, rtol=1e-12)
    np.testing.assert_array_equal(theorem.valid, [False, True, False, True])


def test_extremal_bands_survive_as_the_oracle_says():
    p, value = from_record("grid-2x2-BE")
    grid = models.crossing_grid(1.0, p["Ea"], p["Eb"], p["V"])
    theorem = exact.brundobler_elser(grid.slopes, grid.couplings)
    np.testing.assert_allclose(theorem.checked()[:2], value, rtol=1e-12)


@pytest.mark.parametrize("name", [*oracles("cavity-"), "dissip-T0"])
def test_a_qubit_beside_an_oscillator_survives_as_the_oracle_says(name):
    """Whatever the frequency: the theorem of the extremal slope for the way back to
    the start, and no other way leads to the upper band."""
    p, value = from_record(name)
    photons = p["fock"]
    if name == "dissip-T0":
        model = displaced_oscillator(p)
    else:
        model = models.cavity_crossing(p["alpha"], p["g"], p["Omega"], photons=photons)
    theorem = exact.brundobler_elser(model.slopes, model.couplings)
    np.testing.assert_allclose(theorem.value[0], value, rtol=1e-11)
    impossible = exact.no_go(model.slopes, model.energies)[:photons, 0]
    np.testing.assert_array_equal(impossible, np.arange(photons) > 0)


def test_displaced_oscillators_overlap_as_they_should():
    """⟨0|D(x)|m⟩ = e^{−x²/2}xᵐ/√m!, up to a sign, x = 2g/Ω."""
    model = models.dissipative_crossing(1.0, 1.0, 0.3, 1.5, photons=5)
    m = np.arange(5)
    x = 0.4
    factorials = np.array([1, 1, 2, 6, 24])
    want = 0.5 * np.exp(-0.5 * x**2) * x**m / np.sqrt(factorials)
    np.testing.assert_allclose(np.abs(model.couplings[0, 5:]), want, **ROUNDING)
    # In number states that are not displaced: the shaking is on the diagonal.
    np.testing.assert_allclose(model.energies, 1.5 * np.concatenate([m, m]))


def test_a_band_is_the_limit_of_many_levels():
    edges = np.linspace(-1.0, 1.0, 61)
    middles = 0.5 * (edges[1:] + edges[:-1])
    escape = 0.6 * np.sqrt(1 - middles**2)
    band = models.level_through_band(1.0, edges, escape)
    theorem = exact.brundobler_elser(band.slopes, band.couplings)
    limit = exact.band_survival(1.0, 0.3 * np.pi)
    # The semi-ellipse by 60 midpoints: 0.38941673 for 0.38966114.
    np.testing.assert_allclose(theorem.value[0], 0.38941673, atol=1e-8)
    np.testing.assert_allclose(limit, 0.38966114, atol=1e-8)
    with pytest.raises(ValueError, match=r"edges of shape \(N\+1,\)"):
        models.level_through_band(1.0, edges, edges)


def test_a_transition_against_time_is_impossible():
    p, _ = from_record("grid-2x2-nogo")
    grid = models.crossing_grid(1.0, p["Ea"], p["Eb"], p["V"])
    mask = exact.no_go(grid.slopes, grid.energies)
    # Level 1 lies above level 0 in the rising band; 3 above 2 in the falling one.
    want = np.zeros((4, 4), bool)
    want[1, 0] = want[2, 3] = True
    np.testing.assert_array_equal(mask, want)
    network = exact.independent_crossings(grid.slopes, grid.energies, grid.couplings)
    assert jnp.all(network[mask] == 0.0)


def test_the_order_of_a_chain_decides():
    p, value = from_record("chain-reversed")
    couplings = [p["V12"], p["V23"]]
    stay_12, stay_23 = np.exp(-2 * np.pi * np.array(couplings) ** 2)

    def along(rest):
        chain = models.chain([0.0, 1.0, 0.0], [0.0, 0.0, rest], couplings)
        return exact.independent_crossings(
            chain.slopes, chain.energies, chain.couplings
        )

    # The middle level meets level 0 first: from 0 to 2 is the product, back is not.
    ordered = along(5.0)
    np.testing.assert_allclose(ordered[2, 0], (1 - stay_12) * (1 - stay_23), **ROUNDING)
    assert ordered[0, 2] == value
    assert along(-5.0)[2, 0] == value


def test_crossings_at_once_that_share_a_level_have_no_order():
    for model in (models.bow_tie([1.0, -0.5], [0.4, 0.3]), models.spin_sweep(1, 1, 1)):
        numbers = model.slopes, model.energies, model.couplings
        with pytest.raises(ValueError, match="share a level need an order"):
            exact.independent_crossings(*numbers)
    # Two crossings at once of four levels do not meet.
    grid = models.crossing_grid(1.0, [-1.0, 1.0], [-1.0, 1.0], 0.2 * np.ones((2, 2)))
    numbers = grid.slopes, grid.energies, grid.couplings
    assert_bistochastic(exact.independent_crossings(*numbers))


@pytest.mark.parametrize("name", ["spin-1.5", "spin-2"])
def test_a_spin_is_that_of_the_oracle(name):
    p, value = from_record(name)
    got = exact.landau_zener_majorana(p["S"], p["Delta"], p["alpha"])
    np.testing.assert_allclose(np.ravel(got), value, rtol=0, atol=1e-12)
    assert_bistochastic(got)


def test_a_spin_one_is_not_a_chain_of_pairs():
    got = exact.landau_zener_majorana(1, 1.0, 1.0)[2, 0]
    np.testing.assert_allclose(got, oracle("chain-spin1")["value"], rtol=1e-12)


@given(spin=st.sampled_from([0.5, 1.0, 2.5, 5.0]), gap=st.floats(0.0, 3.0))
def test_spins_are_turned_as_a_whole(spin, gap):
    """Against the rotation matrix exp(−iθSy), computed from the operators."""
    got = exact.landau_zener_majorana(spin, gap, 1.0)
    _, y, _ = models.spin_operators(spin)
    values, vectors = np.linalg.eigh(y)
    angle = 2 * np.arccos(np.sqrt(np.exp(-np.pi * gap**2 / 2)))
    turn = (vectors * np.exp(-1j * angle * values)) @ vectors.conj().T
    # arccos near one loses half of the digits of a small angle.
    np.testing.assert_allclose(got, np.abs(turn) ** 2, rtol=0, atol=2e-7)
    assert_bistochastic(got)


def test_a_spin_has_derivatives_also_where_the_gap_closes():
    slope = jax.jacfwd(lambda gap: exact.landau_zener_majorana(1.5, gap, 1.0))
    np.testing.assert_array_equal(slope(0.0), np.zeros((4, 4)))

    def value(gap):
        return exact.landau_zener_majorana(1.5, gap, 1.0)

    want = (value(0.7 + 1e-5) - value(0.7 - 1e-5)) / 2e-5
    np.testing.assert_allclose(slope(0.7), want, atol=1e-9)


def test_derivatives_are_finite_where_a_coupling_vanishes():
    slope = jax.grad(lambda v: exact.bow_tie(jnp.array([1.0, -0.5]), v)[1, 2])
    assert jnp.all(jnp.isfinite(slope(jnp.array([0.0, 0.3]))))


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda: exact.landau_zener_majorana(0.7, 1.0, 1.0), "a spin is a half"),
        (lambda: exact.bow_tie([1.0, 0.0], [0.1, 0.2]), "`slopes` must not be zero"),
        (lambda: exact.demkov_osherov(0.0, [1.0], [0.2]), "`rate` must not be zero"),
        (lambda: models.v_system(1.0, [1.0], [0.2]), "two energies and two"),
        (
            lambda: models.MultistateSweep([1.0, 0.0], [0.0], np.zeros((2, 2))),
            r"shape \(N,\) and couplings",
        ),
        (
            lambda: models.MultistateSweep([1.0, 0], [0.0, 0], [[0, 1j], [1j, 0]]),
            "Hermitian couplings",
        ),
        (
            lambda: models.MultistateSweep([1.0, 0], [0.0, 0], np.eye(2)),
            "have no diagonal",
        ),
    ],
)
def test_a_wrong_argument_is_refused(ask, message):
    with pytest.raises(ValueError, match=message):
        ask()
