"""From the experiment to the text of its script: Python decides, the template lays out."""

from __future__ import annotations

import hashlib
import textwrap
from functools import cache

import jinja2

from .. import __version__
from ..ir import Connection, Experiment, Initial, Layer, Parameter
from ..resources import resource_dir
from ..results import state_names
from .expressions import times_unit
from .inline import support_for

_UNITS = (
    "second metre kilogram amp kelvin mole candela volt siemens farad ohm hertz coulomb joule watt"
    " newton pascal weber tesla henry molar"
).split()


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(resource_dir("templates") / "brian2"),
        undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True,
        keep_trailing_newline=True, autoescape=False,
    )  # fmt: skip
    return environment.get_template("script.py.j2")


def render(experiment: Experiment, spec_text: str, lowering: str, target: str) -> str:
    """The script. `lowering` is "synapse" or "namespace", `target` one of Brian2's."""
    e = experiment
    states = state_columns(e)
    trajectories = bool(e.monitors)
    tables: dict[str, dict[str, str]] = {"blocks": measure_columns(e)}
    if any(c.state for c in e.connections):
        tables["weights"] = {column: "float64" for column in sorted(set(states.values()))}
    if trajectories:
        tables["trajectories"] = {}
    if e.spikes_of:
        tables["spikes"] = {}
    driven = any(x.kind == "driven" for x in e.layers)
    context = {
        "model": e.model,
        "model_repr": repr(e.model),
        "doc": e.doc.replace("\\", "\\\\").replace('"', "'"),
        "version": __version__,
        "hash": hashlib.sha256(spec_text.encode()).hexdigest()[:12],
        "rows": e.rows,
        "driven": driven,
        "seed": repr(e.seed),
        "dt": repr(e.dt),
        "target": repr(target),
        "spec": repr(spec_text),
        "sweep_lines": e.sweep,
        "constants": e.constants,
        "parameters": e.parameters,
        "sounds": e.sounds,
        "filterbanks": e.filterbanks,
        "inputs": indent(line for layer in e.layers for line in input_lines(layer, e)),
        "layers": indent(line for layer in e.layers for line in layer_lines(layer, e)),
        "connections": [
            {"name": c.name, "body": indent(connection_lines(c, e, lowering))}
            for c in e.connections
        ],
        "replicates": e.replicates,
        "duration": e.duration,
        "monitors": indent(monitor_lines(e)),
        "saving": indent(saving_lines(e, states)),
        "packages": ", ".join(
            repr(n) for n in ("brian2", "numpy", "pyarrow", *(("brian2hears",) if driven else ()))
        ) + ",",
        "lowering": repr(lowering),
        "units": repr(e.units),
        "tables": repr(tables),
        "imports": "",
        "support": "",
    }  # fmt: skip
    body = _template().render(context)
    support, imports = support_for(body)
    names = sorted(n for n in _UNITS if f"{n}" in body)
    context["support"] = support
    context["imports"] = import_block(imports, names)
    return _template().render(context)


def import_block(imports: list[str], units: list[str]) -> str:
    lines = {
        "import argparse", "import hashlib", "import os", "import sys", "import tempfile",
        "from importlib.metadata import version", "from types import SimpleNamespace",
        *imports,
    }  # fmt: skip
    third = {x for x in lines if "numpy" in x or "pyarrow" in x or "scipy" in x or "brian2" in x}
    brian = [
        "Network", "NeuronGroup", "SpikeGeneratorGroup", "SpikeMonitor", "StateMonitor", "Synapses",
        "get_device", "prefs", "set_device", *dict.fromkeys(["second", *units]),
    ]  # fmt: skip
    names = "".join(f"    {n},\n" for n in brian)
    return "\n".join([
        *sorted(lines - third), "",
        'os.environ.setdefault("MPLBACKEND", "Agg")', "",
        "import brian2  # noqa: E402", *sorted(x + "  # noqa: E402" for x in third),
        f"from brian2 import (  # noqa: E402\n{names})",
    ])  # fmt: skip


def indent(lines) -> str:
    return textwrap.indent("\n".join(lines), "    ") or "    pass"


def state_columns(e: Experiment) -> dict[str, str]:
    """Stored variables besides the weight, by their columns in `weights`."""
    names = list(dict.fromkeys(v for c in e.connections for v in c.state if v != c.weight))
    return state_names(names, list(e.columns))


