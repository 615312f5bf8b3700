#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""`wherry bench`: its figures fit together, and its plot is one."""

import json
import os
import socket
import sys
import tempfile
import time
import xml.etree.ElementTree

from wherry import Command, at, run
from wherryd import TIMEOUT, Daemon, run_tests

WHERRY, WHERRYD = sys.argv[1:3]
SVG = "{http://www.w3.org/2000/svg}"
KINDS = ["throughput", "latency", "fan-out", "all-to-all", "joins"]


def equal(got, expected):
    assert got == expected, f"{got!r} is not {expected!r}"


def bench(daemon, *args):
    """Its results."""
    code, out, err = run(WHERRY, "bench", "--json", *at(daemon), *args)
    equal((code, err), (0, ""))
    results = [json.loads(line) for line in out.splitlines()]
    for result in results:
        check(result)
    return results


def check(result):
    equal((result["event"], result["lost"], result["repeated"]), ("result", 0, 0))
    equal(result["received"], result["expected"])
    assert result["received"] > 0 and result["ms"] > 0 and result["cpu_ms"] >= 0, result
    assert 0 < result["p50_ms"] <= result["p99_ms"] <= result["max_ms"], result
    each = result["received"] / result["ms"] * 1000
    assert abs(result["per_second"] - each) <= each / 1000, result
    if result["kind"] == "joins":
        equal(result["received"], result["receivers"])
        return
    equal(result["received"], result["sent"] * result["receivers"])
    equal(result["bytes"], result["received"] * result["size"])
    assert abs(result["mb_per_second"] * 1e6 - each * result["size"]) <= each, result
    equal(result["senders"], result["receivers"] + 1 if result["kind"] == "all-to-all" else 1)


def test_every_kind():
    with Daemon(WHERRYD) as daemon, tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "bench.svg")
        results = bench(daemon, "--seconds", "0.3", "--svg", path)
        equal([result["kind"] for result in results], KINDS)
        root = xml.etree.ElementTree.parse(path).getroot()
        equal(root.tag, SVG + "svg")
        texts = "".join(root.itertext())
        for kind in KINDS:
            assert kind in texts, texts
        # three figures a run, the bytes of joins are none, and one bar more for p99
        assert len(root.findall(SVG + "rect")) > 3 * len(KINDS)
        for bar in root.findall(SVG + "rect")[1:]:
            assert 0 < float(bar.get("width")) <= 110, bar.attrib
        # nobody is left there
        until = time.monotonic() + TIMEOUT
        while daemon.metric("members") != 0:
            assert time.monotonic() < until
            time.sleep(0.02)


def test_sizes_and_receivers():
    with Daemon(WHERRYD) as daemon:
        results = bench(daemon, "fan-out", "--size", "24,1000", "--receivers", "1,3", "--rate", "50",
                        "--seconds", "0.2")
        equal([(result["size"], result["receivers"]) for result in results],
              [(24, 1), (1000, 1), (24, 3), (1000, 3)])
        for result in results:  # a machine that is busy may send fewer
            assert 0 < result["sent"] <= 11, result
        result, = bench(daemon, "joins", "--receivers", "12")
        equal(result["receivers"], 12)


def test_a_table_for_people():
    with Daemon(WHERRYD) as daemon:
        code, out, err = run(WHERRY, "bench", "latency", "joins", *at(daemon), "--seconds", "0.2",
                             "--receivers", "2")
        equal((code, err), (0, ""))
        head, latency, joins = out.splitlines()
        assert "p99" in head and latency.startswith("latency") and joins.startswith("joins"), out
        assert all(len(line) <= 100 for line in out.splitlines()), out


def test_usage():
    for args in (["nothing"], ["--size", "23"], ["--size", "x"], ["--size", ""],
                 ["--receivers", "0"], ["--receivers", "1001"], ["--seconds", "0"],
                 ["--seconds", "-1"], ["--seconds", "nan"], ["--rate", "1000001"],
                 ["--size", ",".join(["24"] * 20)]):
        code, out, err = run(WHERRY, "bench", *args)
        equal((code, out), (2, ""))
        assert err, args


def test_nobody_listening():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    code, out, err = run(WHERRY, "bench", "latency", "--server", f"http://127.0.0.1:{port}/")
    equal((code, out), (3, ""))
    assert "member 1 of 2" in err, err


def test_interrupted():
    with Daemon(WHERRYD) as daemon:
        with Command(WHERRY, "bench", "--json", "latency", "fan-out", *at(daemon), "--seconds",
                     "0.1", "--receivers", "1") as command:
            command.event("result")
        with Command(WHERRY, "bench", "latency", *at(daemon), "--seconds", "600") as command:
            until = time.monotonic() + TIMEOUT
            while daemon.metric("members") < 2:
                assert time.monotonic() < until
                time.sleep(0.02)
            equal(command.interrupt(), 130)
        while daemon.metric("members") != 0:
            assert time.monotonic() < until
            time.sleep(0.02)


def test_the_server_ends_in_the_middle():
    with Daemon(WHERRYD) as daemon:
        with Command(WHERRY, "bench", "latency", *at(daemon), "--seconds", "600") as command:
            until = time.monotonic() + TIMEOUT
            while daemon.metric("members") < 2:
                assert time.monotonic() < until
                time.sleep(0.02)
            daemon.end()
            assert command.wait() not in (0, 130), command.said()
            assert command.said()


if __name__ == "__main__":
    run_tests([function for name, function in sorted(globals().items())
               if name.startswith("test_")])
