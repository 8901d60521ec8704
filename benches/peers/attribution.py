#!/usr/bin/env python3
"""ChannelAttribution and marketing-attribution-models on a file of grouped paths, beside `phygital attribution run`.

    python3 attribution.py PHYGITAL FILE.csv
    python3 attribution.py PHYGITAL --draw JOURNEYS FILE.csv

PHYGITAL is the command, built with --release; FILE has path, total_conversions, total_conversion_value, total_null. With
--draw the file is drawn first: single journeys through 24 channels, about four touches each, of which one in thirty
converts. Makes a virtual environment beside the benchmarks' target folder and installs the peers from PyPI into it. Each
run is a process of its own; reading the file counts for all. Prints CPU seconds, peak memory, how many times the CPU of
ours that is, and by how much the worst channel is off: rules against exact fractions, Markov against the solved chain.
Counts and values are summed as whole numbers of millionths, so that a million journeys take a minute; the chain is solved
and spread B is summed in floating numbers, which is good to about 1e-12.
"""
import csv
import io
import json
import os
import random
import resource
import subprocess
import sys
import venv
from collections import defaultdict
from fractions import Fraction
from pathlib import Path

HOME = Path(os.environ.get("PHYGITAL_PEERS", Path(__file__).resolve().parent.parent / "target" / "peers"))
PYTHON = HOME / "attribution" / "bin" / "python"
PEERS = ["ChannelAttribution==2.2.5", "marketing-attribution-models==2.1.1", "matplotlib", "pandas", "numpy"]
OURS = {"first": ["first"], "last": ["last"], "linear": ["linear"], "markov 1": ["markov:1"], "markov 2": ["markov:2"],
        "markov 1 B": ["markov:1", "--spread", "journey"]}
RUNS = [("ChannelAttribution", "heuristics"), ("ChannelAttribution", "markov 1"), ("ChannelAttribution", "markov 2"),
        ("MAM", "linear"), ("MAM", "markov 1 B")]


def draw(count, file):
    chance = random.Random(1)
    names = [f"c{at:02}" for at in range(24)]
    weights = [1 / (at + 1) for at in range(24)]
    with open(file, "w") as out:
        out.write("path,total_conversions,total_conversion_value,total_null\n")
        for _ in range(count):
            path = chance.choices(names, weights)
            while len(path) < 20 and chance.random() < 0.75:
                path.append(path[-1] if chance.random() < 0.25 else chance.choices(names, weights)[0])
            won = chance.random() < 0.034
            value = f"{chance.randrange(500, 20500) / 100:.2f}" if won else "0.00"
            out.write(f"{' > '.join(path)},{int(won)},{value},{int(not won)}\n")


MILLION = 10 ** 6


def millionths(text):
    number = Fraction(text) * MILLION
    if number.denominator != 1:
        sys.exit(f"expected at most six decimals, found {text}")
    return number.numerator


def rows(file):
    """Paths with the sums of what came of them, in millionths."""
    numbers, paths = {}, {}
    with open(file, newline="") as lines:
        for row in csv.DictReader(lines):
            sums = paths.setdefault(row["path"], [0, 0, 0])
            for at, name in enumerate(("total_conversions", "total_conversion_value", "total_null")):
                text = row[name]
                if text not in numbers:
                    numbers[text] = millionths(text)
                sums[at] += numbers[text]
    return [(path.split(" > "), *sums) for path, sums in paths.items()]


def exact(file):
    """Credits as fractions, and the chains solved: removal effects from the inverse, order 1 and 2."""
    import numpy

    all_rows = rows(file)
    # Of each rule: by channel, and by into how many parts a journey's credit went.
    rules = {model: defaultdict(lambda: defaultdict(lambda: [0, 0])) for model in ("first", "last", "linear")}
    chains = {1: defaultdict(lambda: defaultdict(int)), 2: defaultdict(lambda: defaultdict(int))}
    worth = {1: defaultdict(int), 2: defaultdict(int)}
    totals = [0, 0]
    for path, won, value, lost in all_rows:
        totals[0] += won
        totals[1] += value
        if won:
            for model, touches in (("first", path[:1]), ("last", path[-1:]), ("linear", path)):
                for touch in touches:
                    credit = rules[model][touch][len(touches)]
                    credit[0] += won
                    credit[1] += value
        for order, chain in chains.items():
            state = tuple(path[:order])
            chain["start"][state] += won + lost
            for touch in path[order:]:
                after = (state + (touch,))[-order:]
                if after != state:
                    chain[state][after] += won + lost
                state = after
            chain[state]["won"] += won
            chain[state]["lost"] += lost
            worth[order][state] += value
    totals = [total / MILLION for total in totals]
    whole = lambda credit, at: float(sum(Fraction(sums[at], parts) for parts, sums in credit.items()) / MILLION)
    answers = {model: {channel: [whole(credit, 0), whole(credit, 1)] for channel, credit in credits.items()}
               for model, credits in rules.items()}
    for order, chain in chains.items():
        states = sorted({state for state in chain if state != "start"} |
                        {to for after in chain.values() for to in after if to not in ("won", "lost")})
        at = {state: number for number, state in enumerate(states)}
        steps = numpy.zeros((len(states), len(states)))
        wins = numpy.zeros((len(states), 2))
        start = numpy.zeros(len(states))
        for state, after in chain.items():
            total = sum(after.values())
            for to, mass in after.items():
                if state == "start":
                    start[at[to]] = mass / total
                elif to == "won":
                    wins[at[state]] = [mass / total, worth[order][state] / total]
                elif to != "lost":
                    steps[at[state], at[to]] = mass / total
        whole = start @ numpy.linalg.solve(numpy.eye(len(states)) - steps, wins)
        effects = {}
        for channel in sorted({touch for state in states for touch in state}):
            kept = numpy.array([channel not in state for state in states])
            left = numpy.eye(kept.sum()) - steps[numpy.ix_(kept, kept)]
            effects[channel] = 1 - start[kept] @ numpy.linalg.solve(left, wins[kept]) / whole
        total = sum(effects.values())
        answers[f"markov {order}"] = {channel: [totals[0] * effect[0] / total[0], totals[1] * effect[1] / total[1]]
                                      for channel, effect in effects.items()}
        if order == 1:
            # Spread B: the conversions of each path among its own touches.
            credits = defaultdict(lambda: [0.0, 0.0])
            for path, won, value, _ in all_rows:
                weights = [effects[touch][0] for touch in path] if won else []
                for touch, weight in zip(path, weights):
                    credits[touch][0] += won / MILLION * weight / sum(weights)
                    credits[touch][1] += value / MILLION * weight / sum(weights)
            answers["markov 1 B"] = credits
    return answers


