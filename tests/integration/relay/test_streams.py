#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What channels of high stream ids cost the daemon, as data/docs/performance.md tells."""

from churn import Members, metrics
from daemon import SANITIZED, Daemon, resources, run_tests

MEMBERS = 20 if SANITIZED else 50
INITIAL = 128     # streams that are part of what a member costs
STREAM_BYTES = 104  # outgoing and incoming
IDS = (0, 1000, 2047, 16000, 65533)


def charge_of(identifier):
    """Bytes that the budget is charged for such a member."""
    return (max(INITIAL, identifier + 1) - INITIAL) * STREAM_BYTES


def cost_of(identifier):
    """Bytes of RSS for each member whose channel is negotiated with this id."""
    # the highest one is only for servers that are told to allow it
    with Daemon("--member-bytes", "7M", "--memory-budget", "4G") as daemon:
        before = resources(daemon.pid)["rss"]
        with Members(daemon, MEMBERS, MEMBERS // 10, identifier) as members:
            members.round("stay")
            each = (resources(daemon.pid)["rss"] - before) / MEMBERS
            charged = metrics(daemon)["wherry_budget_used_bytes"]
            members.round("leave")
            members.end()
    assert charged == MEMBERS * charge_of(identifier), charged
    return each


def streams_cost_what_they_are_charged():
    """Memory grows with the highest id as the budget is charged: within a fifth, and 100 KiB."""
    costs = {identifier: cost_of(identifier) for identifier in IDS}
    print("# | id | KiB for each member |")
    for identifier, each in costs.items():
        print(f"# | {identifier} | {each / 1024:.0f} |")
    if SANITIZED:
        return
    for identifier in IDS[1:]:
        measured = costs[identifier] - costs[0]
        charged = charge_of(identifier) - charge_of(0)
        assert abs(measured - charged) <= charged / 5 + 100 * 1024, (identifier, measured, charged)


if __name__ == "__main__":
    run_tests(streams_cost_what_they_are_charged)
