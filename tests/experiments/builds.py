"""What the experiments of these tests drive, and settings that compile quickly."""

import lzjax as lz
from lzjax import models

# Few steps, for tests in which both sides take the same ones.
QUICK = lz.Magnus4(steps=24)
WINDOW = (-3.0, 4.0)


def sweep(p, c):
    return lz.LinearSweep(p["gap"], c["rate"])


def fixed_sweep(p, c):
    return lz.LinearSweep(p["gap"], 1.0)


def triangle(p, c):
    """There and back, 80 each way, as in the records of double passages."""
    detuning = models.PiecewiseLinear([-80.0, 0.0, 80.0], [-60.0, 20.0, -60.0])
    return lz.TwoLevel(detuning, p["gap"])


def experiment(build=sweep, **options):
    """With parameter `gap` and control `rate`, unless told otherwise."""
    options = {
        "parameters": ["gap"],
        "controls": ["rate"],
        "window": WINDOW,
        "solver": QUICK,
    } | options
    return lz.Experiment(build, **options)
