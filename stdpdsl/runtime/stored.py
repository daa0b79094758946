"""Network states that a phase keeps and a later phase restores, in this process or in a program."""

import numpy as np

from .going_on import is_here
from .objects import array_of, queue_of
from .whole_state import send, under_way


def store(kept, name, net, state, components):
    """Keep the state of components under a name: all variables that change, and the spikes under
    way."""
    before, kept[name] = kept.get(name, {}), {}
    for part in objects_of(net, state, components):
        for variable in changing_in(part):
            key = part.name, variable
            kept[name][key] = kept_values(part, variable, before.get(key))
        kept[name][part.name] = kept_values(part.clock, "timestep", before.get(part.name))
        for pathway in getattr(part, "_pathways", ()):
            kept[name][pathway.name] = kept_spikes(pathway, before.get(pathway.name))


def restore(values, net, state, components, without=(), times=()):
    """Restore the state of components: {component: its variables, or None for all}, except those in
    `without`, (component, variable). Times move with the clock: last spikes, last updates, and the
    (component, variable) in `times`."""
    for component, chosen in components.items():
        stays = {variable for c, variable in without if c == component}
        moving = {"lastspike", "lastupdate", *(v for c, v in times if c == component)}
        for part in objects_of(net, state, [component]):
            for variable in changing_in(part) if chosen is None else chosen:
                if variable not in stays:
                    since = values[part.name] if variable in moving else None
                    put_values(part, variable, values[part.name, variable], since)
            for pathway in getattr(part, "_pathways", ()) if chosen is None else ():
                put_spikes(pathway, values[pathway.name])


def objects_of(net, state, components):
    """The objects of components: one, or one for each block."""
    for component in components:
        blocks = state.get(f"blocks of {component}")
        names = [component] if blocks is None else [f"{component}__{b}" for b in blocks]
        yield from (net[name] for name in names)


def changing_in(part):
    """The variables of an object that change while it runs."""
    from brian2.core.variables import ArrayVariable

    return [
        name
        for name, v in part.variables.items()
        if isinstance(v, ArrayVariable)
        and v.owner is not None
        and v.owner.name == part.name
        and not v.constant
        and not name.startswith("_")
        and not name.endswith("__at_end")
    ]


def described(*lines):
    """Make a program do this next."""
    from brian2 import get_device

    get_device().insert_code("main", "\n".join(lines))


def new_name():
    """A name that the program has not used yet."""
    from brian2 import get_device

    return f"kept_{len(get_device().main_queue)}"


def kept_values(owner, variable, name):
    """A copy of a variable's values. For a program, the name of the copy that it makes: `name`, or
    a new one if there is none yet."""
    if is_here():
        return np.array(owner.variables[variable].get_value())
    first, count = array_of(owner, variable)
    if name is None:
        name = new_name()
        described(f"std::vector<std::decay<decltype(*{first})>::type> {name};")
    described(f"{name}.assign({first}, {first} + {count});")
    return name


def put_values(owner, variable, values, since):
    """Restore such a copy. Times in a state that was kept in the step `since` move to the current
    time."""
    if is_here():
        now = owner.clock.variables["timestep"].get_value()
        moved = values if since is None else values + (now - since) * owner.clock.dt_
        owner.variables[variable].get_value()[...] = moved
        return
    from brian2 import get_device

    (first, _), (now, _) = array_of(owner, variable), array_of(owner.clock, "timestep")
    dt, _ = array_of(owner.clock, "dt")
    moved = "" if since is None else f" + ({now}[0] - {since}[0]) * {dt}[0]"
    described(f"for (size_t i = 0; i < {values}.size(); i++) {first}[i] = {values}[i]{moved};")
    # Its values are not those that Brian2 knows.
    get_device().array_cache[owner.variables[variable]] = None


def kept_spikes(pathway, name):
    """The spikes under way, in the form that kept_values has for values."""
    if is_here():
        return np.zeros((0, 2), np.int32) if pathway.queue is None else under_way(pathway)
    queue = queue_of(pathway)
    if name is None:
        name = new_name()
        described(f"std::vector<std::vector<int32_t>> {name};")
    described(
        f"{name}.clear();",
        f"for (size_t k = 0; k < {queue}.queue.size(); k++)",
        f"    {name}.push_back({queue}.queue[({queue}.offset + k) % {queue}.queue.size()]);",
    )
    return name


def put_spikes(pathway, spikes):
    """Replace the spikes under way with these."""
    if is_here():
        if pathway.queue is not None:
            send(pathway, spikes)
        return
    queue = queue_of(pathway)
    described(
        f"for (auto &slot : {queue}.queue) slot.clear();",
        f"for (size_t k = 0; k < {spikes}.size(); k++)",
        f"    if (!{spikes}[k].empty())",
        f"        {queue}.queue[({queue}.offset + k) % {queue}.queue.size()] = {spikes}[k];",
    )
