"""The arguments of the commands for searches and sensitivity analysis."""

from __future__ import annotations

from . import options, searches
from .options import Command


def for_searches(command: Command) -> None:
    """The commands that search for parameters."""
    sub = command(searches.search, "Run the search or fit of a spec to find the best parameters.")
    sub.add_argument("spec", type=options.path, metavar="SPEC")
    options.results_folder(sub)
    sub.add_argument("--resume", action="store_true", help="continue a search that was interrupted")
    sub.add_argument(
        "--share",
        action="store_true",
        help="share the search with all processes that run this command on the same DIR, such"
        " as the tasks of a job array; continues what is in DIR",
    )
    sub.add_argument(
        "--more",
        metavar="N",
        type=options.whole,
        default=0,
        help="run N more trials than DIR has, or than the spec asks for",
    )
    options.until_stable(sub)
    options.settings(sub)
    options.reading(sub)
    options.workers(sub)
    options.cluster(sub)
    options.target(sub)

    sub = command(searches.best, "Print the best trials of a search, or write the best as a spec.")
    sub.add_argument("folder", type=options.path, metavar="DIR")
    sub.add_argument(
        "-o",
        dest="output",
        type=options.path,
        metavar="SPEC",
        help="write a spec with the values of the best trial",
    )
    sub.add_argument(
        "--trial", metavar="N", type=options.block_number, help="use this trial instead of the best"
    )
    sub.add_argument(
        "--count",
        metavar="N",
        type=options.whole,
        default=10,
        help="number of trials to print (default: %(default)s)",
    )
    options.form(sub, ("text", "json"))


def for_sensitivity(command: Command) -> None:
    """The command for sensitivity analysis."""
    sub = command(
        searches.sensitivity,
        "Sensitivity analysis: how much each axis of the sweep affects each measure.",
    )
    sub.add_argument("spec", type=options.path, metavar="SPEC")
    sub.add_argument(
        "-o",
        dest="output",
        type=options.path,
        metavar="DIR",
        help="default: SPEC's name with .results",
    )
    sub.add_argument(
        "--method",
        choices=("sobol", "morris"),
        default="sobol",
        help="Sobol' indices, or Morris' elementary effects, which take fewer blocks"
        " (default: %(default)s)",
    )
    sub.add_argument(
        "--samples",
        metavar="N",
        type=options.whole,
        default=64,
        help="base samples: the sweep has N (axes + 2) rows for sobol (N is best a power of"
        " two), N (axes + 1) for morris (default: %(default)s)",
    )
    sub.add_argument(
        "--seed", metavar="N", type=options.block_number, default=0, help="default: %(default)s"
    )
    sub.add_argument("--overwrite", action="store_true", help="replace older results in DIR")
    sub.add_argument(
        "--resume",
        action="store_true",
        help="continue an unfinished run; of a finished one, only print the results",
    )
    options.settings(sub)
    options.reading(sub)
    options.workers(sub)
    options.cluster(sub)
    options.target(sub)
    options.form(sub, ("text", "json"))
