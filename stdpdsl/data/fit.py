"""Whether a layer or connection finds what it needs in a file: one entry for each neuron or
synapse, none twice, and none for a neuron, synapse or block that does not exist."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..check.data import Head, data_in
from ..check.files import split_head
from ..check.symbols import Component
from ..language import ast
from ..language.diagnostics import Diagnostic, did_you_mean
from ..language.named_files import FROM_FOLDER
from .columns import whole_numbers
from .earlier import counterparts
from .sources import Source, one_of, pairs_of
from .wanted import Wanted, Wants
from .wrong import Wrong


class Fit(Wants):
    """Compares the sources of one spec with its components."""

    def check(self) -> list[Diagnostic]:
        problems = []
        wrong_pairs = set()
        for connection in self.symbols.connections:
            joined = connection.node
            assert isinstance(joined, ast.Connect)
            if joined.pattern is not None and joined.pattern.path is not None:
                try:
                    self.listed(joined, joined.pattern.path, connection)
                except Wrong as wrong:
                    problems.append(wrong.diagnostic)
                    wrong_pairs.add((connection.name, joined.pattern.path.value))
        for owner, node in data_in(self.symbols.spec):
            component = self.symbols.components.get(owner.name.id)
            source = self.sources.get(node)
            if component is None or source is None:
                continue
            if (component.name, node.path.value) in wrong_pairs:  # which is already reported
                continue
            wanted = self.wanted(component)
            if wanted is None:
                continue
            try:
                self.one(node, source, component, wanted)
            except Wrong as wrong:
                problems.append(wrong.diagnostic)
        for layer in self.symbols.layers:
            if isinstance(layer.node, ast.Layer) and isinstance(layer.node.source, ast.SpikesFile):
                try:
                    self.spikes(layer.node.source.path, layer)
                except Wrong as wrong:
                    problems.append(wrong.diagnostic)
        return problems

    def listed(self, node: ast.Connect, path: ast.String, c: Component) -> None:
        """Check that the pairs of a file are pairs of neurons, each listed once."""
        read = [
            n.column.value
            for _, n in data_in(self.symbols.spec)
            if n.path.value == path.value and n.column is not None
        ]
        read += [
            split_head(source.head.name)[0]
            for n, source in self.sources.items()
            if n.path.value == path.value and source.head.name
        ]
        self.pairs[path.value] = None
        source = pairs_of(path, read, self.files)
        wanted = self.wanted(c)
        if source is None or wanted is None:
            return
        if source.shape is not None:
            self.shape(path, source.shape, c, wanted)
        self.numbered(path, source, c, wanted)
        for axis, size in zip(wanted.axes, wanted.shape, strict=True):
            self.inside(path, source, axis, size, c)
        index = np.ravel_multi_index([source.keys[a] for a in wanted.axes], wanted.shape)
        self.once(path, source, index, list(wanted.axes))
        self.pairs[path.value] = np.stack([source.keys[a] for a in wanted.axes], axis=1)

    def spikes(self, path: ast.String, layer: Component) -> None:
        """Check that the blocks of a table of spikes are those of the sweep. The run checks
        everything else about it, and whether it can be read."""
        try:
            cells = self.files.table(path.value)["block"]
        except (OSError, ValueError, KeyError):
            return
        if all(cell in (None, "") for cell in cells):  # in our own tables: shared by all blocks
            return
        blocks = whole_numbers(path, path.value, "block", cells)
        source = Source(Head("table", keys={"block": "block"}), blocks, {"block": blocks})
        self.not_shared(path, layer)
        self.inside(path, source, "block", self.blocks, layer)

    def one(self, node: ast.DataExpr, source: Source, c: Component, wanted: Wanted) -> None:
        if source.each:
            self.by_number(node, source, c, wanted)
            return
        if source.head.form == "results":
            self.earlier(node, source, c, wanted)
            return
        if source.head.form == "array":
            self.shape(node.path, source.values.shape, c, wanted)
            return
        if source.shape is not None:
            self.shape(node.path, source.shape, c, wanted)
        if source.head.by_block:
            self.not_shared(node.path, c)
        keys, shape = dict(source.keys), wanted.shape
        if not keys:  # a table without numbers: its rows are the neurons, in order
            self.shape(node.path, source.values.shape, c, wanted)
            return
        self.numbered(node.path, source, c, wanted)
        axes = [*(["block"] if source.head.by_block else []), *wanted.axes]
        sizes = ([self.blocks] if source.head.by_block else []) + list(shape)
        for axis, size in zip(axes, sizes, strict=True):
            self.inside(node.path, source, axis, size, c)
        index = np.ravel_multi_index([keys[a] for a in axes], sizes)
        self.once(node.path, source, index, axes)
        self.complete(node, source, index, axes, sizes, c, wanted)

    def by_number(self, node: ast.DataExpr, source: Source, c: Component, wanted: Wanted) -> None:
        """Check that each block has a file, by the number in a column of the sweep."""
        name, column = node.path.value, source.head.number
        if c.scope == "shared":
            raise Wrong(
                "FILE008",
                node.path,
                f"the files `{name}` belong to single blocks, but `{c.name}` is shared by all"
                " blocks",
                "write `scope: block`" if c.kind == "layer" else "",
            )
        numbers = self.table.columns.get(column)
        if numbers is None or numbers.dtype == object:
            raise Wrong(
                "FILE005",
                node.path,
                f"`{column}` is not a column of numbers in the sweep",
                did_you_mean(column, list(self.table.columns)) or f"sweep it: `{column} = [0, 1]`",
            )
        if column in self.broken:
            return
        for block, number in enumerate(numbers.tolist()):
            if number != np.floor(number):
                self.broken.add(column)
                raise Wrong(
                    "FILE010",
                    node.path,
                    f"block {block} has {column} = {number:g}, but files are numbered by"
                    " whole numbers",
                    "use 0, 1, 2, ... or 1, 2, 3, ...",
                )
            if int(number) not in source.each:
                path = one_of(node, int(number)).path
                raise Wrong(
                    "FILE001",
                    path,
                    f"cannot read `{path.value}`, the file of block {block}: there is no such file",
                    FROM_FOLDER,
                )
        for number in np.unique(numbers).astype(int).tolist():
            self.one(one_of(node, number), source.each[number], c, wanted)

    def numbered(self, path: ast.String, source: Source, c: Component, wanted: Wanted) -> None:
        """Check that a table numbers the synapses of a pair if there are several, and only then."""
        several = "synapse_number" in wanted.axes
        if several and "synapse_number" not in source.keys:
            raise Wrong(
                "FILE005",
                path,
                f"`{path.value}` has no column `synapse_number`, and"
                f" `{c.name}` has {wanted.shape[-1]} synapses for each pair",
                "it gives the number of the row's synapse within its pair, from 0 on",
            )
        if not several and np.any(source.keys.get("synapse_number", 0)):
            entry = int(np.argmax(source.keys["synapse_number"] != 0))
            raise Wrong(
                "FILE008",
                path,
                f"{source.place(entry)} of `{path.value}` is of synapse"
                f" {source.keys['synapse_number'][entry]} of its pair, and `{c.name}` has"
                " one for each",
                "write the number of synapses per pair: `all_to_all(n = 3)`",
            )

    def not_shared(self, path: ast.String, c: Component) -> None:
        if c.scope == "shared":
            help = "leave out its column `block`"
            raise Wrong(
                "FILE008",
                path,
                f"`{path.value}` has different values for each block, but `{c.name}` is"
                " shared by all blocks",
                f"{help}, or write `scope: block`" if c.kind == "layer" else help,
            )

    def earlier(self, node: ast.DataExpr, source: Source, c: Component, wanted: Wanted) -> None:
        """Check the values that blocks of this run take from blocks of an earlier run."""
        head = source.head
        if node.is_layer != (c.kind == "layer"):
            raise Wrong(
                "FILE005",
                node,
                f"`{c.name}` is a {c.kind}, and these are values of a"
                f" {'layer' if node.is_layer else 'connection'}",
                "synapses start from synapses, neurons from neurons",
            )
        if head.shape or not head.every:  # a layer has a single mean rate for all neurons
            self.shape(node.path, head.shape, c, wanted)
        blocks = np.unique(counterparts(node, head, self.table.columns, self.blocks))
        if c.scope == "shared" and len(blocks) > 1:
            raise Wrong(
                "FILE010",
                node,
                f"`{c.name}` is shared by all blocks, but these values differ between"
                f" the blocks of `{node.path.value}`",
                "choose one block with `block 0`, or write `scope: block`"
                if c.kind == "layer"
                else "choose one block with `block 0`",
            )
        if c.neuron is None and c.kind == "layer" and not head.every:
            return  # an input, whose spikes the run reads
        blocks = np.zeros(1, dtype=np.int64) if head.shared else blocks
        if head.every:
            self.rates(node, source, blocks)
            return
        mine = np.isin(source.keys["block"], blocks)
        bad = mine & ~np.isfinite(source.values)
        axes = ["block", *wanted.axes]
        if np.any(bad):
            entry = int(np.argmax(bad))
            raise Wrong(
                "FILE003",
                node.path,
                f"`{head.name}` of {named(source.keys, axes, entry)}"
                f" in `{node.path.value}` is {source.values[entry]}",
            )
        if not wanted.exact:  # the run draws the pairs, and reports which of them is missing
            return
        keys = {k: v[mine] for k, v in source.keys.items()}
        place = np.searchsorted(blocks, keys["block"])
        sizes = [len(blocks), *wanted.shape]
        index = np.ravel_multi_index([place, *(keys[a] for a in wanted.axes)], sizes)
        self.complete(node, source, index, axes, sizes, c, wanted, blocks)

    def rates(self, node: ast.DataExpr, source: Source, blocks: np.ndarray) -> None:
        """Check that each block has equally many samples, none of them negative."""
        head, name = source.head, node.path.value
        per_row = head.shape[0] if head.shape else 1
        for block in blocks.tolist():
            mine = source.keys["block"] == block
            count = int(mine.sum()) // per_row
            if count != head.rows:
                raise Wrong(
                    "FILE007",
                    node,
                    f"`{name}` has {count or 'no'} samples of"
                    f" `{head.name}` of block {block}; expected {head.rows}",
                    "each block has a sample for each time",
                )
            wrong = ~(source.values[mine] >= 0) | ~np.isfinite(source.values[mine])
            if np.any(wrong):
                entry = int(np.flatnonzero(mine)[np.argmax(wrong)])
                raise Wrong(
                    "FILE003",
                    node.path,
                    f"`{head.name}` of"
                    f" {named(source.keys, ['block'], entry)} in `{name}` is"
                    f" {source.values[entry]:g}, and a rate must be finite and not"
                    " negative",
                )

    def shape(self, path: ast.String, found: tuple[int, ...], c: Component, wanted: Wanted) -> None:
        if found == wanted.shape:
            return
        name, shape = path.value, wanted.shape
        if c.kind == "connection":
            assert c.pre is not None and c.post is not None
            means = f"a row for each neuron of `{c.pre.name}`, a column for each of `{c.post.name}`"
            if len(shape) > 2:
                means += f", and {shape[2]} values in each"
            swapped = found == shape[::-1]
            help = "rows and columns are swapped: save the transpose, `w.T`" if swapped else ""
        else:
            means, help = f"one value for each neuron of `{c.name}`", ""
        raise Wrong(
            "FILE006",
            path,
            f"`{name}` has the shape {shown(found)}; expected {shown(shape)}",
            help or f"`{c.name}` needs {means}",
        )

    def inside(self, path: ast.String, source: Source, axis: str, size: int, c: Component) -> None:
        numbers = source.keys[axis]
        wrong = (numbers < 0) | (numbers >= size)
        if not np.any(wrong):
            return
        entry = int(np.argmax(wrong))
        layer = {"pre": c.pre, "post": c.post}.get(axis) or c
        what = "block" if axis == "block" else f"neuron of `{layer.name}`"
        what = f"synapse of a pair of `{c.name}`" if axis == "synapse_number" else what
        there = f"there are 0 to {size - 1}" if size > 1 else "there is 0 alone"
        raise Wrong(
            "FILE008",
            path,
            f"{source.place(entry)} of `{path.value}` names"
            f" {what.partition(' ')[0]} {numbers[entry]}, and there is no such {what}",
            there,
        )

    def once(self, path: ast.String, source: Source, index: np.ndarray, axes: list[str]) -> None:
        order = np.argsort(index, kind="stable")
        again = np.flatnonzero(np.diff(index[order]) == 0)
        if len(again):
            first, second = order[again[0]], order[again[0] + 1]
            raise Wrong(
                "FILE007",
                path,
                f"{source.place(second)} of `{path.value}` gives"
                f" {named(source.keys, axes, second)} a second value",
                f"the first: {source.place(first)}",
            )

    def complete(
        self,
        node: ast.DataExpr,
        source: Source,
        index: np.ndarray,
        axes: list[str],
        sizes: list[int],
        c: Component,
        wanted: Wanted,
        blocks: np.ndarray | None = None,
    ) -> None:
        """`blocks` are the numbers of the blocks along the axis `block`, if these are not all."""
        there = np.zeros(int(np.prod(sizes)), dtype=bool)
        there[index] = True
        mask = np.ones(wanted.shape, bool) if wanted.mask is None else wanted.mask
        needed = np.broadcast_to(mask, sizes).ravel()
        lacking = needed & ~there
        if np.any(lacking):
            first = np.unravel_index(int(np.argmax(lacking)), sizes)
            keys = {a: np.atleast_1d(k) for a, k in zip(axes, first, strict=True)}
            if blocks is not None:
                keys["block"] = blocks[keys["block"]]
            count = int(lacking.sum())
            more = f", and for {count - 1:,} more" if count > 1 else ""
            drawn = c.kind == "connection" and not wanted.exact
            raise Wrong(
                "FILE007",
                node.path,
                f"`{node.path.value}` has no value for {named(keys, axes, 0)}{more}",
                "the pattern draws the synapses during the run, so each pair needs a value"
                if drawn
                else "give each a value"
                if c.kind == "layer"
                else "connect the same pairs as in the earlier run"
                if source.head.form == "results"
                else f'`pattern: pairs from "{node.path.value}"` makes synapses of just those that'
                " have one",
            )
        odd = there & ~needed
        if wanted.exact and source.head.form == "table" and np.any(odd):
            entry = int(np.flatnonzero(odd[index])[0])
            raise Wrong(
                "FILE008",
                node.path,
                f"{source.place(entry)} of `{node.path.value}` gives a value"
                f" to {named(source.keys, axes, entry)}, which is not a synapse of `{c.name}`",
                "leave out the row, or connect the pair",
            )


def named(keys: Mapping[str, np.ndarray], axes: list[str], entry: int) -> str:
    """`the pair 0, 3 of block 2`, `neuron 4`"""
    if "pre" in axes:
        what = f"the pair {keys['pre'][entry]}, {keys['post'][entry]}"
        if "synapse_number" in axes:
            what = f"synapse {keys['synapse_number'][entry]} of {what}"
    else:
        what = f"neuron {keys['neuron'][entry]}"
    return what + (f" of block {keys['block'][entry]}" if "block" in axes else "")


def shown(shape: tuple[int, ...]) -> str:
    return " × ".join(map(str, shape)) if shape else "one number"
