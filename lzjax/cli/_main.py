"""`lzjax`: reading the command line, and turning errors into one line each."""

import argparse
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from . import _commands as commands
from ._errors import FAILURE, USAGE, CommandError, did_you_mean

INTERRUPTED = 130  # what shells use for a program stopped by ctrl-C


class _Parser(argparse.ArgumentParser):
    """An `ArgumentParser` whose complaints are one line."""

    def error(self, message: str):
        raise CommandError(f"{message}. See `{self.prog} --help`.")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; the exit code is returned.

    0: done. 1: a failure while running. 2: the command, a file or a name in it is
    wrong. 130: stopped with ctrl-C.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    debug = "--debug" in arguments
    try:
        _check_command(arguments)
        options = _parser().parse_args(arguments)
        options.run(options)
        return 0
    except CommandError as error:
        return _complain(str(error), error.code, debug)
    except KeyboardInterrupt as error:
        return _complain(str(error) or "stopped.", INTERRUPTED, debug)
    except BrokenPipeError:
        sys.stderr.close()  # nobody reads the output any more, for example `| head`
        return FAILURE
    except SystemExit as error:  # --help and --version
        return error.code if isinstance(error.code, int) else USAGE
    except ImportError as error:
        return _complain(str(error), FAILURE, debug)
    except Exception as error:
        first = (str(error).strip() or type(error).__name__).splitlines()[0]
        hint = "" if debug else " (--debug shows the traceback)"
        return _complain(f"{type(error).__name__}: {first}{hint}", FAILURE, debug)


def _complain(message: str, code: int, debug: bool) -> int:
    if debug:
        traceback.print_exc()
    print(f"lzjax: {' '.join(message.split())}", file=sys.stderr)
    return code


_COMMANDS: dict[str, tuple[str, Callable]] = {
    "demo": ("fit a small simulated data set and draw the result", commands.demo),
    "fit": ("fit measured data with an experiment made of formulas", commands.fit),
    "sweep": ("compute an experiment on a grid and save it", commands.sweep),
    "info": ("versions, devices, and which extras are missing", commands.info),
}


def _check_command(arguments: Sequence[str]) -> None:
    """Say which commands there are; argparse's own message has no did-you-mean."""
    words = [word for word in arguments if not word.startswith("-")]
    asks = any(word in ("-h", "--help", "--version") for word in arguments)
    if not words:
        if not asks:
            raise CommandError(f"which command? {_known()}. See `lzjax --help`.")
    elif words[0] not in _COMMANDS:
        hint = did_you_mean(words[0], _COMMANDS)
        raise CommandError(f"unknown command `{words[0]}`; {_known()}.{hint}")


def _known() -> str:
    return f"known: {', '.join(_COMMANDS)}"


def _parser() -> _Parser:
    parser = _Parser(prog="lzjax", description="Landau-Zener dynamics with JAX.")
    parser.add_argument("--version", action="version", version=commands.version())
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--debug", action="store_true", help="show tracebacks")
    parser.add_argument("--debug", action="store_true", help=argparse.SUPPRESS)
    groups: Any = parser.add_subparsers(metavar="command", required=True)
    made = {}
    for name, (text, run) in _COMMANDS.items():
        made[name] = groups.add_parser(
            name, help=text, description=text, parents=[common]
        )
        made[name].set_defaults(run=run)

    folder: dict[str, Any] = {"type": Path, "metavar": "DIR"}
    made["demo"].add_argument(
        "--out", **folder, default=Path("."), help="where the figure goes (here)"
    )
    made["fit"].add_argument("data", type=Path, metavar="DATA.csv")
    made["fit"].add_argument(
        "--config", type=Path, required=True, metavar="FIT.toml", help="the experiment"
    )
    made["fit"].add_argument(
        "--out", **folder, help="write the report, the values and a figure there"
    )
    made["sweep"].add_argument("config", type=Path, metavar="SWEEP.toml")
    made["sweep"].add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help="a .nc or .npz file (default: beside the configuration, .nc)",
    )
    return parser
