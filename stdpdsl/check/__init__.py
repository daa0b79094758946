"""Checks before anything runs: names, units, kinds, isolation of blocks.

`check` takes a parsed spec and returns all of its errors at once, and the types that lowering
needs. It reads no file: it is given the parsed files of `use` and the headers of a sweep's tables.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field, replace

from ..dataclass import dataclass
from ..language import ast
from ..language.diagnostics import CompileError, Diagnostic, has_errors, in_order
from ..language.named_files import files_of
from .blocks import Blocks
from .build import Builder
from .clauses.declarations import Clauses
from .clauses.first_values import FirstValues
from .clauses.hazards import check_hazards
from .clauses.timing import Timing
from .clauses.unused import check_unused
from .clauses.wiring import Wiring
from .columns import Columns
from .data import Head
from .derivatives import mended
from .elements import promote
from .expansion import check_expansion
from .kept import Checks, Kept
from .measures import OwnMeasures
from .names import Names
from .report import Reporter
from .searches import Searches
from .slices import among
from .symbols import Component, Symbol, Symbols, Type
from .types.audio import Audio
from .types.components import Components
from .types.declared import Declared
from .types.drives import Drives
from .types.experiment import Experiment
from .types.infer import Inference
from .types.models import Models
from .types.phases import Phases
from .types.states import States
from .types.until import Endings
from .values import constant_values

__all__ = ["Checked", "check", "merge", "require"]


@dataclass(frozen=True)
class Checked:
    """A spec whose names and units are known. `types` is by `id` of each expression's node."""

    spec: ast.Spec  # with the rules, neurons and constants of the used files
    symbols: Symbols
    types: dict[int, Type]
    diagnostics: list[Diagnostic]  # errors and warnings, in text order
    inference: Inference = field(repr=False)
    declared: Declared = field(repr=False)
    data: Mapping[ast.DataExpr, Head] = field(default_factory=dict, repr=False)

    @property
    def ok(self) -> bool:
        return not has_errors(self.diagnostics)

    def type_of(self, symbol: Symbol) -> Type | None:
        """What a name stands for, including constants, parameters and columns."""
        return self.inference.type_of(symbol)

    def model(self, node: ast.Neuron | ast.Rule) -> Component:
        """A neuron or rule by itself, with its default values."""
        return self.declared.model(node)


def merge(spec: ast.Spec, used: Mapping[str, ast.Spec]) -> ast.Spec:
    """The spec with the rules, neurons and constants of the files that it uses; its spans keep
    their own source."""
    added: list[ast.Declaration] = []
    for use in spec.of(ast.Use):
        other = used.get(use.path.value)
        if other is not None:
            kinds = (ast.Rule, ast.Neuron, ast.Constants)
            added += [d for d in other.declarations if isinstance(d, kinds)]
    return replace(spec, declarations=(*added, *spec.declarations)) if added else spec


def check(
    spec: ast.Spec,
    used: Mapping[str, ast.Spec] | None = None,
    library: Mapping[str, ast.Rule] | None = None,
    headers: Mapping[str, Sequence[ast.Header]] | None = None,
    data: Mapping[ast.DataExpr, Head] | None = None,
    kept: Kept | None = None,
) -> Checked:
    """All checks.

    `used` holds the parsed files of `use "..."`, by their paths as written; `headers` the column
    headers of the sweep's files (see files.py). If a file's headers are not given, an undeclared
    name may be one of them and is not reported. `data` tells how the values behind each `from` are
    stored; nothing is known of one that is missing. `kept` is the cache of an editor.
    """
    whole, slips = mended(merge(spec, used or {}))
    reporter = Reporter(slips)
    symbols = Builder(whole, library or {}, reporter).build()
    columns = Columns(symbols, reporter)
    columns.of_spec()
    files = list(files_of(whole))
    for part in files:
        if part.path.value in (headers or {}):
            columns.add([(h.path, h) for h in (headers or {})[part.path.value]])
            symbols.files_read.add(part.path.value)
    columns.scopes_of_swept_inputs()
    promote(symbols)
    among(symbols, constant_values(symbols))
    check_expansion(symbols, reporter)
    if any(d.code == "COST007" for d in reporter.diagnostics):
        raise CompileError(reporter.diagnostics)
    inference = Inference(symbols, reporter, constant_values(symbols), data or {})
    open_columns = any(part.path.value not in (headers or {}) for part in files)
    declared = Declared(inference, open_columns)
    checks = Checks(inference, kept, open_columns)
    models = Models(inference, declared.open_columns, checks)
    check_types(symbols, declared, models)
    Names(symbols, reporter).check()
    Clauses(symbols, reporter, inference.values).check()
    FirstValues(symbols, reporter, checks).check()
    Wiring(symbols, inference, reporter).check()
    Blocks(symbols, reporter).check()
    Timing(symbols, inference, reporter, checks).check()
    check_hazards(symbols, inference, reporter, checks)
    # A misspelt use would be reported twice: as an unknown name and as something unused.
    if not open_columns and not has_errors(reporter.diagnostics):
        check_unused(symbols, inference, reporter)
    found = in_order(reporter.diagnostics)
    return Checked(whole, symbols, inference.types, found, inference, declared, data or {})


def check_types(symbols: Symbols, declared: Declared, models: Models) -> None:
    """Check names and units of everything that is declared."""
    spec = symbols.spec
    own = [*symbols.neurons.values(), *spec.of(ast.Rule)]
    used = {id(m) for c in symbols.components.values() for m in (c.neuron, *c.rules)}
    for node in own:
        declared.model(node)
        if isinstance(node, ast.Rule):
            declared.presets(node)
    declared.check()
    models.checks.only({*symbols.components, *declared.models})
    components = Components(models)
    for component in symbols.components.values():
        if component.kind == "layer":
            components.layer(component)
    for component in symbols.connections:
        components.connection(component)
    for node in own:
        if id(node) not in used:
            model = declared.model(node)
            if isinstance(node, ast.Neuron):
                models.neuron(model)
            else:
                models.unused(model)
    audio = Audio(models)
    drives = Drives(audio)
    for sound in symbols.sounds.values():
        audio.sound(sound)
    for bank in symbols.filterbanks.values():
        audio.filterbank(bank)
    for layer in symbols.layers:
        drives.drive(layer)
    experiment = Experiment(models, declared)
    for declaration in spec.declarations:
        match declaration:
            case ast.Sweep():
                experiment.sweep(declaration)
            case ast.Record():
                experiment.record(declaration)
            case ast.Run():
                Phases(experiment).run(declaration)
                States(experiment).run(declaration)
                Endings(experiment).run(declaration)
    OwnMeasures(models).check()
    Searches(models).check()


def require(checked: Checked) -> Checked:
    """Raise all errors at once, if there are any."""
    if not checked.ok:
        raise CompileError(checked.diagnostics)
    return checked
