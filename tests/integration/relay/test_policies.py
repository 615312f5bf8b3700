#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""One member of ten stops reading, for each policy: with members on pion.

What the others see is compared with a room that has no such member, on the same daemon at the same
time, so that whatever else the machine does meets both. A ratio of medians is a failure when it is
beyond ten percent with a confidence of 99 %; how sure a run is depends on how long it is (--full).
What the others see without any noise, on virtual time, is in tests/relay/test-policies.c."""

import math
import os
import statistics
import sys
import tempfile
import urllib.request

from daemon import SANITIZED, Daemon, pion, run_tests

MIB = 1 << 20
FULL = "--full" in sys.argv
LIMIT = 3.0
POLICIES = ("block", "drop-oldest", "drop-newest", "latest", "disconnect")
BUDGET = 128 * MIB


def interval(values):
    """Where the median is, with 99 %: order statistics, whatever the distribution."""
    values = sorted(values)
    n, k, tail = len(values), 0, 0.0
    while k < n // 2 and 2 * (tail + math.comb(n, k) / 2 ** n) <= 0.01:
        tail += math.comb(n, k) / 2 ** n
        k += 1
    low, high = (values[k - 1], values[n - k]) if k > 0 else (-math.inf, math.inf)
    return low, statistics.median(values), high


def ratios(events, room, key):
    """To the room without such a member, in the same window or round."""
    number = "window" if "window" in events[0] else "round"
    of = {(e["room"], e[number]): e[key] for e in events}
    return [of[room, n] / of["none", n] for name, n in of if name == room]


def check(what, room, values, most=math.inf, least=0.0):
    low, median, high = interval(values)
    print(f"# {room}: {what} {median:.3f} of what it is without, between {low:.3f} and {high:.3f}")
    if not SANITIZED:
        assert low <= most and high >= least, f"{room}: {what} {low:.3f} to {high:.3f} of what it is without"


def cpu_ns(pid):
    total = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        try:
            with open(f"/proc/{pid}/task/{task}/schedstat") as f:
                total += int(f.read().split()[0])
        except (FileNotFoundError, ProcessLookupError):
            pass
    return total


def counters(url):
    with urllib.request.urlopen(url + "metrics") as answer:
        lines = answer.read().decode().split("\n")
    return {line.split()[0]: int(line.split()[1]) for line in lines
            if line.startswith("wherry_") and line.split()[0].endswith("_total")}


def configuration():
    file = tempfile.NamedTemporaryFile("w", suffix=".conf")
    for policy in POLICIES:
        file.write(f"[room {policy}]\npolicy-lossy={policy}\n")
    file.flush()
    return file


def run():
    """All of pion's events by their kind, the daemon's counters and its peak."""
    windows, count, rounds = (60, 100, 30) if FULL else (8, 60, 8)
    events = {}
    with configuration() as file, \
         Daemon("--config", file.name, "--outbox-bytes", "256K", "--memory-budget", str(BUDGET)) as daemon:
        daemon.sample()
        cpu = 0
        for event in pion("policies", "--server", daemon.url, "--windows", windows, "--count", count,
                          "--rounds", rounds):
            if event["event"] == "burst":
                cpu = cpu_ns(daemon.pid)
            elif event["event"] == "burst-end":
                event["cpu"] = (cpu_ns(daemon.pid) - cpu) / event["deliveries"]
            events.setdefault(event["event"], []).append(event)
        totals = counters(daemon.url)
        peak = max(size for _, size in daemon.samples)
    return events, totals, peak


def one_of_ten_stops_reading():
    """But for block, rate and p99 of the others are within 10 % of the run without it, and so is what
    a delivery costs; for block they wait no longer than the limit and are within 10 % afterwards."""
    events, totals, peak = run()
    filled = {e["room"]: e for e in events["filled"]}
    results = {e["room"]: e for e in events["result"]}
    noise = filled["none"]["longest"]

    for room in POLICIES:
        print(f"# {room}: the longest pause while it filled was {filled[room]['longest']:.2f} s "
              f"(without: {noise:.2f} s)")
        check("rate", room, ratios(events["window"], room, "rate"), least=0.9)
        check("p99", room, ratios(events["window"], room, "p99"), most=1.1)
        check("rate at full speed", room, ratios(events["burst-end"], room, "rate"), least=0.9)
        check("CPU time of a delivery", room, ratios(events["burst-end"], room, "cpu"), most=1.1)
        assert results[room]["lost"] == 0 and results[room]["disorder"] == 0, results[room]

    # who waited, and for how long
    assert filled["block"]["reason"] == "slow" and filled["disconnect"]["reason"] == "slow", filled
    assert filled["block"]["longest"] >= LIMIT / 3, "nobody waited: this tested nothing"
    assert filled["block"]["longest"] <= LIMIT + noise + 1.0, f"publishers paused for {filled['block']}"
    for room in ("drop-oldest", "drop-newest", "latest", "disconnect"):
        assert filled[room]["longest"] <= noise + 1.0, f"{room} held up its publisher: {filled[room]}"

    # every message that the slow one did not get was counted, with the policy's name
    for room in ("drop-oldest", "drop-newest", "latest"):
        result, counted = results[room], totals[f"wherry_dropped_{room.removeprefix('drop-')}_total"]
        print(f"# {room}: {result['slow_received']} of {result['sent']} received, {counted} counted")
        assert result["slow_disorder"] == 0, result
        assert result["slow_lost"] == counted == result["sent"] - result["slow_received"], result
    assert totals["wherry_disconnected_full_total"] == 1 and totals["wherry_left_slow_total"] == 2, totals
    print(f"# peak {peak / MIB:.1f} MiB")
    if not SANITIZED:
        assert peak < BUDGET, f"{peak} bytes are over the budget of {BUDGET}"


def one_message_a_second_is_too_slow():
    """It holds up its room no longer than one that reads nothing, and cannot come straight back."""
    with Daemon("--outbox-bytes", "256K") as daemon:
        result = [e for e in pion("crawl", "--server", daemon.url, "--size", 1024)
                  if e["event"] == "result"][0]
    print(f"# {result}")
    assert result["reason"] == "slow" and result["read"] > 1, result
    assert LIMIT / 3 <= result["paused"], result
    # each message that it reads earns 20 ms
    assert result["paused"] <= LIMIT + 1.5 or SANITIZED, f"it held up the room for {result['paused']:.2f} s"
    assert "rate-limited" in result["back"], result


if __name__ == "__main__":
    run_tests(one_of_ten_stops_reading, one_message_a_second_is_too_slow)
