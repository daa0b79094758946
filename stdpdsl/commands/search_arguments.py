"""The arguments of the commands that search and say what matters."""

from __future__ import annotations

from . import options, searches
from .options import Command


def for_searches(command: Command) -> None:
    """Searching for parameters."""
    sub = command(searches.search, "Find the best parameters, as a spec's search or fit asks.")
    sub.add_argument("spec", type=options.path, metavar="SPEC")
    options.results_folder(sub)
    sub.add_argument("--resume", action="store_true", help="go on with a search that was cut off")
    sub.add_argument(
        "--share",
        action="store_true",
        help="run the search together with all that run this command on the same DIR, such as the"
        " tasks of a job array; goes on with what is there",
    )
    sub.add_argument(
        "--more",
        metavar="N",
        type=options.whole,
        default=0,
        help="run N trials more than DIR has, or than the spec asks for",
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
        help="write the spec with the values of the best trial",
    )
    sub.add_argument(
        "--trial", metavar="N", type=options.block_number, help="of this trial instead"
    )
    sub.add_argument(
        "--count",
        metavar="N",
        type=options.whole,
        default=10,
        help="how many are printed (default: %(default)s)",
    )
    options.form(sub, ("text", "json"))


def for_sensitivity(command: Command) -> None:
    """How much each parameter matters."""
    sub = command(searches.sensitivity, "Say how much each axis matters to each measure.")
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
        help="the sweep has N (axes + 2) rows for sobol, best with a power of two, N (axes + 1) for"
        " morris (default: %(default)s)",
    )
    sub.add_argument(
        "--seed", metavar="N", type=options.block_number, default=0, help="default: %(default)s"
    )
    sub.add_argument("--overwrite", action="store_true", help="replace older results in DIR")
    sub.add_argument(
        "--resume",
        action="store_true",
        help="run what an earlier run has not done; of one that is whole, only print",
    )
    options.settings(sub)
    options.reading(sub)
    options.workers(sub)
    options.cluster(sub)
    options.target(sub)
    options.form(sub, ("text", "json"))
