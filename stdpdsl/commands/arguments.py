"""The commands and their arguments. A command is a function from its options to an exit code."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import cast

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


def argument_parser(only: str = "") -> argparse.ArgumentParser:
    """The parser of the command line. If `only` is a command, it knows no other, because preparing
    all takes as long as parsing a short spec."""
    parser = argparse.ArgumentParser(
        prog="stdpdsl",
        description="Explore STDP parameters: one .stdp spec, one Brian2 network, one dataset.",
        epilog="Exit codes: 0 done, 1 the spec is wrong, 2 the command line is wrong or a"
        " file cannot be read or written, 3 the simulation or a verification failed, 70 a bug"
        " in stdpdsl, 130 interrupted.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "--version", action=options.Version, nargs=0, help="show the version and exit"
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    def command(run: Callable[[argparse.Namespace], int], help: str) -> argparse.ArgumentParser:
        name = run.__name__.rstrip("_")
        if only not in ("", name):
            return cast(argparse.ArgumentParser, _Nobody())
        sub = commands.add_parser(name, help=help, description=help, allow_abbrev=False)
        sub.set_defaults(command=run)
        return sub

    for add in GROUPS:
        add(command)
    return parser if commands.choices else argument_parser()


class _Nobody:
    """Listens in place of the parser of a command that is not wanted."""

    def __getattr__(self, name: str) -> _Nobody:
        return self

    def __call__(self, *values: object, **named: object) -> _Nobody:
        return self


def _for_specs(command: Command) -> None:
    """Commands that need only a spec."""
    sub = command(specs.new, "Write a starter spec, NAME.stdp.")
    sub.add_argument("name", metavar="NAME")

    sub = command(specs.check, "Report all errors and warnings, without running anything.")
    sub.add_argument("specs", type=options.path, metavar="SPEC", nargs="+")
    sub.add_argument(
        "--verbose",
        action="store_true",
        help="also print the integration method of each variable",
    )
    options.reading(sub)
    options.form(sub, ("text", "json"))

    sub = command(specs.fmt, "Rewrite specs in their canonical form; comments are kept.")
    sub.add_argument("specs", type=options.path, metavar="SPEC", nargs="+")
    sub.add_argument(
        "--check",
        action="store_true",
        help="only list the specs that would change; exit 1 if there are any",
    )

    sub = command(specs.explain, "Explain an error code, with a wrong and a right example.")
    sub.add_argument("code", metavar="CODE", help="such as UNIT002")

    sub = command(
        specs.lsp,
        "Start the language server, which editors talk to over standard input and output.",
    )
    options.reading(sub)

    sub = command(shell.completion, "Print a script that completes stdpdsl commands in your shell.")
    sub.add_argument("shell", choices=shell.SHELLS)

    sub = command(
        specs.plan, "Show what a run needs: blocks, neurons, synapses, memory, target and time."
    )
    options.compiling(sub)

    sub = command(describe.describe, "Write the model description tables of a paper.")
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
    sub.add_argument("--resume", action="store_true", help="continue an unfinished run")
    sub.add_argument(
        "--extend",
        type=options.path,
        metavar="DIR",
        help="run only the rows and replicates that the finished results in DIR lack, and add"
        " them to DIR",
    )
    sub.add_argument(
        "--keep-state",
        action="store_true",
        help="save the final state, so that a later run can continue with --continue",
    )
    sub.add_argument(
        "--continue",
        dest="continues",
        type=options.path,
        metavar="DIR",
        help="continue from the end of the finished results in DIR, with a longer run or more"
        " phases; the combined results replace DIR, or go to the DIR of -o",
    )
    sub.add_argument(
        "--for",
        dest="longer",
        metavar="TIME",
        help="with --continue: the additional duration, such as '10 s'",
    )
    sub.add_argument(
        "--shard",
        metavar="K/N",
        type=options.shard,
        help="run only part K of N of the blocks; the shard goes to DIR.shards for `stdpdsl merge`",
    )

    sub.add_argument(
        "--python",
        metavar="PATH",
        type=options.path,
        help="simulate with this Python and its Brian2; it need not have stdpdsl",
    )
    options.cluster(sub)


def _for_results(command: Command) -> None:
    """Commands that show results."""
    sub = command(runs.merge, "Merge shards that were run one by one.")
    sub.add_argument(
        "folders",
        type=options.path,
        metavar="DIR",
        nargs="+",
        help="DIR.shards, or single shards in it",
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
        help="also simulate and show the STDP window of each rule with these blocks'"
        " parameters; takes seconds",
    )
    sub.add_argument(
        "--pdf", action="store_true", help="write a PDF, printed by Chromium, Chrome or Edge"
    )
    sub.add_argument("--open", action="store_true", help="open the page in the browser")

    sub = command(results.diagnose, "Check a run for typical faults; exit 1 if a check finds one.")
    sub.add_argument("folder", type=options.path, metavar="DIR")
    sub.add_argument(
        "--refine",
        action="store_true",
        help="also run up to four blocks again with half the `dt`, to estimate the error of"
        " the time step",
    )
    options.data(sub)
    options.reading(sub)
    options.form(sub, ("text", "json"))


def _for_comparing(command: Command) -> None:
    """Commands that compare results or print them."""
    sub = command(results.compare, "Print what differs between two runs; exit 1 if they differ.")
    sub.add_argument("a", type=options.path, metavar="A")
    sub.add_argument("b", type=options.path, metavar="B")
    options.form(sub, ("text", "json"))

    sub = command(
        results.reproduce,
        "Repeat a run as its results record it; exit 1 if the new results differ.",
    )
    sub.add_argument("folder", type=options.path, metavar="DIR")
    options.data(sub)
    options.reading(sub)
    options.form(sub, ("text", "json"))

    sub = command(results.summary, "Print the blocks of a run with their measures.")
    sub.add_argument("folder", type=options.path, metavar="DIR")
    options.form(sub, ("table", "csv", "json"))
    sub.add_argument(
        "--where",
        metavar="CONDITION",
        help="only blocks that meet this condition, such as 'Apre > 1e-3'",
    )
    sub.add_argument(
        "--sort", metavar="COL", help="sort by a column; --sort=-COL puts the highest first"
    )
    sub.add_argument(
        "--all", action="store_true", help="show all columns, also those that do not fit"
    )
    sub.add_argument(
        "--columns", action="store_true", help="describe each column of each table instead"
    )


def _for_other_programs(command: Command) -> None:
    """Commands that export to other programs, and import from them."""
    sub = command(exports.extract, "Write one block as its own spec, which gives the same numbers.")
    sub.add_argument("folder", type=options.path, metavar="DIR")
    sub.add_argument("--block", metavar="N", type=options.block_number, required=True)
    sub.add_argument(
        "-o", dest="output", type=options.path, metavar="FILE", help="default: standard output"
    )

    sub = command(exports.export, "Export a block, its synapses, or a rule to other programs.")
    sub.add_argument(
        "folder", type=options.path, metavar="DIR", help="results; with --to, RULE or RULE.PRESET"
    )
    sub.add_argument(
        "-o",
        dest="output",
        type=options.path,
        metavar="FILE",
        help="format by ending: .nwb for a block; .csv, .npz or .h5 (SONATA) for the synapses"
        " of one connection; .nestml with --to (default there: standard output)",
    )
    sub.add_argument("--block", metavar="N", type=options.block_number, help="default: 0")
    sub.add_argument("--edges", metavar="CONNECTION", type=options.path, help="the connection")
    sub.add_argument("--to", choices=("nestml",), help="write a rule as a synapse model in NESTML")
    sub.add_argument(
        "--from",
        dest="source",
        metavar="SPEC",
        type=options.path,
        help="read the rule from this file, not from the library",
    )

    sub = command(exchange.import_, "Write a synapse model in NESTML as a rule.")
    sub.add_argument("file", type=options.path, metavar="FILE")
    sub.add_argument(
        "-o", dest="output", type=options.path, metavar="SPEC", help="default: standard output"
    )

    sub = command(
        cache.cache,
        "Delete the cache: compiled programs, spikes and tables that are reused between runs.",
    )
    sub.add_argument("action", choices=("clear",))


def _for_rules(command: Command) -> None:
    """The rules of the library."""
    sub = command(library.rules, "List the rules of the library, or print all about one rule.")
    sub.add_argument("name", metavar="NAME", nargs="?")
    options.form(sub, ("text", "json"))

    sub = command(library.window, "Simulate a rule's STDP window, and print or draw it.")
    sub.add_argument("rule", metavar="RULE[.PRESET]")
    sub.add_argument(
        "settings",
        metavar="NAME=VALUE",
        nargs="*",
        type=options.setting,
        help="value of a parameter, such as 'taupre=20 ms'; a list, such as 'taupre=[10, 20]"
        " ms', compares values",
    )
    sub.add_argument(
        "-o",
        dest="output",
        type=options.path,
        metavar="FILE",
        help="draw the window as .png or .svg",
    )
    sub.add_argument(
        "--pairs", type=options.whole, help="number of pairs; default: 1 for most rules"
    )
    sub.add_argument("--rate", type=options.positive, help="pairs per second (Hz); default: 1")
    sub.add_argument("--reach", type=options.positive, help="the longest lag, in ms; default: 100")
    options.target(sub)

    sub = command(
        library.verify, "Replay published results, and compare published with obtained numbers."
    )
    sub.add_argument("rules", metavar="RULE", nargs="*", help="default: all rules of the library")
    sub.add_argument("--list", action="store_true", help="only list the specs that would run")
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
