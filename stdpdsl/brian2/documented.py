"""Descriptions of the columns of each table, which become part of the tables themselves.

Kinds are `fixed` (every experiment has such a column), `swept`, `measure`, `parameter`, and
`variable` (of a rule).
"""

from __future__ import annotations

from collections.abc import Mapping

from ..ir import Experiment
from ..language.builtins import MEASURES, READ_AS
from ..language.columns import COLUMN_WORDS, parameter_names

Said = dict[str, str]

_UNITS = {"s": "second", "Hz": "hertz", "": "1"}


def parameter_columns(e: Experiment) -> list[tuple[str, str, str, str]]:
    """(group, parameter, column of the table `parameters`, unit) of every parameter."""
    groups = [("constants", e.constants), *e.parameters]
    found = [(group, p.name, p.unit) for group, items in groups for p in items]
    sweep = {column: e.targets.get(column) for column in e.columns}
    names = parameter_names([(group, name) for group, name, _ in found], sweep)
    return [(g, n, column, unit) for (g, n, unit), column in zip(found, names, strict=True)]


def documented(
    e: Experiment,
    tables: Mapping[str, Mapping[str, str]],
    units: Mapping[str, str],
    weights: Mapping[str, str],
    variables: Mapping[str, tuple[str, str]],
) -> dict[str, dict[str, Said]]:
    """For each column of each table: its `kind`, its `description` and, if it has a fixed one, its
    `unit` by Brian2's name (1 for none). A column of the sweep also has its `path` in the spec, and
    the parameter that it `sets`, by its column in `parameters`.

    `tables` has the columns specific to this experiment; `weights` the unit of each connection's
    weight; `variables` name and unit of the rules' variables, by their columns.
    """
    sets = {(group, name): column for group, name, column, _ in parameter_columns(e)}
    swept = {
        name: _said("swept", units.get(name, "1"), e.said.get(name, "column of the sweep"))
        | ({} if name == "replicate" else {"path": _path(name, e)})
        | ({"sets": sets[e.targets[name]]} if e.targets.get(name) in sets else {})
        for name in e.columns
    }
    parameters = {
        column: _said(
            "parameter", unit, f"{name} of {group}" if group != "constants" else f"constant {name}"
        )
        for group, name, column, unit in parameter_columns(e)
    }
    found = {}
    for table, own in tables.items():
        fixed = {n: _said("fixed", *words) for n, words in COLUMN_WORDS[table].items()}
        mine = {}
        for name in own:
            if name in fixed:
                continue
            if table == "blocks":
                mine[name] = _measure(name, e, units, weights)
            elif table == "parameters":
                mine[name] = parameters[name]
            else:
                variable, unit = variables[name]
                mine[name] = _said("variable", unit, f"{variable}, a variable of the rule")
        found[table] = {**fixed, **swept, **mine}
    return found


def _path(column: str, e: Experiment) -> str:
    """The full name in the spec of a column of the sweep."""
    if column not in e.targets:
        return column
    group, name = e.targets[column]
    return name if group == "constants" else f"{group}.{name}"


def _measure(
    name: str, e: Experiment, units: Mapping[str, str], weights: Mapping[str, str]
) -> Said:
    if name in e.said:
        return _said("measure", units.get(name, "1"), e.said[name])
    if name == "stable_after":
        return _said("measure", "second", "when the weights no longer moved, which ended the block")
    if name == "stopped_after":
        return _said(
            "measure",
            "second",
            "how long after its begin the block ended the phase, by"
            " the condition of `until`; empty where it went on to the end",
        )
    # The longest ending: `c_before_mean` is not the `mean` of `c_before`.
    for end, (words, unit) in sorted(MEASURES.items(), key=lambda item: -len(item[0])):
        owner = name.removesuffix(f"_{end}")
        if owner != name:
            unit = weights.get(owner, "1") if unit == "w" else _UNITS.get(unit, unit)
            read = READ_AS.get(end.rpartition("_")[2])
            return _said("measure", unit, f"{owner}: {words}" + (f" ({read})" if read else ""))
    raise KeyError(name)


def _said(kind: str, unit: str, description: str) -> Said:
    """`unit` is empty if it depends on the row."""
    return {"kind": kind, **({"unit": unit} if unit else {}), "description": description}
