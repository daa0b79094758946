"""The search of a spec: its `search:`, `fit:` or `infer:`, or the `refine:` of its sweep. The
latter is a search by the method `refine`, which begins with the sweep's own grid."""

from __future__ import annotations

from . import ast

METHOD = "refine"


def search_of(spec: ast.Spec) -> ast.Search | None:
    """The first search of a spec."""
    for search in spec.of(ast.Search):
        return search
    return refined_of(spec)


def refined_of(spec: ast.Spec) -> ast.Refined | None:
    """The search in the spec's sweep."""
    for sweep in spec.of(ast.Sweep):
        if (refine := sweep.refine) is not None:
            axes = [a for part in sweep.parts if isinstance(part, ast.Grid) for a in part.axes]
            objective = ast.Objective("minimise", refine.value, span=refine.value.span)
            return ast.Refined(
                over=tuple(axes),
                objectives=(objective,),
                trials=refine.trials,
                method=ast.Ident(METHOD, span=refine.span),
                difference=refine.limit,
                span=refine.span,
            )
    return None
