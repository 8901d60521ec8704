#!/usr/bin/env python3
"""Splink 5 on Senzing's truth set, with the truth at hand to pick the threshold.

    python3 senzing_splink.py FOLDER

The folder has `customers.jsonl`, `reference.jsonl`, `watchlist.jsonl` and `actual_truthset_key.csv`
(https://github.com/Senzing/truth-sets, Apache-2.0). Of each record the first value of each feature is taken, as
`phygital-core/tests/identity_records.rs` takes it. Installs into the virtual environment that `customers_splink.py` makes.
Prints the clusters at each threshold. What matches agree in stands at Splink's defaults: expectation maximisation over so few
records ends in rates that Splink refuses, or below these figures.
"""
import csv
import json
import sys
from pathlib import Path

import customers_splink

FEATURES = {
    "given": "NAME_FIRST", "surname": "NAME_LAST", "whole": "NAME_FULL", "dob": "DATE_OF_BIRTH", "phone": "PHONE_NUMBER",
    "email": "EMAIL_ADDRESS", "street": "ADDR_LINE1", "city": "ADDR_CITY", "postcode": "ADDR_POSTAL_CODE",
}


def rows(folder):
    key = folder / "actual_truthset_key.csv"
    truth = {(row["DATA_SOURCE"], row["RECORD_ID"]): row["CLUSTER_ID"] for row in csv.DictReader(key.open())}
    for name in ("customers", "reference", "watchlist"):
        for line in (folder / f"{name}.jsonl").open():
            record = json.loads(line)
            said = {}
            for feature in record["FEATURES"]:
                for name, value in feature.items():
                    said.setdefault(name, value)
            source, number = record["DATA_SOURCE"], record["RECORD_ID"]
            row = {column: (said.get(feature) or "").strip().lower() or None for column, feature in FEATURES.items()}
            # A whole name is taken apart before its last word.
            if row["whole"] and not row["surname"]:
                row["given"], _, row["surname"] = row["whole"].rpartition(" ")
                row["given"] = row["given"] or None
            del row["whole"]
            yield {"unique_id": f"{source}/{number}", "entity": truth[source, number], **row}


def main(folder):
    import duckdb
    import pandas
    import splink.comparison_library as cl
    from splink import Linker, SettingsCreator, block_on
    from splink.backends.duckdb import DuckDBAPI

    frame = pandas.DataFrame(rows(Path(folder)))
    entity = pandas.factorize(frame["entity"])[0]
    places = {record: at for at, record in enumerate(frame["unique_id"])}
    sizes = pandas.Series(entity).value_counts().to_numpy().astype(float)
    all_true = (sizes * (sizes - 1) / 2).sum()
    blocks = ["surname", "dob", "phone", "email", "street"]
    settings = SettingsCreator(
        link_type="dedupe_only",
        blocking_rules_to_generate_predictions=[block_on(column) for column in blocks],
        comparisons=[
            cl.JaroWinklerAtThresholds("given", [0.92, 0.8]),
            cl.JaroWinklerAtThresholds("surname", [0.92, 0.8]).configure(term_frequency_adjustments=True),
            cl.DamerauLevenshteinAtThresholds("dob", [1, 2]),
            cl.LevenshteinAtThresholds("phone", [1, 2]),
            cl.JaroWinklerAtThresholds("email", [0.92]),
            cl.JaroWinklerAtThresholds("street", [0.92, 0.8]),
            cl.ExactMatch("city"),
            cl.LevenshteinAtThresholds("postcode", [1]),
        ],
    )
    connection = duckdb.connect(":memory:")
    frame = frame.drop(columns="entity")
    linker = Linker(DuckDBAPI(connection=connection).register(frame, dataset_display_name="senzing"), settings)
    linker.training.estimate_probability_two_random_records_match([block_on("given", "surname"), block_on("email")], recall=0.7)
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6)
    predicted = linker.inference.predict(threshold_match_weight=-10)
    pairs = connection.execute(
        f"SELECT unique_id_l, unique_id_r, match_weight FROM {predicted.physical_name} ORDER BY match_weight DESC"
    ).df()
    one = pairs["unique_id_l"].map(places).to_numpy()
    two = pairs["unique_id_r"].map(places).to_numpy()
    weight = pairs["match_weight"].to_numpy()
    print(f"{len(frame)} records, {int(all_true)} true pairs")
    for threshold in (-6, -3, 0, 3, 6, 9, 12, 15):
        upto = int((weight >= threshold).sum())
        print(f"clusters at weight {threshold}: {customers_splink.clusters(one[:upto], two[:upto], entity, all_true)}")


if __name__ == "__main__":
    if "--inside" not in sys.argv:
        customers_splink.enter(__file__)
    main(sys.argv[1])
