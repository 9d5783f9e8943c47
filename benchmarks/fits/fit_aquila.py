"""Fits of the driven sweep and the Ramsey run of a neutral-atom machine, and of both.

    python benchmarks/fits/fit_aquila.py DATA_FOLDER --out FOLDER

DATA_FOLDER holds floquet_B.json and ramsey_B.json: raw counts with the waveforms that
were sent (units of µs and rad/µs). Writes one figure and one line of figures of merit
for each fit.
"""

import argparse
from pathlib import Path

import aquila
from record import fit_and_record

import lzjax as lz

P = lz.Parameter
# Starting values are those that the machine's operators give, or no correction.
SHARED = (
    P("sigma", 0.5, lower=0.0, upper=4.0),
    P("sigma_omega", 0.02, lower=0.0, upper=0.3),
    P("p10", 0.08, lower=0.0, upper=0.3),
)
OWN = (
    P("omega_scale", 1.0, lower=0.5, upper=2.0),
    P("offset", 0.5, lower=-6.0, upper=6.0),
    P("p01", 0.01, lower=0.0, upper=0.3),
)
DRIVEN = (
    P("delta_scale", 1.0, lower=0.5, upper=2.0),
    P("delay", 0.0, lower=-0.05, upper=0.05),
)
# A constant detuning cannot tell a scale from an offset, nor when it begins; and two
# short pulses cannot tell the spread of their area from errors of the readout.
NO_SCALE = (P("delta_scale", 1.0, fixed=True), P("delay", 0.0, fixed=True))
RAMSEY = (
    *(p for p in (*SHARED, *OWN) if p.name != "sigma_omega"),
    P("sigma_omega", 0.0, fixed=True),
    *NO_SCALE,
)


def renamed(parameters, names):
    """Parameters under the names that `lz.Renamed` gives them."""
    return [
        P(names.get(p.name, p.name), p.value, p.lower, p.upper, p.fixed)
        for p in parameters
    ]


def fits(folder: Path) -> dict:
    """Experiments, data and parameters of each fit, by name."""
    driven = aquila.experiment(1, detuning_nodes=5, coupling_nodes=3)
    ramsey = aquila.experiment(4, detuning_nodes=9, coupling_nodes=3)
    own = {p.name: f"{p.name}_ramsey" for p in (*OWN, *NO_SCALE)}
    driven_data, ramsey_data = (
        aquila.counts(folder / f"{name}.json") for name in ("floquet_B", "ramsey_B")
    )
    return {
        "driven": (driven, driven_data, [*SHARED, *OWN, *DRIVEN]),
        "ramsey": (ramsey, ramsey_data, RAMSEY),
        "joint": (
            [driven, lz.Renamed(ramsey, own)],
            [driven_data, ramsey_data],
            [*SHARED, *OWN, *DRIVEN, *renamed((*OWN, *NO_SCALE), own)],
        ),
    }


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("--out", type=Path, default=Path("."))
    arguments.add_argument("--starts", type=int, default=16)
    arguments.add_argument("--only", choices=("driven", "ramsey", "joint"))
    given = arguments.parse_args()
    for name, (experiment, data, parameters) in fits(given.folder).items():
        if given.only in (None, name):
            fit_and_record(
                f"aquila_{name}",
                given.out,
                experiment,
                data,
                parameters,
                starts=given.starts,
                progress=True,
            )


if __name__ == "__main__":
    main()
