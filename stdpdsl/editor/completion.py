"""What may be written at a place of a text. The grammar says which words and whether a name may
follow; tables and the names in scope say which names."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable

from ..check.symbols import Symbol
from ..dataclass import dataclass
from ..language import ast
from ..language.builtins import DISTRIBUTIONS, FUNCTIONS, LISTS, METHODS, PATTERNS, PRECISIONS
from ..language.builtins_audio import FILTERS, ORDERS, SOUNDS
from ..language.meanings import MEANINGS
from ..language.parser import before
from ..language.source import Source
from ..language.syntax_errors.failure import FLAGS, Failure
from ..language.units import all_names
from ..library.catalogue import entry
from .document import Document
from .meaning import rule_text, symbol_text, word_text


@dataclass(frozen=True)
class Item:
    label: str
    kind: str  # keyword, function, variable, constant, unit, class, value
    detail: str = ""
    text: Callable[[], str] | None = None  # Markdown, made when it is asked for


_SAMPLED = ("random", "sobol", "latin_hypercube", "samples")
_BASE_UNITS = ("1", "second", "volt", "amp", "siemens", "farad", "ohm", "Hz", "integer", "boolean")
_MEASURES = re.compile(r"(?:(?<![\w.])\.?\d[\d.]*(?:[eE][+-]?\d+)?|\]) \Z")


def complete(document: Document, offset: int, source: Source | None = None) -> list[Item]:
    """At a place of a text, by default the document's own; of a later one that has not been checked
    yet, the names are those that the document had."""
    source = source or document.source
    text = source.text
    start = offset - len(re.findall(r"\w*\Z", text[:offset])[0])
    line = text[text.rfind("\n", 0, start) + 1 : start]
    state = before(source, start)
    if state is None:
        return _after_dot(document, line)  # or in a comment, a docstring, a broken line
    kinds = state.expected
    words = sorted(kind for kind in kinds if kind.isidentifier() and kind.islower())
    items = [Item(word, "keyword") for word in words]
    if _MEASURES.search(line):
        return [*items, *(Item(name, "unit") for name in all_names())]
    if "FLAG_WORD" in kinds:
        items += [Item(flag, "keyword") for flag in FLAGS.values()]
    if "NAME" in kinds:
        items += _names(document, state, line, _there(document.source.text, text, start))
    return list({item.label: item for item in reversed(items)}.values())[::-1]


def _there(old: str, new: str, offset: int) -> int:
    """The place in the old text that a place in the new one was before somebody typed."""
    if old == new:
        return offset
    same = len(os.path.commonprefix((old, new)))
    behind = len(new) - offset
    return offset if offset <= same else max(same, len(old) - behind)


def _names(document: Document, state: Failure, line: str, start: int) -> Iterable[Item]:
    declaration = next((d for d in document.declarations if _around(d, start)), None)
    clause = state.context(_CLAUSES)
    if "(" not in state.expected:
        if "NUMBER" in state.expected:
            return [Item(unit, "unit") for unit in _BASE_UNITS]
        return _of_place(document, state, clause, declaration, line)
    items = [_symbol(document, s) for s in reversed([*document.scope(declaration).values()])]
    if declaration is not None:
        items += [Item(name, "variable", "local") for name in document.locals(declaration)]
    items += [_word(name, "function") for name in (*FUNCTIONS, *DISTRIBUTIONS)]
    if clause in ("grid", "zip", *_SAMPLED, "filter", "then", "stimuli"):
        items += [_word(name, "function") for name in LISTS]
    if clause in ("grid", "zip", *_SAMPLED, "derive", "where"):
        items += _parameters(document)
    if clause in ("duration", "phases"):
        items += [Item(name, "class", "sound") for name in document.symbols.sounds]
    if clause == "stimuli":
        items += [Item(s.name, "function", s.doc) for s in SOUNDS.values()]
    return items


# The words that tell which names may follow, and those that end what an earlier one told.
_CLAUSES = frozenset(
    "neuron scope precision drive sound order stimuli filter then method pattern plasticity deliver"
    " ties initial connect record grid zip derive random sobol latin_hypercube samples where"
    " duration phases set store restore except until on reset"
    " every normalise equations parameters constants requires ports presets post output weight"
    " delay table from to per of".split()
)
_BODY = re.compile(r"(?:\n[ \t]+[^\n]*|\n[ \t]*)*")  # indented lines, blank ones among them


def _around(node: ast.Node, offset: int) -> bool:
    """The declaration goes on until the next one starts, blank lines included."""
    body = _BODY.match(node.span.source.text, node.span.end)
    return body is not None and node.span.start <= offset <= body.end()


_CHOICES = {
    "scope": ("block", "shared"),
    "precision": PRECISIONS,
    "order": ORDERS,
    "method": METHODS,
    "ties": ("post", "pre"),
    "per": ("post", "pre"),
}
"""The words that a clause takes."""
_UNTIL = ("count", "rate", "mean", "min", "max", "sum")


def _of_place(
    document: Document,
    state: Failure,
    clause: str,
    declaration: ast.Declaration | None,
    line: str,
) -> Iterable[Item]:
    """Names where no expression stands."""
    if line.endswith("."):
        return _after_dot(document, line)
    if clause in _CHOICES:
        return [Item(w, "value") for w in _CHOICES[clause]]
    found = _in_a_model(document, clause, declaration, line)
    if found is None:
        found = _in_a_run(document, clause, line)
    if found is None:
        found = _own_variables(document, state, clause, declaration)
    return found


def _in_a_model(
    document: Document, clause: str, declaration: ast.Declaration | None, line: str
) -> Iterable[Item] | None:
    """Names in a clause of a layer, a connection, a rule or a sound; None in another clause."""
    symbols = document.symbols
    match clause:
        case "pattern" if line.rstrip().endswith(":"):
            return [_word(w, "value") for w in PATTERNS]
        case "filter" | "then":
            return [Item(f.name, "function", f.doc) for f in FILTERS.values()]
        case "stimuli":
            return [Item(s.name, "function", s.doc) for s in SOUNDS.values()]
        case "plasticity":
            return _rules(document, line)
        case "neuron" if isinstance(declaration, ast.Layer):
            return [Item(name, "class", "neuron") for name in symbols.neurons]
        case "sound":
            return [Item(name, "class", "sound") for name in symbols.sounds]
        case "drive" | "from" if re.search(r"\bfrom\s*\Z", line):
            return [Item(name, "class", "filterbank") for name in symbols.filterbanks]
        case "on" if re.search(r"\bon\s*\Z", line):
            events = _events(document, declaration)
            return [Item(w, "value") for w in ("post", "pre", *_triggers(declaration), *events)]
        case "on" if re.search(r"\bon\s+\w+\s+\Z", line) and isinstance(
            declaration, ast.Connect | ast.Rule
        ):
            return [Item(w, "value") for w in ("post", "pre")]
        case "connect" if re.match(r"connect\s+(\w+\s*->\s*)?\Z", line):
            return _layers(document)
        case "to" | "deliver" if isinstance(declaration, ast.Connect):
            post = symbols.components.get(declaration.post.id)
            return [_symbol(document, s) for s in (post.variables if post else {}).values()]
    return None


def _layers(document: Document) -> list[Item]:
    return [Item(c.name, "class", "layer") for c in document.symbols.layers]


def _in_a_run(document: Document, clause: str, line: str) -> Iterable[Item] | None:
    """Names in what is swept, recorded and run in phases; None in another clause."""
    symbols, layers = document.symbols, _layers(document)
    connections = [Item(c.name, "class", "connection") for c in symbols.connections]
    match clause:
        case "phase" if re.search(r"\bin\s+phase\s+(\w+\s*,\s*)*\Z", line):
            runs = symbols.spec.of(ast.Run)
            return [Item(p.name.id, "value") for run in runs for p in run.phases]
        case "of" | "record" if re.search(r"\bof\s+(\w+\s*,\s*)*\Z", line):
            spiking = re.search(r"\b(spikes|until\s+(count|rate))\s+of\b", line)
            return layers if spiking else layers + connections
        case "record":
            variables = [s for c in symbols.components.values() for s in c.variables.values()]
            rate = Item("rate", "variable", "mean rate of a layer")
            return [rate, *(_symbol(document, s) for s in variables)]
        case "grid" | "zip" | "derive" | "random" | "sobol" | "latin_hypercube" | "samples" | "set":
            return [*_parameters(document), *layers, *connections]
        case "phases" if line.strip():
            return [Item("plasticity", "keyword"), *connections]
        case "store" | "restore":
            stored = re.findall(r"\bstore\s+(\w+)", f"{document.text}\n{line}")
            return [Item(name, "value", "stored state") for name in dict.fromkeys(stored)]
        case "until":
            return [Item(w, "keyword") for w in _UNTIL]
        case "except" | "of" if re.search(r"\brestore\b", line):
            return layers + connections
    return None


def _own_variables(
    document: Document, state: Failure, clause: str, declaration: ast.Declaration | None
) -> Iterable[Item]:
    """The variables that a statement, or an initial value, may set."""
    component = document.component(declaration) if declaration else None
    if component is None:
        return []
    own = {**component.variables, **component.post_variables}
    if "normalise" in state.expected:  # a statement starts, which may change the other side
        sided = document.scope(declaration).items()
        own.update({name: s for name, s in sided if s.side and s.kind == "variable"})
    elif clause not in ("initial", "drive"):
        return []
    return [_symbol(document, s) for s in own.values()]


def _triggers(declaration: ast.Declaration | None) -> list[str]:
    if isinstance(declaration, ast.Rule):
        return [port.name.id for port in declaration.ports if port.unit is None]
    if isinstance(declaration, ast.Neuron):
        return [event.name.id for event in declaration.events]
    return []


def _events(document: Document, declaration: ast.Declaration | None) -> list[str]:
    """The events of both layers of a connection."""
    component = document.component(declaration) if isinstance(declaration, ast.Connect) else None
    sides = (component.pre, component.post) if component is not None else ()
    return [e.name.id for side in sides if side and side.neuron for e in side.neuron.events]


def _rules(document: Document, line: str) -> Iterable[Item]:
    """A rule, or in its parentheses a parameter or port."""
    inside = re.search(r"(\w+)(?:\.\w+)?\s*\((?:[^()]|\([^()]*\))*\Z", line)
    rules = document.symbols.rules
    if inside is None:
        return [
            Item(name, "class", entry(rule).title, lambda rule=rule: rule_text(rule))  # type: ignore[misc]
            for name, rule in rules.items()
        ]
    rule = rules.get(inside[1])
    if rule is None:
        return []
    component = document.checked.model(rule)
    found = [_symbol(document, s) for s in component.parameters.values()]
    return found + [Item(port.name.id, "variable", "port") for port in rule.ports]


def _after_dot(document: Document, line: str) -> list[Item]:
    """`A1.`: its parameters, and where a phase sets it its variables; `triplet.`: its presets."""
    found = re.search(r"(\w+)\.\Z", line)
    symbols = document.symbols
    if found is None:
        return []
    if "plasticity" in line and found[1] in symbols.rules:
        presets = symbols.rules[found[1]].presets
        return [Item(p.name.id, "value", f"preset of {found[1]}") for p in presets]
    component = symbols.components.get(found[1])
    if component is None:
        return []
    found_here = [*component.parameters.values()]
    if re.search(r"\brestore\b.*\b(of|except|and)\s+\w+\.\Z", line):
        found_here = []
    if re.search(r"\b(set|of|except|and)\s+\w+\.\Z", line):
        found_here += [s for s in component.variables.values() if s.name not in component.each]
    return [_symbol(document, s) for s in found_here]


def _parameters(document: Document) -> list[Item]:
    """What a sweep may set by a bare name: what one component only has."""
    symbols = document.symbols
    return [
        _symbol(document, symbol)
        for component in symbols.components.values()
        for name, symbol in component.parameters.items()
        if len(symbols.owners(name)) == 1
    ]


def _symbol(document: Document, symbol: Symbol) -> Item:
    name = f"{symbol.name}_{symbol.side}" if symbol.side else symbol.name
    if symbol.node is None:
        return _word(symbol.name, "variable", name)
    kind = "constant" if symbol.kind in ("constant", "parameter", "column") else "variable"
    owner = symbol.owner.strip("<>")
    detail = f"{symbol.kind} of {owner}" if owner else symbol.kind
    return Item(name, kind, detail, lambda: symbol_text(document, symbol))


def _word(name: str, kind: str, label: str = "") -> Item:
    if name not in MEANINGS:
        return Item(label or name, kind)
    return Item(label or name, kind, MEANINGS[name][1], lambda: word_text(name))
