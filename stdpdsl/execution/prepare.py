"""Prepares a run: a whole spec, the rows that finished results lack, or a continuation of
results.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..dataclass import dataclass
from .wanted import Request

if TYPE_CHECKING:
    from ..compiler import Compiled
    from ..language.source import Source
    from .merge import Base, Origin


@dataclass(frozen=True)
class Prepared:
    """A compiled spec; None if the finished results are already complete. `base` are results to
    which the run adds rows; `origin` are results that the run continues.
    """

    compiled: Compiled | None
    base: Base | None = None
    origin: Origin | None = None


def prepare(
    source: Source,
    data: Path,
    request: Request,
    output: Path,
    extends: bool = False,
    continues: Path | None = None,
    longer: str | None = None,
) -> Prepared:
    """Compile a spec to run into `output`, with files from the folder `data`.

    `extends`: run only the rows that `output` lacks. `continues`: continue these results, and
    replace them if they are in `output`. CompileError, JobError.
    """
    # Imported only when needed, so that a plain run starts faster.
    if extends:
        from .extend import extension, recover
        from .job import finished_with

        recover(output)
        compiled, base = extension(source, data, output, request)
        if compiled is None:
            finished_with(output)
        return Prepared(compiled, base=base)
    if continues is not None:
        from .continued import continuation
        from .extend import recover

        if continues == output:
            recover(output)
        compiled, origin = continuation(source, data, continues, request, longer)
        return Prepared(compiled, origin=origin)
    return Prepared(request.compile(source, data))
