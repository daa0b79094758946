"""What each word of a text refers to."""

from __future__ import annotations

from collections.abc import Iterator

from ..check.measures import elements_of
from ..check.symbols import Symbol
from ..dataclass import dataclass
from ..language import ast
from ..language.builtins import ACCURACY
from ..language.builtins_audio import FILTERS, SOUNDS, AudioFunction
from ..language.source import Span
from .document import Document

Target = ast.Node | Symbol | AudioFunction


@dataclass(frozen=True)
class Link:
    """A node and the way up to its declaration."""

    node: ast.Node
    up: Link | None = None

    @property
    def parent(self) -> ast.Node:
        """The node itself, if it is the declaration."""
        return self.up.node if self.up else self.node

    @property
    def declaration(self) -> ast.Node:
        link = self
        while link.up is not None:
            link = link.up
        return link.node

    def around(self, kind: type) -> ast.Node | None:
        """The innermost node of a kind that holds this one."""
        link: Link | None = self
        while link is not None:
            if isinstance(link.node, kind):
                return link.node
            link = link.up
        return None


def links(declaration: ast.Node) -> Iterator[Link]:
    """Every node of a declaration, in the order of the text as far as nodes keep it."""
    stack = [Link(declaration)]
    while stack:
        link = stack.pop()
        yield link
        stack.extend(reversed([Link(child, link) for child in ast.children(link.node)]))


def link_at(document: Document, offset: int) -> Link | None:
    """The innermost node at a place."""
    found: Link | None = None
    for declaration in document.declarations:
        if declaration.span.start <= offset <= declaration.span.end:
            for link in links(declaration):
                span = link.node.span
                inside = span.start <= offset <= span.end
                if inside and (found is None or _size(link) <= _size(found)):
                    found = link
    return found


def _size(link: Link) -> int:
    return link.node.span.end - link.node.span.start


def target_of(document: Document, link: Link) -> Target | None:
    """What a word refers to: what declares it, or a builtin symbol or sound."""
    node, parent, declaration = link.node, link.parent, link.declaration
    assert isinstance(node, ast.Ident | ast.Name)
    for part in (_of_call, _of_rule_use, _of_connection, _of_run):
        decided, target = part(document, link, node)
        if decided:
            return target
    if isinstance(parent, ast.Path):
        if isinstance(declaration, ast.Layer):
            return document.declared.get(node.id)
        return _of_path(document, parent, node)
    searched = isinstance(declaration, ast.Search) and link.around(ast.Axis) is None
    if searched or isinstance(declaration, ast.Measures) or link.around(ast.Refinement):
        return _measured(document, link.around(ast.Measure), node.id)
    found = (
        None
        if isinstance(node, ast.Ident) and _refers(parent)
        else _variable(document, node.id, declaration)
    )
    return found or document.declared.get(node.id)


Decided = tuple[bool, Target | None]
"""Whether what stands around a word decides what it refers to, and that, if there is anything."""
UNDECIDED: Decided = (False, None)


def _of_call(document: Document, link: Link, node: ast.Ident | ast.Name) -> Decided:
    """The name of a function, of a phase whose accuracy is asked for, or of an argument."""
    match link.parent:
        case ast.Call() as call if node is call.func:
            audio = isinstance(link.declaration, ast.Sound | ast.Filterbank)
            return True, {**SOUNDS, **FILTERS}.get(node.id) if audio else None
        case ast.Call() as call if call.func.id == ACCURACY:
            if isinstance(link.declaration, ast.Measures):
                return True, _phase(document, node.id)
        case ast.Keyword() as keyword if node is keyword.name:
            return True, None
    return UNDECIDED


def _of_rule_use(document: Document, link: Link, node: ast.Ident | ast.Name) -> Decided:
    """A rule, and its presets, ports and parameters, where it is used; arguments of a neuron."""
    name, declaration = node.id, link.declaration
    use = link.around(ast.RuleUse)
    rule = document.symbols.rules.get(use.rule.id) if isinstance(use, ast.RuleUse) else None
    match link.parent:
        case ast.RuleUse() as parent if node is parent.rule:
            return True, rule
        case ast.RuleUse() if rule is not None:
            return True, _named(name, rule.presets)
        case ast.Binding() as parent if node is parent.port:
            return True, _named(name, rule.ports) if rule else None
        case ast.Assign() as parent if node is parent.name and rule is not None:
            return True, document.checked.model(rule).parameters.get(name)
        case ast.Assign() as parent if isinstance(declaration, ast.Layer) and any(
            parent is a for a in declaration.arguments
        ):
            component = document.component(declaration)
            if component is None:
                return True, None
            each = component.variables if name in component.each else {}
            return True, component.parameters.get(name) or each.get(name)
        case ast.Assign() as parent if link.around(ast.Preset) and node is parent.name:
            return True, document.scope(declaration).get(name)
    return UNDECIDED


