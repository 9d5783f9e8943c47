"""All that the tests compute with lzjax for the oracle: name -> function of the
record's parameters and of a tolerance, each written once, beside the tests of its part.
"""

from tests.dissipation.oracle_open import OPEN
from tests.exact.oracle_forms import FORMS
from tests.models.oracle_leaks import LEAKS
from tests.molecules.oracle_molecules import MOLECULES
from tests.propagate.oracle_drives import DRIVES, PASSAGES
from tests.propagate.oracle_levels import LEVELS
from tests.propagate.oracle_linear import ALL_TIMES, TIMES, WINDOWS
from tests.propagate.oracle_shapes import SHAPES
from tests.propagate.oracle_states import STATES

PROPAGATED = ALL_TIMES | WINDOWS | SHAPES | PASSAGES | DRIVES | LEVELS | TIMES
TABLES = (PROPAGATED, FORMS, OPEN, LEAKS, MOLECULES, STATES)
COMPUTED = {name: function for table in TABLES for name, function in table.items()}
