"""A fit as plain text, in the manner of lmfit and iminuit."""

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from ._parameters import Parameter
    from ._result import FitResult

# Correlations below this are not listed.
_WORTH_LISTING = 0.1
_HEADER = ("name", "value", "error", "rel. error", "start", "bounds", "notes")


def rounded(value: float, error: float) -> tuple[str, str]:
    """Value and error with the digits that mean something.

    The error has two significant digits, the value ends at the same decimal:
    (15.28731, 0.01234) -> ("15.287", "0.012").
    """
    if not (math.isfinite(error) and error > 0):
        return f"{value:.6g}", ""
    # The error is rounded first: 0.0996 has its two digits at 0.10, not 0.100.
    last = 1 - math.floor(math.log10(float(f"{error:.1e}")))
    if -1 <= last <= 8 and abs(value) < 1e9:
        return f"{value:.{max(last, 0)}f}", f"{error:.{max(last, 0)}f}"
    digits = max(0, math.floor(math.log10(max(abs(value), error))) + last)
    return f"{value:.{digits}e}", f"{error:.1e}"


def report(result: "FitResult") -> str:
    """The report: quality, table, reasons, correlations, remarks."""
    blocks = [_summary(result), _table(result), _reasons(result), _correlations(result)]
    blocks.append(_remarks(result))
    return "\n\n".join(block for block in blocks if block)


def _summary(result: "FitResult") -> str:
    sets = len(result.predictions)
    head = (
        f"{result.points} points in {sets} data set{'s' * (sets > 1)}, "
        f"{len(result.names)} free parameter{'s' * (len(result.names) > 1)}"
    )
    lines = [
        ("deviance / dof", _per_dof(result.deviance, result.dof)),
        ("chi2 / dof", _per_dof(result.chi2, result.dof)),
        ("chi2 / dof, data errors", _per_dof(result.chi2_data, result.dof)),
        (
            "starts",
            f"{result.reached} of {len(result.starts)} starts reached the best optimum",
        ),
        ("status", "converged" if result.success else "NOT CONVERGED"),
    ]
    width = max(len(label) for label, _ in lines)
    return "\n".join([head, *(f"  {label:<{width}}  {text}" for label, text in lines)])


def _per_dof(total: float, dof: int) -> str:
    ratio = f" = {total / dof:.3f}" if dof > 0 else ""
    return f"{total:.2f} / {dof}{ratio}"


def _table(result: "FitResult") -> str:
    rows = [_HEADER, *(_row(result, p) for p in result.parameters)]
    widths = [max(len(row[k]) for row in rows) for k in range(len(_HEADER))]
    # Names, bounds and notes to the left, numbers to the right.
    left = {0, 5, 6}
    lines = []
    for row in rows:
        cells = [
            cell.ljust(w) if k in left else cell.rjust(w)
            for k, (cell, w) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    lines.insert(1, "-" * max(len(line) for line in lines))
    return "\n".join(lines)


def _row(result: "FitResult", p: "Parameter") -> tuple[str, ...]:
    value, error = result.values[p.name], result.errors[p.name]
    shown, shown_error = rounded(value, error)
    relative = ""
    if shown_error and value != 0:
        relative = f"{100 * error / abs(value):.2g} %"
    notes = []
    if p.fixed:
        notes.append("fixed")
    elif not result.identified[p.name]:
        notes.append("not identified")
    if p.name in result.at_bound:
        notes.append(f"at {result.at_bound[p.name]} bound")
    start = "" if p.fixed else f"{p.value:.6g}"
    return (
        p.name,
        shown,
        shown_error,
        relative,
        start,
        _bounds(p),
        ", ".join(notes),
    )


def _bounds(p: "Parameter") -> str:
    if p.fixed or p.kind == "free":
        return ""
    low = "-inf" if p.lower is None else f"{p.lower:g}"
    high = "inf" if p.upper is None else f"{p.upper:g}"
    return f"[{low}, {high}]"


def _reasons(result: "FitResult") -> str:
    if not result.reasons:
        return ""
    shared: dict[str, list[str]] = {}
    for name, reason in result.reasons.items():
        shared.setdefault(reason, []).append(name)
    lines = [f"  {', '.join(names)}: {reason}" for reason, names in shared.items()]
    return "\n".join(["Not identified:", *lines])


def _correlations(result: "FitResult") -> str:
    matrix, names = result.correlation, result.names
    pairs = [
        (matrix[i, j], names[i], names[j])
        for i in range(len(names))
        for j in range(i + 1, len(names))
        if np.isfinite(matrix[i, j]) and abs(matrix[i, j]) >= _WORTH_LISTING
    ]
    if not pairs:
        return ""
    pairs.sort(key=lambda pair: -abs(pair[0]))
    left = max(len(a) for _, a, _ in pairs)
    right = max(len(b) for _, _, b in pairs)
    lines = [f"  {a:<{left}}  {b:<{right}}  {value:+.3f}" for value, a, b in pairs]
    return "\n".join([f"Correlations of {_WORTH_LISTING} and more:", *lines])


def _remarks(result: "FitResult") -> str:
    lines = []
    if result.error_scale > 1:
        lines.append(
            f"All errors are enlarged by {result.error_scale:.3g}, the root of "
            "chi2 / dof."
        )
    if math.isfinite(result.quadrature):
        lines.append(
            f"Finer noise averages would change predictions by at most "
            f"{result.quadrature:.2g} of a data error."
        )
    if result.message:
        lines.append(result.message)
    return "\n".join(lines)
