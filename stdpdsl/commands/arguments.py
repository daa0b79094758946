"""The commands and their arguments. A command is a function from its options to an exit code."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from . import (
    cache,
    describe,
    exchange,
    exports,
    library,
    options,
    results,
    runs,
    shell,
    specs,
)
from .options import Command
from .search_arguments import for_searches, for_sensitivity


def argument_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="stdpdsl",
        description="Explore STDP parameters: one .stdp spec, one Brian2 network, one dataset.",
        epilog="Exit codes: 0 done, 1 the spec is wrong, 2 the command line is wrong or a file"
        " cannot be read or written, 3 the simulation or a verification failed, 70 a bug of ours,"
        " 130 interrupted.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "--version", action=options.Version, nargs=0, help="show the version and exit"
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    def command(run: Callable[[argparse.Namespace], int], help: str) -> argparse.ArgumentParser:
        name = run.__name__.rstrip("_")
        sub = commands.add_parser(name, help=help, description=help, allow_abbrev=False)
        sub.set_defaults(command=run)
        return sub

    for add in GROUPS:
        add(command)
    return parser


def _for_specs(command: Command) -> None:
    """What is done with a spec alone."""
    sub = command(specs.new, "Write a starter spec, NAME.stdp.")
    sub.add_argument("name", metavar="NAME")

    sub = command(specs.check, "Report all errors and warnings, without running anything.")
    sub.add_argument("specs", type=options.path, metavar="SPEC", nargs="+")
    sub.add_argument(
        "--verbose",
        action="store_true",
        help="also say by which method each variable is integrated",
    )
    options.reading(sub)
    options.form(sub, ("text", "json"))

    sub = command(specs.fmt, "Rewrite specs in their canonical form; comments stay.")
    sub.add_argument("specs", type=options.path, metavar="SPEC", nargs="+")
    sub.add_argument("--check", action="store_true", help="only say which would change; exit 1")

    sub = command(specs.explain, "Say what an error means, with a wrong and a right example.")
    sub.add_argument("code", metavar="CODE", help="such as UNIT002")

    sub = command(specs.lsp, "Serve an editor: the language server, over standard streams.")
    options.reading(sub)

    sub = command(shell.completion, "Print a script with which a shell completes our commands.")
    sub.add_argument("shell", choices=shell.SHELLS)

    sub = command(specs.plan, "Show the blocks, neurons, synapses, memory, target and time.")
    options.compiling(sub)

    sub = command(describe.describe, "Write the tables with which a paper describes a network.")
    sub.add_argument("spec", type=options.path, metavar="SPEC")
    sub.add_argument(
        "-o",
        dest="output",
        type=options.path,
        metavar="FILE",
        help="a new file; default: standard output",
    )
    options.reading(sub)
    options.form(sub, ("markdown", "latex"))

    sub = command(specs.compile_, "Write the Brian2 script.")
    options.compiling(sub)
    sub.add_argument(
        "-o", dest="output", type=options.path, metavar="FILE", help="default: standard output"
    )


def _for_runs(command: Command) -> None:
    """Running a spec."""
    sub = command(runs.run, "Compile, run and save the results as Parquet.")
    options.compiling(sub)
    options.results_folder(sub)
    sub.add_argument("--resume", action="store_true", help="run what an earlier run has not done")
    sub.add_argument(
        "--extend",
        type=options.path,
        metavar="DIR",
        help="run only the rows and replicates that finished results lack, and add them there",
    )
    sub.add_argument(
        "--keep-state",
        action="store_true",
        help="keep in the results what a later run needs to go on with --continue",
    )
    sub.add_argument(
        "--continue",
        dest="continues",
        type=options.path,
        metavar="DIR",
        help="go on from the end of finished results, with a longer run or more phases; the whole"
        " takes their place, or goes to the DIR of -o",
    )
    sub.add_argument(
        "--for",
        dest="longer",
        metavar="TIME",
        help="with --continue: by how much the run becomes longer, such as '10 s'",
    )
    sub.add_argument(
        "--shard",
        metavar="K/N",
        type=options.shard,
        help="only part K of N of the blocks, kept in DIR.shards for `stdpdsl merge`",
    )

    sub.add_argument(
        "--python",
        metavar="PATH",
        type=options.path,
        help="simulate with this Python and its Brian2; it need not have stdpdsl",
    )
    options.cluster(sub)


def _for_results(command: Command) -> None:
    """Looking at results."""
    sub = command(runs.merge, "Put shards that were run one by one together.")
    sub.add_argument(
        "folders", type=options.path, metavar="DIR", nargs="+", help="DIR.shards, or shards in it"
    )
    sub.add_argument(
        "-o", dest="output", type=options.path, metavar="DIR", help="default: DIR of DIR.shards"
    )
    sub.add_argument("--overwrite", action="store_true", help="replace older results in DIR")

    sub = command(results.report, "Write one HTML page that shows a run.")
    sub.add_argument("folder", type=options.path, metavar="DIR")
    sub.add_argument(
        "-o",
        dest="output",
        type=options.path,
        metavar="FILE",
        help="default: DIR's name with .html",
    )
    sub.add_argument(
        "--blocks",
        metavar="N,...",
        type=options.block_numbers,
        help="show these blocks side by side",
    )
    sub.add_argument(
        "--windows",
        action="store_true",
        help="and the STDP window of each rule with these blocks' parameters, which takes seconds",
    )
    sub.add_argument(
        "--pdf", action="store_true", help="as PDF, printed by Chromium, Chrome or Edge"
    )
    sub.add_argument("--open", action="store_true", help="and open it in the browser")

    sub = command(results.diagnose, "Print every check of a run; exit 1 if one finds something.")
    sub.add_argument("folder", type=options.path, metavar="DIR")
    sub.add_argument(
        "--refine",
        action="store_true",
        help="and run up to four blocks again with half the `dt`, to estimate the error of the time"
        " step",
    )
    options.data(sub)
    options.reading(sub)
    options.form(sub, ("text", "json"))


def _for_comparing(command: Command) -> None:
    """What results hold, beside one another or alone."""
    sub = command(results.compare, "Print what differs between two runs; exit 1 if they differ.")
    sub.add_argument("a", type=options.path, metavar="A")
    sub.add_argument("b", type=options.path, metavar="B")
    options.form(sub, ("text", "json"))

    sub = command(results.reproduce, "Run a result again as it says it was; exit 1 if they differ.")
    sub.add_argument("folder", type=options.path, metavar="DIR")
    options.data(sub)
    options.reading(sub)
    options.form(sub, ("text", "json"))

    sub = command(results.summary, "Print the blocks of a run with their outcomes.")
    sub.add_argument("folder", type=options.path, metavar="DIR")
    options.form(sub, ("table", "csv", "json"))
    sub.add_argument(
        "--where", metavar="CONDITION", help="only blocks for which this holds: 'Apre > 1e-3'"
    )
    sub.add_argument("--sort", metavar="COL", help="by a column; --sort=-COL from the highest")
    sub.add_argument("--all", action="store_true", help="all columns, also those that do not fit")
    sub.add_argument(
        "--columns", action="store_true", help="describe each column of each table instead"
    )


def _for_other_programs(command: Command) -> None:
    """Writing for other programs, and reading from them."""
    sub = command(exports.extract, "Write a block as a spec of its own, which gives its numbers.")
    sub.add_argument("folder", type=options.path, metavar="DIR")
    sub.add_argument("--block", metavar="N", type=options.block_number, required=True)
    sub.add_argument(
        "-o", dest="output", type=options.path, metavar="FILE", help="default: standard output"
    )

    sub = command(exports.export, "Write a block, its synapses, or a rule for other programs.")
    sub.add_argument(
        "folder", type=options.path, metavar="DIR", help="results; with --to, RULE or RULE.PRESET"
    )
    sub.add_argument(
        "-o",
        dest="output",
        type=options.path,
        metavar="FILE",
        help="by its end: .nwb; or, of one connection's synapses, .csv, .npz or .h5 (SONATA); with"
        " --to, .nestml, and without it, standard output",
    )
    sub.add_argument("--block", metavar="N", type=options.block_number, help="default: 0")
    sub.add_argument("--edges", metavar="CONNECTION", type=options.path, help="the connection")
    sub.add_argument("--to", choices=("nestml",), help="write a rule as a synapse model in NESTML")
    sub.add_argument(
        "--from",
        dest="source",
        metavar="SPEC",
        type=options.path,
        help="the rule is in this file, not in the library",
    )

    sub = command(exchange.import_, "Write a synapse model in NESTML as a rule.")
    sub.add_argument("file", type=options.path, metavar="FILE")
    sub.add_argument(
        "-o", dest="output", type=options.path, metavar="SPEC", help="default: standard output"
    )

    sub = command(cache.cache, "Delete what is kept between runs: programs, spikes, tables.")
    sub.add_argument("action", choices=("clear",))


def _for_rules(command: Command) -> None:
    """The rules of the library."""
    sub = command(library.rules, "List the rules of the library, or tell all about one.")
    sub.add_argument("name", metavar="NAME", nargs="?")
    options.form(sub, ("text", "json"))

    sub = command(library.window, "Measure a rule's STDP window and draw it.")
    sub.add_argument("rule", metavar="RULE[.PRESET]")
    sub.add_argument(
        "settings",
        metavar="NAME=VALUE",
        nargs="*",
        type=options.setting,
        help="of a parameter, such as 'taupre=20 ms'; a list, 'taupre=[10, 20] ms', compares",
    )
    sub.add_argument(
        "-o", dest="output", type=options.path, metavar="FILE", help="draw it, as .png or .svg"
    )
    sub.add_argument(
        "--pairs", type=options.whole, help="how many pairs; default: 1 for most rules"
    )
    sub.add_argument("--rate", type=options.positive, help="of pairs, in Hz; default: 1")
    sub.add_argument("--reach", type=options.positive, help="the longest lag, in ms; default: 100")
    options.target(sub)

    sub = command(library.verify, "Replay published results: published against obtained.")
    sub.add_argument("rules", metavar="RULE", nargs="*", help="default: all rules of the library")
    sub.add_argument("--list", action="store_true", help="only say which specs would run")
    options.target(sub)
    options.form(sub, ("text", "json"))


GROUPS = (
    _for_specs,
    _for_runs,
    for_searches,
    for_sensitivity,
    _for_results,
    _for_comparing,
    _for_other_programs,
    _for_rules,
)
