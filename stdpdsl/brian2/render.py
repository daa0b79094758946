"""From the experiment to the text of its script: Python decides, the templates lay out."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import jinja2

from .. import __version__
from ..ir import Connection, Draw, Experiment, Group, Initial, Layer, Monitor
from ..language.builtins import layer_measures, weight_measures
from ..language.columns import state_names
from ..lower.integration import methods_of
from ..lower.until_stable import Until
from ..resources import resource_dir
from .documented import documented, parameter_columns
from .objects import (
    block_size,
    copies,
    count,
    give_calls,
    group_context,
    link_calls,
    normalise_call,
    relay_calls,
    synapses_context,
)
from .runtime_names import imports_for

_UNITS = (
    "second metre kilogram amp kelvin mole candela volt siemens farad ohm hertz coulomb joule watt"
    " newton pascal weber tesla henry molar"
).split()
_CLASSES = ("NeuronGroup", "Synapses")


@cache
def _templates() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(resource_dir("templates") / "brian2"),
        undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True,
        keep_trailing_newline=False, autoescape=False,
    )  # fmt: skip


def fill(template: str, **context: Any) -> str:
    return _templates().get_template(template).render(**context)


def render(
    e: Experiment, spec_text: str, sets: Sequence[str], lowering: str, target: str,
    until: Until | None = None, first: int = 0,
) -> str:  # fmt: skip
    """The script. `lowering` is "synapse" or "namespace", `target` one of Brian2's, `sets` are the
    NAME=VALUE that the spec was given; `first` is the number of the first block."""
    context = {
        "version_repr": repr(__version__), "first": first, "set": repr(list(sets)),
        "until_stable": repr(until.data() if until else None),
        **heading(e, spec_text, target), **tables(e, until is not None), **data_context(e),
        **network_context(e, lowering, until is not None), **run_context(e),
        "lowering": repr(lowering), "precision": repr(e.precision),
        "methods": repr(methods_of(e)), "gsl": gsl_of(e),
    }  # fmt: skip
    body = fill("script.py.j2", **context, imports="")
    return fill("script.py.j2", **context, imports=import_block(imports_for(body))) + "\n"


def gsl_of(e: Experiment) -> list[str]:
    """The components that the GNU Scientific Library integrates."""
    return [name for name, methods in methods_of(e).items()
            if any(method.startswith("gsl") for method in methods.values())]  # fmt: skip


def heading(e: Experiment, spec_text: str, target: str) -> dict[str, Any]:
    packages = ("brian2", "numpy", "pyarrow", *(("brian2hears",) if e.sounds else ()))
    return {
        "model": e.model, "model_repr": repr(e.model),
        "doc": in_docstring(e.doc),
        "version": __version__, "hash": hashlib.sha256(spec_text.encode()).hexdigest()[:12],
        "rows": e.rows, "order": list(e.order), "after": e.after,
        "shards": 1 if coupling(e) else e.rows - e.after, "coupled": coupling(e),
        "seed": repr(e.seed), "dt": repr(e.dt), "target": repr(target),
        "spec": repr(spec_text), "packages": "".join(f"{n!r}, " for n in packages).rstrip(),
        "phases": [
            {"name": repr(p.name), "frozen": list(p.frozen), "off": list(p.off),
             "sets": list(p.sets)}
            for p in e.phases
        ],
    }  # fmt: skip


def in_docstring(text: str) -> str:
    """Prose as it may stand between the quotes of a docstring."""
    shown = "".join(c if c.isprintable() or c == "\n" else " " for c in text)
    return shown.replace("\\", "\\\\").replace('"', "'")


def coupling(e: Experiment) -> str:
    """The connections through which blocks feel one another, by name."""
    return ", ".join(c.name for c in e.connections if c.couples)


def import_block(imports: list[str]) -> str:
    lines = {
        "import argparse", "import hashlib", "import os", "import platform", "import sys",
        "import tempfile", "from importlib.metadata import version",
        "from types import SimpleNamespace", *imports,
    }  # fmt: skip
    ours = sorted(x for x in lines if x.startswith("from stdpdsl."))
    third = sorted(x for x in lines - set(ours) if re.search("numpy|pyarrow|scipy|brian2", x))
    standard = sorted(lines - {*third, *ours}, key=lambda x: (x.startswith("from"), x))
    return "\n".join([*standard, "", *third, "", *ours])


# The data ---------------------------------------------------------------------------------------


def data_context(e: Experiment) -> dict[str, Any]:
    groups = [("constants", e.constants), *e.parameters]
    parts: list[tuple[str, Group | Connection]] = [
        *((x.name, x.group) for x in e.layers if x.group), *((c.name, c) for c in e.connections)
    ]  # fmt: skip
    return {
        "sweep_lines": e.sweep,
        "parameters": [{"name": name, "parameters": items} for name, items in groups if items],
        "varying": [(name, part.varying) for name, part in parts if part.varying],
        "common": [(name, part.common) for name, part in parts if part.common],
        "single": {name: list(part.single) for name, part in parts if part.single},
        "sounds": e.sounds, "filterbanks": e.filterbanks,
        "durations": "".join(f"{p.duration}, " for p in e.phases).rstrip(),
        "layers": [layer_context(layer, e) for layer in e.layers],
    }  # fmt: skip


def layer_context(layer: Layer, e: Experiment) -> dict[str, Any]:
    initial = layer.group.initial if layer.group else ()
    return {
        "name": layer.name, "size": layer.size, "shared": layer.shared, "kind": layer.kind,
        "copies": copies(layer.shared), "count": count(layer), "spikes": layer.spikes,
        "initial": [
            {"key": repr(i.variable), "draws": [neuron_draw(d, layer) for d in i.draws],
             "code": first_value(i, "len(i)", f"{i.variable} of {layer.name}")}
            for i in initial
        ],
        "about": f"{layer.name}: {layer.size} neuron{'' if layer.size == 1 else 's'}, "
        + ("shared by all blocks" if layer.shared else "in each block"),
        "group": group_text(layer, e) if layer.kind == "neurons" else "",
        "drives": [f'drive(x, given, objects, group, "{v}")' for v, _ in layer.drive]
        if layer.kind == "neurons" else [],
    }  # fmt: skip


def group_text(layer: Layer, e: Experiment) -> str:
    group = layer.group
    assert group is not None
    kept = kept_at_end(layer.name, group.equations, e) if layer.kind == "neurons" else []
    group = replace(group, equations=(*group.equations, *kept))
    names = [i.variable for i in group.initial] + [p.name for p in (*group.varying, *group.common)]
    assign = f'set_values(group, x.values["{layer.name}"])'
    if layer.kind == "neurons":
        assign = f"assign_all(group, given, {names})"
    else:  # what hears its sound runs before the network, which alone is given data
        outside = tuple(replace(p, given=False) for p in group.namespace)
        group = replace(group, namespace=outside)
    context = group_context(layer.name, group)
    return fill(
        "group.py.j2", group=context, name=layer.name, assign=assign, count=count(layer)
    ).rstrip()


def neuron_draw(d: Draw, layer: Layer) -> str:
    row = ", row" if d.independent else ""
    return (
        f"{d.placeholder} = neuron_draws({d.kind!r}, {d.key}, {copies(layer.shared)},"
        f" {layer.size}{row})"
    )


def synapse_draw(d: Draw) -> str:
    row = ", row" if d.independent else ""
    return f"{d.placeholder} = synapse_draws({d.kind!r}, {d.key}, edges{row})"


def first_value(i: Initial, number: str, name: str) -> str:
    """One value per element, inside its bounds."""
    code = f"full({i.code}, {number})"
    return code if i.low is None else f"clipped(x, {code}, {i.low}, {i.high}, {name!r})"


# The network ------------------------------------------------------------------------------------


def network_context(e: Experiment, lowering: str, until_stable: bool) -> dict[str, Any]:
    layers = {layer.name: layer for layer in e.layers}
    changed = {name for phase in e.phases for name in phase.sets}
    connections = []
    for c in e.connections:
        # What a phase changes has to be a variable.
        by_block = lowering == "namespace" and c.name not in changed
        pre, post = layers[c.pre], layers[c.post]
        arguments = [
            "x", f"({c.pre!r}, {pre.size}, {pre.shared})",
            f"({c.post!r}, {post.size}, {post.shared})", "choose", f"shared={c.shared}",
        ]  # fmt: skip
        if c.draws:
            arguments.append(f"draws={c.draws.key}")
            arguments += ["independent=True", "row=row"] if c.draws.independent else []
        arguments += ["same=True"] if c.same else []
        arguments += [f"pairs={c.pairs}"] if c.pairs else []
        number = "len(edges.i)"
        initial = [
            {"key": f"edges.values[{i.variable!r}]", "draws": [synapse_draw(d) for d in i.draws],
             "code": first_value(i, number, f"{i.variable} of {c.name}")}
            for i in c.initial
        ]  # fmt: skip
        for name, i in (("axonal", c.axonal), ("dendritic", c.dendritic)):
            if i is not None:
                initial.append({
                    "key": f"edges.{name}", "draws": [synapse_draw(d) for d in i.draws],
                    "code": f"delays(x, {i.code}, {number}, {c.name!r})",
                })  # fmt: skip
        context = synapses_context(with_snapshots(c, e), post, by_block)
        connections.append({
            "name": c.name, "pre": c.pre, "post": c.post, "choose": c.choose,
            "arguments": ", ".join(arguments), "initial": initial, "by_block": by_block,
            "about": f"{c.name}: {c.pre} -> {c.post}",
            "synapses": fill("synapses.py.j2", c=context).rstrip(),
            "calls": [normalise_call(c, n) for n in c.normalise],
            "block_size": block_size(c, post, by_block),
            "delays": [(p.name, p.delay) for p in c.pathways if p.delay],
        })  # fmt: skip
    recording = recording_lines(e, until_stable)
    driven = any(x.drive and x.kind == "neurons" for x in e.layers)
    text = repr([connections, recording, [layer_context(x, e) for x in e.layers]])
    return {
        "connections": connections, "relays": relay_calls(e), "links": link_calls(e),
        "recording": recording,
        "giving": give_calls(e), "driven": driven,
        "one_program": not any(c["by_block"] for c in connections),
        "reads_row": any("row[" in str(c["synapses"]) for c in connections),
        "network_imports": imports_in(text),
        "nerves": [nerve_context(layer, e) for layer in e.layers if layer.kind == "driven"],
    }  # fmt: skip


def imports_in(text: str) -> str:
    found = [name for name in _CLASSES if f"{name}(" in text]
    units = [name for name in _UNITS if re.search(rf"[*/(] ?{name}\b", text)]
    return ", ".join([*found, *dict.fromkeys(["second", *units])])


def with_snapshots(c: Connection, e: Experiment) -> Connection:
    """The weights at the end of each phase but the last are kept in variables of their own, and so
    are at the end the recorded ones that are computed."""
    kept = []
    if len(e.phases) > 1 and c.weight:
        unit = unit_in(c.equations, c.weight)
        kept = [f"{c.weight}__after_{n} : {unit} (constant)" for n in range(len(e.phases) - 1)]
    return replace(c, equations=(*c.equations, *kept, *kept_at_end(c.name, c.equations, e)))


def kept_at_end(name: str, equations: tuple[str, ...], e: Experiment) -> list[str]:
    return [
        f"{variable}__at_end : {unit_in(equations, variable)}"
        for component, variable in computed(e) if component == name
    ]  # fmt: skip


def computed(e: Experiment) -> list[tuple[str, str]]:
    """(component, variable) of recorded variables that are computed from others; traces, which are
    extrapolated, are known without."""
    equations = {x.name: x.group.equations for x in e.layers if x.group and x.kind == "neurons"}
    equations |= {c.name: c.equations for c in e.connections}
    traces = {(c.name, t.now) for c in e.connections for t in c.traces}
    found = {
        (m.component, model): None
        for m in e.monitors for _, model in m.variables
        if any(line.startswith(f"{model} = ") for line in equations.get(m.component, ()))
    }  # fmt: skip
    return [key for key in found if key not in traces]


def unit_in(equations: tuple[str, ...], variable: str) -> str:
    """The unit with which a model declares a variable."""
    starts = (f"{variable} : ", f"{variable} = ", f"d{variable}/dt = ")
    line = next(line for line in equations if line.startswith(starts))
    return line.rsplit(" : ", 1)[1].split(" (")[0]


def nerve_context(layer: Layer, e: Experiment) -> dict[str, Any]:
    bank = next(b for b in e.filterbanks if b.name == layer.drive[0][1])
    group = group_text(layer, e)
    records = [
        (number, [model for _, model in m.variables], m.every)
        for number, m in enumerate(e.monitors) if m.component == layer.name
    ]  # fmt: skip
    return {
        "name": layer.name, "sound": repr(bank.sound), "drives": layer.drive, "group": group,
        "count": f"{layer.size} * len(x.replicate_of_copy)", "imports": imports_in(group),
        "records": records,
    }  # fmt: skip


def recording_lines(e: Experiment, until_stable: bool) -> list[str]:
    """Spike monitors, one per phase, and state monitors. Of what is shared by blocks that end at
    times of their own, each spike is needed."""
    layers = {layer.name: layer for layer in e.layers}
    lines = []
    for layer in e.layers:
        if spikes(layer) and layer.kind == "neurons":
            lines.append(
                f'count_spikes(objects, "{layer.name}",'
                f" record={layer.name in e.spikes_of or (until_stable and layer.shared)},"
                f" phases={len(e.phases)})"
            )
    for number, m in enumerate(e.monitors):
        if not m.on_layer or layers[m.component].kind == "neurons":
            names = [model for _, model in m.variables]
            lines.append(f'sample(given, objects, {number}, "{m.component}", {names}, {m.every!r})')
    return lines


# The run and its results ------------------------------------------------------------------------


def run_context(e: Experiment) -> dict[str, Any]:
    set_by_phases = {name for phase in e.phases for name in phase.sets}
    return {
        "gates": {c.name: list(c.gates) for c in e.connections if c.gates},
        "traces": {
            c.name: [t.name for t in c.traces if not t.advanced]
            for c in e.connections if c.traces and c.name in set_by_phases
        },
        "advanced": {
            c.name: names for c in e.connections if len(e.phases) > 1
            if (names := [n for n in c.state if any(f"{n}__then : " in x for x in c.equations)])
        },
        "bounded": {c.name: dict(c.clipped) for c in e.connections if c.clipped},
        "normalised": [(n.name, c.name) for c in e.connections for n in c.normalise if n.gated],
        "weights": {c.name: c.weight for c in e.connections if c.weight},
        "live": {c.name: c.weight for c in e.connections if c.weight and not moves_alone(c)},
        "computed": computed(e), "saving": saving_calls(e),
        "heard": repr(heard(e)) if heard(e) else "", "measures": e.measures,
    }  # fmt: skip


def moves_alone(c: Connection) -> bool:
    """Whether a weight moves between events, which alone bring it up to date: what is stored is
    then older than the time at which it is looked at."""
    traces = {trace.name for trace in c.traces}
    return c.weight in traces or any(x.startswith(f"{c.weight}__then : ") for x in c.equations)


def saving_calls(e: Experiment) -> list[str]:
    calls = []
    columns = state_columns(e)
    for layer in e.layers:
        items = [repr(layer.name), str(layer.size), str(layer.shared), str(spikes(layer)),
                 str(layer.name in e.spikes_of)]  # fmt: skip
        if layer.kind == "neurons":
            assert layer.group is not None
            items.append(f"states={stored(layer.group.equations)!r}")
        else:
            items.append(f"spikes=x.spikes[{layer.name!r}]")
        calls.append(f"saving.layer({', '.join(items)})")
    for c in e.connections:
        states = {v: columns.get(v, v) for v in c.state}
        bounds = "None" if c.bounds is None else f"lambda edges, p: ({c.bounds[0]}, {c.bounds[1]})"
        held = ", held=True" if c.held else ""
        calls.append(
            f"saving.connection({c.name!r}, {c.weight!r}, {states!r}, {traces_code(c)},"
            f" {bounds}{held})"
        )
    for number, m in enumerate(e.monitors):
        calls.append(samples_call(number, m, e))
    return calls


def stored(equations: Sequence[str]) -> list[str]:
    """The variables that a neuron stores and its equations or statements change."""
    pattern = re.compile(r"(?:d(\w+)/dt = .*|(\w+)) : [^(]*(\(unless refractory\))?$")
    found = map(pattern.match, equations)
    return [match[1] or match[2] for match in found if match]


def traces_code(c: Connection) -> str:
    items = (f"{t.name!r}: lambda s, edges, t: {t.code}" for t in c.traces)
    return "{" + ", ".join(items) + "}"


def samples_call(number: int, m: Monitor, e: Experiment) -> str:
    if m.on_layer:
        layer = next(x for x in e.layers if x.name == m.component)
        return (
            f"saving.layer_samples({number}, {m.component!r}, {layer.size}, {layer.shared},"
            f" {list(m.variables)!r})"
        )
    c = next(x for x in e.connections if x.name == m.component)
    weight = f", weight={c.weight!r}" if records_weight(m, c) else ""
    return (
        f"saving.connection_samples({number}, {m.component!r}, {list(m.variables)!r},"
        f" {traces_code(c)}{weight})"
    )


def heard(e: Experiment) -> str:
    """The sound that the network hears, where it is one only: what neurons respond to."""
    banks = {bank for layer in e.layers for _, bank in layer.drive}
    sounds = {b.sound for b in e.filterbanks if b.name in banks}
    return next(iter(sounds)) if len(sounds) == 1 else ""


def tables(e: Experiment, until_stable: bool) -> dict[str, Any]:
    """The tables that this experiment writes, with the columns that are its own."""
    own = {"stable_after": "float64"} if until_stable else {}
    found: dict[str, dict[str, str]] = {"blocks": own | measure_columns(e)}
    if any(c.state for c in e.connections):
        found["weights"] = {column: "float64" for column in sorted(set(state_columns(e).values()))}
    if e.monitors:
        found["trajectories"] = {}
    if e.spikes_of:
        found["spikes"] = {}
    if e.spikes_of and heard(e):
        found["responses"] = {}
    sets = any(phase.sets for phase in e.phases)
    of_parameters = [column for _, _, column, _ in parameter_columns(e)]
    own_parameters = {c: "float64" for c in of_parameters if c not in e.columns}
    found["parameters"] = own_parameters | ({"phase": "str"} if sets else {})
    units = e.units | ({"stable_after": "s"} if until_stable else {})
    return {
        "tables": repr(found), "units": repr(units),
        "documented": repr(documented(e, found, units, *units_of_synapses(e))),
        "network": repr(network_said(e)),
        "parameter_columns": repr([(g, n, c) for g, n, c, _ in parameter_columns(e)]),
        "parameter_phases": f"range({len(e.phases)})" if sets else "(0,)",
        "phase_names": ", [phase[\"name\"] for phase in PHASES]" if sets else "",
    }  # fmt: skip


def units_of_synapses(e: Experiment) -> tuple[dict[str, str], dict[str, tuple[str, str]]]:
    """The unit of each connection's weight; name and unit of the other variables, by column."""
    weights = {c.name: unit_in(c.equations, c.weight) for c in e.connections if c.weight}
    columns = state_columns(e)
    variables = {
        columns[v]: (v.removeprefix("syn__"), unit_in(c.equations, v))
        for c in e.connections for v in c.state if v != c.weight
    }  # fmt: skip
    return weights, variables


