"""The site: `sphinx-build -W .github/docs FOLDER`, with `pip install -e '.[docs]'`.

Its pages are those beside this file, the pages that stand beside what they describe (README's
language page, the tutorial, ...), and the reference, which is made from the compiler's tables.
"""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1])]

import stories  # noqa: E402

import stdpdsl  # noqa: E402
from stdpdsl.editor.pygments_lexer import StdpLexer  # noqa: E402

project = "stdpdsl"
author = "The stdpdsl authors"
release = version = stdpdsl.__version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = f"stdpdsl {release}"
html_show_sphinx = False
html_show_copyright = False
myst_heading_anchors = 3
myst_enable_extensions = ["attrs_inline"]
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
pygments_style = "friendly"
pygments_dark_style = "monokai"

stories.write(HERE)


def setup(app):
    """Links of the pages that stand here lead to places in the repository."""

    def read(app, name, content):
        if not name.startswith("made/"):
            content[0] = stories.linked(content[0], f".github/docs/{name}.md", "")

    def slim(app, name, template, context, tree):
        """The sidebar opens the part that one is in: hundreds of pages on each of hundreds of pages
        would take most of the time of a build. With a depth of 0, first pages alone have one."""
        whole, depth = context.get("toctree"), app.config.sidebar_depth
        if whole is not None and (depth or name.endswith("index")):
            less = {"collapse": True, "maxdepth": depth or 1}
            context["toctree"] = lambda **options: whole(**{**options, **less})
        elif whole is not None:
            context["toctree"] = lambda **options: ""

    app.add_config_value("sidebar_depth", -1, "html", [int])
    app.add_lexer("stdp", StdpLexer)
    app.connect("source-read", read)
    app.connect("html-page-context", slim, priority=100)
