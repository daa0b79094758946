"""Commands that export results to other programs, or as a spec."""

from __future__ import annotations

import argparse
from pathlib import Path

from .exchange import export_rule
from .reading import writing
from .results import in_bounds
from .terminal import DONE, USAGE, Stop, note, say


@in_bounds
def export(options: argparse.Namespace) -> int:
    """Write a block as NWB, a connection's synapses as a list of edges, or a rule as NESTML."""
    if options.to is not None:
        return export_rule(options)
    from ..results.edges import FORMS, connections_in
    from ..results.errors import ResultsError
    from ..results.reader import load

    if options.source is not None:
        raise Stop("error: --from SPEC names the file of a rule and needs --to nestml", USAGE)
    if options.output is None:
        raise Stop("error: name the file to write: -o FILE", USAGE)
    path, block = Path(options.output), options.block or 0
    if path.suffix != ".nwb" and path.suffix not in FORMS:
        raise Stop(f"error: the name {path} must end in .nwb or {', '.join(FORMS)}", USAGE)
    if path.suffix == ".nwb" and options.edges:
        raise Stop(
            f"error: with --edges, FILE must end in {', '.join(FORMS)}; .nwb always has all edges",
            USAGE,
        )
    try:
        results = load(options.folder)
        with writing(path):
            if path.suffix == ".nwb":
                results.to_nwb(path, block)
            elif options.edges:
                results.to_edges(path, options.edges, block)
            else:
                there = ", ".join(connections_in(results)) or "none was saved"
                raise Stop(f"error: choose the connection with --edges CONNECTION ({there})", USAGE)
    except ResultsError as error:
        raise Stop(f"error: {error}", USAGE) from None
    note(f"wrote {path}\n")
    return DONE


@in_bounds
def extract(options: argparse.Namespace) -> int:
    """Write one block as its own spec."""
    from ..execution.extract import extracted
    from ..outputs import write_new
    from ..results.errors import ResultsError
    from ..results.reader import load

    try:
        text = extracted(load(options.folder), options.block)
    except ResultsError as error:
        raise Stop(f"error: {error}", USAGE) from None
    if options.output is None:
        say(text)
        return DONE
    with writing(options.output):
        write_new(Path(options.output), text.encode())
    note(f"wrote {options.output}; the files that it names are read from its folder\n")
    return DONE
