"""The order of everything that happens in a time step."""

ORDER_IN_A_STEP = (
    "continuous deliveries, state update, thresholds, pre pathways, post pathways, ports, resets,"
    " every; in each of them in the order of declaration"
)


def in_order(objects):
    """Give each code object of a network its own place in its slot of the step: by `order`, then in
    the order of declaration. Brian2 would sort by name."""
    slots = {}
    for part in with_parts(objects):
        slots.setdefault(part.when, []).append(part)
    for parts in slots.values():
        for place, part in enumerate(sorted(parts, key=lambda part: part.order)):
            part.order = place


def with_parts(objects):
    """Objects of Brian2, each followed by the objects that it contains."""
    for part in objects:
        yield part
        yield from with_parts(part.contained_objects)
