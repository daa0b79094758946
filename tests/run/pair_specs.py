"""Drawn models as specs, with the files that they name."""

from __future__ import annotations

import re
from pathlib import Path

from pair_models import Cell, Layer, Model, Phase, Rule, Variable, Wire


def spec_of(model: Model, folder: Path) -> str:
    """The spec's text; what it reads is written into `folder`."""
    rules = [r for w in model.wires for r in w.rules if not r.library]
    parts = ["model drawn\n", *map(cell, model.cells), *map(rule, rules)]
    parts += [layer(x, folder) for x in model.layers]
    parts += [wire(w, folder) for w in model.wires]
    parts += [sweep(model), record(model), run(model)]
    return literal("\n".join(p for p in parts if p))


def literal(text: str) -> str:
    """`{5 ms}` is one token of the language."""
    return re.sub(r"\{([^{}]+)\}", r"\1", text)


def block(head: str, lines: list[str]) -> list[str]:
    return [f"    {head}:", *(f"        {line}" for line in lines)] if lines else []


def assigned(values: dict[str, str]) -> list[str]:
    return [f"{name} = {value}" for name, value in values.items()]


def equation(e: Variable) -> str:
    left = f"d{e.name}/dt = {e.side}" if e.kind == "ode" else e.name
    if e.kind == "computed":
        left = f"{e.name} = {e.side}"
    flags = f" ({e.flags})" if e.flags else ""
    bounds = f" in [{e.bounds[0]}, {e.bounds[1]}]" if e.bounds else ""
    return f"{left} : {e.unit}{bounds}{flags}"


def cell(c: Cell) -> str:
    lines = [f"neuron {c.name}:", *block("parameters", assigned(c.parameters))]
    lines += block("equations", [equation(e) for e in c.equations])
    lines += [f"    threshold: {c.threshold}", *block("reset", c.reset)]
    lines += [f"    refractory: {c.refractory}"] if c.refractory else []
    lines += [f"    method: {c.method}"] if c.method else []
    lines += block("initial", assigned(c.initial))
    if c.event:
        lines += [f"    event near: {c.event[0]}", *block("on near", c.event[1])]
    if c.every:
        lines += block(f"every {c.every[0]}", c.every[1])
    return "\n".join(lines) + "\n"


def rule(r: Rule) -> str:
    lines = [f"rule {r.name}:"]
    lines += block("requires post", [f"{n} : {unit}" for n, unit in r.requires.items()])
    lines += block("parameters", assigned(r.parameters))
    lines += block("equations", [equation(e) for e in r.equations])
    lines += [f"    method: {r.method}"] if r.method else []
    lines += block("on pre", ["deliver w" if s == "deliver" else s for s in r.on_pre])
    lines += block("on post", r.on_post)
    if r.after:
        lines += block(f"on {r.after[0]} after {r.after[1]}", r.after[2])
    return "\n".join(lines) + "\n"


def layer(x: Layer, folder: Path) -> str:
    lines = [f"layer {x.name}:", f"    size: {x.size}"]
    if x.cell is not None:
        use = f"({', '.join(assigned(x.values))})" if x.values else ""
        lines.append(f"    neuron: {x.cell.name}{use}")
        lines += ["    scope: shared"] if x.shared else []
    elif x.form == "regular" and x.regular:
        rate, start, stop = x.regular
        lines.append(f"    regular: {rate} Hz from {start} ms to {stop} ms")
    elif x.form == "file":
        rows = [f"{float(ms) / 1000!r},{neuron}" for neuron, ms in x.spikes]
        (folder / f"{x.name}.csv").write_text("\n".join(["time,neuron", *rows]) + "\n")
        lines.append(f'    spikes: from "{x.name}.csv"')
    else:
        spikes = ", ".join(f"({neuron}, {ms} ms)" for neuron, ms in x.spikes)
        lines.append(f"    spikes: [{spikes}]")
    return "\n".join(lines) + "\n"


def wire(w: Wire, folder: Path) -> str:
    pattern = {
        "all": "all_to_all",
        "one": "one_to_one",
        "where": f"all_to_all where {w.where}",
        "pairs": f'pairs from "{w.name}.csv"',
    }[w.pattern]
    if w.pattern == "pairs":
        rows = [f"{i},{j}" for i, j in w.pairs]
        (folder / f"{w.name}.csv").write_text("\n".join(["pre,post", *rows]) + "\n")
    lines = [f"connect {w.pre.name} -> {w.post.name} as {w.name}:", f"    pattern: {pattern}"]
    if w.rules:
        uses = [r.name for r in w.rules]
        lines.append(f"    plasticity: {', '.join(uses)}")
    lines += [f"    weight: {w.weight}"] if w.weight else []
    lines += [f"    deliver: {value} to {target}" for value, target in w.deliver]
    if w.continuous:
        lines.append(f"    deliver continuously: {w.continuous[0]} to {w.continuous[1]}")
    lines += block("on pre", w.on_pre) + block("on post", w.on_post)
    if w.after:
        lines += block(f"on {w.after[0]} after {w.after[1]}", w.after[2])
    lines += [f"    delay: {w.delay}"] if w.delay else []
    lines += [f"    dendritic delay: {w.dendritic}"] if w.dendritic else []
    lines += ["    ties: post first"] if w.ties else []
    lines += block("initial", assigned(w.initial))
    if w.normalise:
        period, side, goal = w.normalise
        lines.append(f"    every {period}: normalise w per {side} to {goal}")
    if w.every:
        lines.append(f"    every {w.every[0]}: {w.every[1]}")
    return "\n".join(lines) + "\n"


def sweep(model: Model) -> str:
    if not model.columns:
        return ""
    lines = []
    for (component, name), values in model.columns.items():
        units = {v.strip("{}").partition(" ")[2] for v in values}
        numbers = ", ".join(v.strip("{}").partition(" ")[0] for v in values)
        lines.append(f"{component}.{name} = [{numbers}] {units.pop()}".rstrip())
    return "\n".join(["sweep:", *block("zip" if model.zipped else "grid", lines)]) + "\n"


def record(model: Model) -> str:
    groups = [x.name for x in model.layers]
    lines = [f"    spikes of {', '.join(groups)}"]
    for name, (variables, every) in model.samples.items():
        lines.append(f"    {', '.join(variables)} of {name} every {every} ms")
    return "\n".join(["record:", *lines]) + "\n"


def run(model: Model) -> str:
    tail = f"    dt: {model.dt} ms\n    seed: 1\n"
    if len(model.phases) == 1:
        return f"run:\n    duration: {model.phases[0].ms} ms\n{tail}"
    return "run:\n    phases:\n" + "".join(map(phase, model.phases)) + tail


def phase(p: Phase) -> str:
    parts = [f"        {p.name}: {p.ms} ms"]
    parts += ["plasticity off"] if p.all_frozen else []
    parts += [f"{name} frozen" for name in p.frozen] + [f"{name} off" for name in p.off]
    if p.set:
        parts.append(f"set {p.set[0]}.{p.set[1]} = {p.set[2]}")
    return ", ".join(parts) + "\n"
