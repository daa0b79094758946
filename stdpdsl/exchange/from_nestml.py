"""Imports a rule from a synapse model in NESTML 9.

The rule has the numbers of the model. Anything that a rule cannot express is an error at its place
in the model.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from ..language import ast
from ..language.comments import formatted
from ..language.diagnostics import CompileError
from ..language.printer import print_node
from ..language.printer.expressions import print_expr
from ..language.source import Source
from ..language.units import SECOND, Dim
from .bounds import Clip, bounds_of, clip_of, without_clips
from .from_nestml_statements import Body, Statements, times_count, update
from .nestml_tree import Declared, read

_COMMENT = 60  # longer NESTML comments are left out


def rule_from(source: Source) -> str:
    """The text of a file with the rule. CompileError lists everything that a rule cannot
    express.
    """
    importer = _Importer(source, read(source))
    text = importer.text()
    if importer.problems:
        raise CompileError(importer.problems)
    return formatted(Source(f"{importer.model.name.id}.stdp", text))


class _Importer(Statements):
    def text(self) -> str:
        m = self.model
        for at, _ in m.odes:
            if not any(d.name.id == at.id for d in m.state):
                self.refuse(at, f"`{at.id}` is not a state variable")
        if self.problems:
            return ""
        blocks = {
            "requires post": [f"{self.as_[c.name.id]} : {_unit(c.dim)}" for c in m.continuous],
            "ports": [self.as_[p.id] for p in self.others],
            "parameters": [
                self.parameter(d) for d in [*m.parameters, *m.internals] if not d.is_delay
            ],
        }
        advance = self.advance()
        handlers = self.handlers()
        clips = bounds_of(
            [self.as_[d.name.id] for d in m.state],
            [self.as_[n] for n in self.odes],
            advance,
            [body for _, body in handlers],
            self.fixed(),
        )
        advance = without_clips(advance, clips)
        blocks["equations"] = [self.equation(d, clips) for d in m.state]
        blocks["equations"] += [self.inline(d) for d in m.inlines]
        if self.uses_step:
            blocks["equations"].append(f"{self.last} : second")
        blocks["initial"] = list(self.initial())
        blocks["advance"] = [print_node(s) for s in advance]
        lines = [line for head, body in blocks.items() for line in _block(head, body)]
        for trigger, body in handlers:
            lines += _block(f"on {trigger}", [print_node(s) for s in without_clips(body, clips)])
        name = self.free_rule()
        return "".join(f"{line}\n" for line in [*self.head(), f"rule {name}:", *lines])

    def free_rule(self) -> str:
        name = self.model.name.id
        return f"{name}_rule" if self.is_bad(name, False) else name

    def head(self) -> list[str]:
        said = [f"From NESTML: the model {self.model.name.id} in {Path(self.source.name).name}."]
        if self.renamed:
            names = ", ".join(f"{old} became {new}" for old, new in self.renamed.items())
            said.append(f"Renamed, because these names are reserved here: {names}.")
        if self.delays:
            said.append(f"The delay {', '.join(sorted(self.delays))} is set in the connection.")
        said += self.ties() + self.notes
        return [f"# {line}" for text in said for line in textwrap.wrap(text, 96)]

    def ties(self) -> list[str]:
        found = {h.port.id: h.priority for h in self.model.handlers}
        pre, post = found.get(self.pre), found.get(self.post)
        first = max((found[p] or 0 for p in (self.pre, self.post) if p in found), default=0)
        for port in self.others:
            if (found.get(port.id) or 0) > first:
                self.notes.append(
                    f"In the model, spikes of {port.id} come first in a time step; here, last."
                )
        if self.pre not in found or self.post not in found:
            return []
        if pre is None or post is None or pre == post:
            return [
                "The model does not say whether pre or post comes first in a time step; here,"
                " pre does."
            ]
        if post > pre:
            return [
                "In the model, post spikes come first in a time step: write `ties: post"
                " first` in the connection."
            ]
        return []

    def parameter(self, item: Declared) -> str:
        said = f"{self.as_[item.name.id]} = "
        if item.value is None:
            self.refuse(item.name, f"`{item.name.id}` has no value")
            return said + "0"
        value = self.casts().value(item.value, item.dim, item.kind)
        comment = f"  # {item.comment}" if 0 < len(item.comment) <= _COMMENT else ""
        return said + print_expr(value) + comment

    def equation(self, item: Declared, clips: dict[str, Clip]) -> str:
        name = self.as_[item.name.id]
        said = f"{name} : {_unit(item.dim)}"
        if item.name.id in self.odes:
            value = self.casts().value(self.odes[item.name.id], item.dim / SECOND)
            said = f"d{name}/dt = {print_expr(value)} : {_unit(item.dim)}"
        if name in clips:
            low, high = clips[name]
            lowest = print_expr(low) if low is not None else "-inf"
            highest = print_expr(high) if high is not None else "inf"
            said += f" in [{lowest}, {highest}]"
        return said

    def inline(self, item: Declared) -> str:
        assert item.value is not None
        value = self.casts().value(item.value, item.dim, item.kind)
        return f"{self.as_[item.name.id]} = {print_expr(value)} : {_unit(item.dim)}"

    def initial(self) -> Iterator[str]:
        for item in self.model.state:
            if item.value is None:
                continue
            value = self.casts().value(item.value, item.dim, item.kind)
            if not (isinstance(value, ast.Number | ast.Quantity) and float(value.text) == 0):
                yield f"{self.as_[item.name.id]} = {print_expr(value)}"

    uses_step = False

    def advance(self) -> list[ast.Statement]:
        """The model's `update:` as `advance:`; its `timestep()` becomes the time since the last
        event.
        """
        body = Body(self.casts(self.step), [], {}, integrated=set())
        self.statements(self.model.update, body)
        assert body.integrated is not None
        left = [n for n in self.odes if n not in body.integrated]
        if left:
            self.refuse(
                self.model.name, f"`update:` does not integrate {', '.join(f'`{n}`' for n in left)}"
            )
        used = {n.id for s in body.lines for n in ast.walk(s) if isinstance(n, ast.Name)}
        if self.step not in used:
            return body.lines
        self.uses_step = True
        at = self.model.name
        t, last = ast.Name("t", span=at.span), ast.Name(self.last, span=at.span)
        since = ast.Binary("-", t, last, span=at.span)
        return [update(self.step, "=", since), *body.lines, update(self.last, "=", t)]

    def handlers(self) -> list[tuple[str, list[ast.Statement]]]:
        found: list[tuple[str, list[ast.Statement]]] = []
        for handler in self.model.handlers:
            port = handler.port.id
            trigger = {self.pre: "pre", self.post: "post"}.get(port) or self.as_.get(port, "")
            if not trigger:
                self.refuse(handler.port, f"there is no port `{port}` for spikes")
                continue
            body = Body(self.casts(draws=True), [], {}, may_emit=trigger == "pre")
            self.statements(handler.body, body)
            if trigger not in ("pre", "post"):
                body.lines = self.each_spike(trigger, body.lines)
            if any(trigger == known for known, _ in found):
                self.refuse(handler.port, f"there are two handlers of `{port}`")
            found.append((trigger, body.lines))
        order = ["pre", "post"]
        return sorted(found, key=lambda f: order.index(f[0]) if f[0] in order else len(order))

    def each_spike(self, port: str, lines: list[ast.Statement]) -> list[ast.Statement]:
        """NESTML handles spikes one by one; a rule handles all spikes of a step at once. So what
        one spike adds is multiplied by the number of spikes.
        """
        written = {s.target.id for s in lines if isinstance(s, ast.Update)}
        out: list[ast.Statement] = []
        for s in lines:
            read = {n.id for n in ast.walk(s) if isinstance(n, ast.Name)}
            if clip_of(s) is not None:
                out.append(s)
                continue
            if not isinstance(s, ast.Update) or s.op not in ("+=", "-=") or read & written:
                self.notes.append(
                    f"Several spikes of {port} in one time step act as one here; in NESTML,"
                    " each acts."
                )
                return lines
            count = ast.Name(port, span=s.span)
            out.append(replace(s, value=times_count(s.value, count)))
        return out


def _block(head: str, lines: list[str]) -> list[str]:
    return [f"    {head}:", *("        " + line for line in lines)] if lines else []


def _unit(dim: Dim) -> str:
    return dim.unit_name()
