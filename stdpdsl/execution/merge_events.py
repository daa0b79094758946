"""Merges the events of several shards into the events of one run."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping

from .local import Event


class Together:
    """Passes on each stage up to the simulation and each warning once, and progress as the number
    of finished blocks. `blocks` has the number of blocks of each shard, `done` the shards that were
    finished before.
    """

    def __init__(self, on_event: Callable[[Event], None], blocks: Mapping[int, int], done: int = 0):
        self.on_event = on_event
        self.blocks = blocks
        self.before = done
        self.total = sum(blocks.values()) + done
        self.parts = dict.fromkeys(blocks, 0.0)
        self.live: dict[int, Event] = {}
        self.told: set[str] = set()
        self.lock = threading.Lock()
        self.started = time.monotonic()

    def hear(self, shard: int, event: Event) -> None:
        """Receives an event of one shard."""
        with self.lock:
            several = len(self.blocks) > 1 or self.before
            if event["event"] == "progress":
                part = event["t"] / event["duration"] if event["duration"] else 1.0
                self.parts[shard] = part
                self.live[shard] = event
                self.on_event(self._progress(event) if several else event)
                return
            if event["event"] == "stage" and several and "stage simulating None" in self.told:
                return
            text = f"{event['event']} {event.get('name')} {event.get('text')}"
            if text not in self.told:
                self.told.add(text)
                self.on_event(event)

    def _progress(self, event: Event) -> Event:
        now = sum(self.parts[k] * count for k, count in self.blocks.items())
        return {
            **event,
            "elapsed": time.monotonic() - self.started,
            "blocks": int(self.before + now),
            "of": self.total,
            "part": now / (self.total - self.before),
            "rates": self._means("rates"),
            "weights": self._means("weights"),
            "silent": self._silent(),
        }

    def _means(self, kind: str) -> dict[str, float]:
        """Means over blocks of the shards' latest values."""
        found: dict[str, list[tuple[float, int]]] = {}
        for shard, event in self.live.items():
            for name, value in event.get(kind, {}).items():
                found.setdefault(name, []).append((value, self.blocks[shard]))
        return {
            name: sum(value * count for value, count in each) / sum(count for _, count in each)
            for name, each in found.items()
        }

    def _silent(self) -> dict[str, list[int]]:
        """The silent blocks of each layer, and the number of blocks."""
        found: dict[str, list[int]] = {}
        for event in self.live.values():
            for layer, (number, of) in event.get("silent", {}).items():
                before = found.get(layer, [0, 0])
                found[layer] = [before[0] + number, before[1] + of]
        return found
