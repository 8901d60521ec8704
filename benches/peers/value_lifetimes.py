#!/usr/bin/env python3
"""lifetimes 0.11.3 on a file of customers, for benches/benches/value.rs.

    python3 value_lifetimes.py FILE.csv[.gz] [CDNOW.csv.gz]

Makes a virtual environment beside the benchmarks' target folder, installs lifetimes from PyPI into it, and runs there. Prints
CPU seconds of fits and predictions. FILE has frequency, recency, T, and is what `cargo bench --bench value -- write` makes;
CDNOW has ID, x, t_x, T, zbar.
"""
import os
import subprocess
import sys
import time
import venv
import warnings
from pathlib import Path

HOME = Path(os.environ.get("PHYGITAL_PEERS", Path(__file__).resolve().parent.parent / "target" / "peers"))
PYTHON = HOME / "lifetimes" / "bin" / "python"


def enter():
    if not PYTHON.exists():
        venv.create(HOME / "lifetimes", with_pip=True)
        packages = ["lifetimes==0.11.3", "pandas", "numpy", "scipy", "setuptools"]
        subprocess.run([PYTHON, "-m", "pip", "install", "--quiet", *packages], check=True)
    os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")
    os.execv(PYTHON, [str(PYTHON), __file__, *sys.argv[1:], "--inside"])


def timed(what, work):
    start = time.process_time()
    try:
        found = work()
    except Exception as error:  # what it raises when it does not converge
        found = None
        print(f"    {what}: {type(error).__name__}: {str(error).splitlines()[0]}")
    print(f"{what}: {time.process_time() - start:.3f} CPU s", flush=True)
    return found


def main(files):
    warnings.filterwarnings("ignore")
    import pandas
    from lifetimes import BetaGeoFitter, GammaGammaFitter, ModifiedBetaGeoFitter, ParetoNBDFitter

    def fit(name, model, *columns):
        fitted = timed(name, lambda: model.fit(*columns))
        if fitted is not None:
            print("   ", {name: float(value) for name, value in fitted.params_.items()})
        return fitted

    table = pandas.read_csv(files[0])
    columns = [table[name] for name in ("frequency", "recency", "T")]
    print(f"{len(table)} customers")
    fitted = fit("BG/NBD", BetaGeoFitter(), *columns)
    if fitted is not None:
        timed("expected purchases", lambda: fitted.conditional_expected_number_of_purchases_up_to_time(39, *columns))
        timed("probability alive", lambda: fitted.conditional_probability_alive(*columns))
    for file in files[1:]:
        table = pandas.read_csv(file)
        columns = [table[name] for name in ("x", "t_x", "T")]
        print(f"CDNOW, {len(table)} customers")
        fit("BG/NBD", BetaGeoFitter(), *columns)
        fit("MBG/NBD", ModifiedBetaGeoFitter(), *columns)
        fit("Pareto/NBD", ParetoNBDFitter(), *columns)
        repeaters = table[table["x"] > 0]
        fit("Gamma-Gamma", GammaGammaFitter(), repeaters["x"], repeaters["zbar"])


if __name__ == "__main__":
    if "--inside" in sys.argv:
        main([argument for argument in sys.argv[1:] if argument != "--inside"])
    elif len(sys.argv) in (2, 3):
        enter()
    else:
        sys.exit(__doc__)
