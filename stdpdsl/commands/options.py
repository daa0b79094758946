"""Options that several commands share, and parsers for the values of options."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NoReturn

Command = Callable[[Callable[[argparse.Namespace], int], str], argparse.ArgumentParser]
"""Adds a command and returns the parser for its arguments."""

TARGETS = ("auto", "numpy", "cython", "cpp_standalone")
LOWERINGS = ("synapse", "namespace")


def cluster(parser: argparse.ArgumentParser) -> None:
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--cluster", metavar="ADDRESS", help="of a Dask scheduler: tcp://host:8786")
    where.add_argument("--slurm", action="store_true", help="run in N SLURM jobs, through Dask")
    parser.add_argument(
        "--slurm-option",
        metavar="KEY=VALUE",
        type=slurm_option,
        action="append",
        default=[],
        help="an option of dask_jobqueue.SLURMCluster, such as memory=4GB; repeatable",
    )
    parser.set_defaults(shard=None)  # of commands that run none alone


def results_folder(parser: argparse.ArgumentParser) -> None:
    """The options for the results folder, and for replacing older results."""
    parser.add_argument(
        "-o", dest="output", type=path, metavar="DIR", help="default: SPEC's name with .results"
    )
    parser.add_argument("--overwrite", action="store_true", help="replace older results in DIR")


def compiling(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("spec", type=path, metavar="SPEC")
    settings(parser)
    parser.add_argument(
        "--parameters",
        choices=LOWERINGS,
        default="synapse",
        help="build one Synapses object with parameters per synapse, or one object per block"
        " with parameters in a namespace; the results are the same (default: %(default)s)",
    )
    reading(parser)
    until_stable(parser)
    workers(parser)
    target(parser)


def until_stable(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--until-stable",
        metavar="TOLERANCE",
        help="end a block when the mean weight change over a tenth of the run is at most this"
        " fraction of the largest such change so far, such as 0.01; or over a given time:"
        " '0.01 over 10 s'",
    )


def settings(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--set",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        type=setting,
        help="change a parameter or constant, such as 'A1.tau_m=20 ms', or give an axis of"
        " the sweep its values, such as 'Apre=[0.01, 0.1]'; repeatable",
    )


def workers(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--workers",
        metavar="N",
        type=whole,
        default=0,
        help="number of parallel processes (default: number of cores)",
    )


def data(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--data",
        metavar="FOLDER",
        type=path,
        default=".",
        help="folder of the files that the spec names (default: .)",
    )


def reading(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--allow-read",
        metavar="FOLDER",
        action="append",
        default=[],
        type=folder,
        help="also let the spec read files in this folder; repeatable",
    )


def target(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--target",
        choices=TARGETS,
        default="auto",
        help="Brian2's code generation target (default: auto)",
    )


def form(parser: argparse.ArgumentParser, formats: Iterable[str]) -> None:
    formats = tuple(formats)
    parser.add_argument(
        "--format", choices=formats, default=formats[0], help="default: %(default)s"
    )


class Version(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> NoReturn:
        from .. import __version__

        sys.stdout.write(f"stdpdsl {__version__}\n")
        parser.exit()


def setting(text: str) -> str:
    name, equals, value = text.partition("=")
    if not (name.strip() and equals and value.strip()):
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE, such as 'A1.tau_m=20 ms'")
    if len(text.splitlines()) > 1:
        raise argparse.ArgumentTypeError(f"{text!r} has more than one line")
    return text


def path(text: str) -> str:
    if not text:
        raise argparse.ArgumentTypeError("the name of a file or folder is empty")
    return text


def folder(text: str) -> Path:
    return Path(path(text))


def positive(text: str) -> float:
    value = float(text)
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not above 0")
    return value


def whole(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is less than 1")
    return value


def block_number(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a block number, such as 0")
    return int(text)


def shard(text: str) -> tuple[int, int]:
    from ..runtime.shards import shard_of

    number, count = shard_of(text)
    return number, count


def slurm_option(text: str) -> tuple[str, Any]:
    from ..execution.cluster import option

    return option(text)


def block_numbers(text: str) -> list[int]:
    if not re.fullmatch(r"\d+(,\d+)*", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a list of block numbers, such as 0,3")
    return [int(number) for number in text.split(",")]
