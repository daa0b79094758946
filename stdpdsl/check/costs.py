"""What a spec would cost, without running it: neurons, synapses, recorded rows, bytes.

Expected numbers for random connectivity; upper bounds (`at_most`) if the number depends on values
that only the run knows.
"""

from __future__ import annotations

import math
from collections import ChainMap, Counter
from collections.abc import Mapping
from typing import Any

from ..dataclass import dataclass
from ..language import ast
from ..language.numeric import NotConstant, evaluate
from ..language.source import Span
from .clauses.timing import DEFAULT_DT
from .slices import is_rate, neurons_of, slices_of
from .symbols import Component, Symbols
from .turns import turns_of
from .values import on_pairs, value

# A recorded row takes a double in the monitor, and another while it is written.
ROW_MEMORY = 16
# Measured with zstd and byte-stream-split: about 7 bytes for a value, its time and its indices.
ROW_DISK = 8
SPIKE_DISK = 8
# Input spikes are made before the run: a neuron and a step, and both again for sorting.
SPIKE_MEMORY = 32
ASSUMED_RATE = 10.0  # Hz, for neurons whose rate only the run knows


@dataclass(frozen=True)
class Part:
    """One layer, connection or record line, with its counts."""

    name: str
    node: ast.Node
    count: float
    at_most: bool = False
    bytes: float = 0.0  # in memory
    every: float = 0.0  # of a record line, s
    rate: float = ASSUMED_RATE  # of a layer's neurons, Hz


@dataclass(frozen=True)
class Estimate:
    """The whole run. `seconds` is simulated time, None if a sound's length is not known."""

    blocks: int
    replicates: int
    layers: tuple[Part, ...]
    connections: tuple[Part, ...]
    inputs: tuple[Part, ...]  # spikes of layers whose rate the spec gives
    records: tuple[Part, ...]
    seconds: float | None
    dt: float
    result_bytes: float
    memory_bytes: float
    span: Span | None  # from what determines the simulated time
    coupled: bool = False  # blocks that influence one another run together

    @property
    def neurons(self) -> float:
        return sum(p.count for p in self.layers)

    @property
    def synapses(self) -> float:
        return sum(p.count for p in self.connections)

    @property
    def recorded_rows(self) -> float:
        return sum(p.count for p in self.records)

    @property
    def steps(self) -> float | None:
        return None if self.seconds is None else self.seconds / self.dt


