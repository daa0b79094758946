"""How long an editor waits, with the real language server: `python -m tests.benchmarks.editor`.

A key is pressed at several places of a large spec and of a small one. Told are the milliseconds
from the change to its diagnostics, and from a request to its completions, each as the editor sees
them: messages are written, sent, read and answered. Other processes prolong them; the processor
time that the server takes for both (where /proc has it) shows by how much.
"""

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

from lsprotocol import types as lsp
from pygls.lsp.client import LanguageClient

ROOT = Path(__file__).resolve().parents[2]
DIAGNOSTICS, COMPLETION = 50, 20  # ms: nobody waits for less

NEURON = '''
neuron cell_{k}:
    """Leaky integrate-and-fire with adaptation, kind {k}."""
    parameters:
        tau_m = {tau} ms
        tau_w = 80 ms
        a = 0.02
        jump = 1 mV
        drive = 13 mV + level_{k}
    equations:
        dv/dt = (v_rest - v + g + drive - w_a)/tau_m : volt (unless refractory)
        dg/dt = -g/tau_syn : volt
        dw_a/dt = (a*(v - v_rest) - w_a)/tau_w : volt
    threshold: v > v_threshold
    reset:
        v = v_rest
        w_a += jump
    refractory: 2 ms
    initial:
        v = v_rest
        w_a = 0 mV
'''
RULE = '''
rule learn_{k}:
    """Pairs and a slow trace, kind {k}."""
    parameters:
        taupre = 20 ms
        taupost = {tau} ms
        tau_slow = 100 ms
        Apre = 0.01
        Apost = -0.0105
        wmax = 1
    equations:
        w : 1 in [0, wmax]
        dApre_t/dt = -Apre_t/taupre : 1
        dApost_t/dt = -Apost_t/taupost : 1
        dslow/dt = -slow/tau_slow : 1
    on pre:
        deliver w
        Apre_t += Apre
        w = clip(w + Apost_t, 0, wmax)
    on post:
        Apost_t += Apost
        slow += 1
        w = clip(w + Apre_t*(1 + 0.1*slow), 0, wmax)
    presets:
        weak: Apre = 0.001, Apost = -0.00105
        strong:
            Apre = 0.02
            Apost = -0.021
'''
LAYERS = """
layer in_{k}:
    poisson: {rate} Hz
    size: 20

layer pop_{k}:
    neuron: cell_{k}(tau_m = {tau} ms)
    size: 20
"""
CONNECTIONS = """
connect in_{k} -> pop_{k} as ff_{k}:
    pattern: random(p = 0.5)
    plasticity: learn_{k}(taupre = {tau} ms)
    deliver: w * 2 mV to g
    delay: 1 ms
    initial: w = uniform(0, wmax)

connect pop_{k} -> pop_{next} as rec_{k}:
    pattern: fixed_indegree(5) where i != j
    weight: 0.5
    delay: 1.5 ms
    on pre: g_post += w * 1 mV
"""


def spec(parts):
    """A model of so many kinds of neurons, rules, layers and connections: 75 lines for each."""
    text = ['"""A large model, as a group may keep it over years."""\nmodel large\n\nconstants:']
    text += ["    v_rest = -70 mV", "    v_threshold = -55 mV", "    tau_syn = 5 ms"]
    text += [f"    level_{k} = {k + 1} mV  # measured by hand" for k in range(parts)]
    body = [part for part in (NEURON, RULE, LAYERS, CONNECTIONS) for _ in range(parts)]
    text += [
        part.format(
            k=n % parts, next=(n + 1) % parts, tau=10 + n % parts, rate=5 + n % parts
        ).rstrip("\n")
        for n, part in enumerate(body)
    ]
    text += ["\nsweep:", "    grid:", "        ff_0.Apre = [0.005, 0.01, 0.02]"]
    text += ["        gain = linspace(0.5, 2, 8)", "    derive:"]
    text += ["        ff_0.Apost = -0.0105 * gain"]
    text += [f"        ff_{k}.Apre = 0.01 * gain" for k in range(1, parts)]
    text += ["\nrecord:"] + [f"    spikes of in_{k}, pop_{k}" for k in range(parts)]
    text += [f"    w of ff_{k} every 1 s" for k in range(parts)]
    text += ["\nrun:", "    phases:", "        settle: 500 ms, plasticity off"]
    text += [f"        train_{k}: 1 s, set pop_{k}.drive = 16 mV" for k in range(parts)]
    text += ["    dt: 0.1 ms", "    seed: 1", ""]
    return "\n".join(text)


