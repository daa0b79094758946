"""What stands at a place of a text: how people read it, and where it is declared."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ..check.symbols import Symbol
from ..dataclass import dataclass
from ..language import ast
from ..language.builtins_audio import REQUIRED, AudioFunction
from ..language.explanations import explanation
from ..language.meanings import MEANINGS
from ..language.printer import print_node
from ..language.printer.expressions import print_expr, print_unit
from ..language.source import Span
from ..language.units import lookup, resolve
from ..library.catalogue import entry
from .document import Document
from .names import link_at, name_of, target_of


@dataclass(frozen=True)
class Meaning:
    span: Span  # of the word that was asked for
    text: str  # Markdown
    declared: Span | Path | None = None  # a place, or a whole file


def meaning(document: Document, offset: int) -> Meaning | None:
    link = link_at(document, offset)
    if link is None:
        return None
    node = link.node
    unit = link.around(ast.Unit)
    if isinstance(unit, ast.Unit) and isinstance(node, ast.UnitFactor | ast.Unit):
        return Meaning(unit.span, unit_text(unit))
    if isinstance(node, ast.String):
        path = (document.path.parent / node.value).resolve()
        return Meaning(node.span, f"`{path}`", path) if path.is_file() else None
    if not isinstance(node, ast.Ident | ast.Name):
        return None
    target = target_of(document, link)
    if target is None and node.id in MEANINGS:
        return Meaning(node.span, word_text(node.id))
    if isinstance(target, AudioFunction):
        return Meaning(node.span, audio_text(target))
    if isinstance(target, Symbol):
        if target.node is None:
            builtin = target.name.removesuffix(f"_{target.side}")
            return Meaning(node.span, word_text(builtin)) if builtin in MEANINGS else None
        return Meaning(node.span, symbol_text(document, target), name_of(target.node))
    if target is None:
        return None
    return Meaning(node.span, node_text(target), name_of(target))


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
