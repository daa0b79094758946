"""From the experiment to the text of its script. Python decides, and the templates lay out."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from .. import __version__
from ..ir import Connection, Experiment, Group, Initial, Layer
from ..lower.integration import methods_of
from ..lower.until_stable import Until
from .equations import updated
from .experiment import coupling
from .giving import block_size, give_calls
from .nerve import nerve_context
from .plain.audio import AudioCode
from .plain.code import UNITS, Code
from .plain.names import Names
from .plain.network import by_block_of, network_functions
from .plain.run_phases import run_doc
from .result_tables import tables
from .run_calls import (
    copies,
    duration,
    filterbank_lines,
    given_spikes,
    listed_pairs,
    neuron_draw,
    sound_lines,
    stream_key,
    synapse_draw,
)
from .runtime_names import imports_for, is_third_party
from .saving import saving_calls
from .sweep_code import sweep_lines
from .templates import fill, in_docstring


def render(
    e: Experiment,
    spec_text: str,
    sets: Sequence[str],
    lowering: str,
    target: str,
    until: Until | None = None,
    first: int = 0,
    keep_state: bool = False,
    earlier: str = "",
) -> str:
    """The script. `lowering` is "synapse" or "namespace", `target` one of Brian2's, `sets` are the
    NAME=VALUE given to the spec; `first` is the number of the first block. `keep_state`: the
    results contain what a later run needs to go on; `earlier` is the checksum of the results from
    which this run goes on."""
    context = {
        "version_repr": repr(__version__),
        "first": first,
        "set": repr(list(sets)),
        "until_stable": repr(until.data() if until else None),
        **heading(e, spec_text, target),
        **tables(e, until is not None, keep_state),
        **data_context(e),
        "keep_state": keep_state,
        "earlier": repr(earlier) if earlier else "",
        **network_context(e, lowering),
        **run_context(e),
        "lowering": repr(lowering),
        "precision": repr(e.precision),
        "methods": repr(methods_of(e)),
        "gsl": gsl_of(e),
    }
    body = fill("script.py.j2", **context, imports="")
    return fill("script.py.j2", **context, imports=import_block(imports_for(body))) + "\n"


def gsl_of(e: Experiment) -> list[str]:
    """The components that the GNU Scientific Library integrates."""
    return [
        name
        for name, methods in methods_of(e).items()
        if any(method.startswith("gsl") for method in methods.values())
    ]


def heading(e: Experiment, spec_text: str, target: str) -> dict[str, Any]:
    return {
        "model": e.model,
        "model_repr": repr(e.model),
        "doc": in_docstring(e.doc),
        "version": __version__,
        "hash": hashlib.sha256(spec_text.encode()).hexdigest()[:12],
        "rows": e.rows,
        "order": list(e.order),
        "after": e.after,
        "shards": 1 if coupling(e) else e.rows - e.after,
        "coupled": coupling(e),
        "seed": repr(e.seed),
        "dt": repr(e.dt),
        "target": repr(target),
        "spec": repr(spec_text),
        "hears": bool(e.sounds),
        "phases": [
            {
                "name": repr(p.name),
                "frozen": list(p.frozen),
                "off": list(p.off),
                "words": p.words,
                "starts": {c: f"{c} in {p.key(c)}" for c in p.starts},
                "sets": list(p.sets),
            }
            for p in e.phases
        ],
    }


def import_block(imports: list[str]) -> str:
    lines = {
        "import argparse",
        "import hashlib",
        "import os",
        "import platform",
        "import sys",
        "import tempfile",
        "from types import SimpleNamespace",
        *imports,
    }
    ours = sorted(x for x in lines if x.startswith("from stdpdsl."))
    third = sorted(filter(is_third_party, lines))
    standard = sorted(lines - {*third, *ours}, key=lambda x: (x.startswith("from"), x))
    return "\n".join([*standard, "", *third, "", *ours])


# The data ---------------------------------------------------------------------------------------


def data_context(e: Experiment) -> dict[str, Any]:
    groups = [("constants", e.constants), *e.parameters]
    parts: list[tuple[str, Group | Connection]] = [
        *((x.name, x.group) for x in e.layers if x.group),
        *((c.name, c) for c in e.connections),
    ]
    return {
        "sweep_lines": sweep_lines(e.sweep),
        "parameters": [{"name": name, "parameters": items} for name, items in groups if items],
        "varying": [(name, part.varying) for name, part in parts if part.varying],
        "common": [(name, part.common) for name, part in parts if part.common],
        "single": {name: list(part.single) for name, part in parts if part.single},
        "sounds": [(sound, sound_lines(sound)) for sound in e.sounds],
        "filterbanks": [(bank.name, filterbank_lines(bank)) for bank in e.filterbanks],
        "durations": "".join(f"{duration(p)}, " for p in e.phases).rstrip(),
        "layers": [layer_context(layer, e) for layer in e.layers],
    }


def layer_context(layer: Layer, e: Experiment) -> dict[str, Any]:
    initial = layer.group.initial if layer.group else ()
    return {
        "name": layer.name,
        "size": layer.size,
        "shared": layer.shared,
        "kind": layer.kind,
        "copies": copies(layer.shared),
        "spikes": given_spikes(layer) if layer.spikes else "",
        "initial": [
            {
                "key": repr(i.variable),
                "draws": [neuron_draw(d, layer) for d in i.draws],
                "code": first_value(i, "len(i)", f"{i.variable} of {layer.name}"),
            }
            for i in initial
        ],
    }


def first_value(i: Initial, number: str, name: str) -> str:
    """One value per element, clipped to its bounds."""
    code = f"full({i.code}, {number})"
    return code if i.low is None else f"clipped(x, {code}, {i.low}, {i.high}, {name!r})"


# The network ------------------------------------------------------------------------------------


def network_context(e: Experiment, lowering: str) -> dict[str, Any]:
    layers = {layer.name: layer for layer in e.layers}
    apart = by_block_of(e, lowering)
    code, names = Code(e), Names(e, UNITS)
    audio = AudioCode(e, code, names)
    network, run = network_functions(e, code, names, audio, apart)
    return {
        "connections": [
            connection_context(c, layers[c.pre], layers[c.post], c.name in apart)
            for c in e.connections
        ],
        "giving": give_calls(e, audio),
        "settings": settings(e),
        "driven": any(x.drive and x.kind == "neurons" for x in e.layers),
        "one_program": not apart,
        "nerves": [nerve_context(layer, e) for layer in e.layers if layer.kind == "driven"],
        "network_of_state": network,
        "run": run,
        "run_doc": run_doc(e),
        "phase_steps": [1] * len(e.phases),
        "weights": {c.name: c.weight for c in e.connections if c.weight},
        "live": {c.name: c.weight for c in e.connections if c.weight and not moves_alone(c)},
        "record": list(e.timed),
        "samples": [
            (number, m.component, [*m.variables], round(m.every / e.dt))
            for number, m in enumerate(e.monitors)
        ],
    }


def settings(e: Experiment) -> list[dict[str, Any]]:
    """The variables that phases set: for each phase, code for its components."""
    layers = {layer.name: layer for layer in e.layers}
    found = {}
    for phase in e.phases:
        components = []
        for name, items in phase.values:
            layer = layers.get(name)
            count = "len(i)" if layer else "len(edges.i)"
            components.append(
                {
                    "name": name,
                    "layer": bool(layer),
                    "neurons": f"{layer.size}, {copies(layer.shared)}" if layer else "",
                    "variables": [
                        {
                            "key": repr(i.variable),
                            "draws": draws_of(i, layer),
                            "code": first_value(i, count, f"{i.variable} of {name}"),
                        }
                        for i in items
                    ],
                }
            )
        if components:
            found[phase.words] = {"words": phase.words, "components": components}
    return list(found.values())


def draws_of(i: Initial, layer: Layer | None) -> list[str]:
    """Lines that make the draws for a variable of a layer, or of a connection."""
    return [neuron_draw(d, layer) if layer else synapse_draw(d) for d in i.draws]


def connection_context(c: Connection, pre: Layer, post: Layer, by_block: bool) -> dict[str, Any]:
    """The synapses of a connection, their first values and their delays."""
    arguments = [
        "x",
        f"({c.pre!r}, {pre.size}, {pre.shared})",
        f"({c.post!r}, {post.size}, {post.shared})",
        "choose",
        f"shared={c.shared}",
    ]
    if c.draws:
        arguments.append(f"draws={stream_key(c.draws)}")
        arguments += ["independent=True", "row=row"] if c.draws.independent else []
        arguments += ["kind='mirrored'"] if c.draws.kind == "mirrored" else []
    arguments += ["same=True"] if c.same else []
    arguments += [f"pairs={listed_pairs(c, pre.size, post.size)}"] if c.pairs else []
    arguments += [f"many={c.many}"] if c.many > 1 else []
    number = "len(edges.i)"
    initial = [
        {
            "key": f"edges.values[{i.variable!r}]",
            "draws": [synapse_draw(d) for d in i.draws],
            "code": first_value(i, number, f"{i.variable} of {c.name}"),
        }
        for i in c.initial
    ]
    for name, i in (("axonal", c.axonal), ("dendritic", c.dendritic)):
        if i is not None:
            initial.append(
                {
                    "key": f"edges.{name}",
                    "draws": [synapse_draw(d) for d in i.draws],
                    "code": f"delays(x, {i.code}, {number}, {c.name!r})",
                }
            )
    return {
        "name": c.name,
        "pre": c.pre,
        "post": c.post,
        "choose": c.choose,
        "arguments": ", ".join(arguments),
        "initial": initial,
        "by_block": by_block,
        "block_size": block_size(c, post, by_block),
        "delays": [(p.name, " + ".join(p.delay)) for p in c.pathways if p.delay],
    }


# The run and its results ------------------------------------------------------------------------


def run_context(e: Experiment) -> dict[str, Any]:
    return {
        "saving": saving_calls(e),
        "presented": e.presented,
        "measures": e.measures,
    }


def moves_alone(c: Connection) -> bool:
    """Whether a weight changes between events, and only events bring it up to date. The stored
    value is then older than the time at which it is read."""
    traces = {trace.name for trace in c.traces}
    return c.weight in traces or c.weight in updated(c)
