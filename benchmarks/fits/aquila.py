"""What the fits of the Aquila single-atom data share: reading, models, experiments.

The machine holds 16 rubidium atoms that do not interact. Level 0 is the Rydberg state
and level 1 the ground state, in which every shot starts; with the Rabi frequency Ω and
the detuning Δ of the files, H = ½ (−Δ σz + Ω σx).
"""

import json
from pathlib import Path

import jax.numpy as jnp
import numpy as np

import lzjax as lz


def read(path: Path) -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]:
    """Controls (waveforms as sent to the machine), counts of Rydberg atoms and of
    valid atoms, one row for each task of a campaign file."""
    tasks = json.loads(path.read_text())["tasks"]
    controls = {"time": np.array([task["omega_t_us"][-1] for task in tasks])}
    for name in ("omega", "delta"):
        times = [task[f"{name}_t_us"] for task in tasks]
        values = [task[f"{name}_rad_per_us"] for task in tasks]
        length = max(map(len, times))
        controls[f"{name}_times"] = np.stack([_longer(t, length, 1.0) for t in times])
        controls[f"{name}_values"] = np.stack([_longer(v, length, 0.0) for v in values])
    counts = np.array([sum(task["rydberg_per_atom"]) for task in tasks])
    valid = np.array([sum(task["valid_per_atom"]) for task in tasks])
    return controls, counts, valid


def _longer(row: list[float], length: int, step: float) -> np.ndarray:
    """A row with more knots after its end, where the window no longer looks."""
    more = row[-1] + step * np.arange(1, length - len(row) + 1)
    return np.concatenate([row, more])


CONTROLS = ("time", "omega_times", "omega_values", "delta_times", "delta_values")


def instrument(parameters, controls):
    """The two waveforms as the atoms see them: scaled, offset, and the detuning late
    by `delay` against the coupling."""
    coupling = lz.models.PiecewiseLinear(
        controls["omega_times"], controls["omega_values"]
    )
    detuning = lz.models.PiecewiseLinear(
        controls["delta_times"], controls["delta_values"]
    )
    # Scaled as waveforms, not sample by sample: then one number moves, not sixty.
    detuning = -parameters["delta_scale"] * detuning - parameters["offset"]
    return lz.TwoLevel(
        detuning.shifted(parameters["delay"]), parameters["omega_scale"] * coupling
    )


def experiment(
    steps_per_interval: int, detuning_nodes: int, coupling_nodes: int
) -> lz.Experiment:
    return lz.Experiment(
        instrument,
        parameters=("omega_scale", "delta_scale", "offset", "delay"),
        controls=CONTROLS,
        window=lambda p, c: (0.0, c["time"]),
        initial=1,
        measured=0,
        readout=lz.ReadoutError("p01", "p10"),
        noise=(
            lz.DetuningNoise("sigma", nodes=detuning_nodes),
            lz.CouplingNoise("sigma_omega", nodes=coupling_nodes),
        ),
        solver=lz.Magnus6(steps_per_interval=steps_per_interval),
    )


def counts(path: Path) -> lz.Counts:
    controls, successes, trials = read(path)
    return lz.Counts(
        {name: jnp.asarray(value) for name, value in controls.items()},
        successes,
        trials,
    )
