"""What can be swept, brought to one form: (values, fixed) -> named results."""

import difflib
import inspect
from collections.abc import Iterable, Mapping
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

RESULT = "result"
PROBABILITY = "probability"


class FunctionPoint(eqx.Module):
    """One point of a sweep over the keyword arguments of a function."""

    function: Any

    def __call__(self, values: dict[str, Any], fixed: dict[str, Any]) -> dict:
        return named_results(self.function(**fixed, **values))


class ExperimentPoint(eqx.Module):
    """One point of a sweep over an experiment's parameters and controls."""

    experiment: Any

    def __call__(self, values: dict[str, Any], fixed: dict[str, Any]) -> dict:
        known = {**fixed, **values}
        parameters = {name: known[name] for name in self.experiment.parameters}
        controls = {name: known[name][None] for name in self.experiment.controls}
        return {PROBABILITY: self.experiment(parameters, controls)[0]}


def is_experiment(target: Any) -> bool:
    """Whether `target` names its parameters and controls, as experiments do."""
    names = getattr(target, "parameters", None), getattr(target, "controls", None)
    return all(isinstance(group, tuple) for group in names)


def as_point(
    target: Any, axes: Mapping[str, Any], fixed: Mapping[str, Any]
) -> tuple[FunctionPoint | ExperimentPoint, dict[str, Any]]:
    """The target in one form, and the fixed values ready for `jax.jit`.

    **Raises:** `TypeError` or `ValueError` if the names do not match the target.
    """
    if not callable(target):
        raise TypeError(
            "`target` must be a function of keyword arguments or an experiment, got "
            f"{type(target).__name__}."
        )
    both = [name for name in axes if name in fixed]
    if both:
        raise ValueError(
            f"{_quote(both)} is given both in `axes` and in `fixed`: keep one."
        )
    if is_experiment(target):
        needed = tuple(target.parameters) + tuple(target.controls)
        _check_names(axes, fixed, allowed=needed, required=needed)
        return ExperimentPoint(target), {k: _as_float(k, v) for k, v in fixed.items()}
    _check_signature(target, axes, fixed)
    return FunctionPoint(target), {k: _traced(v) for k, v in fixed.items()}


def _check_signature(function: Any, axes: Mapping, fixed: Mapping) -> None:
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # some built-in functions have no signature
        return
    by_name = [
        p for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)
    ]
    required = [p.name for p in by_name if p.default is p.empty]
    takes_any = any(p.kind is p.VAR_KEYWORD for p in parameters)
    allowed = None if takes_any else [p.name for p in by_name]
    _check_names(axes, fixed, allowed=allowed, required=required)


def _check_names(
    axes: Mapping,
    fixed: Mapping,
    *,
    allowed: Iterable[str] | None,
    required: Iterable[str],
) -> None:
    for group, names in (("axes", axes), ("fixed", fixed)):
        for name in names:
            if allowed is not None and name not in allowed:
                close = difflib.get_close_matches(str(name), list(allowed), n=1)
                hint = f" Did you mean `{close[0]}`?" if close else ""
                raise ValueError(
                    f"`{group}` has `{name}`, which the target does not take; it "
                    f"takes {_quote(allowed)}.{hint}"
                )
    missing = [name for name in required if name not in axes and name not in fixed]
    if missing:
        raise ValueError(
            f"the target also needs {_quote(missing)}: add an axis, or give a value "
            "in `fixed`."
        )


def _quote(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "nothing"


def _as_float(name: str, value: Any) -> Any:
    try:
        return jnp.asarray(value, dtype=float)
    except (TypeError, ValueError) as error:
        raise TypeError(
            f"`fixed` must hold real numbers for an experiment, got {value!r} for "
            f"`{name}`."
        ) from error


def _traced(value: Any) -> Any:
    """Floats become arrays, so that new numbers do not compile again.

    Integers, strings and functions stay: they may set a shape or choose a branch.
    """
    if isinstance(value, (float, complex, np.generic, np.ndarray)):
        return jnp.asarray(value)
    return value


def named_results(result: Any) -> dict[str, Any]:
    """What a function returned for one point, as a dict from names to arrays.

    **Raises:** `TypeError` if it is no number, array, dict or named tuple of these.
    """
    as_dict = getattr(result, "_asdict", None)
    if isinstance(result, tuple) and as_dict is not None:
        result = as_dict()
    elif not isinstance(result, Mapping):
        result = {RESULT: result}
    if not result:
        raise TypeError("the target returned an empty dict: there is nothing to keep.")
    return {str(name): _as_result(name, value) for name, value in result.items()}


def _as_result(name: Any, value: Any) -> jax.Array:
    if isinstance(
        value, (bool, int, float, complex, np.generic, np.ndarray, jax.Array)
    ):
        return jnp.asarray(value)
    raise TypeError(
        f"the target must return numbers or arrays, or a dict or named tuple of them; "
        f"got {type(value).__name__} for `{name}`. Return the entries you want to "
        'keep, such as {"survival": p}.'
    )
