#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Members that do not read, publishers that end in the middle: with members on pion."""

import sys
import tempfile

from daemon import SANITIZED, Daemon, pion, run_tests

MIB = 1 << 20
FULL = "--full" in sys.argv


def slow_member_leaves_and_others_get_everything():
    """500 MB (100 MB in the ordinary run) past a member that reads nothing: it leaves with reason
    slow at the limit of 3 s, the publisher's acknowledged bytes stand still meanwhile, memory stays
    under the budget, and who reads gets everything in order."""
    total = 500_000_000 if FULL else 100_000_000
    budget = 128 * MIB
    progress, result = [], None
    with Daemon("--memory-budget", str(budget)) as daemon:
        daemon.sample()
        for event in pion("slow", "--server", daemon.url, "--bytes", total):
            if event["event"] == "progress":
                progress.append(event)
            elif event["event"] == "result":
                result = event
        peak = max(size for _, size in daemon.samples)
    print(f"# {total} bytes in {result['seconds']:.1f} s, {result['reason']} after "
          f"{result['left_at']:.2f} s, peak {peak / MIB:.1f} MiB")
    assert result["complete"] and not result["damaged"] and not result["disorder"], result
    assert result["reason"] == "slow", result

    # the stretch before it left in which next to nothing was acknowledged: the publisher probes the
    # closed window with a packet at a time (RFC 9260 section 6.1 A)
    before = [p for p in progress if p["seconds"] < result["left_at"]]
    final = before[-1]["accepted"]
    stalled = [p["seconds"] for p in before if p["accepted"] > final - 65536]
    length = result["left_at"] - stalled[0]
    print(f"# publisher stood still at {final} bytes for {length:.2f} s")
    assert 2.0 <= length <= 4.0, f"the limit is 3 s, it took {length:.2f} s"
    assert final < 4 * MIB, f"{final} bytes were accepted past a member that reads nothing"
    if not SANITIZED:
        assert peak < budget, f"{peak} bytes are over the budget of {budget}"


def limits_are_what_the_options_say():
    """With an outbox of 64 KiB and a limit of 1 s for the topic, set by a file: less is accepted past
    a member that reads nothing, and it leaves earlier."""
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as file:
        file.write("[topic *]\nblock-limit-ms=1s\n")
        file.flush()
        with Daemon("--config", file.name, "--outbox-bytes", "64K") as daemon:
            events = list(pion("slow", "--server", daemon.url, "--bytes", 20_000_000))
    result = [e for e in events if e["event"] == "result"][0]
    accepted = [e["accepted"] for e in events
                if e["event"] == "progress" and e["seconds"] < result["left_at"]]
    print(f"# {accepted[-1]} bytes accepted, {result['reason']} after {result['left_at']:.2f} s")
    assert result["complete"] and result["reason"] == "slow", result
    # 1 MiB in pion's receive buffer, 64 KiB on the way, 64 KiB in the outbox, 256 KiB not yet read
    assert accepted[-1] < 1_800_000, f"{accepted[-1]} bytes past an outbox of 64 KiB"
    assert 0.8 <= result["left_at"] <= 2.0, "the limit is 1 s"


def a_cycle_of_blocked_publishers_ends():
    """Two members that publish and never read: one of them leaves with reason slow."""
    with Daemon() as daemon:
        result = [e for e in pion("cycle", "--server", daemon.url) if e["event"] == "result"][0]
    print(f"# one left after {result['left_at']:.2f} s")
    assert result["reason"] == "slow", result
    assert 2.0 <= result["left_at"] <= 4.0, "the limit is 3 s, and the windows are full at once"


def what_an_aborting_publisher_had_acknowledged_arrives():
    """1 MB, then the connection is closed at once: whatever was acknowledged reaches the reader."""
    with Daemon() as daemon:
        for _ in range(5):
            result = [e for e in pion("abort", "--server", daemon.url) if e["event"] == "result"][0]
            print(f"# {result}")
            assert result["received"] >= result["acknowledged"], result
            assert not result["damaged"] and not result["disorder"], result


if __name__ == "__main__":
    run_tests(slow_member_leaves_and_others_get_everything, limits_are_what_the_options_say,
              a_cycle_of_blocked_publishers_ends,
              what_an_aborting_publisher_had_acknowledged_arrives)