def network_said(e: Experiment) -> dict[str, Any]:
    """What the layers and connections are, for whoever reads the results: sizes, ends, and the
    units of what is saved of them, by COMPONENT.COLUMN or COMPONENT.VARIABLE."""
    weights, _ = units_of_synapses(e)
    columns = state_columns(e)
    units = {f"{name}.w": unit for name, unit in weights.items()}
    equations = {x.name: x.group.equations for x in e.layers if x.group}
    for c in e.connections:
        equations[c.name] = c.equations
        for variable in c.state:
            if variable != c.weight:
                units[f"{c.name}.{columns[variable]}"] = unit_in(c.equations, variable)
    for m in e.monitors:
        for shown, model in m.variables:
            units[f"{m.component}.{shown}"] = unit_in(equations[m.component], model)
    return {
        "layers": {
            x.name: {"size": x.size, "shared": x.shared, "recorded": x.name in e.spikes_of}
            for x in e.layers
        },
        "connections": {
            c.name: {"pre": c.pre, "post": c.post, "shared": c.shared} for c in e.connections
        },
        "units": units,
    }


def state_columns(e: Experiment) -> dict[str, str]:
    """Stored variables besides the weight, by their columns in `weights`."""
    stored = {v: None for c in e.connections for v in c.state if v != c.weight}
    # A rule's `x` is called otherwise in the script where the target has an `x` too.
    said = {name: name.removeprefix("syn__") for name in stored}
    # Parameters of synapses keep their names: beside `Apre`, `apre` is called otherwise.
    kept = {line.partition(" : ")[0] for c in e.connections for line in c.equations
            if line.endswith("(constant)")}  # fmt: skip
    ordered = sorted(said, key=lambda name: name not in kept)
    columns = state_names(dict.fromkeys(said[name] for name in ordered), list(e.columns))
    return {name: columns[said[name]] for name in stored}


def measure_columns(e: Experiment) -> dict[str, str]:
    columns: list[str] = []
    for c in e.connections:
        if c.weight:
            recorded = any(records_weight(m, c) for m in e.monitors)
            columns += [f"{c.name}_{end}" for end in weight_measures(bool(c.bounds), recorded)]
    for layer in e.layers:
        if spikes(layer):
            ends = layer_measures(layer.name in e.spikes_of, layer.size > 1, bool(heard(e)))
            columns += [f"{layer.name}_{end}" for end in ends]
    kinds = {name: "int64" if name.endswith("_spikes") else "float64" for name in columns}
    return kinds | {m.name: "float64" for m in e.measures}


def records_weight(m: Monitor, c: Connection) -> bool:
    """Whether a record line samples a connection's weight, perhaps by its extrapolation."""
    now = {t.now: t.name for t in c.traces}
    names = {now.get(model, model) for _, model in m.variables}
    return m.component == c.name and not m.on_layer and c.weight in names


def spikes(layer: Layer) -> bool:
    """Whether a layer's neurons can spike."""
    return layer.group is None or layer.group.threshold is not None
