"""The order in which values that use one another are computed."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from ..language import ast


def names_in(node: ast.Node) -> tuple[ast.Name, ...]:
    """Every name below a node, in text order."""
    return ast.below(node, ast.Name)


def dependency_order(uses: Mapping[str, Collection[str]]) -> tuple[list[str], list[list[str]]]:
    """Names so that each comes after those it uses, and the cycles: each a list of names, the first
    using the second and so on, the last using the first. Names on a cycle are left out of the
    order; names that use them are not. Not recursive, because chains may be long."""
    order: list[str] = []
    cycles: list[list[str]] = []
    done: set[str] = set()
    bad: set[str] = set()
    for root in uses:
        if root in done:
            continue
        if not uses[root]:  # as most
            done.add(root)
            order.append(root)
            continue
        path: list[str] = [root]
        place = {root: 0}
        pending = [iter(uses[root])]
        while path:
            following = next(pending[-1], None)
            if following is None:
                name = path.pop()
                pending.pop()
                del place[name]
                done.add(name)
                if name not in bad:
                    order.append(name)
            elif following in place:
                cycle = path[place[following] :]
                if not bad.issuperset(cycle):
                    cycles.append(cycle)
                bad.update(cycle)
            elif following in uses and following not in done:
                place[following] = len(path)
                path.append(following)
                pending.append(iter(uses[following]))
    return order, cycles
