"""The tables of README.md are those of the committed records; the clock is fair."""

import subprocess
import sys

import jax
import pytest

from benchmarks.figures import results


def test_the_tables_of_the_readme_are_those_of_the_records():
    readme = results.README.read_text("utf-8")
    assert results.with_block(readme) == readme, (
        "run `python benchmarks/figures/results.py`"
    )


def test_a_readme_without_the_two_comments_is_refused():
    with pytest.raises(ValueError, match="needs the lines"):
        results.with_block(f"no tables\n{results.BEGIN}\n")


def test_the_fastest_row_within_the_error_is_taken_for_each_tool():
    rows = [
        {"tool": "a", "state_error": 1e-7, "seconds": 3.0},
        {"tool": "a", "state_error": 1e-6, "seconds": 2.0},
        {"tool": "a", "state_error": 1e-5, "seconds": 1.0},
        {"tool": "b", "state_error": 1e-5, "seconds": 1.0},
        {"tool": "c", "slope_error": 1e-9, "seconds": 1.0},
    ]
    assert results.fastest(rows, "state_error", 1e-6) == {"a": rows[1]}


@pytest.mark.parametrize(
    ("number", "text"), [(0.123, "0.12"), (4.56, "4.6"), (45.6, "46"), (1234.0, "1200")]
)
def test_numbers_have_two_digits_and_no_exponent(number, text):
    assert results._digits(number) == text


@pytest.mark.slow
@pytest.mark.skipif(jax.__version_info__[:2] < (0, 11), reason="needs jax 0.11")
def test_the_benchmark_of_gpus_can_be_tried_without_one():
    script = results.HERE.parent / "gpu.py"
    done = subprocess.run(
        [sys.executable, str(script), "--dry-run"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    names = [line.split(" {")[0] for line in done.stdout.splitlines() if " {" in line]
    assert {"two levels", "gradients", "damped", "crossover"} <= set(names)
    refused = subprocess.run([sys.executable, str(script)], capture_output=True)
    assert (refused.returncode == 1) == (jax.default_backend() == "cpu")
