#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A connected member that abuses its association and its data channels. In most of these it is in
the talkers' own room, which gets the mirrors of what it opens."""

from scene import FULL, MIB, SANITIZED, Scene, pion, resources, run_tests
from wire import metrics

# An association has four streams for each channel that is allowed: the attack is on a thousand ids.
WIDE = ("--channels-per-member", "256")


def abuse(scene, what, count, room="talk"):
    """Runs it; the abuser must still be heard in the end: it is refused, not cut off."""
    events = pion("abuse", "--server", scene.url, "--room", room, "--what", what, "--count", count)
    result = [e for e in events if e["event"] == "result"][0]
    assert result["heard"], result
    scene.talkers.check()
    print(f"# {what}: told {result['notices']}")
    return result


def channels_beyond_the_limits_are_refused():
    """Four hundred channels of one member (256 are allowed), and then until the room's topics are there."""
    with Scene(*WIDE, "--topics-per-room", "500") as scene:
        result = abuse(scene, "many", 400)
        assert result["notices"].get("forbidden", 0) >= 1, result
        assert scene.rose("channels_refused") >= 400 - 258
        scene.settle()
    with Scene(*WIDE, "--topics-per-room", "10") as scene:
        result = abuse(scene, "many", 30)
        assert result["notices"].get("room-full", 0) >= 1, result
        assert scene.rose("topics_refused") >= 15
        assert metrics(scene.url)["topics"] <= 10


def bad_labels_are_refused():
    """Labels of the relay's own, that are no UTF-8 or too long, and OPEN messages of all shapes."""
    with Scene(*WIDE) as scene:
        result = abuse(scene, "labels", 900)
        assert result["notices"].get("forbidden", 0) >= 1, result
        assert scene.rose("dcep_bad") > 300


def data_on_streams_that_nobody_opened_is_counted():
    with Scene(*WIDE) as scene:
        abuse(scene, "unopened", 20_000 if FULL else 5000)
        assert scene.rose("sctp_bad_stream_data") > 500
        assert scene.rose("sctp_bad_ppid") > 500


def messages_larger_than_announced_are_refused():
    with Scene(*WIDE) as scene:
        abuse(scene, "large", 4)
        assert scene.rose("sctp_too_large") == 4


def unfinished_messages_do_not_take_the_memory_of_all():
    """Hundreds of messages that are begun and never ended, more than the memory budget."""
    with Scene(*WIDE, "--memory-budget", str(16 * MIB)) as scene:
        abuse(scene, "partial", 500, room="abuse")
        assert scene.rose("sctp_too_large") > 100


def members_that_hold_unfinished_messages_together():
    """Sixteen, each within its own bound, all together with more than a half of the memory budget: those
    that held most leave, and whoever does not is still heard."""
    with Scene("--memory-budget", str(16 * MIB)) as scene:
        result = abuse(scene, "hold", 16, room="abuse")
        print(f"# gone: {result['gone']}; {scene.rose('sctp_unfinished')} ended")
        assert scene.rose("sctp_unfinished") >= 7
        assert result["gone"].get("failed", 0) >= 1, result
        scene.until(left_failed_total=scene.counters["left_failed_total"] + scene.rose("sctp_unfinished"))
        scene.settle()


def channels_that_come_and_go():
    """10,000 channels opened and closed, each with a label of its own, a dozen ids again and again: each
    opens as soon as the last one with its id is closed, and none is taken for a mistake."""
    cycles = 1000 if SANITIZED else 50_000 if FULL else 10_000
    with Scene() as scene:
        abuse(scene, "churn", cycles // 5, room="abuse")
        first = scene.settle()["rss"]
        abuse(scene, "churn", cycles, room="abuse")
        print(f"# {scene.rose('messages_in')} messages")
        # a dozen at once is within the limits, however far behind the hub is
        assert scene.rose("channels_refused") == 0
        assert scene.rose("dcep_bad") == 0
        scene.until(topics=1)  # its own end when the hub has come to it
        grown = resources(scene.pid)["rss"] - first
        print(f"# {grown / MIB:+.1f} MiB from the first to the last time")
        assert SANITIZED or grown < 8 * MIB


def a_flood_of_empty_messages():
    """In a room of its own, with one subscriber: it is paused, and nobody else notices."""
    with Scene() as scene:
        abuse(scene, "empty", 200_000 if FULL else 30_000, room="abuse")
        assert scene.rose("messages_in") >= 30_000


if __name__ == "__main__":
    run_tests(channels_beyond_the_limits_are_refused, bad_labels_are_refused,
              data_on_streams_that_nobody_opened_is_counted,
              messages_larger_than_announced_are_refused,
              unfinished_messages_do_not_take_the_memory_of_all,
              members_that_hold_unfinished_messages_together,
              channels_that_come_and_go, a_flood_of_empty_messages)