def measure_columns(e: Experiment) -> dict[str, str]:
    columns = {}
    for c in e.connections:
        if c.weight:
            for when in ("before", "after"):
                for what in ("mean", "sd", *(("at_bounds",) if c.bounds else ())):
                    columns[f"{c.name}_{when}_{what}"] = "float64"
    for layer in e.layers:
        columns[f"{layer.name}_spikes"] = "int64"
        columns[f"{layer.name}_rate"] = "float64"
    return columns


def namespace(parameters: tuple[Parameter, ...], index: str = "") -> str:
    items = (
        f"{p.name!r}: {times_unit(p.code + (index if p.varies else ''), p.unit)}"
        for p in parameters
    )
    return "{" + ", ".join(items) + "}"


def copies(layer: Layer) -> str:
    return "replicate_of_copy" if layer.shared else "replicate_of_block"


def initial_lines(initial: Initial, draw: str, name: str) -> list[str]:
    """Code that leaves the value in `value`."""
    lines = [f"{u} = {draw.format(kind=repr(kind), key=key)}" for u, kind, key in initial.draws]
    lines.append(f"value = {initial.code}")
    if initial.low is not None:
        lines.append(f"value = clipped(value, {initial.low}, {initial.high}, {name!r})")
    return lines


def input_lines(layer: Layer, e: Experiment) -> list[str]:
    name = layer.name
    if layer.kind == "spikes":
        return [f"spikes[{name!r}] = {layer.spikes}"]
    if layer.kind != "driven":
        return []
    bank = next(b for b in e.filterbanks if b.name == layer.drive[0][1])
    body = [f"def make_{name}(dt):"]
    body += textwrap.indent("\n".join(group_lines(layer, e, "dt=dt, ")), "    ").splitlines()
    body += ["    return group", ""]
    drives = ", ".join(
        f"{v!r}: in_time([(0, side_by_side([filterbank_{b}(r, sounds, p) for r in"
        f" replicate_of_copy]))], samples, {layer.size * e.replicates})"
        for v, b in layer.drive
    )
    return [
        f"# {name} hears the sound once, at the sound's rate; its spikes are replayed to all blocks.",  # noqa: E501
        *body,
        f"samplerate = sounds[{bank.sound!r}, 0][2]",
        "samples = int(np.ceil(steps * DT * samplerate))",
        f"neuron, sample = run_nerve(make_{name}, {{{drives}}}, samplerate, samples,"
        f" os.path.join(folder, {name!r}) if standalone else None)",
        "neuron, step, dropped = spike_steps(neuron, sample, samplerate, DT)",
        f"spikes[{name!r}] = neuron[step < steps], step[step < steps]",
        "if dropped:",
        "    say(options.events, event='warning', text=f'{dropped} spikes of "
        + name + " fell into the step of another')",
    ]  # fmt: skip


def group_lines(layer: Layer, e: Experiment, clock: str) -> list[str]:
    count = f"{layer.size} * len({copies(layer)})"
    lines = [
        f"group = NeuronGroup({count}, '''",
        *layer.model,
        f"''', {clock}threshold={layer.threshold!r}, reset={layer.reset!r}, "
        f"refractory={layer.refractory!r}, method={layer.method or 'euler'!r},",
        f"    namespace={namespace(layer.namespace)}, name={layer.name!r})",
    ]
    if layer.refractory is None:
        lines[-2] = lines[-2].replace("refractory=None, ", "")
    lines += [
        f"copy = np.repeat(np.arange(len({copies(layer)})), {layer.size})",
        f"i = np.tile(np.arange({layer.size}), len({copies(layer)}))",
        "values = {}",
    ]
    for p in layer.varying:
        lines.append(f"set_values(group, {p.name!r}, {times_unit(f'{p.code}[copy]', p.unit)})")
    draw = f"neuron_draws({{kind}}, {{key}}, {copies(layer)}, {layer.size})"
    for initial in layer.initial:
        lines += initial_lines(initial, draw, f"{initial.variable} of {layer.name}")
        lines.append(f"values[{initial.variable!r}] = value")
        lines.append(
            f"set_values(group, {initial.variable!r}, {times_unit('value', initial.unit)})"
        )
    return lines


