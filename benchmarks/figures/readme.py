"""Draws the picture of README.md: a crossing in time, and interference of many.

Left, levels and populations of one linear sweep. Right, the time-averaged population
of level 1 under a periodic drive through the crossing, over the offset and the
amplitude of the drive.

    python benchmarks/figures/readme.py
"""

import argparse
from pathlib import Path

import jax
import jax.numpy as jnp
import matplotlib.pyplot as plt
import numpy as np

import lzjax as lz
from lzjax.plots import plot_populations

GAP, FREQUENCY, PERIODS = 0.5, 1.0, 8


def interference(offsets, amplitudes):
    """Mean population of level 1 over the drive, shape (amplitudes, offsets)."""
    times = jnp.linspace(0.0, PERIODS * 2 * np.pi / FREQUENCY, 8 * PERIODS + 1)

    def mean(offset, amplitude):
        model = lz.DrivenTwoLevel(GAP, offset, amplitude, FREQUENCY, -np.pi / 2)
        # Ten steps for each eighth of a period: errors of 1e-5.
        states = lz.evolve(model, 0, times, solver=lz.Magnus4(steps=10))
        return jnp.mean(jnp.abs(states[:, 1]) ** 2)

    over_offsets = jax.vmap(mean, in_axes=(0, None))
    grid = jax.jit(jax.vmap(over_offsets, in_axes=(None, 0)))
    return np.asarray(grid(jnp.asarray(offsets), jnp.asarray(amplitudes)))


def draw():
    figure = plt.figure(figsize=(9.0, 3.8), layout="constrained")
    left, right = figure.subfigures(1, 2, width_ratios=(1.0, 1.1))
    axes = left.subplots(2, sharex=True)
    plot_populations(lz.LinearSweep(gap=0.8, rate=1.0), -8.0, 16.0, axes=axes)
    offsets, amplitudes = np.linspace(-12, 12, 241), np.linspace(0, 12, 121)
    axes = right.subplots()
    image = axes.pcolormesh(
        offsets, amplitudes, interference(offsets, amplitudes), rasterized=True
    )
    axes.set_xlabel("offset / ω")
    axes.set_ylabel("amplitude / ω")
    right.colorbar(image, label="mean population of level 1")
    return figure


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    output = Path(__file__).with_name("readme.png")
    parser.add_argument("--output", type=Path, default=output)
    options = parser.parse_args()
    draw().savefig(options.output, dpi=120)
    print(f"written to {options.output}")


if __name__ == "__main__":
    main()