def edits(text):
    """What is typed at which place: one key after the other, of which each is a text of its own."""
    middle = "\nneuron cell_1:"
    at = text.index(middle)
    return {
        "in an equation": (text.index("v - v_rest", at), " + g"),
        "in a parameter": (text.index("80 ms", at), "123"),
        "in a constant": (text.index("-55 mV"), "  "),
        "a new line": (text.index("\nrule learn_1:"), "\n\n"),
        "a syntax error": (text.index("threshold:", at) + 10, "(("),
        "an unknown name": (text.index("tau_slow : 1", text.index("rule learn_1:")), "xyz"),
        "in a rule": (text.index("Apre_t*(1", text.index("rule learn_1:")), "2*"),
        "in a connection": (text.index("uniform(0", text.index("as ff_1:")), "0.1+"),
        "in the sweep": (text.index("[0.005"), " "),
        "a sweep's value": (text.index("0.02]"), "13"),
        "in a phase": (text.index("1 s, set"), "1"),
    }


class Client:
    """What of an editor is needed here."""

    def __init__(self, folder):
        self.client = LanguageClient("benchmark", "1")
        self.uri = (folder / "large.stdp").as_uri()
        self.version = 0
        self.told = asyncio.Event()
        self.found = None

        @self.client.feature(lsp.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
        def published(params):
            self.found = params.diagnostics
            self.told.set()

    async def start(self):
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        await self.client.start_io(sys.executable, "-m", "stdpdsl.cli", "lsp", env=environment)
        await self.client.initialize_async(lsp.InitializeParams(lsp.ClientCapabilities()))
        self.client.initialized(lsp.InitializedParams())

    async def open(self, text):
        self.told.clear()
        self.version += 1
        item = lsp.TextDocumentItem(self.uri, "stdp", self.version, text)
        self.client.text_document_did_open(lsp.DidOpenTextDocumentParams(item))
        await self.told.wait()

    async def change(self, text):
        """Milliseconds until the diagnostics are there."""
        self.told.clear()
        self.version += 1
        item = lsp.VersionedTextDocumentIdentifier(self.version, self.uri)
        started = time.perf_counter()
        self.client.text_document_did_change(
            lsp.DidChangeTextDocumentParams(
                item, [lsp.TextDocumentContentChangeWholeDocument(text)]
            )
        )
        await self.told.wait()
        return 1e3 * (time.perf_counter() - started)

    async def complete(self, text, offset):
        """Milliseconds from a key and its request to the completions."""
        before = text[:offset]
        place = lsp.Position(before.count("\n"), offset - before.rfind("\n") - 1)
        started = time.perf_counter()
        await self.client.text_document_completion_async(
            lsp.CompletionParams(lsp.TextDocumentIdentifier(self.uri), place)
        )
        return 1e3 * (time.perf_counter() - started)

    def processor(self):
        """Seconds that the server has worked; NaN where the system does not say."""
        try:
            stat = Path(f"/proc/{self.client._server.pid}/stat").read_text()
        except OSError:
            return float("nan")
        user, system = stat.rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    async def stop(self):
        await self.client.shutdown_async(None)
        self.client.exit(None)
        await self.client._server.wait()


async def measure(parts, repeats):
    """By place: milliseconds to the diagnostics, and to the completions."""
    text = spec(parts)
    with tempfile.TemporaryDirectory(prefix="stdpdsl-benchmark-") as folder:
        client = Client(Path(folder))
        await client.start()
        await client.open(text)
        if client.found:
            sys.exit(f"the spec is wrong: {client.found[0].message}")
        lines = text.count("\n")
        print(f"{lines:,} lines, {len(text):,} characters\n")
        print("| key | diagnostics: median | worst | completion: median | worst | processor |")
        print("| --- | ---: | ---: | ---: | ---: | ---: |")
        whole = client.processor()
        every = [], []
        for name, (place, keys) in edits(text).items():
            mine, worked = ([], []), client.processor()
            for _ in range(repeats):
                for n in [*range(1, len(keys) + 1), *range(len(keys) - 1, -1, -1)]:  # and deleted
                    now = text[:place] + keys[:n] + text[place:]
                    mine[0].append(await client.change(now))
                    mine[1].append(await client.complete(now, place + n))
            if client.found:
                sys.exit(f"the text of before is wrong: {client.found[0].message}")
            print_row(name, mine, client.processor() - worked)
            for all_, some in zip(every, mine, strict=True):
                all_ += some
        print_row("all", every, client.processor() - whole)
        print()
        await client.stop()
    return every


def print_row(name, figures, seconds):
    cells = [f"{f(values):.1f}" for values in figures for f in (statistics.median, max)]
    cells.append(f"{1e3 * seconds / len(figures[0]):.1f}")
    print(f"| {name} | {' | '.join(cells)} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--parts", default="2,26", help="sizes: some 75 lines for each part")
    parser.add_argument("--repeats", type=int, default=5, help="times that each key is pressed")
    options = parser.parse_args()
    for parts in map(int, options.parts.split(",")):
        diagnostics, completion = asyncio.run(measure(parts, options.repeats))
    worst = max(diagnostics), max(completion)
    print(
        f"bars: diagnostics {DIAGNOSTICS} ms, completion {COMPLETION} ms; the worst of the"
        f" largest: {worst[0]:.1f} and {worst[1]:.1f} ms"
    )


if __name__ == "__main__":
    main()
