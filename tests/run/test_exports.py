"""Results for other programs: NWB, Neo, edge lists, SONATA, xarray, read by their own libraries."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
from running import run_text

from stdpdsl.cli import main
from stdpdsl.outputs import NotReplaced
from stdpdsl.results.errors import ResultsError
from stdpdsl.results.reader import load

SPEC = """
model exported

neuron cell:
    parameters:
        tau_m = 10 ms
    equations:
        dv/dt = (-70 mV - v)/tau_m : volt
    threshold: v > -60 mV
    reset: v = -70 mV
    initial: v = -70 mV
layer P:
    poisson: 30 Hz
    size: 10
layer A:
    neuron: cell
    size: 4
layer S:
    neuron: cell(tau_m = 5 ms)
    size: 2
    scope: shared
connect P -> A as c:
    pattern: random(p = 0.5)
    plasticity: pair_additive(taupost = 30 ms)
    deliver: w * 8 mV to v
    initial: w = uniform(0, start)
    delay: 2 ms
connect P -> S as fixed:
    pattern: all_to_all
    weight: 3 mV
    deliver: w to v
sweep:
    grid:
        A.tau_m = [10, 20] ms
        start = [0.5, 1]
    replicates: 2
record:
    spikes of P, A, S
    w of c every 30 ms
    v of A every 10 ms
    v of S every 10 ms
run:
    phases:
        a: 80 ms
        b: 40 ms, set c.wmax = 2
    seed: 3
