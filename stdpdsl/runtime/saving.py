"""From recorded values to tables.

`saved_part` tells which rows are saved together, `block_table` fills the table of blocks, and
`value_checks` tells which values mark a block as failed. `trajectories` has what layers and
connections have in common; `layer_tables` and `connection_tables` have the rest.
"""

import numpy as np

from .connection_tables import ConnectionTables
from .layer_tables import LayerTables
from .measures import Elements


class Saving(LayerTables, ConnectionTables):
    """Fills the results of one run, phase by phase."""

    def elements(self, name, number):
        """The synapses or neurons of a component at the end of a phase."""
        x = self.x
        if name not in x.edges:
            size, shared = x.sizes[name]
            copy = x.copy_of(name)
            values = {"i": np.arange(len(copy)) % size, "N": size}
            if (name, number) in self.rates:
                values["rate"] = self.rates[name, number]
        else:
            edges = x.edges[name]
            shared, copy = edges.shared, edges.copy
            values = {"i": edges.i, "j": edges.j, "N_pre": edges.n_pre, "N_post": edges.n_post}
            nothing = np.zeros(0), np.zeros(0)  # if a connection has no synapses
            values["before"], values["weight"] = self.ends_of.get((name, number), nothing)
        blocks = x.heard if shared else np.arange(x.blocks)
        return Elements(copy, blocks, **values)

    def each(self, value):
        """One number per block."""
        return np.zeros(self.x.blocks) + value
