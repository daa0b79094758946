"""Reads the dataset of a run.

The writing side is `stdpdsl/runtime/results.py`.

    results = stdpdsl.load("results/auditory_map")
    weights = results.weights.filter(Apre=0.1, connection="feedforward").to_pandas()
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..runtime import folder as result_folder
from .dataset import Dataset
from .errors import ResultsError, require
from .table import Table

if TYPE_CHECKING:
    from ..report.plot import Plot


TABLES: tuple[str, ...] = result_folder.TABLES

_SHAPES = {
    "blocks": int,
    "calibration": {str: [int]},
    "columns": {str: {str: {str: str}}},
    "ended_early": {str: {str: (str, int, float)}},
    "extended": [dict],
    "files": {str: str},
    "footers": {str: {str: str}},
    "hash": str,
    "lowering": str,
    "measures": [str],
    "model": str,
    "network": {str: dict},
    "not_finite": [str],
    "order": [int],
    "parameters": {str: {str: (str, int, float)}},
    "phases": [dict],
    "precision": str,
    "search": {str: int},
    "set": [str],
    "shard": [int],
    "spec": str,
    "tables": {str: int},
    "target": str,
    "time_asked": (int, float),
    "time_reached": (int, float),
    "units": {str: str},
    "versions": {str: str},
}
"""The types of metadata entries, all optional. Metadata may come from others."""


class Results(Dataset):
    """A finished dataset: `metadata`, `units` of the columns, and the tables.

    `blocks`, `weights`, `trajectories`, `spikes` and `responses` are lazy: nothing is read until
    one of their `to_...` is called, and then only the selected rows and columns.
    """

    @property
    def blocks(self) -> Table:
        """A row per block (and phase) with its parameters and summary measures."""
        return Table(self, "blocks")

    @property
    def parameters(self) -> Any:
        """Every parameter and constant, swept or not, and each sweep column that sets none of
        them (SI): a `pandas.DataFrame` with a row per block, indexed by block. If phases set
        parameters, a row per block and phase. `attrs["units"]` has the units.
        """
        require("pandas")
        from .parameters import parameters_of

        return parameters_of(self)

    @property
    def weights(self) -> Table:
        """A row per synapse."""
        return Table(self, "weights")

    @property
    def trajectories(self) -> Table:
        """A row per recorded sample."""
        return Table(self, "trajectories")

    @property
    def spikes(self) -> Table:
        """A row per spike."""
        return Table(self, "spikes")

    @property
    def responses(self) -> Table:
        """A row per neuron and stimulus: the mean rate (Hz) during the stimulus."""
        return Table(self, "responses")

    def assigned(self, layer: str, phase: str | None = None) -> Any:
        """The label that each neuron learned: a `pandas.DataFrame` with the label to which each
        neuron of a layer responded most in a phase, and its mean rate (Hz) then. Neurons that never
        responded are left out.
        """
        pandas = require("pandas")
        chosen = {"layer": layer} | ({} if phase is None else {"phase": phase})
        frame = self.responses.filter(**chosen).to_pandas()
        keys = [k for k in ("replicate", "block", "phase", "neuron") if k in frame]
        rates = frame.groupby([*keys, "label"], dropna=False)["value"].mean().reset_index()
        order = [*(True for _ in keys), False, True]
        rates = rates.sort_values([*keys, "value", "label"], ascending=order)
        best = rates.drop_duplicates(keys).rename(columns={"value": "rate"})
        return pandas.DataFrame(best[best["rate"] > 0].reset_index(drop=True))

    @property
    def trials(self) -> Any:
        """The trials of a search: a `pandas.DataFrame` with a row per trial: its values (SI),
        its objectives, and by how much it misses the constraints (0 if it meets all).
        """
        from ..search.answers import answers_of

        return require("pandas").DataFrame(answers_of(self).table())

    @property
    def best(self) -> Any:
        """The best trial of a search: see `search/answers.py`. ResultsError if no trial both
        has a value and meets the constraints.
        """
        from ..search.answers import answers_of

        return answers_of(self).best()

    @property
    def posterior(self) -> Any:
        """The posterior of an inference: a `pandas.DataFrame` with a row per trial: its values
        (SI) and its weight. The weights sum to 1.
        """
        from ..search.answers import belief_of

        return require("pandas").DataFrame(belief_of(self).table())

    @property
    def front(self) -> Any:
        """The Pareto front of a search: a list of the trials that no other trial beats in every
        objective.
        """
        from ..search.answers import answers_of

        return answers_of(self).front()

    @property
    def plot(self) -> Plot:
        """Figures as matplotlib axes; see `plot.py`."""
        from ..report.plot import Plot

        return Plot(self)

    def edges(self, connection: str, block: int = 0) -> Any:
        """The synapses of a connection at the end of a block: a `pandas.DataFrame` with `pre`,
        `post`, `delay` (s), `w_initial`, `w` and the rule's other variables, in SI.

        A shared connection has the same synapses in each block. ResultsError if no such connection
        was saved.
        """
        require("pandas")
        from .edges import edges_of

        return edges_of(self, connection, block)

    def to_edges(self, path: str | Path, connection: str, block: int = 0) -> None:
        """Write such a list into a new file: `.csv`; `.npz`, whose weights
        `scipy.sparse.load_npz` reads as a matrix of pre by post; or `.h5`, in the SONATA format."""
        from .edges import write_edges

        write_edges(self, Path(path), connection, block)

    def to_neo(self, blocks: Sequence[int] | None = None) -> Any:
        """Spikes, trajectories and weights as a `neo.Block` with a segment for each block; see
        `neo.py`."""
        from .neo import results_to_neo

        return results_to_neo(self, blocks)

    def to_nwb(self, path: str | Path, block: int = 0) -> None:
        """Write a block into a new file of NWB 2 (`pip install 'stdpdsl[nwb]'`); see `nwb.py`."""
        from .nwb import write_nwb

        write_nwb(self, Path(path), block)

    def __repr__(self) -> str:
        model = self.metadata.get("model", "")
        rows = ", ".join(f"{n:,} {name}" for name, n in self.metadata["tables"].items())
        return f"<Results of {model or 'a run'} in {self.folder}: {rows}>"

    def _repr_html_(self) -> str:
        from html import escape

        rows = "".join(
            f"<tr><td>{escape(name)}</td><td>{count:,} rows</td></tr>"
            for name, count in self.metadata["tables"].items()
        )
        head = escape(f"{self.metadata.get('model', 'results')} in {self.folder}")
        return f"<p><b>{head}</b></p><table>{rows}</table>{self.blocks._repr_html_()}"


def load(folder: str | Path) -> Results:
    """The results in a folder. ResultsError if they are missing, unfinished or damaged."""
    folder = Path(folder)
    if not folder.is_dir():
        raise ResultsError(f"{folder}: there is no such folder")
    if ".partial-" in folder.name:
        raise ResultsError(f"{folder}: holds an unfinished run")
    try:
        metadata = result_folder.read_metadata(folder)
        form = metadata["format"]
        known = set(metadata["tables"]) <= set(TABLES)  # because they are names of folders
        good = known and all(_fits(metadata[k], s) for k, s in _SHAPES.items() if k in metadata)
        whole = metadata.get("checksum") == result_folder.checksum(metadata)
    except FileNotFoundError:
        raise ResultsError(f"{folder}: holds no stdpdsl results (no metadata.json)") from None
    except OSError as error:
        raise ResultsError(f"{folder / 'metadata.json'}: {error.strerror}") from None
    except (ValueError, KeyError, TypeError):
        raise ResultsError(f"{folder / 'metadata.json'}: is damaged") from None
    if form != result_folder.RESULT_FORMAT:
        raise ResultsError(f"{folder}: has the format {form!r}, which this version cannot read")
    if not whole:
        raise ResultsError(f"{folder / 'metadata.json'}: is damaged: its checksum differs")
    if not good:
        raise ResultsError(f"{folder / 'metadata.json'}: was not written by stdpdsl")
    return Results(folder, metadata)


def _fits(value: Any, shape: Any) -> bool:
    """Whether a JSON value has a given type: [str] is a list of strings, {str: int} a mapping."""
    if isinstance(shape, list):
        return isinstance(value, list) and all(_fits(one, shape[0]) for one in value)
    if isinstance(shape, dict):
        return isinstance(value, dict) and all(_fits(one, shape[str]) for one in value.values())
    return isinstance(value, shape) and not isinstance(value, bool)


def flat(values: dict[str, Any], before: str = "") -> list[tuple[str, str]]:
    """Metadata as lines: `versions.numpy: 2.3`."""
    found = []
    for key, value in values.items():
        if isinstance(value, dict):
            found += flat(value, f"{before}{key}.")
        else:
            text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            found.append((before + key, text))
    return found
