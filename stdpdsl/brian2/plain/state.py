"""`initial(table)` of a plain script: what each object of the network starts from."""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from ...ir import (
    Connection,
    Draw,
    Experiment,
    Initial,
    Layer,
    Monitor,
    Normalisation,
    Parameter,
    Phase,
)
from .code import Code, literal
from .driving import table_lines
from .names import Names

if TYPE_CHECKING:
    from .audio import AudioCode


class InitialState:
    """The lines of the function, object by object."""

    def __init__(
        self,
        e: Experiment,
        code: Code,
        names: Names,
        audio: AudioCode,
        by_block: frozenset[str] = frozenset(),
    ):
        """`by_block`: the connections of which each block has a Synapses object of its own."""
        self.e, self.code, self.names, self.audio = e, code, names, audio
        self.by_block = by_block
        self.layers = {layer.name: layer for layer in e.layers}
        self.several = e.numbered

    def lines(self) -> list[str]:
        found = ['B = len(table["block"])']
        if self.several:
            found.append('replicate = table["replicate"].astype(int)')
            if any(layer.shared for layer in self.e.layers):
                found.append("shared = np.unique(replicate, return_inverse=True)[1]  # by block")
        found.append("state = {}")
        if drives := self.audio.drives():
            found += ["", *drives]
        for layer in self.e.layers:
            found += self.layer(layer)
        for c in self.e.connections:
            found += ["", *self.connection(c)]
        more = [*self.ports(), *self.monitors(), *self.phases(), *self.endings()]
        return [*found, *([""] if more else []), *more, "return state"]

    # Copies: one per block, or of what is shared one per replicate

    def copies(self, shared: bool) -> str:
        """How many there are."""
        if not shared:
            return "B"
        return "(shared.max() + 1)" if self.several else "1"

    def times(self, number: int, shared: bool) -> str:
        """So many in each copy, in all."""
        copies = self.copies(shared)
        return str(number) if copies == "1" else copies if number == 1 else f"{number} * {copies}"

    def replicates(self, shared: bool) -> str:
        """The replicate of each copy."""
        if not self.several:
            return "[0]" if shared else "[0] * B"
        return "np.unique(replicate)" if shared else "replicate"

    def source(self, of_shared: bool, copy: str, shared: bool) -> str:
        """The copy of a layer that each copy of something else has."""
        if not of_shared or shared:
            return copy
        return f"shared[{copy}]" if self.several else "0"

    # Layers

    def layer(self, layer: Layer) -> list[str]:
        key = f'state["{layer.name}"]'
        size = self.times(layer.size, layer.shared)
        given = f'{key} = {{"N": {size}, "i": neuron, "t": step * DT}}'
        if layer.kind == "driven":
            return [
                *self.audio.hearing(layer),
                f'{key} = {{"N": {size}, "i": neuron, "t": step * DT}}',
            ]
        if layer.kind == "spikes":
            return [*self.spikes(layer), given]
        group = layer.group
        assert group is not None
        name = self.names.of(layer.name)
        texts = {i.variable: self.first_values(i, layer) for i in group.initial}
        varying = {p.name: self.held(p, "block") for p in group.varying if p.name not in texts}
        lines: list[str] = []
        if layer.drive and (column := self.audio.column(layer)):
            varying["drive__column"] = column
        used = " ".join(t for draws, t in texts.values()) + " ".join(varying.values())
        if re.search(r"\bblock\b", used) or re.search(r"\bi\b", used):
            lines.append(self.counting(layer, used))
        items = [f'"N": {size}']
        for variable, text in varying.items():
            items.append(f'"{variable}": {self.each(text, size)}')
        items += [f'"{p.name}": {self.code.show(p.code)}' for p in group.common]
        refers = any(f"{name}[" in text for _, text in texts.values())
        if refers:
            lines.append(f"{name} = {key} = {{{', '.join(items)}}}")
        for variable, (draws, text) in texts.items():
            lines += draws
            if refers:
                lines.append(f'{name}["{variable}"] = {self.each(text, size)}')
            else:
                items.append(f'"{variable}": {self.each(text, size)}')
        if not refers:
            lines.append(f"{key} = {{{', '.join(items)}}}")
        count = f"np.tile(np.arange({layer.size}), {self.copies(layer.shared)}),"
        count += f" np.repeat(np.arange({self.copies(layer.shared)}), {layer.size})"
        return [*lines, *(x for t in layer.tables for x in table_lines(self.code, t, count))]

    def counting(self, layer: Layer, used: str) -> str:
        copies = self.copies(layer.shared)
        i, block = (
            f"np.tile(np.arange({layer.size}), {copies})",
            (f"np.repeat(np.arange({copies}), {layer.size})"),
        )
        if not re.search(r"\bi\b", used):
            return f"block = {block}" if layer.size > 1 else f"block = np.arange({copies})"
        if not re.search(r"\bblock\b", used):
            return f"i = np.arange({layer.size})" if copies == "1" else f"i = {i}"
        return f"i, block = {i}, {block}"

    def each(self, text: str, size: str) -> str:
        """One value per element."""
        if re.search(r"\b(i|j|block|u_\w+)\b|\[|np\.tile|np\.concatenate", text):
            return text
        return f"np.full({size}, {as_float(text)})"

    def first_values(self, i: Initial, layer: Layer) -> tuple[list[str], str]:
        name = self.names.of(layer.name)
        names = {"copy": "block"}
        names |= {f"values[{v.variable!r}]": f'{name}["{v.variable}"]' for v in layer.group.initial}  # type: ignore[union-attr]
        own = drawn(i)
        draws = [f"{own[d.placeholder]} = {self.neuron_draw(d, layer)}" for d in i.draws]
        text = self.code.show(plain(i.code), {**names, **own})
        if i.low is not None:
            low, high = (self.code.show(end, names) for end in (i.low, i.high or "np.inf"))
            text = clipped(text, low, high)
        return draws, text

    def neuron_draw(self, d: Draw, layer: Layer) -> str:
        key = self.key(d)
        if d.independent:
            self.names.use("row_key")
            draw = self.draw(
                f"stream({key}, {self.seed('block')}, row_key(table, block))", d, str(layer.size)
            )
            return f"np.concatenate([{draw} for block in range(B)])"
        if not self.several:
            draw = self.draw(f"stream({key}, 0)", d, str(layer.size))
            return draw if layer.shared else f"np.tile({draw}, B)"
        draw = self.draw(f"stream({key}, r)", d, str(layer.size))
        return f"np.concatenate([{draw} for r in {self.replicates(layer.shared)}])"

    def seed(self, copy: str) -> str:
        return f"replicate[{copy}]" if self.several else "0"

    def key(self, d: Draw) -> str:
        return d.key.strip("()").replace("'", '"').rstrip(",")

    def draw(self, stream: str, d: Draw, shape: str) -> str:
        if d.kind == "mirrored":
            self.names.use("mirrored")
            return f"mirrored({stream}.random({shape}))"
        method = "random" if d.kind == "uniform" else "standard_normal"
        return f"{stream}.{method}({shape})"

    def spikes(self, layer: Layer) -> list[str]:
        """Lines that make `neuron` and `step`."""
        names = {
            "x.replicate_of_copy": self.replicates(True),
            "x.replicate_of_block": self.replicates(False),
            "x.steps": "STEPS",
            "copy": "copy",
        }
        text = re.sub(r"x\.file\(('[^']*')\)", r"os.path.join(DATA, \1)", layer.spikes)
        text = re.sub(r"^rated_steps\(x, ", "rated_steps(", text)
        text = re.sub(r"^(\w+)\(x, '\w+', ", r"\1(", text)
        found = self.code.show(text, names)
        rate = re.search(r"lambda (t, i, copy): (.*), STEPS, DT\)$", found)
        if rate is None:
            return [f"neuron, step = {found}"]
        call = found.replace(rate[0], "rate, STEPS, DT)")
        return [
            f"def rate({rate[1]}):  # Hz",
            f"    return {rate[2]}",
            "",
            f"neuron, step = {call}",
        ]

    def held(self, p: Parameter, index: str, phase: int = 0) -> str:
        """A parameter that differs between blocks or phases, at each element."""
        code = p.code
        if p.sets and not re.fullmatch(r"p\.\w+\.\w+", code):
            code = self.code.value(p, phase)
        names = {
            "copy": "block",
            "x.replicate_of_copy": self.replicates(True),
            "x.replicate_of_block": self.replicates(False),
        }
        return self.code.at(code, index, names, phase)

    # Connections

    def connection(self, c: Connection) -> list[str]:
        pre, post = self.layers[c.pre], self.layers[c.post]
        lines = [f"# {c.name}: {c.pre} to {c.post}", *self.pairs(c, pre, post)]
        per_layer = {
            "edges.i": "i",
            "edges.j": "j",
            "edges.copy": "block",
            "edges.number": "number" if c.many > 1 else "np.zeros(len(i), int)",
            "edges.pre": self.index(pre, "i", c.shared),
            "edges.post": self.index(post, "j", c.shared),
        }
        self.edges = per_layer
        items = [f'"i": {per_layer["edges.pre"]}', f'"j": {per_layer["edges.post"]}']
        used = repr((c.initial, c.axonal, c.dendritic, c.pathways))
        for i in c.initial:
            draws, text = self.synapse_value(i, c)
            lines += draws
            text = self.each_synapse(text)
            if f"edges.values['{i.variable}']" in used.replace("\\'", "'"):  # others are made of it
                lines.append(f"each_{i.variable} = {text}")
                text = f"each_{i.variable}"
            items.append(f'"{i.variable}": {text}')
        apart = c.name in self.by_block
        for p in c.varying if not apart else ():
            items.append(f'"{p.name}": {self.each_synapse(self.held(p, "block"))}')
        items += [f'"{p.name}": {self.code.show(p.code)}' for p in c.common]
        more: list[tuple[str, str]] = []  # (what an object's name ends in, its state)
        delays: dict[str, str] = {}
        for name, delay in (("axonal", c.axonal), ("dendritic", c.dendritic)):
            if delay is None:
                delays[name] = "0.0"
                continue
            draws, text = self.synapse_value(delay, c)
            lines += draws
            delays[name] = self.code.delay(text)
        named = {f"edges.{name}": f"({text})" for name, text in delays.items()}
        for pathway in c.pathways:
            if pathway.delay:
                text = self.code.show(pathway.delay, {**self.edges, **named})
                text = re.sub(r" \+ 0\.0(?![\d.e])", "", text).removeprefix("0.0 + ")
                more.append((f".{pathway.name}", f'{{"delay": {self.each_synapse(text)}}}'))
        for n in c.normalise:
            counters, synapses = self.normaliser(n, c)
            lines += counters
            more.append((f"__{n.name}", f'{{"i": {synapses}, "j": np.arange(len(i))}}'))
        more.append(("", f"{{{', '.join(items)}}}"))
        if not apart:
            return [*lines, *(f'state["{c.name}{end}"] = {text}' for end, text in more)]
        values = [f'"{p.name}": np.broadcast_to({self.code.show(p.code)}, B)' for p in c.varying]
        return [
            *lines,
            f'state["blocks of {c.name}"] = np.unique(block)  # those with synapses',
            *([f'state["{c.name}"] = {{{", ".join(values)}}}'] if values else []),
            *(f"of{own(end)} = {text}" for end, text in more),
            f'for b in state["blocks of {c.name}"]:  # one object for each block',
            *(
                f'    state[f"{c.name}__{{b}}{end}"] = {{n: v[block == b] for n, v in'
                f" of{own(end)}.items()}}"
                for end, _ in more
            ),
            *(
                f'    state[f"{c.name}__{{b}}__{n.name}"]["j"] = np.arange(np.sum(block == b))'
                for n in c.normalise
            ),
            *self.own_targets(c, post),
        ]

    def own_targets(self, c: Connection, post: Layer) -> list[str]:
        """A sum is written by one object alone, so each has its own block as its target."""
        if not c.summed or post.shared:
            return []
        return [
            f'    state[f"{c.name}__{{b}}"]["j"] = state[f"{c.name}__{{b}}"]["j"] - {post.size} * b'
        ]

    def delay_column(self, c: Connection) -> str:
        """Code of the delay of each synapse in `tables`, from the first state."""
        ways = {p.name: p.delay for p in c.pathways if not p.event}

        def delay(name: str) -> str:
            if c.name not in self.by_block:
                return f'first["{c.name}.{name}"]["delay"]'
            key = f'first[f"{c.name}__{{b}}.{name}"]["delay"]'
            return f'np.concatenate([{key} for b in first["blocks of {c.name}"]])'

        if c.axonal is None and c.dendritic is None:
            return "0.0"
        best = next((name for name, d in ways.items() if d == "edges.axonal + edges.dendritic"), "")
        if best:
            return delay(best)
        ways |= {p.name: p.delay for p in c.pathways if p.event}
        firsts = (next((n for n, d in ways.items() if d == end), "")
                  for end in ("edges.axonal", "edges.dendritic"))  # fmt: skip
        return " + ".join(delay(name) for name in firsts if name) or "0.0"

    def index(self, layer: Layer, name: str, shared: bool) -> str:
        """The place of each synapse's neuron among all of its layer."""
        if layer.shared and not self.several:
            return name
        copy = self.source(layer.shared, "block", shared)
        return f"{name} + {layer.size} * {copy}" if layer.size > 1 else copy

    def pairs(self, c: Connection, pre: Layer, post: Layer) -> list[str]:
        """Lines that make `block`, `i` and `j` of each synapse, and its `number` among those of its
        pair."""
        lines = self.pairs_once(c, pre, post)
        if c.many == 1 or self.numbered(c):
            return lines
        return [*lines, f"block, i, j = (np.repeat(k, {c.many}) for k in (block, i, j))",
                f"number = np.arange(len(i)) % {c.many}"]  # fmt: skip

    def numbered(self, c: Connection) -> bool:
        """Whether the file of the pairs numbers the synapses of each."""
        return "numbered=True" in c.pairs

    def pairs_once(self, c: Connection, pre: Layer, post: Layer) -> list[str]:
        """Lines that make `block`, `i` and `j` of each pair."""
        shape = f"({pre.size}, {post.size})"
        copies = self.copies(c.shared)
        if c.pairs:
            text = re.sub(r"x\.file\(('[^']*')\)", r"os.path.join(DATA, \1)", c.pairs)
            each = "i, j, number" if self.numbered(c) else "i, j"
            one = [f"{each} = {self.code.show(text)}"]
            if not c.same:
                return self.own_pairs(c, pre, post, shape, one[0])
            if c.choose != "True":
                chosen = each_pair(self.code.show(c.choose))
                of_each = ", ".join(f"{n}[chosen]" for n in each.split(", "))
                one += [f"chosen = {chosen}", f"{each} = {of_each}"]
        elif not c.same:
            return self.own_pairs(c, pre, post, shape)
        elif c.choose in ("True", "i == j", "i != j"):
            return self.all_pairs(c.choose, copies, pre.size, post.size)
        else:
            one = self.same_pairs(c, shape)
        if copies == "1":
            return [*one, "block = np.zeros(len(i), int)"]
        indices = ["i", "j", *(["number"] if self.numbered(c) else [])]
        tiles = ", ".join(f"np.tile({index}, {copies})" for index in indices)
        blocks = f"np.repeat(np.arange({copies}), len(i))"
        return [*one, f"block, {', '.join(indices)} = {blocks}, {tiles}"]

    def all_pairs(self, choose: str, copies: str, n: int, m: int) -> list[str]:
        """All pairs, or those of a neuron with itself or with others."""
        if choose == "i == j":
            return [f"block, i = np.indices(({copies}, {min(n, m)})).reshape(2, -1)", "j = i"]
        indices = f"np.indices(({copies}, {n}, {m})).reshape(3, -1)"
        if choose == "True":
            return [f"block, i, j = {indices}"]
        return [f"pairs = {indices}", "block, i, j = pairs[:, pairs[1] != pairs[2]]"]

    def same_pairs(self, c: Connection, shape: str) -> list[str]:
        """Pairs that are those of every block."""
        lines = []
        if c.draws:
            stream = f"stream({self.key(c.draws)}, {self.e.first_replicate})"
            lines.append(f"u = {self.draw(stream, c.draws, shape)}")
        return [*lines, *self.masked(c, shape, {})]

    def masked(self, c: Connection, shape: str, names: Mapping[str, str]) -> list[str]:
        """Lines that choose i and j among all pairs."""
        text = self.code.show(c.choose, names)
        if "lowest(" in text:  # which takes and gives flat arrays
            return [
                f"i, j = (k.ravel() for k in np.indices({shape}))",
                f"chosen = {text}",
                "i, j = i[chosen], j[chosen]",
            ]
        lines = []
        if re.search(r"\b[ij]\b", text):
            lines.append(f"i, j = np.indices({shape})")
        return [*lines, f"i, j = np.nonzero({text})"]

    def own_pairs(
        self, c: Connection, pre: Layer, post: Layer, shape: str, listed: str = ""
    ) -> list[str]:  # fmt: skip
        """Pairs of each block's own, among all or those that are `listed`."""
        names, body, draw = {"block": "b"}, [], []
        for side, layer, place in (("pre", pre, "i"), ("post", post, "j")):
            copy = self.source(layer.shared, "b", c.shared)
            index = place if copy == "0" else f"{place} + {layer.size} * {copy}"
            if layer.group:
                for first in layer.group.initial:
                    key = f"{side}[{first.variable!r}][{place}]"
                    if key in ast.unparse(ast.parse(c.choose)):
                        names[key] = f"{first.variable}_{side}"
                        value = f'state["{layer.name}"]["{first.variable}"][{index}]'
                        body.append(f"{first.variable}_{side} = {value}")
        if c.draws:
            row = ""
            if c.draws.independent:
                self.names.use("row_key")
                row = ", row_key(table, b)"
            replicate = (
                self.seed("b")
                if not c.shared
                else ("np.unique(replicate)[b]" if self.several else "0")
            )
            stream = f"stream({self.key(c.draws)}, {replicate}{row})"
            draw = [f"u = {self.draw(stream, c.draws, shape)}"]
            if re.search(r"\bb\b", stream):  # of each block
                body, draw = [*body, *draw], []
        text = self.code.show(c.choose, names)
        if listed:
            more = ", number[chosen]" if self.numbered(c) else ""
            text, found = each_pair(text), f"np.stack([i[chosen], j[chosen]{more}], axis=1)"
        elif "lowest(" in text:
            text = f"np.reshape({text}, {shape})"
        elif not re.search(r"\b(u|i|j|\w+_pre|\w+_post)\b", text):
            text = f"np.full({shape}, {text})"
        blocks = self.copies(c.shared)
        if not listed:
            return [
                *draw,
                "def chosen(b, i, j):",
                *(f"    {line}" for line in [*body, f"return {text}"]),
                f"block, i, j = pairs_by_block({blocks}, {shape}, chosen)",
            ]
        return [
            *draw,
            "pairs = []",
            listed,
            f"for b in range({blocks}):",
            *(f"    {line}" for line in body),
            f"    chosen = {text}",
            f"    pairs.append({found})",
            "block = np.repeat(np.arange(len(pairs)), [len(chosen) for chosen in pairs])",
            f"i, j{', number' if self.numbered(c) else ''} = np.concatenate(pairs).T",
        ]

    def synapse_value(self, i: Initial, c: Connection) -> tuple[list[str], str]:
        names = dict(self.edges)
        pre, post = self.layers[c.pre], self.layers[c.post]
        for layer, key in ((pre, "edges.pre"), (post, "edges.post")):
            for first in layer.group.initial if layer.group else ():
                text = f"x.values[{layer.name!r}][{first.variable!r}][{key}]"
                index = self.edges[key]
                names[text] = f'state["{layer.name}"]["{first.variable}"][{index}]'
        for first in c.initial:
            names[f"edges.values[{first.variable!r}]"] = f"each_{first.variable}"
        own = drawn(i)
        draws = [
            f"{own[d.placeholder]} = {self.synapse_draw(d, c, pre.size, post.size)}"
            for d in i.draws
        ]
        text = self.code.show(plain(i.code), {**names, **own})
        if i.low is not None:
            low, high = (self.code.show(end, names) for end in (i.low, i.high or "np.inf"))
            text = clipped(text, low, high)
        return draws, text

    def synapse_draw(self, d: Draw, c: Connection, n: int, m: int) -> str:
        shape, place = f"({n}, {m})", "i, j"
        if c.many > 1:
            shape, place = f"({c.many}, {n}, {m})", "number, i, j"
        if d.independent:
            self.names.use("row_key")
            stream = f"stream({self.key(d)}, {self.seed('b')}, row_key(table, b))"
            return f"np.stack([{self.draw(stream, d, shape)} for b in range(B)])[block, {place}]"
        if not self.several:
            return f"{self.draw(f'stream({self.key(d)}, 0)', d, shape)}[{place}]"
        draw = self.draw(f"stream({self.key(d)}, r)", d, shape)
        copy = "block" if c.shared else "shared[block]"
        if not c.shared:
            copy = "np.unique(replicate, return_inverse=True)[1][block]"
        return f"np.stack([{draw} for r in np.unique(replicate)])[{copy}, {place}]"

    def each_synapse(self, text: str) -> str:
        if re.search(r"\b(i|j|block|number|u_\w+|each_\w+)\b|\[", text):
            return text
        return f"np.full(len(i), {as_float(text)})"

    def normaliser(self, n: Normalisation, c: Connection) -> tuple[list[str], str]:
        """Lines of counters, one for each neuron of a side in each block; that of each synapse."""
        lines, items = self.counters(n, c)
        items = [f'"N": {self.times(n.size, c.shared)}', *items]
        side = "i" if n.side == "pre" else "j"
        mine = f"{side} + {n.size} * block" if n.size > 1 else "block"
        return [*lines, f'state["{n.name}"] = {{{", ".join(items)}}}'], mine

    def counters(
        self, n: Normalisation, c: Connection, phase: int = 0
    ) -> tuple[list[str], list[str]]:
        """Lines that come first, and the values that the counters have in a phase."""
        names = {"i": "k", "copy": "copy"}
        values = {
            name: self.code.show(code, names, phase)
            for name, code in (("goal", n.goal), ("low", n.low), ("high", n.high))
            if code
        }
        used = " ".join(values.values())
        size = self.times(n.size, c.shared)
        lines = []
        if re.search(r"\b(k|copy)\b", used):
            lines.append(f"copy, k = np.divmod(np.arange({size}), {n.size})")
        items = []
        for name, text in values.items():
            if not re.search(r"\b(k|copy)\b", text):
                text = f"np.full({size}, {as_float(text)})"
            items.append(f'"{name}": {text}')
        return lines, items

    # Ports, monitors, phases

    def ports(self) -> Iterator[str]:
        for r in self.e.relays:
            source, target = self.layers[r.layer], self.layers[r.target]
            copies = self.copies(target.shared)
            yield (
                f"block, i, j = (k.ravel() for k in"
                f" np.indices(({copies}, {source.size}, {target.size})))"
            )
            i = self.index(source, "i", target.shared)
            j = (
                "j"
                if target.shared and not self.several
                else (f"j + {target.size} * block" if target.size > 1 else "block")
            )
            yield f'state["{r.name}"] = {{"i": {i}, "j": {j}}}'
        for layer in self.e.layers:
            for link in layer.group.links if layer.group else ():
                source = self.layers[link.layer]
                copy = self.source(
                    source.shared, f"np.arange({self.copies(layer.shared)})", layer.shared
                )
                key = f'state["{layer.name}.{link.variable}"]'
                size = self.times(layer.size, layer.shared)
                if source.size > 1:  # each neuron has one of its own
                    each = f"np.arange({size})"
                    each = each if size == str(layer.size) else f"{each} % {layer.size}"
                    first = f"{source.size} * np.repeat({copy}, {layer.size}) + "
                    yield f"{key} = {'' if copy == '0' else first}{each}"
                    continue
                yield (
                    f"{key} = np.zeros({size}, int)"
                    if copy == "0"
                    else f"{key} = np.repeat({copy}, {layer.size})"
                )

    def monitors(self) -> Iterator[str]:
        for number, m in enumerate(self.e.monitors):
            if not self.is_chosen(m):
                continue
            chosen = f'np.isin(table["block"], {list(m.blocks or ())})'
            if m.on_layer:
                layer = self.layers[m.component]
                masks = []
                if m.blocks is not None and not layer.shared:
                    masks.append(f"np.repeat({chosen}, {layer.size})")
                if m.kept.neurons is not None:
                    first, last = m.kept.neurons
                    mine = f"np.isin(np.arange({layer.size}), np.arange({first}, {last}))"
                    copies = self.copies(layer.shared)
                    masks.append(mine if copies == "1" else f"np.tile({mine}, {copies})")
                text = f"np.flatnonzero({' & '.join(masks)})"
            else:
                c = next(c for c in self.e.connections if c.name == m.component)
                if c.name in self.by_block:
                    blocks = f'state["blocks of {c.name}"]'
                    yield f'state["record__{number}"] = {blocks}[{chosen}[{blocks}]]'
                    continue
                post = self.layers[c.post]
                place = f'state["{c.name}"]["j"]'
                if post.shared:
                    pre = self.layers[c.pre]
                    place, post = f'state["{c.name}"]["i"]', pre
                text = f"np.flatnonzero({chosen}[{place} // {post.size}])"
            yield f'state["record__{number}"] = {text}'

    def is_chosen(self, m: Monitor) -> bool:
        """Whether some of the elements are recorded alone."""
        if m.on_layer and self.layers[m.component].kind != "neurons":
            return False
        return m.kept.neurons is not None or (m.blocks is not None and not self.is_shared(m))

    def is_shared(self, m: Monitor) -> bool:
        if m.on_layer:
            return self.layers[m.component].shared
        return next(c.shared for c in self.e.connections if c.name == m.component)

    def phases(self) -> Iterator[str]:
        """What phases set, component by component: all their parameters as they are from then on,
        and variables. What is the same in several turns is made once."""
        turns: dict[tuple[str, str], list[tuple[str, list[str]]]] = {}
        for number, phase in enumerate(self.e.phases):
            for component in phase.starts:
                if phase.turn == 1 or component in phase.by_turn:
                    lines = self.start(component, phase, number)
                    found = turns.setdefault((phase.words, component), [])
                    found.append((phase.name, lines))
        for made in turns.values():
            for lines, several in itertools.groupby(made, key=lambda item: item[1]):
                names = [f'"{name}"' for name, _ in several]
                if not any("phase" in line for line in lines):
                    yield from lines
                elif len(names) == 1:
                    yield f"phase = {names[0]}"
                    yield from lines
                else:
                    yield f"for phase in ({', '.join(names)}):"
                    yield from (f"    {line}" for line in lines)

    def start(self, component: str, phase: Phase, number: int) -> list[str]:
        """What a component is given as a phase begins; lines may name the `phase`."""
        by_turn = component in phase.by_turn
        given = 'f"%s in {phase}"' if by_turn else f'"%s in {phase.key(component)}"'
        layer = self.layers.get(component)
        c = None if layer else next(c for c in self.e.connections if c.name == component)
        held: Sequence[Parameter]
        if layer is not None and layer.group is not None:
            held = layer.group.varying
            copies = self.copies(layer.shared)
            block = f"np.repeat(np.arange({copies}), {layer.size})"
            count = self.times(layer.size, layer.shared)
        else:
            assert c is not None
            held = c.varying
            count, block = f'len(state["{component}"]["i"])', self.block_of(c)
        lines: list[str] = []
        items: dict[str, str] = {}
        for p in held if component in phase.sets else ():
            items[p.name] = self.held(p, "block", number)
        for i in dict(phase.values).get(component, ()):
            draws, items[i.variable] = self.set_value(i, layer, c, number)
            lines += draws
        used = " ".join([*lines, *items.values()])
        places = []
        if layer is not None and re.search(r"\bi\b", used):
            places.append(self.counting(layer, used))
        elif re.search(r"\bblock\b", used):
            places.append(f"block = {block}")
        if c is not None and re.search(r"\b[ij]\b", used):
            places += self.ends(c, used)
        each = [f'"{n}": {self.each_of(text, count)}' for n, text in items.items()]
        lines = [*places, *lines, f"state[{given % component}] = {{{', '.join(each)}}}"]
        if c is not None and component in phase.sets:
            for n in c.normalise:
                more, values = self.counters(n, c, number)
                lines += [*more, f"state[{given % n.name}] = {{{', '.join(values)}}}"]
        return lines

    def endings(self) -> Iterator[str]:
        """What ends phases: goals, and in how many steps they are looked at."""
        if not self.e.endings:
            return
        found: list[str] = []
        for (group, turns), made in itertools.groupby(
            enumerate(self.e.phases), key=lambda item: (item[1].group, item[1].turns)
        ):
            parts = [(phase.turn, self.ending(phase, number)) for number, phase in made
                     if phase.until]  # fmt: skip
            first = [text for turn, text in parts if turn == 1]
            texts = [text for _, text in parts]
            same = group and texts == first * turns
            found += [f"*[{', '.join(first)}] * {turns}"] if same and first else texts
        yield f"ends = [{', '.join(found)}]  # goal, every so many steps"
        yield (
            'state["phase__ends"] = {"N": len(ends) * B,'
            ' "goal": np.concatenate([np.broadcast_to(goal, B) for goal, _ in ends]),'
            ' "every": np.repeat([every for _, every in ends], B)}'
        )

    def ending(self, phase: Phase, number: int) -> str:
        assert phase.until is not None
        goal = self.code.show(phase.until.goal, {}, number)
        return f"({goal}, {round(phase.until.every / self.e.dt)})"

    def each_of(self, text: str, count: str) -> str:
        """One value per element."""
        if re.search(r"\b(i|j|block|u_\w+)\b|\[|np\.tile|np\.concatenate", text):
            return text
        return f"np.full({count}, {as_float(text)})"

    def ends(self, c: Connection, used: str) -> list[str]:
        """Lines that make `i`, `j` and `number` of each synapse, from what is saved of it."""
        found = []
        if re.search(r"\bnumber\b", used):
            found.append(f'number = state["{c.name}"]["synapse_number"]')
        for name, layer in (("i", self.layers[c.pre]), ("j", self.layers[c.post])):
            index = f'state["{c.name}"]["{name}"]'
            if re.search(rf"\b{name}\b", used):
                found.append(f"{name} = {index} % {layer.size}" if layer.size > 1
                             else f"{name} = np.zeros_like({index})")  # fmt: skip
        return found

    def set_value(
        self, i: Initial, layer: Layer | None, c: Connection | None, number: int
    ) -> tuple[list[str], str]:
        """Lines that draw, and code of a variable as a phase sets it."""
        own = drawn(i)
        if layer is not None:
            key = f'state["{layer.name}"]'
            names = {"copy": "block"}
            if layer.group:
                names |= {f"first[{v.variable!r}]": f'{key}["{v.variable}"]'
                          for v in layer.group.initial}  # fmt: skip
            draws = [f"{own[d.placeholder]} = {self.neuron_draw(d, layer)}" for d in i.draws]
        else:
            assert c is not None
            pre, post = self.layers[c.pre], self.layers[c.post]
            names = {"edges.i": "i", "edges.j": "j", "edges.copy": "block",
                     "edges.number": "number"}  # fmt: skip
            for side, key, index in ((pre, "edges.pre", "i"), (post, "edges.post", "j")):
                for first in side.group.initial if side.group else ():
                    names[f"x.values[{side.name!r}][{first.variable!r}][{key}]"] = (
                        f'state["{side.name}"]["{first.variable}"][state["{c.name}"]["{index}"]]'
                    )
            for first in c.initial:
                names[f"edges.values[{first.variable!r}]"] = (
                    f'state["{c.name}"]["{first.variable}"]'
                )
            draws = [
                f"{own[d.placeholder]} = {self.synapse_draw(d, c, pre.size, post.size)}"
                for d in i.draws
            ]
        text = self.code.show(plain(i.code), {**names, **own}, number)
        if i.low is not None:
            low, high = (self.code.show(end, names, number) for end in (i.low, i.high or "np.inf"))
            text = clipped(text, low, high)
        return draws, text

    def block_of(self, c: Connection, state: str = "state") -> str:
        """The copy of each synapse, from what is saved of it."""
        pre, post = self.layers[c.pre], self.layers[c.post]
        if not post.shared or post.shared and pre.shared:
            return place(f'{state}["{c.name}"]["j"]', post)
        return place(f'{state}["{c.name}"]["i"]', pre)


