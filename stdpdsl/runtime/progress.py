"""What a run reports about itself on standard output."""

import json


def say(events, **event):
    """Print one line on standard output: JSON for the program that started this, else plain
    text."""
    if events:
        print(json.dumps(event), flush=True)
    elif event["event"] == "progress":
        text = f"{event['t']:.3g} of {event['duration']:.3g} s simulated"
        print("; ".join(filter(None, [text, live_text(event)])), flush=True)
    else:
        print(event.get("text") or event.get("name") or event.get("folder"), flush=True)


def live_text(event):
    """Mean rates of layers, in how many blocks they are silent, and mean weights (SI) of
    connections: `A1 4.5 Hz (3 of 20 blocks silent), ff weight 0.012`."""
    silent = {
        layer: f" ({number} of {blocks} blocks silent)"
        for layer, (number, blocks) in event.get("silent", {}).items()
        if number and blocks > 1
    }
    rates = [
        f"{layer} {rate:.3g} Hz{silent.get(layer, '')}"
        for layer, rate in event.get("rates", {}).items()
    ]
    weights = [f"{name} weight {mean:.3g}" for name, mean in event.get("weights", {}).items()]
    return ", ".join(rates + weights)
