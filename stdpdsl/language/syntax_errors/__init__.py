"""A text that the grammar rejects: `failure` says where it stopped, `explain` why."""
