"""Names that are reserved in the other language, and what replaces them."""

from __future__ import annotations

import re
from collections.abc import Iterable

NESTML_WORDS = frozenset(
    # Keywords.
    "and as boolean continuous elif else end equations excitatory false False for"
    " function if in inf inhibitory inline input integer internals is kernel model not"
    " onCondition onReceive or output parameters priority real recordable return spike"
    " state step string true True update void while"
    # Predefined functions and variables.
    " abs ceil clip convolve cos cosh deliver_spike delta e emit_spike erf erfc exp expm1"
    " floor info integrate_odes ln log10 max min pow print println random_normal"
    " random_poisson random_uniform resolution round sin sinh steps t tan tanh timestep"
    " warning"
    # Units.
    " ms mV pA nS pF GOhm s V A S F Ohm Hz".split()
)


class Names:
    """The names of a rule, and their names in NESTML."""

    def __init__(self, own: Iterable[str], taken: Iterable[str]):
        self.changed: dict[str, str] = {}
        self._as: dict[str, str] = {}
        names = list(own)
        self._taken = {*taken, *names}
        for name in names:
            self._as[name] = self._free(name) if self._is_bad(name) else name
            if self._as[name] != name:
                self.changed[name] = self._as[name]

    def __getitem__(self, name: str) -> str:
        return self._as[name]

    def __contains__(self, name: str) -> bool:
        return name in self._as

    def new(self, name: str) -> str:
        """The new name of a local variable. Another handler may have a local of the same name."""
        if not self._is_bad(name):
            return name
        self.changed[name] = self._free(name)
        return self.changed[name]

    @staticmethod
    def plain(name: str) -> str:
        """The name in letters that NESTML allows."""
        return re.sub(r"[^A-Za-z0-9_]", lambda m: f"u{ord(m[0]):x}", name)

    def _is_bad(self, name: str) -> bool:
        return name in NESTML_WORDS or self.plain(name) != name

    def _free(self, name: str) -> str:
        base = self.plain(name)
        base = f"{base}_value" if base in NESTML_WORDS else base
        found, number = base, 2
        while found in self._taken or found in NESTML_WORDS:
            found, number = f"{base}_{number}", number + 1
        self._taken.add(found)
        return found
