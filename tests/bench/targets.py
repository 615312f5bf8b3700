# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the figures are to be at most: medians on a quiet machine with two cores, ratios to the
floor in the same run."""

import statistics


def median(case, metric):
    """(nullable) of the runs of a case"""
    runs = case["runs"] if case else []
    values = [run[metric] for run in runs if run.get(metric) is not None]
    return statistics.median(values) if values else None


def of(name, metric):
    return lambda cases: median(cases.get(name), metric)


def slope(suffix):
    """KiB of each further peer: (1000 peers - 200 peers) / 800"""
    def figure(cases):
        few, many = (median(cases.get(f"{n} peers{suffix}"), "rss_mib") for n in (200, 1000))
        return None if few is None or many is None else (many - few) * 1024 / 800
    return figure


def worst(name, metric):
    """Not the median: of all runs the largest."""
    def figure(cases):
        runs = cases[name]["runs"] if name in cases else []
        return max((run[metric] for run in runs if metric in run), default=None)
    return figure


CPU, RATIO, POOL = "cpu_us_per_delivered", "floor_ratio", ", threads = 2"


def saturated(size, cost, ratio):
    name = f"saturated 1 to 10, {size}"
    yield name, of(name, CPU), cost, "us"
    yield name + ": ratio to the floor", of(name, RATIO), ratio, "x"


# what, its figure, at most, unit
TARGETS = [
    *saturated("64 B", 5, 2),
    *saturated("1 KiB", 9, 1.5),
    *saturated("16 KiB", 120, 1.4),
    ("2000 deliveries/s to 100", of("2000 deliveries/s to 100, 64 B", CPU), 30, "us"),
    ("2000 deliveries/s to 100" + POOL, of("2000 deliveries/s to 100, 64 B" + POOL, CPU), 15, "us"),
    ("a lone message, p50", of("a lone message, 64 B", "latency_p50_us"), 200, "us"),
    ("a lone message, p99", of("a lone message, 64 B", "latency_p99_us"), 1000, "us"),
    ("echo pair, longest silence",
     worst("echo pair, 16 KiB, 16 in flight", "longest_gap_ms"), 200, "ms"),
    ("echo pair, p99", of("echo pair, 16 KiB, 16 in flight", "latency_p99_us"), 20000, "us"),
    ("echo pair, own client, longest silence",
     worst("echo pair, 16 KiB, 16 in flight, own client", "longest_gap_ms"), 200, "ms"),
    ("echo pair, own client, p99",
     of("echo pair, 16 KiB, 16 in flight, own client", "latency_p99_us"), 20000, "us"),
    ("RSS of each further idle peer", slope(""), 130, "KiB"),
    ("RSS of each further idle peer" + POOL, slope(POOL), 90, "KiB"),
    ("CPU of a join, 200 peers", of("200 peers", "join_cpu_ms"), 2.5, "ms"),
    ("CPU of a join, 1000 peers", of("1000 peers", "join_cpu_ms"), 2.5, "ms"),
    ("idle CPU, 200 peers", of("200 peers", "idle_cpu_percent"), 1.5, "%"),
    ("1000 peers joined within", of("1000 peers", "join_seconds"), 20, "s"),
    ("1000 peers, refused", worst("1000 peers", "refused"), 0, ""),
    ("50 receivers at 30,000/s, longest silence",
     worst("30,000 deliveries/s to 50, 64 B", "longest_gap_ms"), 1000, "ms"),
]


def judge(cases):
    """cases: name to {"runs": …}. (what, value or None, limit, unit) of each target"""
    for what, figure, limit, unit in TARGETS:
        yield what, figure(cases), limit, unit