class Costs:
    """`columns` are the evaluated sweep (SI), `edges` the rows of each file of pairs, and `sounds`
    the known durations."""

    def __init__(
        self,
        symbols: Symbols,
        blocks: int,
        replicates: int,
        constants: Mapping[str, Any],
        columns: Mapping[str, Any] | None = None,
        sounds: Mapping[str, float] | None = None,
        edges: Mapping[str, int] | None = None,
    ):
        self.symbols = symbols
        self.blocks = blocks  # rows, replicates included
        self.replicates = replicates
        self.constants = constants
        self.sounds = sounds or {}
        self.edges = edges or {}
        self.environments: dict[str, Mapping[str, Any]] = {}
        self.means: dict[str, Any] = {}
        for name, values in (columns or {}).items():
            if any(c.name == name and c.of_presets for c in symbols.columns.values()):
                continue
            self.means[name.rsplit(".", 1)[-1]] = sum(values) / max(len(values), 1)

    def estimate(self) -> Estimate:
        sizes = {c.name: self.size(c) for c in self.symbols.layers}
        # Variables that rules add to their target layers, at most once per connection.
        added = Counter(
            {c.post.name: len(c.post_variables) for c in self.symbols.connections if c.post}
        )
        layers = tuple(
            Part(
                c.name,
                c.node,
                sizes[c.name] * self.copies(c),
                bytes=sizes[c.name] * self.copies(c) * 8 * (len(c.variables) + added[c.name] + 6),
                rate=self.rate(c),
            )
            for c in self.symbols.layers
        )
        connections = tuple(self.connection(c, sizes) for c in self.symbols.connections)
        per_copy = {p.name: p.count for p in connections}
        seconds = self.seconds()
        run = next(iter(self.symbols.spec.of(ast.Run)), None)
        dt = (value(run.dt, self.constants) if run else None) or DEFAULT_DT
        inputs = tuple(self.input(c, sizes, seconds, dt) for c in self.symbols.layers)
        records: list[Part] = []
        spikes = 0.0
        for record in self.symbols.spec.of(ast.Record):
            for item in record.items:
                if isinstance(item, ast.RecordState):
                    records.append(self.state(item, sizes, per_copy, seconds))
                else:
                    part = self.spikes(item, sizes, seconds)
                    records.append(part)
                    spikes += part.count
        rows = sum(p.count for p in records) - spikes
        weights = sum(
            p.count * 8 * (4 + len(self.symbols.components[p.name].variables)) for p in connections
        )
        return Estimate(
            self.blocks,
            self.replicates,
            layers,
            connections,
            inputs,
            tuple(records),
            seconds,
            dt,
            result_bytes=rows * ROW_DISK + spikes * SPIKE_DISK + weights,
            memory_bytes=sum(p.bytes for p in (*layers, *connections, *inputs, *records)),
            span=run.span if run else None,
            coupled=any(c.couples for c in self.symbols.connections),
        )

    # Parts

    def size(self, component: Component) -> float:
        node = component.node
        return (value(node.size, self.constants) or 0) if isinstance(node, ast.Layer) else 0

    def input(
        self, component: Component, sizes: Mapping[str, float], seconds: float | None, dt: float
    ) -> Part:
        node = component.node
        rate = self.input_rate(node, component)
        if rate is None or not rate > 0 or seconds is None:
            return Part(component.name, node, 0)
        count = min(rate, 1 / dt) * seconds * sizes[component.name] * self.copies(component)
        return Part(component.name, node, count, bytes=count * SPIKE_MEMORY)

    def input_rate(self, node: ast.Node, component: Component) -> float | None:
        """In Hz, averaged over the run, if a layer is an input with a known rate."""
        source = node.source if isinstance(node, ast.Layer) else None
        known = self.environment(component)
        if isinstance(source, ast.PoissonInput):
            return value(source.rate, known)
        if isinstance(source, ast.RegularInput):
            rate = value(source.rate, known)
            return None if rate is None else rate * self.part_played(source, known)
        return None

    def part_played(self, source: ast.RegularInput, known: Mapping[str, Any]) -> float:
        """The fraction of the run between an input's start and stop."""
        seconds, stop = self.seconds(), value(source.stop, known)
        if not seconds:
            return 1.0
        first = max(0.0, value(source.start, known) or 0.0)
        last = seconds if stop is None else min(stop, seconds)
        return max(0.0, last - first) / seconds

    def copies(self, component: Component) -> int:
        return self.blocks if component.scope == "block" else self.replicates

    def connection(self, component: Component, sizes: Mapping[str, float]) -> Part:
        node, pre, post = component.node, component.pre, component.post
        assert isinstance(node, ast.Connect)
        if pre is None or post is None or node.pattern is None:
            return Part(component.name, node, 0)
        pairs, at_most = self.pairs(node.pattern, component, sizes[pre.name], sizes[post.name])
        several = value(node.pattern.several, self.environment(component)) or 1
        several = 1 if node.pattern.path is not None else several  # all of them are listed
        count = pairs * several * self.copies(component)
        columns = [c for c in self.symbols.columns.values() if c.target]
        swept = sum(c.target is not None and c.target[0] == component.name for c in columns)
        # The indices of both sides, and the tables from each neuron to its synapses.
        each = 32 + 8 * (len(component.variables) + swept + 2)
        return Part(component.name, node.pattern, count, at_most, count * each)

    def pairs(
        self, pattern: ast.Pattern, component: Component, pre: float, post: float
    ) -> tuple[float, bool]:
        """Synapses of one copy, and whether that is only an upper bound."""
        kind = pattern.kind.id
        env = self.environment(component)
        count, at_most = pre * post, False
        ranges = slices_of(component, self.constants)
        mine = [
            size if r is None else r[1] - r[0] for r, size in zip(ranges, (pre, post), strict=True)
        ]
        if kind == "one_to_one":
            count = min(mine)
        elif kind.startswith("fixed"):
            pre, post = mine
            k = value(pattern.argument, env)
            count = (pre if k is None else min(k, pre)) * post
            if kind == "fixed_outdegree":
                count = pre * (post if k is None else min(k, post))
            at_most = k is None
        elif kind == "pairs":
            count = float(self.edges.get(pattern.path.value, 0)) if pattern.path else 0.0
        elif kind in ("random", "symmetric"):
            p = value(pattern.argument, env)
            if p is not None:
                count *= min(max(p, 0.0), 1.0)
                if pattern.where is None:
                    return count, False
        if kind in ("random", "symmetric", "all_to_all"):
            share = self.share(pattern, env, int(pre), int(post))
            if share is not None:
                return pre * post * share, False
        at_most = at_most or pattern.where is not None
        if kind in ("random", "symmetric") and value(pattern.argument, env) is None:
            at_most = True
        return count, at_most

    def share(
        self, pattern: ast.Pattern, env: Mapping[str, Any], pre: int, post: int
    ) -> float | None:
        """The expected fraction of all pairs, counted on the grid of `i` and `j`."""
        weight: Any = 1.0
        if pattern.kind.id in ("random", "symmetric") and pattern.argument is not None:
            p = on_pairs(pattern.argument, pre, post, env)
            if p is None:
                return None
            weight = p.clip(0, 1)
        if pattern.where is not None:
            admitted = on_pairs(pattern.where, pre, post, env)
            if admitted is None:
                return None
            weight = weight * admitted.astype(float)
        return float(weight.mean()) if hasattr(weight, "mean") else weight

    def environment(self, component: Component) -> Mapping[str, Any]:
        """Names with one value each for an estimate; a column has its mean."""
        if component.name not in self.environments:
            own = {
                n: value(s.value, self.constants)
                for n, s in component.parameters.items()
                if s.value is not None and not s.by_preset
            }
            known = {n: v for n, v in own.items() if v is not None}
            self.environments[component.name] = ChainMap(self.means, known, dict(self.constants))
        return self.environments[component.name]

    # Recording

    def state(
        self,
        item: ast.RecordState,
        sizes: Mapping[str, float],
        synapses: Mapping[str, float],
        seconds: float | None,
    ) -> Part:
        component = self.symbols.components.get(item.component.id)
        every = value(item.every, self.constants)
        if component is None or not every or every <= 0 or seconds is None:
            return Part(item.component.id, item, 0)
        copies = self.copies(component)
        if component.kind == "layer":
            each = sizes[component.name]
        else:
            each = synapses[component.name] / max(copies, 1)
        if item.blocks is not None and component.scope == "block":
            copies = min(copies, len(item.blocks))
        if item.window.phases is not None:
            seconds = self.seconds({p.id for p in item.window.phases}) or 0
        samples = math.ceil(seconds / every - 1e-9) + 1
        if item.part is not None and component.kind == "layer":
            first, last = neurons_of(item.part, int(each), self.constants)
            each = min(each, max(last - first, 0))
        rates = sum(is_rate(self.symbols, component, v) for v in item.variables)
        rows = copies * samples * (each * (len(item.variables) - rates) + rates)
        return Part(component.name, item, rows, bytes=rows * ROW_MEMORY, every=every)

    def spikes(
        self, item: ast.RecordSpikes, sizes: Mapping[str, float], seconds: float | None
    ) -> Part:
        rows = 0.0
        for name in item.layers:
            component = self.symbols.components.get(name.id)
            if component is None or component.kind != "layer" or seconds is None:
                continue
            each = self.rate(component) * seconds
            rows += each * sizes[component.name] * self.copies(component)
        names = ", ".join(n.id for n in item.layers)
        return Part(names, item, rows, bytes=rows * ROW_MEMORY)

    def rate(self, component: Component) -> float:
        """Spikes per second of each of a layer's neurons, as far as the spec tells."""
        found = self.input_rate(component.node, component)
        return ASSUMED_RATE if found is None else found

    # Time

    def seconds(self, phases: set[str] | None = None) -> float | None:
        """Duration (s) of the run, or of the given phases."""
        run = next(iter(self.symbols.spec.of(ast.Run)), None)
        if run is None:
            return None
        durations = [run.duration] if run.duration is not None else []
        durations += [
            t.phase.duration
            for t in turns_of(run, self.constants)
            if phases is None or t.phase.name.id in phases
        ]
        total = 0.0
        for expr in durations:
            if isinstance(expr, ast.Name) and expr.id in self.symbols.sounds:
                length = self.sound(expr.id)
            else:
                length = value(expr, self.constants)
            if length is None:
                return None
            total += length
        return total

    def sound(self, name: str) -> float | None:
        """A sound's length: the measured one, or else from its clauses if possible."""
        if name in self.sounds:
            return self.sounds[name]
        sound = self.symbols.sounds[name]
        call = sound.stimuli
        if call is None or call.func.id == "files":
            return None
        gap = value(sound.gap, self.constants) or 0.0
        repeats = value(sound.repeats, self.constants) or 1.0
        import numpy as np

        lengths, each = [1], 1.0
        arguments = [*call.args, *(k.value for k in call.kwargs)]
        durations = [k.value for k in call.kwargs if k.name.id == "duration"]
        if not durations and call.func.id == "tones" and len(call.args) > 1:
            durations = [call.args[1]]
        elif not durations and call.args and call.func.id != "vowels":
            durations = [call.args[0]]
        for expr in arguments:
            try:
                found = np.asarray(evaluate(expr, self.constants), dtype=float)
            except (NotConstant, TypeError, ValueError, KeyError):
                continue
            lengths.append(found.size)
            if expr in durations:
                each = float(found.mean())
        count = max(lengths)
        for keyword in call.kwargs:
            if keyword.name.id == "count":
                count = int(value(keyword.value, self.constants) or 1)
        return count * repeats * (each + gap) + gap


def estimate(
    symbols: Symbols, blocks: int, replicates: int, constants: Mapping[str, Any], **known: Any
) -> Estimate:
    """The costs of a spec; `known` are the arguments of `Costs`: columns, sounds, edges."""
    return Costs(symbols, blocks, replicates, constants, **known).estimate()
