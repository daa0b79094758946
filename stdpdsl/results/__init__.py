"""Results on disk: reading, comparing, summarising and drawing them."""
