"""The experiment that a script carries out: resolved, in SI, without syntax.

Expressions are already text: `code` is Python over SI floats and arrays; everything else is in
Brian2's language. Names of code: `row` (the sweep's columns), `p` (parameters), and what each class
says.
"""

from .audio import Filterbank, Sound
from .connections import Connection, ListedPairs, Normalisation, Pathway, Relay, Trace
from .experiment import Experiment
from .models import Equation, Event, Every, Group, Layer, Link, Spikes, Table, constant
from .phases import Phase, Restored, Stored, Until
from .recording import EventRecord, Kept, Measure, Monitor, Rate
from .sweep import Sweep
from .values import Draw, Initial, Parameter

__all__ = [
    "Connection",
    "Draw",
    "Equation",
    "Event",
    "EventRecord",
    "Every",
    "Experiment",
    "Filterbank",
    "Group",
    "Initial",
    "Kept",
    "Layer",
    "Link",
    "ListedPairs",
    "Measure",
    "Monitor",
    "Normalisation",
    "Parameter",
    "Pathway",
    "Phase",
    "Rate",
    "Relay",
    "Restored",
    "Sound",
    "Spikes",
    "Stored",
    "Sweep",
    "Table",
    "Trace",
    "Until",
    "constant",
]