def layer_lines(layer: Layer, e: Experiment) -> list[str]:
    name = layer.name
    if layer.kind == "neurons":
        return [*group_lines(layer, e, "dt=DT * second, "), f"groups[{name!r}] = group", ""]
    count = f"{layer.size} * len({copies(layer)})"
    return [
        f"neuron, step = spikes[{name!r}]",
        f"groups[{name!r}] = SpikeGeneratorGroup({count}, neuron, step * DT * second,"
        f" dt=DT * second, sorted=True, name={name!r})",
        "",
    ]


def connection_lines(c: Connection, e: Experiment, lowering: str) -> list[str]:
    pre = next(x for x in e.layers if x.name == c.pre)
    post = next(x for x in e.layers if x.name == c.post)
    lines = [f'"""{c.pre} -> {c.post}."""']
    both_shared = pre.shared and post.shared
    of_block = "np.zeros(1, dtype=int)" if both_shared else "replicate_of_block"
    lines += ["", "def choose(block, i, j, u):", f"    return {c.choose}", ""]
    lines += [
        f"edges = synapses_of(choose, {c.draws or None}, {of_block}, {pre.size}, {post.size})",
        f"pre = edges.i + {pre.size} * "
        + ("replicate_of_block[edges.block]" if pre.shared else "edges.block"),
        f"post = edges.j + {post.size} * "
        + ("replicate_of_block[edges.block]" if post.shared else "edges.block"),
        "first = {}",
    ]
    draw = f"synapse_draws({{kind}}, {{key}}, {of_block}, edges, {pre.size}, {post.size})"
    for initial in c.initial:
        lines += initial_lines(initial, draw, f"{initial.variable} of {c.name}")
        full = "value + np.zeros(len(pre))"
        lines.append(f"first[{initial.variable!r}] = {full}")
    if c.delay:
        lines += initial_lines(c.delay, draw, f"delay of {c.name}")
        lines.append("delay = value + np.zeros(len(pre))")
        lines.append("if np.any(delay < 0):")
        lines.append(f"    fail('a delay of {c.name} is negative')")
    else:
        lines.append("delay = np.zeros(len(pre))")
    lines += ["synapses = []"]
    varying = [f"{p.name} : {p.unit} (constant)" for p in c.varying]
    by_block = lowering == "namespace"
    model = [*c.model, *([] if by_block else varying)]
    externals = (*c.namespace, *c.varying) if by_block else c.namespace
    if by_block:
        lines.append("for block in range(BLOCKS):")
        lines.append("    part = np.flatnonzero(edges.block == block)")
        lines.append("    if len(part) == 0:")
        lines.append("        continue")
        name = f"f'{c.name}_{{block}}'"
    else:
        lines.append("for part in [np.arange(len(pre))] if len(pre) else []:")
        name = repr(c.name)
    inner = [
        f"namespace = {namespace(externals, '[block]' if by_block else '')}",
        f"s = Synapses(groups[{c.pre!r}], groups[{c.post!r}], '''",
        *model,
        "''',",
    ]
    if c.on_pre:
        inner += ["    on_pre='''", *c.on_pre, "''',"]
    if c.on_post:
        inner += ["    on_post='''", *c.on_post, "''',"]
    inner.append(
        f"    namespace=namespace, {f'method={c.method!r}, ' if c.method else ''}"
        f"dt=DT * second, name={name})"
    )
    inner.append("s.connect(i=pre[part], j=post[part])")
    for kind, code, order in (("pre", c.on_pre, c.orders[0]), ("post", c.on_post, c.orders[1])):
        if code:
            inner.append(f"s.{kind}.order = {order}")
    if c.delay and c.on_pre:
        inner.append("s.pre.delay = delay[part] * second")
    if not by_block:
        for p in c.varying:
            value = times_unit(f"{p.code}[edges.block]", p.unit)
            inner.append(f"set_values(s, {p.name!r}, {value})")
    for initial in c.initial:
        value = times_unit(f"first[{initial.variable!r}][part]", initial.unit)
        inner.append(f"set_values(s, {initial.variable!r}, {value})")
    inner.append("synapses.append(s)")
    lines += textwrap.indent("\n".join(inner), "    ").splitlines()
    lines.append("return SimpleNamespace(edges=edges, first=first, delay=delay, synapses=synapses)")
    return lines


