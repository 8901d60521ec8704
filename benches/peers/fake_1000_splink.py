#!/usr/bin/env python3
"""Splink 5 on its own example, fake_1000.csv, set up much as its tutorial does but with more blocking, with the truth at hand
to pick the threshold.

    python3 fake_1000_splink.py FILE.csv

Installs into the virtual environment that `customers_splink.py` makes. Prints the clusters at each threshold.
"""
import sys

import customers_splink


def main(file):
    import duckdb
    import pandas
    import splink.comparison_library as cl
    from splink import Linker, SettingsCreator, block_on
    from splink.backends.duckdb import DuckDBAPI

    frame = pandas.read_csv(file, dtype=str)
    entity = pandas.factorize(frame["cluster"])[0]
    rows = {record: at for at, record in enumerate(frame["unique_id"])}
    sizes = pandas.Series(entity).value_counts().to_numpy().astype(float)
    all_true = (sizes * (sizes - 1) / 2).sum()
    connection = duckdb.connect(":memory:")
    settings = SettingsCreator(
        link_type="dedupe_only",
        blocking_rules_to_generate_predictions=[
            block_on("first_name"), block_on("surname"), block_on("dob"), block_on("email")
        ],
        comparisons=[
            cl.JaroWinklerAtThresholds("first_name", [0.92, 0.8]).configure(term_frequency_adjustments=True),
            cl.JaroWinklerAtThresholds("surname", [0.92, 0.8]).configure(term_frequency_adjustments=True),
            cl.DamerauLevenshteinAtThresholds("dob", [1, 2]),
            cl.ExactMatch("city").configure(term_frequency_adjustments=True),
            cl.JaroWinklerAtThresholds("email", [0.92]),
        ],
    )
    api = DuckDBAPI(connection=connection)
    linker = Linker(api.register(frame, dataset_display_name="fake_1000"), settings)
    linker.training.estimate_probability_two_random_records_match(
        [block_on("first_name", "surname"), block_on("email")], recall=0.7
    )
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6)
    linker.training.estimate_parameters_using_expectation_maximisation(block_on("first_name", "surname"))
    linker.training.estimate_parameters_using_expectation_maximisation(block_on("dob"))
    predicted = linker.inference.predict(threshold_match_weight=-10)
    pairs = connection.execute(
        f"SELECT unique_id_l, unique_id_r, match_weight FROM {predicted.physical_name} ORDER BY match_weight DESC"
    ).df()
    one = pairs["unique_id_l"].map(rows).to_numpy()
    two = pairs["unique_id_r"].map(rows).to_numpy()
    weight = pairs["match_weight"].to_numpy()
    for threshold in (-6, -3, 0, 3, 6, 9, 12):
        upto = int((weight >= threshold).sum())
        found = customers_splink.clusters(one[:upto], two[:upto], entity, all_true)
        print(f"clusters at weight {threshold}: {found}")


if __name__ == "__main__":
    if "--inside" not in sys.argv:
        customers_splink.enter(__file__)
    main(sys.argv[1])
