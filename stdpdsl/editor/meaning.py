"""What stands at a place of a text: how people read it, and where it is declared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from ..check.symbols import Symbol
from ..language import ast
from ..language.builtins_audio import FILTERS, REQUIRED, SOUNDS, AudioFunction
from ..language.explanations import explanation
from ..language.meanings import MEANINGS
from ..language.printer import print_expr, print_node, print_unit
from ..language.source import Span
from ..language.units import lookup, resolve
from ..library.catalogue import entry
from .document import Document, locals_of


@dataclass(frozen=True)
class Meaning:
    span: Span  # of the word that was asked for
    text: str  # Markdown
    declared: Span | Path | None = None  # a place, or a whole file


def meaning(document: Document, offset: int) -> Meaning | None:
    nodes = document.nodes_at(offset)
    if not nodes:
        return None
    node, declaration = nodes[-1], nodes[0]
    parent = nodes[-2] if len(nodes) > 1 else declaration
    if isinstance(node, ast.UnitFactor | ast.Unit):
        unit = next(n for n in nodes if isinstance(n, ast.Unit))
        return Meaning(unit.span, unit_text(unit))
    if isinstance(node, ast.String):
        path = (document.path.parent / node.value).resolve()
        return Meaning(node.span, f"`{path}`", path) if path.is_file() else None
    if not isinstance(node, ast.Ident | ast.Name):
        return None
    target = _target(document, node, parent, nodes)
    if target is None and node.id in MEANINGS:
        return Meaning(node.span, word_text(node.id))
    if isinstance(target, AudioFunction):
        return Meaning(node.span, audio_text(target))
    if isinstance(target, Symbol):
        if target.node is None:
            return Meaning(node.span, word_text(target.name.removesuffix(f"_{target.side}")))
        return Meaning(node.span, symbol_text(document, target), _name_of(target.node))
    if target is None:
        return None
    return Meaning(node.span, node_text(target), _name_of(target))


def _target(
    document: Document, node: ast.Ident | ast.Name, parent: ast.Node, nodes: list[ast.Node]
) -> ast.Node | Symbol | AudioFunction | None:
    """What a word refers to."""
    symbols, declaration = document.symbols, nodes[0]
    name = node.id
    use = next((n for n in nodes if isinstance(n, ast.RuleUse)), None)
    rule = symbols.rules.get(use.rule.id) if use else None
    match parent:
        case ast.Call() if node is parent.func:
            audio = {**SOUNDS, **FILTERS} if _is_audio(nodes) else {}
            return audio.get(name)
        case ast.RuleUse() if node is parent.rule:
            return rule
        case ast.RuleUse() if rule is not None:
            return _named(name, rule.presets)
        case ast.Binding() if node is parent.port:
            return _named(name, rule.ports) if rule else None
        case ast.Assign() if node is parent.name and rule is not None:
            return document.checked.model(rule).parameters.get(name)
        case ast.Assign() if isinstance(declaration, ast.Layer) and any(
            parent is a for a in declaration.arguments
        ):
            component = document.component(declaration)
            return component.parameters.get(name) if component else None
        case ast.Path():
            return _of_path(document, parent, node)
        case ast.Delivery() if node is parent.target:
            component = document.component(declaration)
            post = component.post if component else None
            return post.variables.get(name) if post else None
        case ast.Binding() | ast.RecordState():
            layer = parent.layer if isinstance(parent, ast.Binding) else parent.component
            of = symbols.components.get(layer.id)
            if of is not None and node is not layer:
                return {**of.post_variables, **of.parameters, **of.variables}.get(name)
    found = None if isinstance(node, ast.Ident) and _refers(parent) else _variable(
        document, name, declaration
    )  # fmt: skip
    return found or declared(document).get(name)


def _is_audio(nodes: list[ast.Node]) -> bool:
    return isinstance(nodes[0], ast.Sound | ast.Filterbank)


def _refers(parent: ast.Node) -> bool:
    """Whether the names of this node are those of declarations, never of variables."""
    kinds = (ast.Connect, ast.RecordSpikes, ast.RecordState, ast.Off, ast.Frozen, ast.Binding)
    return isinstance(parent, (*kinds, ast.Filterbank, ast.Declaration))


def _variable(document: Document, name: str, declaration: ast.Node) -> Symbol | ast.Node | None:
    known = document.scope(declaration).get(name) or locals_of(declaration).get(name)
    triggers = getattr(declaration, "ports", ()) or getattr(declaration, "events", ())
    return known or _named(name, triggers)


def _of_path(document: Document, path: ast.Path, node: ast.Node) -> ast.Node | Symbol | None:
    """`A1.tau_m`: the component, or its parameter; a bare name is that of the only one."""
    symbols, (first, *rest) = document.symbols, path.parts
    if rest and node is not first:
        component = symbols.components.get(first.id)
        return component.parameters.get(rest[0].id) if component else None
    if rest:
        return declared(document).get(first.id)
    owners = symbols.owners(first.id)
    if owners:
        return symbols.components[owners[0]].parameters[first.id]
    return symbols.globals.get(first.id) or declared(document).get(first.id)


def declared(document: Document) -> Mapping[str, ast.Declaration]:
    """The declarations that have a name, of this file and of the files that it uses."""
    kinds = (ast.Sound, ast.Filterbank, ast.Neuron, ast.Layer, ast.Connect, ast.Rule)
    return {d.name.id: d for d in document.checked.spec.declarations if isinstance(d, kinds)}


def _named(name: str, nodes: tuple) -> ast.Node | None:
    return next((n for n in nodes if n.name.id == name), None)


def _name_of(node: ast.Node) -> Span:
    """The word to jump to."""
    name = getattr(node, "name", None) or getattr(node, "path", None) or node
    name = node.target if isinstance(node, ast.Update) else name
    return name.span if isinstance(name, ast.Node) else node.span


# Texts ------------------------------------------------------------------------------------------


def _code(text: str) -> str:
    return f"```stdp\n{text}\n```"


def node_text(node: ast.Node) -> str:
    if isinstance(node, ast.Rule):
        return rule_text(node)
    if isinstance(node, ast.Preset):
        source = " ".join(node.doc.text.split()) if node.doc else ""
        return "\n".join([_code(print_node(replace(node, doc=None))), source]).strip()
    return _code(print_node(node))


def rule_text(rule: ast.Rule) -> str:
    """What it is, its papers, and the rule itself: parameters, presets, equations."""
    doc = rule.doc.text if rule.doc else ""
    links = "".join(f"\n\nhttps://doi.org/{doi}" for doi in entry(rule).dois)
    return f"{doc}{links}\n\n{_code(print_node(replace(rule, doc=None)))}".strip()


def symbol_text(document: Document, symbol: Symbol) -> str:
    """A parameter with its unit and value, a variable with its equation."""
    assert symbol.node is not None
    type_ = symbol.type or document.checked.type_of(symbol)
    unit = f" in {type_.dim.unit_name()} ({type_.dim.describe()})" if type_ else ""
    if type_ and type_.dim.is_none:
        unit = ", a number without unit" if type_.kind == "float" else f", {type_.kind}"
    if isinstance(symbol.node, ast.Header):  # of a table
        line = symbol.node.path.dotted
    else:
        line = print_node(symbol.node)
    if symbol.kind == "parameter" and symbol.value is not None:  # as it is used, not its default
        line = f"{symbol.name} = {print_expr(symbol.value)}"
    owner = symbol.owner.strip("<>")
    of = f" of `{owner}`" if owner else ""
    swept = [c.path for c in document.symbols.columns.values() if c.target == (owner, symbol.name)]
    note = ", swept" if swept else ""
    return f"{_code(line)}\n{symbol.kind}{of}{unit}{note}"


def word_text(name: str) -> str:
    """A function, number, draw, pattern or builtin variable."""
    signature, text = MEANINGS[name]
    return f"{_code(signature)}\n{text}"


def audio_text(function: AudioFunction) -> str:
    """A sound or a filter."""
    given = []
    for p in function.parameters:
        unit = "" if p.unit == "1" else f" [{p.unit}]"
        default = "" if p.default in (REQUIRED, None) else f" = {p.default}"
        given.append(f"{p.name}{unit}{default}")
    signature = f"{function.name}({', '.join(given)})"
    return f"{_code(signature)}\n{function.doc}"


def unit_text(unit: ast.Unit) -> str:
    """`nS/cm**2`: its size in SI units, and what it measures."""
    text = print_unit(unit)
    if text == "dB":
        return "`dB`: decibels, the level of a sound"
    if text in ("integer", "boolean"):
        return f"`{text}`: a value without unit"
    if any(lookup(factor.name) is None for factor in unit.factors):
        return f"`{text}`: no unit that is known"
    dim, scale = resolve((factor.name, factor.exponent) for factor in unit.factors)
    size = "" if dim.unit_name() == text else f" = {scale:g} {dim.unit_name()}"
    return f"`{text}`{size} ({dim.describe()})"


def code_text(code: str) -> str:
    """What `stdpdsl explain` says of an error, less the wrong example: that is at hand."""
    about = explanation(code)
    return f"**{code}: {about.title}**\n\n{about.prose}\n\nRight:\n\n{_code(about.right.strip())}"
