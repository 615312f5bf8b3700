# SPDX-License-Identifier: LGPL-2.1-or-later
"""The figures as text."""

import statistics

from targets import judge


def spread(values):
    return min(values), statistics.median(values), max(values)


def print_case(name, case):
    runs = case["runs"]
    said = [f"{len(runs)} run{'s' if len(runs) != 1 else ''}"]
    if case["voids"]:
        said.append(f"{case['voids']} void")
    if case["repeated"]:
        said.append(f"{case['repeated']} repeated for what else ran")
    noisy = sum(1 for run in runs if run["noisy"])
    if noisy:
        said.append(f"{noisy} of these beside much else")
    print(f"\n{name}  ({', '.join(said)})")
    for metric in runs[0]:
        if metric == "noisy":
            continue
        values = [run[metric] for run in runs if run.get(metric) is not None]
        if values:
            low, middle, high = spread(values)
            print(f"  {metric:24} min {low:12.2f}   median {middle:12.2f}   max {high:12.2f}")


def print_targets(cases):
    judged = list(judge(cases))
    measured = [row for row in judged if row[1] is not None]
    if not measured:
        return
    print(f"\n{'target':48} {'figure':>10} {'at most':>10}")
    for what, value, limit, unit in measured:
        verdict = "met" if value <= limit else "MISSED"
        print(f"{what:48} {value:10.2f} {limit:10g} {unit:4} {verdict}")
    if len(measured) < len(judged):
        print(f"{len(judged) - len(measured)} of {len(judged)} targets not measured")
