"""Summary measures of a block."""

import numpy as np


def summed_by(index, values, count):
    """Sums per block, in order."""
    return np.bincount(index, weights=values, minlength=count)


def weight_measures(block, values, low, high, blocks):
    """Mean, sd and the fraction at a bound of each block's weights."""
    number = np.bincount(block, minlength=blocks)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = summed_by(block, values, blocks) / number
        spread = summed_by(block, (values - mean[block]) ** 2, blocks) / number
        bound = summed_by(block, 1.0 * ((values <= low) | (values >= high)), blocks) / number
    return {"mean": mean, "sd": np.sqrt(spread), "at_bounds": bound}
