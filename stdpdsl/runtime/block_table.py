"""The table of blocks: the measures of each block in each phase, and what has failed."""

import numpy as np

from .saved_part import SavedPart


class BlockTable(SavedPart):
    """The blocks of a part: their measures, and how each ended."""

    def __init__(self, *args):
        super().__init__(*args)
        self.measures = [{} for _ in self.phases]
        for found, steps in zip(self.measures if self.waits else (), self.stopped, strict=False):
            found["stopped_after"] = np.where(steps > 0, steps * self.dt, np.nan)
        self.status = np.full((len(self.phases), self.x.blocks), "ok", dtype=object)
        self.lost = []  # what was not finite or outside its bounds, in words

    def measure(self, number, name, shared, found):
        """Measures of a layer or connection in a phase. Those of shared ones count for every
        block."""
        for what, values in found.items():
            values = values[self.x.heard] if shared else values
            self.measures[number][f"{name}_{what}"] = values

    def mark(self, status, what, lost, shared, phase, when):
        """Mark the copies `lost` as failed in a phase."""
        lost = np.unique(lost)
        if not len(lost):
            return
        if shared:
            lost = np.flatnonzero(np.isin(self.x.heard, lost))
        lost = lost[self.mine[lost]]
        if not len(lost):
            return
        self.status[phase, lost[self.status[phase, lost] == "ok"]] = status
        more = ", ..." if len(lost) > 5 else ""
        first = self.x.first + self.results.first
        blocks = ", ".join(str(b + first) for b in lost[:5]) + more
        when = when or f"at the end of {self.phases[phase]}"
        self.lost.append(f"{what} in block {blocks} {when}")

    def blocks(self):
        """Build the table of blocks and describe in words what has failed."""
        x, mine = self.x, np.flatnonzero(self.mine)
        for number, measures in enumerate(self.measures if len(mine) else ()):
            status = self.status[number]
            found = {name: values[mine] for name, values in measures.items()}
            if x.until:
                stable = (status == "ok") & self.recorded.stable()
                status = np.where(stable, "stable", status)
                after = np.where(stable, self.ends[-1], np.nan)
                found["stable_after"] = after[mine]
            found["status"] = status[mine]
            self.results.blocks(x.first + mine, found, **self.of_phase(number))
        return self.lost
