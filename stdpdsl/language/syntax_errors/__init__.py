"""A text that the grammar rejects: `failure` tells where parsing stopped, `explain` tells why."""
