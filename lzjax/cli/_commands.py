"""The commands, as functions of their options. Each imports what it needs."""

import argparse
import importlib.metadata


def demo(options: argparse.Namespace) -> None:
    """Fit the simulated data that come with the package."""
    from ._demo import run_demo

    run_demo(options.out)


def fit(options: argparse.Namespace) -> None:
    """Fit a CSV file with the experiment in a TOML file."""
    from ._fit import run_fit

    run_fit(options.data, options.config, options.out)


def sweep(options: argparse.Namespace) -> None:
    """Compute the grid in a TOML file."""
    from ._sweep import run_sweep

    run_sweep(options.config, options.out)


def info(options: argparse.Namespace) -> None:
    """Print what is installed."""
    from ._info import describe

    print(describe())


def version() -> str:
    """The version of the installed package."""
    try:
        return f"lzjax {importlib.metadata.version('lzjax')}"
    except importlib.metadata.PackageNotFoundError:
        return "lzjax (not installed as a package)"
