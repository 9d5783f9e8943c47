"""Sweeps: a function or an experiment on a grid of named axes, as a labelled Dataset.

Axis values go to the device chunk by chunk and results come back into NumPy arrays,
so the memory used on the device does not grow with the grid.
"""

from ._axes import check_axis as check_axis
from ._interrupted import SweepInterrupted as SweepInterrupted
from ._sweep import sweep as sweep
