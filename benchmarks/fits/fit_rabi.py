"""Fits of damped Rabi oscillations of a neutral-atom machine (its white paper's data).

    python benchmarks/fits/fit_rabi.py DATA_FOLDER --out FOLDER

DATA_FOLDER holds 15MHz.csv and 15MHz_long.csv, columns time_us and value, mean Rydberg
populations of 16 atoms in 50 shots. The coupling is constant and nominally resonant at
15 rad/µs. Writes one figure and one line of figures of merit for each file.
"""

import argparse
from pathlib import Path

import numpy as np
from record import fit_and_record

import lzjax as lz

SHOTS = 16 * 50
PARAMETERS = (
    lz.Parameter("omega", 15.0, lower=7.0, upper=31.0),
    lz.Parameter("lead", 0.0, lower=-0.05, upper=0.05),
    lz.Parameter("sigma", 0.5, lower=0.0, upper=5.0),
    lz.Parameter("sigma_omega", 0.02, lower=0.0, upper=0.3),
    lz.Parameter("p01", 0.01, lower=0.0, upper=0.2),
    lz.Parameter("p10", 0.08, lower=0.0, upper=0.3),
)


def experiment() -> lz.Experiment:
    """Rabi frequency `omega`, on for `time` + `lead`: what the ramps add or take."""
    return lz.Experiment(
        lambda p, c: lz.TwoLevel(detuning=0.0, coupling=p["omega"]),
        parameters=("omega", "lead"),
        controls=("time",),
        window=lambda p, c: (0.0, c["time"] + p["lead"]),
        initial=1,
        measured=0,
        readout=lz.ReadoutError("p01", "p10"),
        noise=(
            lz.DetuningNoise("sigma", nodes=9),
            # Sixty radians of a few per cent spread: the phase wraps at the nodes.
            lz.CouplingNoise("sigma_omega", nodes=21),
        ),
        # The field is constant: one step is exact.
        solver=lz.Magnus2(steps=1),
    )


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("--out", type=Path, default=Path("."))
    arguments.add_argument("--starts", type=int, default=16)
    given = arguments.parse_args()
    for name in ("15MHz", "15MHz_long"):
        table = np.genfromtxt(given.folder / f"{name}.csv", delimiter=",", names=True)
        counts = np.rint(table["value"] * SHOTS)
        data = lz.Counts(
            {"time": table["time_us"]}, counts, np.full(len(counts), SHOTS)
        )
        fit_and_record(
            f"rabi_{name}",
            given.out,
            experiment(),
            data,
            PARAMETERS,
            starts=given.starts,
        )


if __name__ == "__main__":
    main()
