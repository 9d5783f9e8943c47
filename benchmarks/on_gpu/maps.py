"""A map of a driven level, unitary and with decay, streamed into the host's memory;
beside gqis, which solves such maps by fixed Runge-Kutta steps in float32."""

import importlib.util

import jax
import jax.numpy as jnp
import numpy as np

import lzjax as lz

from .clock import rate, timed

STOP = 40.0 * np.pi
# Over detuning and amplitude, up to these; γ of dephasing and relaxation.
LARGEST, DEPHASING, RELAXATION = 12.0, 0.02, 0.01


def _unitary(offset, amplitude, steps: int):
    model = lz.DrivenTwoLevel(1.0, offset, amplitude, 1.0)
    found = lz.solve(model, 0.0, STOP, solver=lz.Magnus4(steps=steps))
    return jnp.abs(found.propagator[0, 1]) ** 2


def _damped(offset, amplitude, steps: int):
    """From level 1, which decay leads to, back to level 0."""
    model = lz.DrivenTwoLevel(1.0, offset, amplitude, 1.0)
    jumps = lz.dissipation.relaxation(RELAXATION, 0, 1)
    jumps = jumps + lz.dissipation.dephasing(DEPHASING)
    found = lz.solve_lindblad(
        lz.Lindblad(model, jumps), 0.0, STOP, solver=lz.CommutatorFree4(steps=steps)
    )
    return found(1)[0, 0].real


def _streamed(one, size: tuple[int, int, int], sizes: dict) -> tuple[dict, np.ndarray]:
    """Seconds of a whole map in float32, chunk by chunk, and the map."""
    side, steps, chunk = size
    out = np.empty(side * side, np.float32)
    with jax.enable_x64(False):

        @jax.jit
        def part(first):
            place = first + jnp.arange(chunk)
            offset = (place % side) * (LARGEST / side)
            amplitude = (place // side) * (LARGEST / side)
            return jax.vmap(lambda x, y: one(x, y, steps))(offset, amplitude)

        def run():
            ahead = None
            for first in [*range(0, side * side, chunk), None]:
                new = None if first is None else (first, part(first))
                if new is not None:
                    new[1].copy_to_host_async()
                if ahead is not None:
                    out[ahead[0] : ahead[0] + chunk] = ahead[1]
                ahead = new

        once = {**sizes, "repeats": 2, "seconds": 0.0}
        found = rate(timed(run, [()], once), side * side * steps)
    return found, out.reshape(side, side)


def _errors(one, map_: np.ndarray, size: tuple[int, int, int]) -> dict[str, float]:
    """Of some pixels, against many steps in float64."""
    side, steps, _ = size
    some = np.arange(0, side, max(side // 8, 1))
    amplitude, offset = np.meshgrid(some, some, indexing="ij")
    exact = jax.jit(jax.vmap(lambda x, y: one(x, y, 4 * steps)))
    wanted = exact(*(LARGEST / side * x.ravel() for x in (offset, amplitude)))
    off = np.abs(map_[np.ix_(some, some)].ravel() - np.asarray(wanted))
    return {"median_error": float(np.median(off)), "largest_error": float(np.max(off))}


def unitary(sizes: dict) -> dict:
    found, map_ = _streamed(_unitary, sizes["map"], sizes)
    return {**found, **_errors(_unitary, map_, sizes["map"])}


def damped(sizes: dict) -> dict:
    """With decay, by lzjax and, where it is installed, by gqis."""
    found, map_ = _streamed(_damped, sizes["damped"], sizes)
    rows = {"lzjax": {**found, **_errors(_damped, map_, sizes["damped"])}}
    if all(importlib.util.find_spec(name) for name in ("gqis", "cupy")):
        rows["gqis"] = _by_gqis(sizes)
    else:
        rows["gqis"] = {"missing": 'pip install "gqis[cuda13]" for this row'}
    return rows


def _by_gqis(sizes: dict) -> dict:
    import sympy
    from gqis import mesolve_2D

    side, steps = sizes["damped"][0], sizes["gqis_steps"]
    offset, amplitude, drive, t = sympy.symbols("offset amplitude drive t", real=True)
    up = sympy.Matrix([[1, 0], [0, 0]])
    flip = sympy.Matrix([[0, 1], [1, 0]])
    split = sympy.Matrix([[1, 0], [0, -1]])
    lower = sympy.Matrix([[0, 0], [1, 0]])
    axis = np.arange(side, dtype=np.float32) * np.float32(LARGEST / side)

    def run():
        return mesolve_2D(
            sympy.Rational(1, 2) * (drive * split + flip),
            {drive: offset + amplitude * sympy.cos(t)},
            [
                sympy.sqrt(RELAXATION) * lower,
                sympy.sqrt(DEPHASING / 2) * split,
            ],
            up,
            np.linspace(0.0, STOP, steps + 1),
            var_arrays={amplitude: axis, offset: axis},
            rho0=sympy.Matrix([[0, 0], [0, 1]]),
            output_mode="final",
        )

    once = {**sizes, "repeats": 2, "seconds": 0.0}
    found = rate(timed(run, [()], once), side * side * steps)
    return {**found, **_errors(_damped, np.asarray(run()), sizes["damped"])}
