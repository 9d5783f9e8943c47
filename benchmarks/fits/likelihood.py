"""One value and gradient of the driven run's likelihood: lzjax beside diffrax.

    python benchmarks/fits/likelihood.py DATA_FOLDER

DATA_FOLDER holds floquet_B.json. Both evaluate the same 101 pulses with the same noise
average, 21 samples each, by `jax.vmap`, and the gradient in eight parameters. diffrax
runs at the loosest tolerance that is as accurate as lzjax, with two of its solvers,
with and without the times of the kinks, in each of its two gradient modes; the fastest
of these eight counts. Times are medians of runs in turn, compilation apart. Writes
results/likelihood.json.
"""

import json
import sys
import time
from pathlib import Path

import aquila
import diffrax
import jax
import jax.flatten_util
import jax.numpy as jnp
import numpy as np

import lzjax as lz

sys.path.append(str(Path(__file__).parent.parent))
import measure  # noqa: E402

START = {
    "omega_scale": 1.02,
    "delta_scale": 0.984,
    "offset": 1.44,
    "delay": 0.001,
    "sigma": 0.4,
    "sigma_omega": 0.04,
    "p01": 0.032,
    "p10": 0.07,
}
NODES = (7, 3)


def by_lzjax(steps_per_interval: int):
    experiment = aquila.experiment(steps_per_interval, *NODES).unchecked()
    return lambda parameters, controls: experiment(parameters, controls)


def by_diffrax(solver, kinks: bool, tolerance: float, adjoint):
    """The same predictions: Schrödinger's equation for four real numbers."""
    places = [np.polynomial.hermite_e.hermegauss(count) for count in NODES]
    shifts, scales = np.meshgrid(places[0][0], places[1][0], indexing="ij")
    weights = np.outer(*(weight / weight.sum() for _, weight in places)).ravel()

    def rate(t, y, model):
        x, _, z = model.field(t)
        re, im = y[:2], y[2:]
        # H = ½ (x σx + z σz) is real: re' = H im, im' = −H re.

        def act(v):
            return 0.5 * jnp.stack([z * v[0] + x * v[1], x * v[0] - z * v[1]])

        return jnp.concatenate([act(im), -act(re)])

    def probability(parameters, controls, shift, scale):
        noisy = dict(parameters, omega_scale=parameters["omega_scale"] * (1.0 + scale))
        model = aquila.instrument(noisy, controls) + lz.TwoLevel(shift, 0.0)
        controller = diffrax.PIDController(rtol=tolerance, atol=tolerance)
        if kinks:
            # Stops at the kinks; H itself does not jump, its derivative does.
            times = jnp.sort(jax.lax.stop_gradient(model.breakpoints()))
            controller = diffrax.ClipStepSizeController(controller, step_ts=times)
        solution = diffrax.diffeqsolve(
            diffrax.ODETerm(rate),
            solver,
            0.0,
            controls["time"],
            0.01,
            jnp.array([0.0, 1.0, 0.0, 0.0]),
            model,
            stepsize_controller=controller,
            adjoint=adjoint,
            max_steps=4096,
        )
        y = solution.ys[0]
        return y[0] ** 2 + y[2] ** 2

    def point(parameters, controls):
        samples = jax.vmap(lambda a, b: probability(parameters, controls, a, b))(
            parameters["sigma"] * shifts.ravel(),
            parameters["sigma_omega"] * scales.ravel(),
        )
        return weights @ samples

    def predict(parameters, controls):
        p = jax.vmap(lambda c: point(parameters, c))(controls)
        wrong, missed = parameters["p01"], parameters["p10"]
        return wrong + (1.0 - wrong - missed) * p

    return predict


def likelihood(predict, controls, successes, trials):
    def value(parameters):
        p = jnp.clip(predict(parameters, controls), 1e-12, 1.0 - 1e-12)
        return -jnp.sum(successes * jnp.log(p) + (trials - successes) * jnp.log1p(-p))

    return value


def forward(value):
    def both(parameters):
        flat, restore = jax.flatten_util.ravel_pytree(parameters)

        def push(d):
            return jax.jvp(lambda x: value(restore(x)), (flat,), (d,))

        values, slopes = jax.vmap(push)(jnp.eye(flat.size))
        return values[0], slopes

    return both


def main() -> None:
    arguments = measure.options(__doc__, "likelihood")
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("--repeats", type=int, default=5)
    given = arguments.parse_args()
    if given.quick:
        given.repeats = 1
    controls, successes, trials = aquila.read(given.folder / "floquet_B.json")
    controls = {name: jnp.asarray(value) for name, value in controls.items()}
    parameters = {name: jnp.asarray(value) for name, value in START.items()}
    exact = jax.jit(by_lzjax(8))(parameters, controls)

    def error(predict):
        p = jax.jit(predict)(parameters, controls)
        return float(jnp.max(jnp.abs(p - exact)))

    ours = by_lzjax(1)
    target = error(ours)
    data = (controls, jnp.asarray(successes), jnp.asarray(trials))
    runs = {"lzjax": jax.value_and_grad(likelihood(ours, *data))}
    tolerances, errors = {}, {"lzjax": target}
    for solver in (diffrax.Tsit5(), diffrax.Dopri8()):
        for kinks in (False, True):
            name = f"{type(solver).__name__}{', kinks' if kinks else ''}"
            for tolerance in 10.0 ** -np.arange(2.0, 9.0, 0.5):
                adjoint = diffrax.DirectAdjoint()
                reached = error(by_diffrax(solver, kinks, tolerance, adjoint))
                if reached <= target:
                    break
            tolerances[name], errors[name] = float(tolerance), reached
            reverse = by_diffrax(
                solver, kinks, tolerance, diffrax.RecursiveCheckpointAdjoint()
            )
            ahead = by_diffrax(solver, kinks, tolerance, diffrax.ForwardMode())
            runs[f"{name}, reverse"] = jax.value_and_grad(likelihood(reverse, *data))
            runs[f"{name}, forward"] = forward(likelihood(ahead, *data))
    compiled, compile_seconds = {}, {}
    for name, run in runs.items():
        begun = time.perf_counter()
        compiled[name] = jax.jit(run).lower(parameters).compile()
        compile_seconds[name] = time.perf_counter() - begun

    def waiting(run):
        return lambda: jax.block_until_ready(run(parameters))

    with measure.locked(given.lock):
        times = measure.interleaved(
            {name: waiting(run) for name, run in compiled.items()}, given.repeats
        )
    median = {name: time["seconds"] for name, time in times.items()}
    fastest = min((name for name in runs if name != "lzjax"), key=median.get)
    report = measure.record(
        "diffrax",
        errors=errors,
        tolerances_of_diffrax=tolerances,
        seconds=median,
        compile_seconds=compile_seconds,
        fastest_of_diffrax=fastest,
        ratio=median[fastest] / median["lzjax"],
    )
    print(json.dumps(report, indent=1))
    measure.write(given.output, report)


if __name__ == "__main__":
    main()