"""


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("exports")
    run_text(folder, SPEC)
    return load(folder / "out")


@pytest.fixture(scope="module")
def tables(results):
    return {name: results.table(name).to_pandas() for name in results.tables}


def of_block(frame, block, replicate):
    return frame[(frame.block == block) | (frame.block.isna() & (frame.replicate == replicate))]


# Edges ------------------------------------------------------------------------------------------


def test_edges_of_a_block(results, tables):
    weights = tables["weights"]
    for block in (0, 5):
        wanted = weights[(weights.block == block) & (weights.connection == "c")]
        wanted = wanted.sort_values(["pre", "post"])
        found = results.edges("c", block)
        assert list(found.columns) == [
            "pre",
            "post",
            "delay",
            "w_initial",
            "w",
            "apost",
            "apre",
        ]
        for name in found:
            assert found[name].tolist() == wanted[name].tolist()
    assert set(found["delay"]) == {0.002}


def test_edges_of_a_shared_connection_are_those_of_the_replicate(results, tables):
    found = results.edges("fixed", 6)
    assert len(found) == 20 and list(found.columns) == ["pre", "post", "delay", "w_initial", "w"]
    assert set(found["w"]) == {0.003} and found.attrs["units"]["w"] == "volt"


@pytest.mark.parametrize("block", [0, 7])
def test_files_of_edges(results, tmp_path, block):
    edges = results.edges("c", block)
    results.to_edges(tmp_path / "e.csv", "c", block)
    text = pd.read_csv(tmp_path / "e.csv")
    assert list(text.columns)[:4] == ["pre", "post", "delay [second]", "w_initial"]
    assert text.to_numpy().tolist() == edges.to_numpy().tolist()

    results.to_edges(tmp_path / "e.npz", "c", block)
    arrays = np.load(tmp_path / "e.npz", allow_pickle=False)
    assert arrays["w"].tolist() == edges["w"].tolist()
    matrix = scipy.sparse.load_npz(tmp_path / "e.npz").toarray()
    wanted = np.zeros((10, 4))
    wanted[edges.pre, edges.post] = edges.w
    assert np.array_equal(matrix, wanted)


def test_edges_as_sonata_by_libsonata(results, tmp_path):
    libsonata = pytest.importorskip("libsonata")
    for connection, ends in (("c", ("P", "A")), ("fixed", ("P", "S"))):
        path = tmp_path / f"{connection}.h5"
        results.to_edges(path, connection, 3)
        edges = results.edges(connection, 3)
        population = libsonata.EdgeStorage(str(path)).open_population(connection)
        everything = population.select_all()
        assert (population.source, population.target) == ends
        assert population.source_nodes(everything).tolist() == edges.pre.tolist()
        assert population.target_nodes(everything).tolist() == edges.post.tolist()
        weights = population.get_attribute("syn_weight", everything)
        assert weights.tolist() == edges.w.tolist()
        delays = population.get_attribute("delay", everything)
        assert delays == pytest.approx(edges.delay.to_numpy() * 1000)  # ms
    assert "apre" not in population.attribute_names


# NWB --------------------------------------------------------------------------------------------

# A simulation has no subject and no experimenter; synapses may outnumber samples; a column may
# hold two numbers, or a measure that is not defined.
EXPECTED = {
    "check_subject_exists",
    "check_experimenter_exists",
    "check_institution",
    "check_processing_module_name",
    "check_data_orientation",
    "check_column_binary_capability",
    "check_col_not_nan",
}


@pytest.mark.parametrize("block", [0, 6])
def test_nwb_by_pynwb(results, tables, tmp_path, block):
    pynwb = pytest.importorskip("pynwb")
    path = tmp_path / "b.nwb"
    results.to_nwb(path, block)
    assert list(pynwb.validate(path=str(path))) == []
    replicate = block // 4
    spikes = of_block(tables["spikes"], block, replicate)
    samples = of_block(tables["trajectories"], block, replicate)
    with pynwb.NWBHDF5IO(path, "r") as io:
        file = io.read()
        units = file.units.to_dataframe()
        assert len(units) == 16 and set(units.layer) == {"P", "A", "S"}
        for _, unit in units.iterrows():
            mine = spikes[(spikes.layer == unit.layer) & (spikes.neuron == unit.neuron)]
            assert list(unit.spike_times) == sorted(mine.t)
        assert sum(map(len, units.spike_times)) == len(spikes) > 30
        assert set(file.acquisition) == {"c w", "A v", "S v"}
        module = file.processing["simulation"]
        for name, unit in (("c w", "1"), ("A v", "volt"), ("S v", "volt")):
            series = file.acquisition[name]
            component, variable = name.split()
            assert series.unit == unit
            elements = module[f"{name} elements"].to_dataframe()
            start, rate = series.starting_time, series.rate
            times = (
                series.timestamps[:]
                if rate is None
                else (start + np.arange(len(series.data)) / rate)
            )
            mine = samples[samples.layer.fillna(samples.connection) == component]
            assert series.data.size == len(mine) > 0
            for number, element in elements.iterrows():
                rows = mine[np.all([mine[k] == element[k] for k in elements], axis=0)]
                assert series.data[:, number].tolist() == rows.sort_values("t").value.tolist()
                assert times == pytest.approx(np.sort(rows.t), abs=1e-9)
        synapses = module["c synapses"].to_dataframe()
        assert synapses.w.tolist() == results.edges("c", block).w.tolist()
        parameters = module["parameters"].to_dataframe()
        assert parameters["A.tau_m"].tolist() == [0.01 if block % 4 < 2 else 0.02] * 2
        assert parameters["c.wmax"].tolist() == [1.0, 2.0]
        measures = module["measures"].to_dataframe()
        assert measures.A_spikes.sum() == (spikes.layer == "A").sum()
        assert file.epochs.to_dataframe().stop_time.tolist() == pytest.approx([0.08, 0.12])
        assert file.source_script == SPEC


def test_nwb_by_the_inspector(results, tmp_path):
    inspector = pytest.importorskip("nwbinspector")
    results.to_nwb(tmp_path / "b.nwb", 2)
    found = {
        m.check_function_name
        for m in inspector.inspect_nwbfile(nwbfile_path=str(tmp_path / "b.nwb"))
    }
    assert found <= EXPECTED


# Neo --------------------------------------------------------------------------------------------


def test_all_of_it_as_neo(results, tables):
    block = results.to_neo()
    assert [s.annotations["block"] for s in block.segments] == list(range(8))
    for number, segment in enumerate(block.segments):
        replicate = number // 4
        assert segment.annotations["tau_m"] == (0.01 if number % 4 < 2 else 0.02)
        spikes = of_block(tables["spikes"], number, replicate)
        assert sum(map(len, segment.spiketrains)) == len(spikes)
        for train in segment.spiketrains:
            layer, neuron = train.annotations["layer"], train.annotations["neuron"]
            mine = spikes[(spikes.layer == layer) & (spikes.neuron == neuron)]
            assert train.times.magnitude.tolist() == sorted(mine.t)
        signals = {s.name: s for s in segment.analogsignals}
        assert set(signals) == {"c w", "A v", "S v"}
        assert signals["A v"].units.dimensionality.string == "V"
        samples = of_block(tables["trajectories"], number, replicate)
        mine = samples[samples.layer == "A"].sort_values(["t", "neuron"]).value
        assert signals["A v"].magnitude.ravel().tolist() == mine.tolist()
        weights = next(s for s in segment.irregularlysampledsignals if "c weights" in s.name)
        edges = results.edges("c", number)
        assert weights.magnitude[1].tolist() == edges.w.tolist()
        assert weights.array_annotations["post"].tolist() == edges.post.tolist()
        assert segment.epochs[0].labels.tolist() == ["a", "b"]
    assert len(results.to_neo([3]).segments) == 1


def test_rows_of_trajectories_as_neo(results):
    found = results.trajectories.filter(variable="w", tau_m=0.02).to_neo()
    assert [s.name for s in found.segments] == [f"block {k}" for k in (2, 3, 6, 7)]
    with pytest.raises(ResultsError, match="cannot be put into Neo"):
        results.trajectories.select("t", "value").to_neo()


# xarray -----------------------------------------------------------------------------------------


def test_spikes_and_parameters_as_xarray(results, tables):
    spikes = results.spikes.filter(layer="A").to_xarray()
    assert spikes.sizes == {"spike": (tables["spikes"].layer == "A").sum()}
    assert spikes.t.attrs["units"] == "s" and {"block", "neuron", "tau_m"} <= set(spikes.coords)
    assert float(spikes.t.sum()) == pytest.approx(tables["spikes"].query("layer == 'A'").t.sum())
    from stdpdsl.results.table import Table

    found = Table(results, "parameters").to_xarray()
    assert found["A.tau_m"].sel(tau_m=0.02, start=1, replicate=0, phase="a") == 0.02
    blocks = results.blocks.to_xarray()
    assert blocks.A_rate.attrs == {"units": "hertz", "long_name": "A: mean rate"}


def test_responses_as_xarray(tmp_path):
    sys.path.insert(0, str(Path(__file__).parents[1] / "unit"))
    try:
        from seeing import product, write
    finally:
        sys.path.pop(0)
    write(tmp_path / "r", product(Apre=[0.1, 0.2]), stimuli=3)
    found = load(tmp_path / "r").responses.filter(layer="A1").to_xarray()
    assert {"neuron", "stimulus"} <= set(found.sizes)
    assert found.label.dims == ("stimulus",) and found.sizes["stimulus"] == 3


# The command ------------------------------------------------------------------------------------


def test_the_command(results, tmp_path, capsys):
    folder = str(results.folder)
    out = tmp_path / "e.csv"
    assert main(["export", folder, "--edges", "c", "--block", "3", "-o", str(out)]) == 0
    assert len(out.read_text().splitlines()) == len(results.edges("c", 3)) + 1
    before = out.read_bytes()
    for wrong, said in (
        (["--edges", "c", "-o", str(out)], "exists already"),
        (["-o", str(tmp_path / "f.csv")], "--edges CONNECTION (c, fixed)"),
        (["--edges", "d", "-o", str(tmp_path / "f.csv")], "no connection d; there are: c, fixed"),
        (["--edges", "c", "--block", "8", "-o", str(tmp_path / "f.csv")], "blocks run from 0 to 7"),
        (["--edges", "c", "-o", str(tmp_path / "f.txt")], "must end in .nwb or .csv"),
        (["--edges", "c", "-o", str(tmp_path / "f.nwb")], ".nwb always has all edges"),
        (["--edges", "c", "-o", str(tmp_path / "none" / "f.csv")], "no such file or folder"),
    ):
        assert main(["export", folder, *wrong]) == 2
        assert said in capsys.readouterr().err
    assert out.read_bytes() == before and [p.name for p in tmp_path.iterdir()] == ["e.csv"]


def test_nwb_replaces_no_file(results, tmp_path):
    pytest.importorskip("pynwb")
    (tmp_path / "b.nwb").write_text("mine")
    with pytest.raises(NotReplaced):
        results.to_nwb(tmp_path / "b.nwb")
    with pytest.raises(ResultsError, match="there is no block 9"):
        results.to_nwb(tmp_path / "c.nwb", 9)
    assert [p.name for p in tmp_path.iterdir()] == ["b.nwb"]


def test_a_forged_unit_is_not_evaluated(results):
    """The package quantities evaluates the units that it is given."""
    units = results.metadata["network"]["units"]
    forged = load(results.folder)
    for unit in ("__import__('os').system('touch pwned')", "exit", "volt.units", ["volt"], None):
        forged.metadata["network"] = {"units": {**units, "A.v": unit}}
        (signal,) = [s for s in forged.to_neo([0]).segments[0].analogsignals if s.name == "A v"]
        assert signal.units.dimensionality.string == "dimensionless"