def peer(package, model, file):
    """Runs one peer, and prints its credits as JSON."""
    import pandas

    frame = pandas.read_csv(file)
    columns = ("path", "total_conversions", "total_conversion_value")
    if package == "ChannelAttribution":
        import ChannelAttribution as peer
        if model == "heuristics":
            found = peer.heuristic_models(frame, *columns)
            found = {name: {row["channel_name"]: [row[f"{name}_touch_conversions"], row[f"{name}_touch_value"]]
                            for _, row in found.iterrows()} for name in ("first", "last", "linear")}
        else:
            found = peer.markov_model(frame, *columns, var_null="total_null", order=int(model[-1]))
            found = found["result"] if isinstance(found, dict) else found
            found = {model: {row["channel_name"]: [row["total_conversions"], row["total_conversion_value"]]
                             for _, row in found.iterrows()}}
    else:
        from mam import MAM
        # It takes a row for each end: those that converted, and those that did not.
        won = frame[frame["total_conversions"] > 0].assign(converted=True, count=lambda rows: rows["total_conversions"])
        lost = frame[frame["total_null"] > 0].assign(converted=False, count=lambda rows: rows["total_null"])
        both = pandas.concat([won, lost])[["path", "converted", "count"]]
        journeys = MAM(both, format_type="grouped_journey", channels_colname="path", journey_with_conv_colname="converted",
                       occurrences_colname="count", path_separator=" > ")
        result = journeys.run_linear() if model == "linear" else journeys.run_markov()
        result = result.to_pandas()
        found = {model: {channel: [credit, None] for channel, credit in zip(result["channels"], result["attribution"])}}
    print(json.dumps(found))


def timed(command):
    """What a command prints, its CPU seconds and its peak in megabytes."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.dup2(write, 1)
        os.close(read)
        os.execv(command[0], command)
    os.close(write)
    with os.fdopen(read) as out:
        text = out.read()
    _, status, used = os.wait4(child, 0)
    return text if status == 0 else None, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024 / 1e6


def error(found, expected):
    off = []
    for at in (0, 1):
        pairs = [(credit[at], expected[channel][at]) for channel, credit in found.items()
                 if channel in expected and credit[at] is not None and expected[channel][at]]
        worst = max((abs(one - other) / abs(other) for one, other in pairs), default=None)
        off.append("-" if worst is None else f"{worst:.1e}")
    return off


def main(phygital, file):
    answers = exact(file)
    table = []
    ours = {}
    for model, name in OURS.items():
        out, cpu, memory = timed([phygital, "attribution", "run", "--threads", "1", "--model", *name, file])
        rows = csv.DictReader(io.StringIO(out))
        found = {row["channel"]: [float(row["conversions"]), float(row["value"])] for row in rows}
        ours[model] = cpu
        table.append(["phygital", model, cpu, memory, 1.0, *error(found, answers[model])])
    for package, model in RUNS:
        out, cpu, memory = timed([str(PYTHON), __file__, "--peer", package, model, file])
        ratio = cpu / ours.get(model, ours["linear"])
        if out is None:
            table.append([package, model, cpu, memory, ratio, "failed", "failed"])
            continue
        for name, found in json.loads(out.splitlines()[-1]).items():
            table.append([package, name, cpu, memory, ratio, *error(found, answers[name])])
    print(f"{'':20} {'model':10} {'CPU s':>8} {'MB':>8} {'x ours':>8} {'conversions off':>16} {'value off':>10}")
    for package, model, cpu, memory, ratio, conversions, value in table:
        print(f"{package:20} {model:10} {cpu:8.2f} {memory:8.0f} {ratio:8.1f} {conversions:>16} {value:>10}")


if __name__ == "__main__":
    if not PYTHON.exists():
        venv.create(HOME / "attribution", with_pip=True)
        subprocess.run([PYTHON, "-m", "pip", "install", "--quiet", *PEERS], check=True)
    if Path(sys.executable) != PYTHON and os.environ.get("PHYGITAL_INSIDE") is None:
        os.environ["PHYGITAL_INSIDE"] = "1"
        os.execv(PYTHON, [str(PYTHON), __file__, *sys.argv[1:]])
    if sys.argv[1] == "--peer":
        peer(*sys.argv[2:5])
    elif sys.argv[2] == "--draw":
        draw(int(sys.argv[3]), sys.argv[4])
        main(sys.argv[1], sys.argv[4])
    else:
        main(sys.argv[1], sys.argv[2])