def monitor_lines(e: Experiment) -> list[str]:
    lines = ["counters = {"]
    for layer in e.layers:
        if layer.kind == "neurons":
            lines.append(
                f"    {layer.name!r}: SpikeMonitor(groups[{layer.name!r}],"
                f" record={layer.name in e.spikes_of}, name='spikes_of_{layer.name}'),"
            )
    lines.append("}")
    for k, m in enumerate(e.monitors):
        names = [model for _, model in m.variables]
        every = f"dt={m.every!r} * second"
        blocks = None if m.blocks is None else list(m.blocks)
        if m.on_layer:
            size = next(x.size for x in e.layers if x.name == m.component)
            chosen = f"np.arange(len(groups[{m.component!r}]))"
            if blocks is not None:
                lines.append(f"chosen = np.flatnonzero(np.isin({chosen} // {size}, {blocks}))")
            else:
                lines.append(f"chosen = {chosen}")
            lines.append(
                f"monitors.append(({k}, chosen, None, StateMonitor(groups[{m.component!r}], {names},"  # noqa: E501
                f" record=chosen, {every}, name='record_{k}')))"
            )
            continue
        lines += [
            f"link, start = links[{m.component!r}], 0",
            "for part, s in enumerate(link.synapses):",
            "    mine = np.arange(start, start + len(s))",
            "    start += len(s)",
        ]
        if blocks is not None:
            lines.append(f"    mine = mine[np.isin(link.edges.block[mine], {blocks})]")
        lines += [
            "    if len(mine):",
            "        local = mine - (start - len(s))",
            f"        monitors.append(({k}, mine, s, StateMonitor(s, {names}, record=local,"
            f" {every}, name=f'record_{k}_{{part}}')))",
        ]
    return lines


def saving_lines(e: Experiment, states: dict[str, str]) -> list[str]:
    lines = ["end = steps * DT"]
    for layer in e.layers:
        name = layer.name
        lines += [f"# {name}"]
        if layer.kind == "neurons":
            lines += [f"counter = counters[{name!r}]", "counts = np.asarray(counter.count[:])"]
            if name in e.spikes_of:
                lines += [
                    "neuron, t = np.array(counter.i[:], dtype=int), np.asarray(counter.t / second)"
                ]
            for p in layer.varying:
                lines.append(
                    f"audit('{name}.{p.name}', groups[{name!r}].variables[{p.name!r}].get_value(),"
                    f" np.repeat({p.code}, {layer.size}))"
                )
            lines.append(
                f"audit_constants({name!r}, groups[{name!r}].namespace,"
                f" groups[{name!r}].contained_objects)"
            )
            for variable in layer.odes:
                if not layer.shared:
                    lines += [
                        f"values = np.asarray(groups[{name!r}].variables[{variable!r}].get_value())",  # noqa: E501
                        f"good &= finite_blocks(values, np.arange(len(values)) // {layer.size},"
                        " blocks)",
                    ]
        else:
            lines += [
                f"neuron, step = spikes[{name!r}]",
                "t = step * DT",
                f"counts = np.bincount(neuron, minlength={layer.size} * len({copies(layer)}))",
            ]
        lines.append(f"counts = counts.reshape(-1, {layer.size}).sum(axis=1)")
        if layer.shared:
            lines.append("counts = counts[replicate_of_block]")
        lines += [
            f"measures['{name}_spikes'] = counts",
            f"measures['{name}_rate'] = counts / ({layer.size} * end) if end else counts * 0.0",
        ]
        if name in e.spikes_of:
            own = f"neuron % {layer.size}"
            if layer.shared:
                replicate = ", replicate=neuron // " + str(layer.size)
                replicate = replicate if "replicate" in e.columns else ""
                lines.append(f"results.spikes({name!r}, None, {own}, t{replicate})")
            else:
                lines.append(f"results.spikes({name!r}, neuron // {layer.size}, {own}, t)")
    for c in e.connections:
        lines += connection_saving(c, states)
    if e.monitors:
        lines += trajectory_saving(e)
    return lines


