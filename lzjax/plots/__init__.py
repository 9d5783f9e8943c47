"""Figures: populations in time, fits over their data, maps of a sweep.

Each function draws into the axes it is given, or a new figure, and returns the
figure. None changes matplotlib's settings.
"""

from ._fit import plot_fit as plot_fit
from ._populations import plot_populations as plot_populations
from ._sweep import plot_sweep as plot_sweep
