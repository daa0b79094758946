"""The runtime as an archive, for an interpreter that has no stdpdsl."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path


def runtime_archive() -> bytes:
    """A ZIP archive of the runtime, which a script imports where there is no stdpdsl."""
    package = Path(__file__).resolve().parents[1]
    with io.BytesIO() as held:
        with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in [package / "__init__.py", *sorted((package / "runtime").glob("*.py"))]:
                archive.writestr(f"stdpdsl/{path.relative_to(package)}", path.read_bytes())
        return held.getvalue()
