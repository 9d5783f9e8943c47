"""What a sweep raises when the user stops it: nothing computed is lost."""

from typing import Any


class SweepInterrupted(KeyboardInterrupt):
    """A sweep was stopped with ctrl-C; `partial` holds what it had computed.

    It is a `KeyboardInterrupt`, so code that handles ctrl-C handles this too.

    **Attributes:**

    - `partial`: the Dataset so far. Its variable `finished`, over the axes, is true
      where the results are complete; elsewhere they are NaN (zero for integers).
    """

    def __init__(self, partial: Any, done: int, total: int):
        super().__init__(
            f"the sweep was interrupted after {done} of {total} points; they are in "
            "the attribute `partial` of this exception."
        )
        self.partial = partial
