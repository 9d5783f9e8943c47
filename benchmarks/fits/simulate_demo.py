"""Makes the data of `lzjax demo`: counts of a driven two-level system, shot by shot.

It does not use lzjax. Every shot has its own slow detuning error, its own evolution
(NumPy, exact rotations over steps short enough that halving them changes nothing), its
own projection and its own readout error. Run from the repository:

    python benchmarks/fits/simulate_demo.py
"""

import json
from pathlib import Path

import numpy as np
from scipy.integrate import solve_ivp

FOLDER = Path(__file__).resolve().parents[2] / "lzjax" / "cli" / "data"
SEED = 20260
SHOTS = 2000
# Angular frequencies in rad/us, times in us.
TRUTH = {
    "gap": 5.2,
    "amplitude": 21.0,
    "offset": 11.4,
    "sigma": 0.8,
    "false_positive": 0.02,
    "false_negative": 0.05,
}
DRIVE = 6.0
PULSES = np.round(np.linspace(0.05, 3.0, 60), 4)
STEP = 0.0005


def detuning(t, offset):
    return TRUTH["amplitude"] * np.sin(DRIVE * t) + offset


def upper_population(
    pulse: float, offsets: np.ndarray, step: float = STEP
) -> np.ndarray:
    """P(level 1) after a pulse from level 0, for each detuning offset.

    H = ½ (detuning σz + gap σx); the second-order midpoint rule, exact in each step.
    """
    steps = int(np.ceil(pulse / step))
    dt = pulse / steps
    up = np.ones(len(offsets), dtype=complex)
    down = np.zeros(len(offsets), dtype=complex)
    x = TRUTH["gap"]
    for k in range(steps):
        z = detuning((k + 0.5) * dt, offsets)
        w = np.hypot(x, z)
        c, s = np.cos(0.5 * w * dt), -1j * np.sin(0.5 * w * dt) / w
        up, down = (c + s * z) * up + s * x * down, s * x * up + (c - s * z) * down
    return np.abs(down) ** 2


def check_against_an_ode_solver() -> float:
    """The largest difference from scipy's DOP853 at three pulses and two offsets."""
    worst = 0.0
    for pulse in PULSES[[0, 30, 59]]:
        for offset in (TRUTH["offset"], TRUTH["offset"] + 2 * TRUTH["sigma"]):

            def rate(t, state, offset=offset):
                z, x = detuning(t, offset), TRUTH["gap"]
                return -0.5j * np.asarray(
                    [z * state[0] + x * state[1], x * state[0] - z * state[1]]
                )

            start = np.asarray([1.0 + 0j, 0.0])
            ode = solve_ivp(rate, (0.0, pulse), start, "DOP853", rtol=1e-11, atol=1e-12)
            want = abs(ode.y[1, -1]) ** 2
            worst = max(
                worst, abs(upper_population(pulse, np.asarray([offset]))[0] - want)
            )
    return worst


def simulate(rng: np.random.Generator) -> np.ndarray:
    """How many of the shots at each pulse length are read as level 1."""
    counts = []
    for pulse in PULSES:
        offsets = TRUTH["offset"] + TRUTH["sigma"] * rng.normal(size=SHOTS)
        upper = rng.random(SHOTS) < upper_population(pulse, offsets)
        flip = np.where(upper, TRUTH["false_negative"], TRUTH["false_positive"])
        counts.append(np.sum(upper ^ (rng.random(SHOTS) < flip)))
    return np.asarray(counts)


def main() -> None:
    worst = check_against_an_ode_solver()
    print(f"largest difference from DOP853: {worst:.1e}")
    if worst > 1e-5:  # a hundredth of the shot noise of 2000 shots is 1.1e-4
        raise SystemExit("the steps are too long")
    counts = simulate(np.random.default_rng(SEED))
    lines = [
        "# SIMULATED by benchmarks/fits/simulate_demo.py; the truth is in demo.json",
        "pulse_us,n_upper,n_valid",
        *(f"{t:g},{k},{SHOTS}" for t, k in zip(PULSES, counts, strict=True)),
    ]
    (FOLDER / "demo.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (FOLDER / "demo.json").write_text(json.dumps(TRUTH, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
