"""What a gradient costs: time against parameters and steps, memory against steps.

    python benchmarks/gradients.py [--quick]

P of a sweep with p numbers in its detuning, rate·t + Σ aₖ sin(k t/5 + φₖ), by fixed
fourth-order steps: the time of value and gradient over that of the value, for lzjax
(`jax.value_and_grad`) and for the plain scan of contenders/with_plain_jax.py,
differentiated backwards and forwards. Memory: temporary arrays of the compiled program
(XLA's own count), and the peak of a fresh process above what it needs for the value.
The same ratio, and memory, for three levels that decay and for their channel with a
jump, by how many of the 36 numbers of their Hamiltonian move. Writes
results/gradients.json.
"""

import json
import subprocess
import sys

import jax
import jax.numpy as jnp
import measure
import numpy as np
from contenders import with_plain_jax

import lzjax as lz
from lzjax.dissipation import Lindblad, relaxation, solve_lindblad

T0, T1 = -20.0, 20.0
LANES = 256
CASES = ("lzjax", "plain scan, backwards", "plain scan, forwards")
OPEN_LANES = 32
OPEN_CASES = ("decaying levels", "Lindblad")


def numbers(count: int, lanes: int) -> np.ndarray:
    """Parameters of the lanes: gap, rate, and the amplitudes; shape (lanes, count)."""
    rng = np.random.default_rng(0)
    drawn = rng.uniform(-0.1, 0.1, (lanes, count))
    drawn[:, 0] = rng.uniform(0.2, 2.0, lanes)
    drawn[:, 1:2] = rng.uniform(0.5, 2.0, (lanes, 1))
    return drawn


def detuning(t, p):
    k = np.arange(p.shape[0] - 2)
    ripple = jnp.sum(p[2:] * jnp.sin(0.2 * (k + 1.0) * t + k)) if k.size else 0.0
    return p[1] * t + ripple


def program(case: str, steps: int, gradient: bool):
    """From (lanes, count) to the probabilities, or to these and their gradients."""

    def by_lzjax(p):
        model = lz.TwoLevelFunction(lambda t, p: (p[0], 0.0, detuning(t, p)), p)
        solver = lz.Magnus4(steps=steps)
        return abs(lz.solve(model, T0, T1, solver=solver).propagator[0, 0]) ** 2

    def by_scan(p):
        problem = _OneLane(p)
        c, _, _, z = with_plain_jax.evolve(problem, steps, p[0], None)
        return c * c + z * z

    value = by_lzjax if case == "lzjax" else by_scan
    if not gradient:
        return jax.jit(jax.vmap(value))
    if case.endswith("forwards"):
        return jax.jit(jax.vmap(lambda p: (value(p), jax.jacfwd(value)(p))))
    return jax.jit(jax.vmap(jax.value_and_grad(value)))


class _OneLane:
    """The plain scan's problem with the detuning of this script."""

    t0, t1 = T0, T1

    def __init__(self, p):
        self.p = p

    def detuning(self, xp, t, parameters):
        return detuning(t, self.p)


def times(settings, given) -> list[dict]:
    """Rows of (case, parameters, steps) with times and temporary memory."""
    rows = []
    for count, steps in settings:
        p = jnp.asarray(numbers(count, LANES))
        runs, temporary = {}, {}
        for case in CASES:
            for gradient in (False, True):
                if case.endswith("forwards") and not gradient:
                    continue  # the same value
                key, one = (case, gradient), program(case, steps, gradient)
                runs[key], temporary[key] = _ready(one, (p,), given)
        with measure.locked(given.lock):
            found = measure.interleaved(runs, 1 if given.quick else 7)
        for case in CASES:
            value = found[case if case == "lzjax" else CASES[1], False]
            slope = found[case, True]
            rows.append(_row(case, count, steps, value, slope, temporary[case, True]))
            print(rows[-1], file=sys.stderr)
    return rows


def _ready(program, arrays, given):
    """The program, compiled and run once, and its temporary memory."""
    with measure.locked(given.lock, exclusive=False):
        compiled = program.lower(*arrays).compile()
        jax.block_until_ready(compiled(*arrays))
    temporary = compiled.memory_analysis().temp_size_in_bytes
    return lambda: jax.block_until_ready(compiled(*arrays)), temporary


def _row(case, count, steps, value, slope, temporary) -> dict:
    return {
        "case": case,
        "parameters": count,
        "steps": steps,
        "value_seconds": value["seconds"],
        "gradient_seconds": slope["seconds"],
        "gradient_cpu_seconds": slope["cpu_seconds"],
        "ratio": slope["seconds"] / value["seconds"],
        "temporary_bytes": temporary,
    }


