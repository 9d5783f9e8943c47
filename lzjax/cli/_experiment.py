"""The table [experiment]: formulas, levels, readout errors and noise, checked."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ._errors import CommandError, did_you_mean, listed
from ._formulas import Formula, parse_formula
from ._tables import Table, as_number

WAVEFORMS = ("detuning", "coupling")
BASES = ("diabatic", "adiabatic")
_INFINITE = {"inf": np.inf, "+inf": np.inf, "-inf": -np.inf}
# The name of a parameter, or a number.
NameOrNumber = str | float


@dataclass(frozen=True)
class ExperimentConfig:
    """The table [experiment]: formulas, and names of parameters."""

    waveforms: dict[str, Formula]
    sample: dict[str, float]
    breakpoints: tuple[Formula, ...]
    start: Formula | float
    stop: Formula | float
    initial: int
    measured: int
    basis: str
    rtol: float | None
    readout: dict[str, NameOrNumber]
    noise: dict[str, str]
    nodes: int
    dissipation: dict[str, NameOrNumber]

    def window_names(self) -> set[str]:
        """Names in the start and the stop."""
        ends = [end for end in (self.start, self.stop) if isinstance(end, Formula)]
        return {name for end in ends for name in end.names}

    def named_parameters(self) -> list[tuple[str, str]]:
        """(where, name) of each parameter that is not in a formula."""
        groups = (
            ("experiment.readout", self.readout),
            ("experiment.noise", {**self.noise, **self.dissipation}),
        )
        return [
            (f"{where}.{key}", value)
            for where, group in groups
            for key, value in group.items()
            if isinstance(value, str)
        ]

    def formulas(self) -> list[tuple[Formula, bool]]:
        """All formulas, and whether they may use the time t."""
        ends = [end for end in (self.start, self.stop) if isinstance(end, Formula)]
        fixed = [(formula, False) for formula in (*self.breakpoints, *ends)]
        return [(formula, True) for formula in self.waveforms.values()] + fixed

    def check(self, parameters: Iterable[str], controls: Iterable[str]) -> None:
        """Refuse names that are not declared, and declared ones that are not used.

        **Raises:** `CommandError` naming the first such name.
        """
        parameters, controls = list(parameters), list(controls)
        known = [*parameters, *controls]
        used: set[str] = set()
        for formula, with_time in self.formulas():
            formula.check([*known, "t"] if with_time else known)
            used |= formula.names
        for where, name in self.named_parameters():
            if name not in parameters:
                raise CommandError(
                    f"{where}: `{name}` is not a parameter; the parameters are "
                    f"{listed(parameters)}.{did_you_mean(name, parameters)}"
                )
            used.add(name)
        for name in known:
            if name not in used:
                raise CommandError(
                    f"`{name}` is declared but nothing in [experiment] uses it: remove "
                    "it, or correct a name."
                )


def read_experiment(values: Any) -> ExperimentConfig:
    """**Raises:** `CommandError` saying which entry is wrong."""
    known = (
        *WAVEFORMS,
        *(f"sample_{key}" for key in WAVEFORMS),
        *("breakpoints", "start", "stop", "initial", "measured", "basis"),
        *("rtol", "readout", "noise"),
    )
    table = Table(values, "experiment", known)
    waveforms = {
        key: parse_formula(table.need(key), table.path(key)) for key in WAVEFORMS
    }
    sample = {
        key: table.number(f"sample_{key}")
        for key in WAVEFORMS
        if f"sample_{key}" in table
    }
    for key, step in sample.items():
        if step <= 0:
            raise CommandError(f"experiment.sample_{key} must be positive, got {step}.")
    kinks = table.get("breakpoints", [])
    if not isinstance(kinks, list):
        raise CommandError(
            f"experiment.breakpoints must be a list of formulas, got {kinks!r}."
        )
    noise = Table(
        table.get("noise", {}),
        "experiment.noise",
        ("detuning", "coupling", "nodes", "dephasing", "relaxation"),
    )
    config = ExperimentConfig(
        waveforms=waveforms,
        sample=sample,
        breakpoints=tuple(
            parse_formula(kink, f"experiment.breakpoints[{i}]")
            for i, kink in enumerate(kinks)
        ),
        start=_end(table, "start"),
        stop=_end(table, "stop"),
        initial=_level(table, "initial"),
        measured=_level(table, "measured"),
        basis=table.choice("basis", BASES, "diabatic"),
        rtol=_tolerance(table) if "rtol" in table else None,
        readout=_names_or_numbers(
            Table(
                table.get("readout", {}),
                "experiment.readout",
                ("false_positive", "false_negative"),
            ),
            ("false_positive", "false_negative"),
        ),
        noise={key: noise.text(key) for key in WAVEFORMS if key in noise},
        nodes=noise.whole("nodes", 9, 1),
        dissipation=_names_or_numbers(noise, ("dephasing", "relaxation")),
    )
    _check_sampled(config)
    return config


def _check_sampled(config: ExperimentConfig) -> None:
    finite = isinstance(config.start, Formula) and isinstance(config.stop, Formula)
    if config.sample and not finite:
        key = next(iter(config.sample))
        raise CommandError(
            f"experiment.sample_{key} needs a finite start and stop: samples are "
            "counted from the start."
        )


def _end(table: Table, key: str) -> Formula | float:
    value = table.need(key)
    if isinstance(value, float) and np.isinf(value):
        return value
    if isinstance(value, str) and value.strip() in _INFINITE:
        return _INFINITE[value.strip()]
    return parse_formula(value, table.path(key))


def _tolerance(table: Table) -> float:
    rtol = table.number("rtol")
    if not 1e-12 <= rtol <= 0.1:
        raise CommandError(
            f"experiment.rtol must be between 1e-12 and 0.1, got {rtol:g}."
        )
    return rtol


def _level(table: Table, key: str) -> int:
    level = table.whole(key, 0)
    if level > 1:
        raise CommandError(f"experiment.{key} must be 0 or 1, got {level}.")
    return level


def _names_or_numbers(table: Table, keys: tuple[str, ...]) -> dict[str, NameOrNumber]:
    found: dict[str, NameOrNumber] = {}
    for key in keys:
        if key in table:
            value = table.get(key)
            by_name = isinstance(value, str)
            found[key] = value if by_name else as_number(value, table.path(key))
    return found
