"""What a fit found."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from ._parameters import Parameter
from ._report import report


@dataclass(frozen=True, eq=False)
class FitResult:
    """Values, errors, what is identified, and how well the data are described.

    - `parameters`: all of them, with their start values and bounds.
    - `names`: the free ones, in the order of `covariance` and `correlation`.
    - `values`: name -> best value; ħ = 1, in the units of the controls. Fixed ones too.
    - `errors`: name -> standard error; NaN if fixed, on a bound or not identified.
    - `covariance`: `(n, n)`, the inverse Fisher information; NaN in the rows of what is
      not identified. Directions that are wholly open are left out, which is exact for
      parameters without a part in them; all else is marginalised, also what is on a
      bound.
    - `correlation`: `(n, n)`, from it.
    - `identified`: name -> whether the data determine it; `reasons`: name -> if not,
      why not; `at_bound`: name -> "lower" or "upper", only where a bound was hit.
    - `deviance`, `chi2` (Pearson's for counts), `chi2_data` (with the errors of the
      data, √(y(1-y)/n) for counts), `points`, `dof` (points less free parameters),
      `reduced` (chi2 / dof), `reduced_deviance`.
    - `starts`: the deviance at the end of each start.
    - `predictions`, `residuals`: one array a data set; residuals are deviance
      residuals, of unit variance if the model is right.
    - `quadrature`: largest change of a prediction if its noise average were finer, in
      errors of the data; NaN if no experiment says.
    - `error_scale`: the factor in all errors, above 1 only with `scale_errors=True`.
    - `success`, `message`: whether the optimum is one, and what to know about it.
    """

    parameters: tuple[Parameter, ...]
    names: tuple[str, ...]
    values: dict[str, float]
    errors: dict[str, float]
    covariance: Float[np.ndarray, "n n"]
    identified: dict[str, bool]
    reasons: dict[str, str]
    at_bound: dict[str, str]
    deviance: float
    chi2: float
    chi2_data: float
    points: int
    starts: Float[np.ndarray, " s"]
    reached: int
    predictions: tuple[np.ndarray, ...]
    residuals: tuple[np.ndarray, ...]
    quadrature: float
    error_scale: float
    success: bool
    message: str

    @property
    def dof(self) -> int:
        """Data points less free parameters."""
        return self.points - len(self.names)

    @property
    def reduced(self) -> float:
        """χ² per degree of freedom; NaN without degrees of freedom."""
        return self.chi2 / self.dof if self.dof > 0 else float("nan")

    @property
    def reduced_deviance(self) -> float:
        """Deviance per degree of freedom; NaN without degrees of freedom."""
        return self.deviance / self.dof if self.dof > 0 else float("nan")

    @property
    def correlation(self) -> Float[np.ndarray, "n n"]:
        """The covariance with ones on its diagonal; NaN where that is NaN."""
        error = np.sqrt(np.diag(self.covariance))
        return self.covariance / np.outer(error, error)

    def report(self) -> str:
        """All of it as plain text."""
        return report(self)

    def __str__(self) -> str:
        return self.report()

    def __repr__(self) -> str:
        quality = f"deviance/dof = {self.reduced_deviance:.3g}"
        lost = [name for name in self.names if not self.identified[name]]
        open_ = f", not identified: {', '.join(lost)}" if lost else ""
        return f"FitResult({len(self.names)} free parameters, {quality}{open_})"
