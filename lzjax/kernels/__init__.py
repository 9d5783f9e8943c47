"""From functions of one sample to kernels over many."""

from ._cells import NotScalarisable as NotScalarisable
from ._count import Operations as Operations, operations as operations
from ._lanes import (
    Layout as Layout,
    Scalarised as Scalarised,
    scalarise as scalarise,
)
