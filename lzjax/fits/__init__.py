"""Experiments inverted: parameters from data, and what the data cannot tell."""

from ._data import AbstractData as AbstractData, Counts as Counts, Means as Means
from ._fit import fit as fit
from ._parameters import Parameter as Parameter
from ._renamed import Renamed as Renamed
from ._result import FitResult as FitResult