def _of_connection(document: Document, link: Link, node: ast.Ident | ast.Name) -> Decided:
    """What a connection or a layer names of others: variables, filterbanks, events."""
    name, declaration = node.id, link.declaration
    components = document.symbols.components
    match link.parent:
        case ast.Delivery() as parent if node is parent.target:
            component = document.component(declaration)
            post = component.post if component else None
            return True, post.variables.get(name) if post else None
        case ast.Drive() as parent if node is parent.filterbank:
            return True, document.declared.get(name)
        case ast.Binding() | ast.RecordState() as parent:
            layer = parent.layer if isinstance(parent, ast.Binding) else parent.component
            of = components.get(layer.id)
            if of is not None and node is not layer:
                return True, {**of.post_variables, **of.parameters, **of.variables}.get(name)
        case ast.Handler() as parent if parent.side is not None:
            component = document.component(declaration)
            sides = {} if component is None else {"pre": component.pre, "post": component.post}
            side = sides.get(parent.side.id)
            neuron = side.neuron if side is not None and node is parent.trigger else None
            return True, _named(name, neuron.events) if neuron is not None else None
        case ast.RecordSpikes() as parent if any(node is event for event in parent.events):
            layers = (components.get(layer.id) for layer in parent.layers)
            neurons = [layer.neuron for layer in layers if layer is not None and layer.neuron]
            return True, _named(name, neurons[0].events) if neurons else None
    return UNDECIDED


def _of_run(document: Document, link: Link, node: ast.Ident | ast.Name) -> Decided:
    """Phases, measures and presets, and what a measure is of."""
    match link.parent:
        case ast.Window():
            return True, _phase(document, node.id)
        case ast.Phase() | ast.Measure() | ast.Preset() as parent if node is parent.name:
            return True, parent
        case ast.Measure() as parent if node is parent.component:
            return True, document.declared.get(node.id)
    return UNDECIDED


def _phase(document: Document, name: str) -> Target | None:
    phases = (p for run in document.checked.spec.of(ast.Run) for p in run.phases)
    return _named(name, tuple(phases))


def _refers(parent: ast.Node) -> bool:
    """Whether the names of this node are those of declarations, never of variables."""
    kinds = (
        ast.Connect,
        ast.RecordSpikes,
        ast.RecordState,
        ast.Window,
        ast.Off,
        ast.Frozen,
        ast.Binding,
    )
    return isinstance(parent, (*kinds, ast.Filterbank, ast.Declaration))


def _variable(document: Document, name: str, declaration: ast.Node) -> Symbol | ast.Node | None:
    known = document.scope(declaration).get(name) or document.locals(declaration).get(name)
    triggers = getattr(declaration, "ports", ()) or getattr(declaration, "events", ())
    return known or _named(name, triggers)


def _measured(document: Document, measure: ast.Node | None, name: str) -> Target | None:
    """A name in a measure: what each element has, a parameter of the component, another measure."""
    symbols = document.symbols
    of = getattr(measure, "component", None)
    component = symbols.components.get(of.id) if of is not None else None
    if component is not None:
        weight = component.weight if component.kind == "connection" else None
        if weight is not None and name in (weight, f"{weight}_before"):
            return component.variables[weight]
        if name in component.parameters:
            return component.parameters[name]
        if name in (elements := elements_of(component)):
            return elements[name]
    own = next(
        (m for d in document.checked.spec.of(ast.Measures) for m in d.items if m.name.id == name),
        None,
    )
    if own is not None:
        return own
    owner = symbols.measured_of.get(name.lower())
    return document.declared.get(owner) if owner else symbols.globals.get(name)


def _of_path(document: Document, path: ast.Path, node: ast.Node) -> ast.Node | Symbol | None:
    """`A1.tau_m`: the component, or its parameter; a bare name is that of the only one."""
    symbols, (first, *rest) = document.symbols, path.parts
    if rest and node is not first:
        component = symbols.components.get(first.id)
        if component is None:
            return None
        return component.parameters.get(rest[0].id) or component.variables.get(rest[0].id)
    if rest:
        return document.declared.get(first.id)
    owners = symbols.owners(first.id)
    if owners:
        return symbols.components[owners[0]].parameters[first.id]
    return symbols.globals.get(first.id) or document.declared.get(first.id)


def _named(name: str, nodes: tuple) -> ast.Node | None:
    return next((n for n in nodes if n.name.id == name), None)


def name_of(node: ast.Node) -> Span:
    """Where a node has its name: the word to jump to."""
    name = getattr(node, "name", None) or getattr(node, "path", None) or node
    name = node.target if isinstance(node, ast.Update) else name
    return name.span if isinstance(name, ast.Node) else node.span
