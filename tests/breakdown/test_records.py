"""Cases that stand outside of the other files, and that none was forgotten."""

import re
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest

import lzjax as lz
from lzjax import breakdown as mb
from lzjax.breakdown._units import HBAR2_OVER_MASS
from tests.breakdown.records import check, numbers, record


def test_the_finite_window_propagator():
    pytest.importorskip("mpmath")
    p = record(5)["parameters"]
    gap = 2 * np.sqrt(p["delta"])
    u = lz.exact.finite_window_propagator(gap, 1.0, -p["T"], p["T"])
    check([u[0, 0].real, u[0, 0].imag, u[1, 0].real, u[1, 0].imag], record(5))


def test_the_gap_of_the_chain_is_mathieus():
    scale, g = 0.5 * HBAR2_OVER_MASS, 1.7
    ratios = []
    for q in record(17)["parameters"]["q"]:
        potential = 0.25 * q * g**2 * scale
        chain = mb.LinearChain(potential, g, waves=15)
        low, high = chain.bands(jnp.zeros(()))
        ratios.append((high - low) * scale / (2 * potential))
    check(ratios, record(17))


def test_every_case_is_tested():
    used = set()
    for path in Path(__file__).parent.glob("test_*.py"):
        text = path.read_text("utf-8")
        used |= {int(n) for n in re.findall(r"record\((\d+)\)", text)}
        used |= {int(n) for n in re.findall(r"circles\((\d+)[,)]", text)}
        for group in re.findall(r'parametrize\("number", \[([\d, ]+)\]\)', text):
            used |= {int(n) for n in group.split(",")}
    assert used >= numbers()


def test_cases_are_compared_to_their_tolerance():
    with pytest.raises(AssertionError):
        check(record(1)["value"][0] + 1e-9, {**record(1), "value": 0.9391013674242926})
