# SPDX-License-Identifier: LGPL-2.1-or-later
"""What Linux tells of a process and of the machine: CPU, memory, files, threads, lost datagrams."""

import os
import platform
import re
import time

TICK = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
CORES = os.cpu_count()


def cpu_seconds(pid):
    """User + system of the whole process, threads that ended included: its CPU clock
    (clock_getcpuclockid), which has nanoseconds where /proc has ticks."""
    return time.clock_gettime((~pid << 3) | 2)


def idle_seconds():
    """Of all cores together. The kernel takes it by the clock; what it says of user and system time
    in the same line is sampled by ticks, so use is what is not idle."""
    with open("/proc/stat") as f:
        fields = f.readline().split()
    return (int(fields[4]) + int(fields[5])) / TICK


def busy_seconds():
    return time.monotonic() * CORES - idle_seconds()


def resources(pid):
    with open(f"/proc/{pid}/statm") as f:
        rss = int(f.read().split()[1]) * PAGE
    return {"rss": rss, "fds": len(os.listdir(f"/proc/{pid}/fd")),
            "threads": len(os.listdir(f"/proc/{pid}/task"))}


def sockets(pid):
    """Inodes."""
    found = set()
    for fd in os.listdir(f"/proc/{pid}/fd"):
        try:
            target = re.fullmatch(r"socket:\[(\d+)\]", os.readlink(f"/proc/{pid}/fd/{fd}"))
        except FileNotFoundError:
            continue
        if target:
            found.add(target[1])
    return found


def udp_drops(pid):
    """Datagrams that came for the process's sockets, those that it still has, and found no room."""
    mine, drops = sockets(pid), 0
    for name in ("udp", "udp6"):
        with open(f"/proc/{pid}/net/{name}") as f:
            rows = [line.split() for line in f][1:]
        drops += sum(int(row[-1]) for row in rows if row[9] in mine)
    return drops


class Use:
    """What some processes, and everything else of the machine, used between start and stop."""

    def __init__(self, *pids):
        self.pids = pids
        self.begun, self.busy = time.monotonic(), busy_seconds()
        self.cpu = [cpu_seconds(pid) for pid in pids]

    def stop(self):
        self.cpu = [cpu_seconds(pid) - cpu for pid, cpu in zip(self.pids, self.cpu)]
        self.seconds = time.monotonic() - self.begun
        self.busy = busy_seconds() - self.busy
        self.others = max(0.0, (self.busy - sum(self.cpu)) / self.seconds)  # cores
        return self


def description():
    with open("/proc/cpuinfo") as f:
        model = re.search(r"model name\s*:\s*(.*)", f.read())
    return {"processor": model[1] if model else platform.machine(), "cores": CORES,
            "kernel": platform.release()}
