"""Labels of stimuli, one for each row of a table."""

import numpy as np

from .errors import fail
from .values import columns_of


def label_text(cell):
    """A label as text: whole numbers have no decimal point, and a missing label is empty."""
    if isinstance(cell, float) and cell == int(cell):
        cell = int(cell)
    if isinstance(cell, bool | np.bool_):
        cell = int(cell)
    return "" if cell is None else str(cell).strip()


def labels_from(path, rows, name=None):
    """One label per row, from an array of whole numbers or a column of a table."""
    if path.lower().endswith((".npy", ".npz")):
        array = np.load(path)
        if not isinstance(array, np.ndarray):
            array = array[name or array.files[0]]
        cells = array.tolist()
    else:
        columns = columns_of(path)
        cells = columns[name] if name else next(iter(columns.values()))
    if len(cells) != rows:
        fail(f"{path}: has {len(cells)} labels; expected {rows}")
    return [label_text(cell) for cell in cells]
