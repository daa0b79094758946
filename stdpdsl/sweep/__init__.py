"""The sweep's table: one row per block."""
