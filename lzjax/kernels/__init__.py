"""From functions of one sample to kernels over many."""

from ._cells import NotScalarisable as NotScalarisable
from ._count import Operations as Operations, operations as operations
from ._device import (
    assumed_capability as assumed_capability,
    has_gpu as has_gpu,
    why_no_kernel as why_no_kernel,
)
from ._lanes import (
    Layout as Layout,
    Scalarised as Scalarised,
    scalarise as scalarise,
)
from ._stepping import (
    Cell as Cell,
    left_over as left_over,
    run_kernel as run_kernel,
    stepping as stepping,
)
