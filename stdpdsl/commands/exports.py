"""Commands that write what results hold: for other programs, and as a spec."""

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
        raise Stop("error: --from is of a rule: --to nestml", USAGE)
    if options.output is None:
        raise Stop("error: say where to: -o FILE", USAGE)
    path, block = Path(options.output), options.block or 0
    if path.suffix != ".nwb" and path.suffix not in FORMS:
        raise Stop(f"error: {path} ends in none of .nwb, {', '.join(FORMS)}", USAGE)
    if path.suffix == ".nwb" and options.edges:
        raise Stop(f"error: --edges is written as {', '.join(FORMS)}; .nwb has all edges", USAGE)
    try:
        results = load(options.folder)
        with writing(path):
            if path.suffix == ".nwb":
                results.to_nwb(path, block)
            elif options.edges:
                results.to_edges(path, options.edges, block)
            else:
                there = ", ".join(connections_in(results)) or "none was saved"
                raise Stop(f"error: say of which connection: --edges CONNECTION ({there})", USAGE)
    except ResultsError as error:
        raise Stop(f"error: {error}", USAGE) from None
    note(f"wrote {path}\n")
    return DONE


@in_bounds
def extract(options: argparse.Namespace) -> int:
    """Write a block as a spec of its own."""
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
    note(f"wrote {options.output}; files that it names are taken from its folder\n")
    return DONE
