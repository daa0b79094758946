"""The stage of the compiler that reads a spec's data. It is left out for specs that name none."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ..check import Checked
from ..check.costs import Estimate
from ..check.data import Head
from ..check.values import constant_values
from ..language import ast
from ..language.diagnostics import Diagnostic
from ..language.named_files import numbered_files
from ..results.reader import load as load_results
from ..sweep.table import SweepTable
from .arrays import Arrays, read_arrays
from .fit import Fit
from .sources import Files, read_sources, with_numbers
from .tables import check_all_rows, read_all_rows, refuse_rows


class Data:
    """What a spec reads from files, except the rows of its sweep."""

    def __init__(self, spec: ast.Spec, folder: Path, read_table: Callable[[str], dict[str, list]]):
        arrays: dict[str, Arrays] = {}

        def read_array(name: str) -> Arrays:
            if name not in arrays:
                arrays[name] = read_arrays(folder / name)
            return arrays[name]

        self.files = Files(
            read_table,
            read_array,
            lambda name: load_results(folder / name),
            lambda name: numbered_files(name, folder),
        )
        self.spec = with_numbers(spec, self.files)
        self.sources, of_files = read_sources(self.spec, self.files)
        self.rows, of_tables = read_all_rows(self.spec, self.files)
        self.problems = [*of_files, *of_tables]

    def heads(self) -> dict[ast.DataExpr, Head]:
        """The heads of the files, which define names."""
        of_rows = {node: read.head for node, read in self.rows.items()}
        return of_rows | {node: source.head for node, source in self.sources.items()}

    def check(
        self, checked: Checked, table: SweepTable, found: Estimate, memory: float
    ) -> list[Diagnostic]:
        """Whether each layer and connection finds what it needs, and drives fit into memory."""
        symbols = checked.symbols
        constants = constant_values(symbols, unswept=False)
        return [
            *Fit(symbols, self.sources, table, constants, self.files).check(),
            *check_all_rows(symbols, self.rows, table.rows, constants, self.files),
            *refuse_rows(symbols, self.rows, found, constants, memory),
        ]
