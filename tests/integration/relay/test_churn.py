#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Members that come, talk and leave, round after round: what the daemon holds stays the same."""

import os
import time

from churn import PATIENCE, Members, metrics
from daemon import SANITIZED, Daemon, resources, run_tests, thread_names

MEMBERS = 200
ROOMS = 10
# Rounds in which they share threads: a leak of a peer on them would show at once.
SHARED_ROUNDS = 3
THREADS = 2
# A sanitizer makes everything several times slower, and its memory says nothing.
ROUNDS = 3 if SANITIZED else 20


def until(condition, what):
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, f"waited in vain: {what}"


def is_settled(daemon):
    """Nobody is there, and the memory that was to be given back has been."""
    now = metrics(daemon)
    return now["wherry_heap_trims_total"] == now["wherry_heap_trims_due_total"] and all(
        now[f"wherry_{name}"] == 0 for name in
        ("members", "peers", "rooms", "topics", "signaling_sockets", "outbox_bytes",
         "budget_used_bytes"))


def settled(daemon):
    """What the daemon uses once nobody is there; its last connections of metrics() close after
    their answer."""
    until(lambda: is_settled(daemon), "nobody is there any more")
    until(lambda: resources(daemon.pid)["fds"] <= daemon.idle["fds"],
          f"the {daemon.idle['fds']} fds of a daemon without members")
    # the kernel lists a thread a moment longer than it can be joined
    until(lambda: "trim" not in thread_names(daemon.pid), "the thread that trims has gone")
    return resources(daemon.pid)


def one_round(daemon, members):
    begun = time.monotonic()
    members.round("go")
    after = settled(daemon)
    print(f"# {time.monotonic() - begun:.1f} s, {after}", flush=True)
    return after


def killed_round(daemon):
    """They come and talk, and then their process is gone, without a word."""
    with Members(daemon, MEMBERS, ROOMS) as members:
        members.round("stay")
        during = resources(daemon.pid)
    after = settled(daemon)
    print(f"# killed: from {during} to {after}", flush=True)
    return after


def what_members_used_comes_back():
    """200 members in rooms of 20 connect, talk and leave in three ways, 20 rounds; then they are
    killed. fds and threads are as after the first round; so is memory: the least of the last rounds
    counts, since how full the allocator's pages are varies, and a leak only grows."""
    if not SANITIZED:
        os.environ.pop("G_SLICE", None)  # as it runs in use
    with Daemon() as daemon:
        daemon.idle = resources(daemon.pid)
        with Members(daemon, MEMBERS, ROOMS) as members:
            first = one_round(daemon, members)
            last = [one_round(daemon, members) for _ in range(ROUNDS - 1)][-3:]
            members.end()
        killed = killed_round(daemon)
    for end in last + [killed]:
        assert end["fds"] == first["fds"] and end["threads"] == first["threads"], (first, end)
    if not SANITIZED:
        least = min(end["rss"] for end in last)
        print(f"# memory after the last round: {(least / first['rss'] - 1) * 100:+.1f} %, "
              f"then after the killed one {(killed['rss'] / least - 1) * 100:+.1f} %")
        assert least / first["rss"] <= 1.05, (first, last)
        assert killed["rss"] / least <= 1.05, (last, killed)


def they_share_two_threads():
    """With threads = 2 the same members are on two threads, that stay when they have left; there is
    no thread for each, nor a descriptor of its own."""
    with Daemon("--threads", str(THREADS)) as daemon:
        daemon.idle = resources(daemon.pid)
        with Members(daemon, MEMBERS, ROOMS) as members:
            members.round("stay")
            names = thread_names(daemon.pid)
            during = resources(daemon.pid)
            members.round("leave")
            daemon.idle["fds"] += 2 * THREADS  # a loop and its context have one each
            first = settled(daemon)
            for _ in range(SHARED_ROUNDS - 1):
                after = one_round(daemon, members)
                assert after["fds"] == first["fds"] and after["threads"] == first["threads"], after
            members.end()
        killed = killed_round(daemon)
    print(f"# with {MEMBERS} members {during}, first {first}")
    assert [name for name in names if name.startswith("peer:")] == [], names
    assert sorted(name for name in names if name.startswith("peers:")) == [
        f"peers:{i}" for i in range(THREADS)], names
    assert killed["fds"] == first["fds"] and killed["threads"] == first["threads"], killed


if __name__ == "__main__":
    run_tests(what_members_used_comes_back, they_share_two_threads)