def each_pair(text: str) -> str:
    """A condition on listed pairs, also if it is one for all."""
    return text if re.search(r"\b(i|j|\w+_pre|\w+_post)\b", text) else f"np.full(len(i), {text})"


def own(end: str) -> str:
    """How the variable of a state is called, by what the name of the state ends in."""
    return end.replace(".", "_") or "_synapses"


def drawn(i: Initial) -> dict[str, str]:
    """The variables that hold the draws of a first value."""
    return {d.placeholder: f"u_{i.variable}{'' if n == 0 else n}" for n, d in enumerate(i.draws)}


def place(index: str, layer: Layer) -> str:
    """The copy that a neuron of a layer belongs to."""
    return f"{index} // {layer.size}" if layer.size > 1 else index


def plain(code: str) -> str:
    """`(lo) + ((hi) - (lo))*u0` without what adds or subtracts nothing."""
    code = code.replace("(0) + ", "").replace(" - (0))", ")")
    return code


def as_float(text: str) -> str:
    number = literal(text)
    return repr(number) if number is not None else f"{text} + 0.0" if text.isdigit() else text


def clipped(text: str, low: str, high: str) -> str:
    """Inside its bounds; what stands there as a number is known to be."""
    value, ends = literal(text), (literal(low), literal(high))
    infinite = {"-np.inf": float("-inf"), "np.inf": float("inf")}
    first = infinite.get(low, ends[0])
    last = infinite.get(high, ends[1])
    if value is not None and first is not None and last is not None:
        return repr(min(max(value, first), last))
    if first == float("-inf") and last == float("inf"):
        return text
    return f"np.clip({text}, {low}, {high})"
