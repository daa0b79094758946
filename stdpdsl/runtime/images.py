"""Grey images in PNG files, one for each stimulus."""

import glob

import numpy as np

MOST_BYTES = 4_000_000_000  # of all images, unpacked


def images_in(pattern):
    """The images whose files match, in the order of their names: (images, height, width). OSError
    where there are none, ValueError where one is not a grey image, or of another size."""
    try:
        from PIL import Image
    except ImportError:
        raise ValueError("reading PNG needs Pillow: pip install 'stdpdsl[images]'") from None
    paths = sorted(glob.glob(pattern, recursive=True))
    if not paths:
        raise FileNotFoundError(2, "no PNG file matches")
    found = []
    for path in paths:
        name = path[_start(pattern) :]
        try:
            with Image.open(path, formats=["PNG"]) as image:
                size, mode = image.size, image.mode
                if mode not in ("1", "L", "I", "I;16"):
                    raise ValueError(
                        f"`{name}` is in colour or transparent ({mode}): save it in grey"
                    )
                if len(paths) * size[0] * size[1] * 8 > MOST_BYTES:
                    raise ValueError(
                        f"{len(paths):,} images of {size[0]} × {size[1]} pixels are more than 4 GB"
                    )
                found.append(np.asarray(image))
        except (OSError, SyntaxError, Image.DecompressionBombError):
            raise ValueError(f"`{name}` is not a complete PNG file") from None
        if found[-1].shape != found[0].shape:
            (h, w), (first_h, first_w) = found[-1].shape, found[0].shape
            raise ValueError(
                f"`{name}` has {w} × {h} pixels, and the first image {first_w} × {first_h}"
            )
    return np.stack(found)


def _start(pattern):
    """Where, in a path that matches, what the pattern leaves open may begin."""
    head = glob.escape(pattern)
    same = next((k for k, (a, b) in enumerate(zip(head, pattern, strict=False)) if a != b), 0)
    return pattern.rfind("/", 0, same or len(pattern)) + 1
