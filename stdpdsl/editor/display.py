"""What an editor shows in and beside a text: colours, folds, hints, signatures, lenses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lsprotocol import types as lsp

from ..compiler import library
from ..language import ast
from .actions import COMMANDS
from .folding import folds
from .hints import hints
from .positions import Places
from .server import Server
from .signature import signature_at
from .tokens import KINDS, MODIFIERS, Colour, colours


def register(server: Server) -> None:
    feature: Callable[..., Any] = server.feature

    @feature(
        lsp.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL,
        lsp.SemanticTokensLegend(list(KINDS), list(MODIFIERS)),
    )
    def tokens(params: lsp.SemanticTokensParams) -> lsp.SemanticTokens:
        document = server.document(params.text_document.uri)
        return lsp.SemanticTokens(_encoded(colours(document), server.places(document.source)))

    @feature(lsp.TEXT_DOCUMENT_FOLDING_RANGE)
    def folding(params: lsp.FoldingRangeParams) -> list[lsp.FoldingRange]:
        text = server.document(params.text_document.uri).text
        return [lsp.FoldingRange(first, last, kind=kind) for first, last, kind in folds(text)]

    @feature(lsp.TEXT_DOCUMENT_INLAY_HINT)
    def inlay_hints(params: lsp.InlayHintParams) -> list[lsp.InlayHint]:
        document = server.document(params.text_document.uri)
        places = server.places(document.source)
        first, last = places.offset(params.range.start), places.offset(params.range.end)
        return [
            lsp.InlayHint(places.position(h.at), h.text, tooltip=h.why)
            for h in hints(document, first, last)
        ]

    @feature(
        lsp.TEXT_DOCUMENT_SIGNATURE_HELP, lsp.SignatureHelpOptions(trigger_characters=["(", ","])
    )
    def signature(params: lsp.SignatureHelpParams) -> lsp.SignatureHelp | None:
        document, offset, _ = server.at(params)
        found = signature_at(document, offset)
        if found is None:
            return None
        text = lsp.MarkupContent(lsp.MarkupKind.Markdown, found.text) if found.text else None
        parameters = [lsp.ParameterInformation(p) for p in found.parameters]
        # A number behind the last parameter: no parameter is shown as the one being written.
        active = len(parameters) if found.active is None else found.active
        one = lsp.SignatureInformation(found.label, text, parameters, active)
        return lsp.SignatureHelp([one], 0, active)

    @feature(lsp.TEXT_DOCUMENT_CODE_LENS)
    def lenses(params: lsp.CodeLensParams) -> list[lsp.CodeLens]:
        return _lenses(server, params.text_document.uri)


def _lenses(server: Server, uri: str) -> list[lsp.CodeLens]:
    """What can be done with a model, and with a rule of the library."""
    document = server.document(uri)
    places = server.places(document.source)

    def lens(node: ast.Node, title: str, command: str, *arguments: str) -> lsp.CodeLens:
        place = places.position(node.span.start)
        action = lsp.Command(title, COMMANDS[command], None, list(arguments))
        return lsp.CodeLens(lsp.Range(place, place), action)

    found = []
    spec = document.checked.spec
    if spec.model is not None and spec.model.span.source is document.source:
        found.append(lens(spec.model, "check", "check", uri))
        found.append(lens(spec.model, "run and report", "run", uri))
    for declaration in document.declarations:
        for use in declaration.plasticity if isinstance(declaration, ast.Connect) else ():
            if use.rule.id in library().files:
                name = f"{use.rule.id}.{use.preset.id}" if use.preset else use.rule.id
                found.append(lens(use, f"window of {name}", "window", name))
    return found


def _encoded(found: list[Colour], places: Places) -> list[int]:
    """As the protocol has it: each token relative to the one before it."""
    data: list[int] = []
    line = column = 0
    for colour in found:
        start, end = places.position(colour.span.start), places.position(colour.span.end)
        bits = sum(1 << MODIFIERS.index(m) for m in colour.modifiers)
        moved = start.line - line
        data += [
            moved,
            start.character - (0 if moved else column),
            end.character - start.character,
            KINDS.index(colour.kind),
            bits,
        ]
        line, column = start.line, start.character
    return data
