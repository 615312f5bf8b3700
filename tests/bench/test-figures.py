#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the benchmark makes of its runs: which are void or done again, what it says of the targets,
what it draws. The runs are made up."""

import contextlib
import io
import types
import xml.etree.ElementTree

from cases import Void, all_cases
from plot import plot
from repetition import Record
from tables import print_targets
from targets import judge
from wherryd import run_tests


def case(*runs):
    """Runs in turn; None is a void one."""
    left = list(runs)

    def run(_setup):
        others = left.pop(0)
        if others is None:
            raise Void("planted")
        return {"others_cpu_percent": others, "cpu_us_per_delivered": 4.0}
    return types.SimpleNamespace(name="planted", run=run, below=None)


def record(*runs, repeat=2):
    options = types.SimpleNamespace(repeat=repeat, tries=3, others=15.0, floor=False)
    made = Record(case(*runs), None, options)
    with contextlib.redirect_stdout(io.StringIO()) as said:
        made.add()
    return made, said.getvalue()


def figures(name, **metrics):
    return {name: {"runs": [metrics], "voids": 0, "repeated": 0}}


def verdicts(cases):
    with contextlib.redirect_stdout(io.StringIO()) as said:
        print_targets(cases)
    return said.getvalue()


def test_void_run_is_said_and_done_again():
    made, said = record(None, 3.0)
    assert (len(made.runs), made.voids) == (1, 1)
    assert "void: planted" in said


def test_void_runs_without_an_end_fail():
    try:
        record(None, None, None, 3.0)
    except SystemExit as why:
        assert "3 void runs" in str(why)
    else:
        raise AssertionError("went on")


def test_noisy_run_is_done_again():
    made, said = record(80.0, 5.0)
    assert (made.repeated, made.runs[0]["noisy"]) == (1, False)
    assert "others used 80 %" in said


def test_quietest_of_noisy_runs_is_kept_and_marked():
    made, _ = record(80.0, 40.0, 60.0, 1.0)
    assert made.repeated == 2
    assert (made.runs[0]["noisy"], made.runs[0]["others_cpu_percent"]) == (True, 40.0)


def test_targets_are_met_or_missed():
    name = "saturated 1 to 10, 64 B"
    assert "met" in verdicts(figures(name, cpu_us_per_delivered=5.0))
    assert "MISSED" in verdicts(figures(name, cpu_us_per_delivered=5.01))
    assert "MISSED" in verdicts(figures("1000 peers", refused=1, rss_mib=1.0, join_cpu_ms=1.0,
                                        join_seconds=1.0))


def test_memory_is_a_slope():
    cases = {**figures("200 peers", rss_mib=40.0), **figures("1000 peers", rss_mib=140.0)}
    values = {what: value for what, value, _, _ in judge(cases)}
    assert values["RSS of each further idle peer"] == 128.0


def test_every_target_has_its_case():
    names = [case.name for case in all_cases()]

    class Asked(dict):
        def get(self, name, default=None):
            assert name in names, name
            return default

        def __contains__(self, name):
            assert name in names, name
            return False

    assert all(value is None for _, value, _, _ in judge(Asked()))


def test_plot_is_well_formed():
    cases = {}
    for receivers in (10, 100):
        for size, cost in (("64 B", 4.0), ("1 KiB", 8.0), ("16 KiB", 100.0)):
            cases.update(figures(f"saturated 1 to {receivers}, {size}", cpu_us_per_delivered=cost,
                                 floor_cpu_us=cost / 2))
    for these, lines in ((cases, 10), (figures("200 peers", rss_mib=1.0), 0)):
        root = xml.etree.ElementTree.fromstring(plot(these))
        assert len(root.findall("{http://www.w3.org/2000/svg}polyline")) == lines


if __name__ == "__main__":
    run_tests([value for name, value in list(globals().items()) if name.startswith("test_")])
