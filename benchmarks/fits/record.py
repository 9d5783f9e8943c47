"""Run one fit, print its report, draw it, and write its figures of merit."""

import json
import time
from pathlib import Path
from typing import Any

import lzjax as lz


def fit_and_record(
    name: str, out: Path, experiment: Any, data: Any, parameters: Any, **options: Any
) -> None:
    """`lz.fit` with a report on the screen and NAME.png and NAME.json in `out`."""
    out.mkdir(parents=True, exist_ok=True)
    begun = time.perf_counter()
    result = lz.fit(experiment, data, parameters, **options)
    seconds = time.perf_counter() - begun
    print(f"\n== {name}: {seconds:.1f} s, compilation included ==")
    print(result.report())
    figure = lz.plots.plot_fit(result, data=data, control="time")
    figure.savefig(out / f"{name}.png", dpi=150)
    merits = {
        "fit": name,
        "chi2_per_dof": result.chi2_data / result.dof,
        "deviance_per_dof": result.deviance / result.dof,
        "values": result.values,
        "errors": result.errors,
        "not_identified": result.reasons,
        "starts_at_best": [result.reached, len(result.starts)],
        "seconds": seconds,
    }
    (out / f"{name}.json").write_text(json.dumps(merits, indent=1))