def connection_saving(c: Connection, states: dict[str, str]) -> list[str]:
    name = c.name
    lines = [
        f"# {name}", f"link = links[{name!r}]", "edges, state = link.edges, {}",
        "for s in link.synapses:",
        "    namespace = s.namespace",
        f"    audit_constants({name!r}, namespace, s.contained_objects)",
    ]  # fmt: skip
    for p in c.varying:
        lines += [
            f"    if {p.name!r} not in namespace:",
            f"        audit('{name}.{p.name}', s.variables[{p.name!r}].get_value(),"
            f" {p.code}[edges.block])",
        ]
    if not c.state:
        return lines
    lines.append("if link.synapses:")
    for variable in c.state:
        lines.append(
            f"    state[{variable!r}] = np.concatenate("
            f"[s.variables[{variable!r}].get_value() for s in link.synapses])"
        )
    if c.traces:
        lines += [
            "    age = end - np.concatenate("
            "[s.variables['lastupdate'].get_value() for s in link.synapses])"
        ]
    for trace in c.traces:
        lines += [
            f"    values = state[{trace.name!r}]",
            f"    state[{trace.name!r}] = {trace.code}",
        ]
    lines += [
        "    for values in state.values():",
        "        good &= finite_blocks(values, edges.block, blocks)",
    ]
    weight = c.weight
    others = [v for v in c.state if v != weight]
    others_code = ", ".join(f"{states[v]!r}: state[{v!r}]" for v in others)
    first = f"link.first.get({weight!r}, np.zeros(len(edges.block)))" if weight else "np.nan"
    now = f"state[{weight!r}]" if weight else "np.nan"
    lines.append(
        f"    results.weights({name!r}, edges.block, edges.i, edges.j, link.delay, {first}, {now},"
        f" {{{others_code}}})"
    )
    if weight:
        low, high = c.bounds or ("-np.inf", "np.inf")
        lines.append(f"before, after = {first}, state.get({weight!r}, np.zeros(0))")
        for when in ("before", "after"):
            lines += [
                f"found = weight_measures('{name}_{when}', edges.block, {when}, {low}, {high},"
                " blocks)",
            ]
            if not c.bounds:
                lines.append(f"del found['{name}_{when}_at_bounds']")
            lines.append("measures |= found")
    return lines


def trajectory_saving(e: Experiment) -> list[str]:
    lines = ["for which, chosen, s, monitor in monitors:"]
    for k, m in enumerate(e.monitors):
        lines.append(f"    if which == {k}:")
        for shown, model in m.variables:
            get = f"monitor.variables[{model!r}].get_value().T"
            if m.on_layer:
                layer = next(x for x in e.layers if x.name == m.component)
                last = (
                    f"np.asarray(groups[{m.component!r}].variables[{model!r}].get_value())[chosen]"
                )
                block = "None" if layer.shared else f"chosen // {layer.size}"
                replicate = (
                    f", replicate=chosen // {layer.size}"
                    if layer.shared and "replicate" in e.columns else ""
                )  # fmt: skip
                lines += [
                    f"        value = np.column_stack([{get}, {last}])",
                    "        t = np.append(np.asarray(monitor.t / second), end)",
                    f"        results.trajectories({shown!r}, t, value, block={block},"
                    f" layer={m.component!r}, neuron=chosen % {layer.size}{replicate})",
                ]
                continue
            c = next(c for c in e.connections if c.name == m.component)
            base = model.removesuffix("_now")
            trace = next((x for x in c.traces if x.name == base and model.endswith("_now")), None)
            lines += [
                f"        edges, local = links[{c.name!r}].edges, monitor.record",
                f"        values = np.asarray(s.variables[{base!r}].get_value())[local]",
            ]
            if trace:
                lines += [
                    "        age = end - np.asarray(s.variables['lastupdate'].get_value())[local]",
                    f"        values = {trace.code.replace('edges.block', 'edges.block[chosen]')}",
                ]
            lines += [
                f"        value = np.column_stack([{get}, values])",
                "        t = np.append(np.asarray(monitor.t / second), end)",
                f"        results.trajectories({shown!r}, t, value, block=edges.block[chosen],"
                f" connection={c.name!r}, pre=edges.i[chosen], post=edges.j[chosen])",
            ]
    return lines