def three_levels(t, parts):
    """Four Hermitian matrices, nine numbers each, times 1, t, cos t and sin t."""
    p = jnp.concatenate(parts).reshape(4, 3, 3)
    total = jnp.tensordot(jnp.stack([1.0 + 0 * t, t, jnp.cos(t), jnp.sin(t)]), p, 1)
    # Above the diagonal the real parts, below it the imaginary ones.
    upper = jnp.triu(total, 1) + 1j * jnp.tril(total, -1).T
    return jnp.diag(jnp.diag(total)) + upper + upper.conj().T


def open_program(case: str, steps: int, gradient: bool):
    """From numbers that move and numbers that do not, of all lanes, to what is left of
    a state, or to this and its gradients."""
    solver = lz.CommutatorFree4(steps=steps)

    def value(moved, held):
        model = lz.HamiltonianFunction(three_levels, (moved, held))
        if case == "Lindblad":
            system = Lindblad(model, relaxation(0.2, 0, 2, dim=3))
            return jnp.real(solve_lindblad(system, -3.0, 3.0, solver=solver)(0)[0, 0])
        model = lz.models.DecayingLevels(model, [0.2, 0.0, 0.0])
        return abs(lz.solve(model, -3.0, 3.0, solver=solver).propagator[0, 0]) ** 2

    return jax.jit(jax.vmap(jax.value_and_grad(value) if gradient else value))


def open_times(settings, given) -> list[dict]:
    """Rows as of `times`, of open systems."""
    drawn = np.random.default_rng(0).uniform(-0.5, 0.5, (OPEN_LANES, 36))
    rows = []
    for count, steps in settings:
        arrays = jnp.asarray(drawn[:, :count]), jnp.asarray(drawn[:, count:])
        runs, temporary = {}, {}
        for case in OPEN_CASES:
            for gradient in (False, True):
                key, one = (case, gradient), open_program(case, steps, gradient)
                runs[key], temporary[key] = _ready(one, arrays, given)
        with measure.locked(given.lock):
            found = measure.interleaved(runs, 1 if given.quick else 7)
        for case in OPEN_CASES:
            both = found[case, False], found[case, True]
            rows.append(_row(case, count, steps, *both, temporary[case, True]))
            print(rows[-1], file=sys.stderr)
    return rows


def peak(case: str, steps: int) -> dict[str, float]:
    """Peak resident memory of this process: after the value, after the gradient."""
    p = jnp.asarray(numbers(4, LANES))
    found = {}
    for name, gradient in (("value", False), ("gradient", True)):
        jax.block_until_ready(program(case, steps, gradient)(p))
        found[f"{name}_peak_bytes"] = measure.peak_memory()
    return found


def main(argv=None) -> None:
    parser = measure.options(__doc__, "gradients")
    parser.add_argument("--peak", nargs=2, help="one measurement, in this process")
    given = parser.parse_args(argv)
    if given.peak:
        print(json.dumps(peak(given.peak[0], int(given.peak[1]))))
        return
    counts = (2, 8) if given.quick else (2, 4, 8, 16, 32, 64)
    steps = (256, 1_024) if given.quick else (256, 1_024, 4_096, 16_384)
    by_parameters = times([(count, 1_024) for count in counts], given)
    by_steps = times([(4, count) for count in steps], given)
    moved = (2, 36) if given.quick else (2, 4, 9, 18, 36)
    settings = [(count, steps[0]) for count in moved]
    open_systems = open_times(settings + [(9, count) for count in steps[1:]], given)
    peaks = []
    for case in CASES:
        for count in (*steps, 4 * steps[-1]):
            with measure.locked(given.lock, exclusive=False):
                done = subprocess.run(
                    [sys.executable, __file__, "--peak", case, str(count)],
                    capture_output=True,
                    text=True,
                    check=True,
                )
            found = json.loads(done.stdout.splitlines()[-1])
            peaks.append({"case": case, "steps": count, **found})
            print(peaks[-1], file=sys.stderr)
    record = measure.record(
        lanes=LANES,
        against_parameters=by_parameters,
        against_steps=by_steps,
        peak_memory=peaks,
        open_lanes=OPEN_LANES,
        open_systems=open_systems,
    )
    measure.write(given.output, record)


if __name__ == "__main__":
    main()
