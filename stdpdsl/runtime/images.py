"""Grey images in PNG files, one file per stimulus."""

import glob

import numpy as np

MOST_BYTES = 4_000_000_000  # total size of all images when unpacked


def images_in(pattern):
    """The images whose files match, sorted by name: (images, height, width). Raises OSError if
    there are none, ValueError if one is not a grey image or has another size."""
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
    """Where the open part of a pattern may begin in a path that matches."""
    head = glob.escape(pattern)
    same = next((k for k, (a, b) in enumerate(zip(head, pattern, strict=False)) if a != b), 0)
    return pattern.rfind("/", 0, same or len(pattern)) + 1
