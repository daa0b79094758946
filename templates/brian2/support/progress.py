"""What a run says of itself, on standard output."""

import json


def say(events, **event):
    """One line on standard output: JSON for the program that started this, else plain."""
    if events:
        print(json.dumps(event), flush=True)
    elif event["event"] == "progress":
        print(f"{event['t']:.3g} of {event['duration']:.3g} s simulated", flush=True)
    else:
        print(event.get("text") or event.get("name") or event.get("folder"), flush=True)


def reporter(events, before, total):
    """A report function for Network.run, of which `before` of `total` seconds are done."""

    def report(elapsed, completed, start, duration):
        t = before + completed * float(duration)
        say(events, event="progress", t=t, duration=total, elapsed=float(elapsed))

    return report
