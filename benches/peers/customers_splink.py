#!/usr/bin/env python3
"""Splink 5 on a file of generated customers, with the truth at hand to pick its best thresholds.

    python3 customers_splink.py FILE.csv [THREADS]

Makes a virtual environment beside the benchmarks' target folder, installs splink from PyPI into it, and runs there: eight
blocking rules, seven comparisons with term frequencies, u from ten million random pairs, expectation maximisation on
(given name, surname) and on phone. Prints CPU seconds and peak memory of training and predicting, then the pairs and the
clusters at the thresholds that serve it best. The file is the one that `cargo bench --bench matching -- write` makes.
"""
import os
import resource
import subprocess
import sys
import venv
from pathlib import Path

HOME = Path(os.environ.get("PHYGITAL_PEERS", Path(__file__).resolve().parent.parent / "target" / "peers"))
PYTHON = HOME / "splink" / "bin" / "python"


def enter(script=__file__):
    if not PYTHON.exists():
        venv.create(HOME / "splink", with_pip=True)
        subprocess.run([PYTHON, "-m", "pip", "install", "--quiet", "splink==5.0.0", "pandas", "numpy"], check=True)
    os.execv(PYTHON, [str(PYTHON), script, *sys.argv[1:], "--inside"])


def cpu():
    own = resource.getrusage(resource.RUSAGE_SELF)
    return own.ru_utime + own.ru_stime


def main(file, threads):
    import duckdb
    import numpy
    import pandas
    from splink import Linker, SettingsCreator, block_on
    from splink.backends.duckdb import DuckDBAPI
    import splink.comparison_library as cl

    frame = pandas.read_csv(file, dtype=str)
    truth = frame["person_id"].to_numpy()
    rows = {record: at for at, record in enumerate(frame["record_id"])}
    frame["initial"] = frame["given_name"].str[:1]
    connection = duckdb.connect(":memory:")
    connection.execute(f"SET threads TO {threads}")
    api = DuckDBAPI(connection=connection)
    settings = SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name="record_id",
        blocking_rules_to_generate_predictions=[
            block_on("phone"),
            block_on("email"),
            block_on("given_name", "surname"),
            block_on("surname", "dob"),
            block_on("given_name", "dob"),
            block_on("surname", "postcode"),
            block_on("given_name", "postcode"),
            block_on("dob", "postcode"),
        ],
        comparisons=[
            cl.JaroWinklerAtThresholds("given_name", [0.92, 0.8]).configure(term_frequency_adjustments=True),
            cl.JaroWinklerAtThresholds("surname", [0.92, 0.8]).configure(term_frequency_adjustments=True),
            cl.DamerauLevenshteinAtThresholds("dob", [1, 2]).configure(term_frequency_adjustments=True),
            cl.LevenshteinAtThresholds("phone", [1, 2]).configure(term_frequency_adjustments=True),
            cl.JaroWinklerAtThresholds("email", [0.92]).configure(term_frequency_adjustments=True),
            cl.JaroWinklerAtThresholds("address", [0.92, 0.8]).configure(term_frequency_adjustments=True),
            cl.LevenshteinAtThresholds("postcode", [1]).configure(term_frequency_adjustments=True),
        ],
    )
    before = cpu()
    linker = Linker(api.register(frame, dataset_display_name="customers"), settings)
    linker.training.estimate_probability_two_random_records_match(
        [block_on("phone", "given_name"), block_on("email", "given_name"), block_on("given_name", "surname", "dob")],
        recall=0.7,
    )
    linker.training.estimate_u_using_random_sampling(max_pairs=1e7)
    linker.training.estimate_parameters_using_expectation_maximisation(block_on("given_name", "surname"))
    linker.training.estimate_parameters_using_expectation_maximisation(block_on("phone"))
    trained = cpu()
    predicted = linker.inference.predict(threshold_match_weight=-5)
    table = predicted.physical_name
    pairs = connection.execute(f"SELECT record_id_l, record_id_r, match_weight FROM {table}").df()
    done = cpu()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"Splink 5.0.0, {threads} threads: {len(frame)} records, {done - before:.1f} CPU s "
          f"(train {trained - before:.1f}, predict {done - trained:.1f}), peak {memory:.0f} MB, {len(pairs)} pairs")

    one = pairs["record_id_l"].map(rows).to_numpy()
    two = pairs["record_id_r"].map(rows).to_numpy()
    weight = pairs["match_weight"].to_numpy()
    order = numpy.argsort(-weight, kind="stable")
    one, two, weight = one[order], two[order], weight[order]
    same = numpy.cumsum(truth[one] == truth[two])
    sizes = pandas.Series(truth).value_counts().to_numpy().astype(float)
    all_true = (sizes * (sizes - 1) / 2).sum()
    print(f"pairs met by blocking: {same[-1] / all_true:.4f} of the true ones")
    found = numpy.arange(1, len(same) + 1)
    f1 = 2 * same / (found + all_true)
    best = int(f1.argmax())
    print(f"pairs, best of all thresholds, weight {weight[best]:.1f}: "
          f"P {same[best] / found[best]:.4f} R {same[best] / all_true:.4f} F1 {f1[best]:.4f}")
    entity = pandas.factorize(truth)[0]
    for threshold in (6, 9, 12, 15, 18, 21, 24, 27, 30, 33):
        upto = int(numpy.searchsorted(-weight, -threshold, side="right"))
        print(f"clusters at weight {threshold}: {clusters(one[:upto], two[:upto], entity, all_true)}")


def clusters(one, two, entity, all_true):
    import numpy
    import pandas

    parent = numpy.arange(len(entity))

    def root(at):
        while parent[at] != at:
            parent[at] = parent[parent[at]]
            at = parent[at]
        return at

    for a, b in zip(one.tolist(), two.tolist()):
        a, b = root(a), root(b)
        if a != b:
            parent[max(a, b)] = min(a, b)
    roots = numpy.array([root(at) for at in range(len(entity))])
    cells = pandas.DataFrame({"c": roots, "e": entity}).value_counts().reset_index()
    both = cells["count"].to_numpy().astype(float)
    of_cluster = cells["c"].map(pandas.Series(roots).value_counts()).to_numpy().astype(float)
    of_entity = cells["e"].map(pandas.Series(entity).value_counts()).to_numpy().astype(float)
    sizes = pandas.Series(roots).value_counts().to_numpy().astype(float)
    found = (sizes * (sizes - 1) / 2).sum()
    true = (both * (both - 1) / 2).sum()
    precision, recall = true / max(found, 1), true / all_true
    b_precision = (both * both / of_cluster).sum() / len(entity)
    b_recall = (both * both / of_entity).sum() / len(entity)
    f1 = lambda p, r: 2 * p * r / (p + r)
    return (f"P {precision:.4f} R {recall:.4f} F1 {f1(precision, recall):.4f}; "
            f"B-cubed P {b_precision:.4f} R {b_recall:.4f} F1 {f1(b_precision, b_recall):.4f}")


if __name__ == "__main__":
    if "--inside" not in sys.argv:
        enter()
    rest = [value for value in sys.argv[1:] if value != "--inside"]
    main(rest[0], int(rest[1]) if len(rest) > 1 else 2)
