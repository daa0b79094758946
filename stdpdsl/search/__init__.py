"""Searching for parameters: trials in batches, each batch a sweep of the model."""
