"""What a connection delivers: whether the spec tells what, when and where."""

from __future__ import annotations

from ...language import ast
from ...language.printer.expressions import print_expr
from ..merge_rules import delivers
from ..order import names_in
from ..symbols import Component
from .reports import ClauseReports


class Deliveries(ClauseReports):
    """Checks what a connection delivers, and where."""

    def deliveries(self, node: ast.Connect, component: Component, spot: ast.Node) -> None:
        self.delivers_where(node, component, spot)
        self.delivers_what(node, component)
        self.left_out(node, component)
        self.delivers_late(node, component)

    def delivers_where(self, node: ast.Connect, component: Component, spot: ast.Node) -> None:
        name = node.name.id
        rule = component.rule
        statement = _deliver(rule) if rule else None
        by_spike = [d for d in node.delivery if not d.continuously]
        # A target that is a given spike train has no variable to deliver into.
        post = component.post.node if component.post else None
        replayed = isinstance(post, ast.Layer) and post.source is not None
        if statement is not None and not node.delivery and not replayed:
            assert rule is not None
            self.reporter.error(
                "CLAUSE004",
                spot,
                f"`{name}` does not say where `{rule.name.id}` delivers",
                labels=((statement, "here it delivers"),),
                help=f"add `deliver: {component.weight or 'w'} to VARIABLE`, a variable of"
                f" `{node.post.id}`",
            )
        elif statement is None and rule is not None and by_spike:
            self.reporter.error(
                "CLAUSE004",
                by_spike[0],
                f"`{rule.name.id}` does not say when it delivers",
                labels=((rule.name, "no `deliver` in its `on pre:`"),),
                help=f"add `deliver {component.weight or 'w'}` to its `on pre:`, or write"
                " `deliver continuously:`",
            )
        elif node.weight is not None and not node.delivery:
            if not any(n.id == "w" for h in node.handlers for n in ast.below(h, ast.Name)):
                self.reporter.error(
                    "CLAUSE004",
                    node.weight,
                    f"the weight of `{name}` is delivered nowhere",
                    help=f"add `deliver: w to VARIABLE`, a variable of `{node.post.id}`",
                )

    def delivers_what(self, node: ast.Connect, component: Component) -> None:
        rule = component.rule
        statement = _deliver(rule) if rule else None
        for delivery in node.delivery:
            if delivery.continuously:
                self.reads_itself(delivery, component)
            if delivery.value is not None:
                continue
            given = node.weight is not None or (statement is not None and statement.value)
            if not given and (rule is not None or not node.plasticity):
                self.reporter.error(
                    "CLAUSE004",
                    delivery,
                    f"`{node.name.id}` does not say what it delivers",
                    help=f"write `deliver: VALUE to {delivery.target.id}`",
                )

    def delivers_late(self, node: ast.Connect, component: Component) -> None:
        """Whether there is anything that a dendritic delay shifts."""
        rule = component.rule
        handlers = (*node.handlers, *(rule.handlers if rule else ()))
        by_spike = any(not d.continuously for d in node.delivery)
        shifted = by_spike or any(h.trigger.id == "post" for h in handlers)
        if node.dendritic_delay is not None and not shifted:
            self.reporter.warn(
                "CLAUSE007",
                node.dendritic_delay,
                f"`{node.name.id}` delivers nothing to delay",
                help="a dendritic delay shifts what `deliver:` delivers, and `on post`; `delay:`"
                " shifts `on pre`",
            )

    def left_out(self, node: ast.Connect, component: Component) -> None:
        """Joined rules whose own delivery is not used in what the connection delivers."""
        if len(component.rules) < 2:  # a single rule may be there only to be observed
            return
        values = [d.value for d in node.delivery if d.value is not None]
        if not values or len(values) < len(node.delivery):
            return
        delivered = {name for v in values for name in _behind(v, component)}
        statements = delivers(component.rule) if component.rule else []
        whole = next((d.value for d in statements if d.value is not None), None)
        for use, rule in zip(node.plasticity, component.rules, strict=False):
            own = next((d.value for d in delivers(rule) if d.value is not None), None)
            varying = _behind(own, component) - {p.name.id for p in rule.parameters}
            if own is None or whole is None or not varying or varying & delivered:
                continue
            self.reporter.warn(
                "CLAUSE007",
                use.rule,
                f"`{rule.name.id}` has no part in what `{node.name.id}`"
                f" delivers, which leaves out `{print_expr(own)}`",
                labels=((values[0], "what is delivered"),),
                help=f"multiply it: `deliver: {print_expr(whole)} to {node.delivery[0].target.id}`",
            )

    def reads_itself(self, delivery: ast.Delivery, component: Component) -> None:
        """Refuse a sum that reads its own target. Brian2's targets differ in what it would read:
        some set it to zero before they add, others afterwards."""
        if delivery.value is None or component.post is None:
            return
        target = delivery.target.id
        stands_for = {
            e.name.id: e.rhs
            for e in component.post.equations
            if e.kind == "subexpression" and e.rhs
        }
        for name in names_in(delivery.value):
            waiting, seen = [name.id.removesuffix("_post")], set()
            while waiting and name.id.endswith("_post"):
                one = waiting.pop()
                if one not in seen and one in stands_for:
                    waiting += [n.id for n in names_in(stands_for[one])]
                seen.add(one)
            if target in seen:
                self.reporter.error(
                    "CLAUSE012",
                    name,
                    f"the sum that sets `{target}` reads `{target}` itself",
                    help=f"read a variable of `{component.post.name}` that the sum does not set",
                )


def _deliver(rule: ast.Rule) -> ast.Deliver | None:
    for handler in rule.handlers:
        for statement in handler.body:
            if isinstance(statement, ast.Deliver):
                return statement
    return None


def _behind(expr: ast.Expr | None, component: Component) -> set[str]:
    """The names in an expression, and in what computes those that the rule computes."""
    formulas = {
        e.name.id: e.rhs
        for rule in component.rules
        for e in rule.equations
        if e.kind == "subexpression"
    }
    found: set[str] = set()
    waiting = [n.id for n in names_in(expr)] if expr is not None else []
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            formula = formulas.get(name)
            waiting += [n.id for n in names_in(formula)] if formula is not None else []
    return found
