"""The page of `stdpdsl report`, read as a browser would."""

import re
from html.parser import HTMLParser
from xml.etree import ElementTree

import numpy as np
from seeing import product

from stdpdsl.report import report
from stdpdsl.results.reader import load

GRID = product(Apre=np.geomspace(1e-3, 1e-1, 4), ratio=[0.9, 1.1, 1.3])
SPEC = '"""Does <it> learn?"""\nmodel small\n'
FEW = {"Apre": np.array([1e-3, 1e-2, 1e-1])}  # where any page will do
VOID = {"meta", "link", "br", "input", "img", "hr"}
ONLY = ("blocks",)  # where only the opening of the page matters


class Page(HTMLParser):
    """A page whose every tag must be closed, in order."""

    def __init__(self, text):
        super().__init__()
        self.open, self.seen, self.text = [], [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.seen.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.seen.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)

    def figures(self):
        return [a["aria-label"] for tag, a in self.seen if tag == "svg" and "role" in a]

    def table(self):
        """The cells of the table of blocks."""
        return [a["data-v"] for tag, a in self.seen if tag == "td" and "data-v" in a]


def page(folder, **options):
    text = report(load(folder), **options)
    for svg in re.findall(r"<svg role=.*?</svg>", text, re.DOTALL):
        ElementTree.fromstring(svg)
    return text, Page(text)
