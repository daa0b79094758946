"""Make digits.npz of the digits that scikit-learn ships: 1,797 images of 8 × 8 pixels, mixed.

The data: E. Alpaydin & C. Kaynak (1998), Optical Recognition of Handwritten Digits, UCI Machine
Learning Repository, doi:10.24432/C50P49, licence CC BY 4.0.
"""

from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

found = load_digits()
order = np.random.default_rng(1).permutation(len(found.target))
np.savez_compressed(
    Path(__file__).with_suffix(".npz"),
    images=found.images[order].astype(np.uint8),  # 0 to 16
    digits=found.target[order].astype(np.uint8),
)
