"""Units in configuration files: labels, checked to fit each other.

lzjax computes with ħ = 1: an angular frequency in rad per unit of time is an energy.
"""

from collections.abc import Mapping

from ._errors import CommandError, did_you_mean, listed
from ._tables import Table

TIMES = {"s", "ms", "us", "µs", "μs", "ns", "ps", "fs"}
KINDS = ("time", "angular_frequency")


def read_units(values: Mapping) -> dict[str, str]:
    """The labels of time and angular frequency.

    **Raises:** `CommandError` if a unit is unknown or the two do not fit.
    """
    table = Table(values, "units", KINDS)
    units = {kind: table.text(kind) for kind in KINDS if kind in table}
    time = units.get("time")
    if time is not None and time not in TIMES:
        raise CommandError(
            f"units.time must be one of {listed(sorted(TIMES))}, got `{time}`."
            f"{did_you_mean(time, TIMES)}"
        )
    frequency = units.get("angular_frequency")
    if frequency is None:
        return units
    known = {f"rad/{one}" for one in TIMES}
    if frequency not in known:
        raise CommandError(
            f"units.angular_frequency must be one of {listed(sorted(known))}, got "
            f"`{frequency}`. A frequency in Hz or MHz must be multiplied by 2π first."
        )
    if time is not None and _plain(frequency) != f"rad/{_plain(time)}":
        raise CommandError(
            f"units.angular_frequency is `{frequency}`, but times are in `{time}`: "
            f"with ħ = 1 it must be `rad/{time}`."
        )
    return units


def _plain(unit: str) -> str:
    return unit.replace("µ", "u").replace("μ", "u")
