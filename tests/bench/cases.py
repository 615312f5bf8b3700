# SPDX-License-Identifier: LGPL-2.1-or-later
"""The cases: what each makes the daemon do, and what is measured of it."""

import contextlib
import fcntl
import json
import os
import re
import resource
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "daemon"))

from machine import Use, cpu_seconds, resources, udp_drops  # noqa: E402
import wherryd  # noqa: E402

SIZES = {64: "64 B", 1024: "1 KiB", 16384: "16 KiB"}


class Void(Exception):
    """Not everything arrived whole and in order: the figures mean nothing."""


class Setup:
    """Which programs run where and for how long."""

    def __init__(self, options):
        self.daemon = os.path.join(options.build, "src/daemon/wherryd")
        self.load = os.path.join(options.build, "tests/interop/pion/wherry-pion")
        self.echo = os.path.join(options.build, "tests/bench/bench-echo")
        self.floor = os.path.join(options.build, "tests/bench/bench-floor")
        self.window = options.window
        self.calm = options.calm
        self.settle = 3.0 if options.quick else 30.0
        self.rest = 3.0 if options.quick else 60.0
        self.lock = options.lock
        cores = sorted(os.sched_getaffinity(0))
        self.daemon_core, self.load_core = (cores[0], cores[1]) if len(cores) > 1 else (None, None)

    def with_daemon(self, binary):
        other = object.__new__(Setup)
        other.__dict__.update(self.__dict__, daemon=binary)
        return other

    def has_threads(self):
        text = subprocess.run([self.daemon, "--help"], stdout=subprocess.PIPE, text=True).stdout
        return "--threads=" in text

    @contextlib.contextmanager
    def alone(self):
        """Other benchmarks that take the same lock wait meanwhile."""
        if self.lock is None:
            yield
            return
        with open(self.lock, "a") as f:
            fcntl.flock(f, fcntl.LOCK_EX)
            yield


def place(core):
    """A preexec function: on this core, with all the files that it may open."""
    def prepare():
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        if core is not None:
            os.sched_setaffinity(0, {core})
    return prepare


class Daemon:
    """As shipped, but for its port and what arguments say."""

    def __init__(self, setup, *arguments):
        self.daemon = wherryd.Daemon(setup.daemon, "--listen", "127.0.0.1:0", *arguments,
                                     preexec=place(setup.daemon_core), defaults=False)
        self.pid = self.daemon.process.pid
        self.url = f"http://{self.daemon.host}:{self.daemon.port}"

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        with self.daemon:
            if kind is not None and self.daemon.process.poll() is None:
                return
            code = self.daemon.end(signal.SIGTERM)
            if code != 0:
                raise SystemExit(f"bench: wherryd ended with {code}:\n{self.daemon.log()}")

    def departures(self):
        """Why members left that had not been asked to."""
        reasons = re.findall(r"member left: .*?(\S+)$", self.daemon.log(), re.MULTILINE)
        return [reason for reason in reasons if reason != "left"]


class Load:
    """Members on pion, or (what: own echo) on our own client, in a process of their own."""

    def __init__(self, setup, daemon, what, *arguments):
        server = ["--server", daemon.url] if daemon else []
        program = [setup.echo] if what == "own echo" else [setup.load, what]
        command = [*program, *server, *map(str, arguments)]
        # the collector's share is not what is measured
        environment = dict(os.environ, GOGC="2000", GOMEMLIMIT="2GiB")
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True, env=environment,
                                        preexec_fn=place(setup.load_core))
        self.pid = self.process.pid

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        if kind is not None:
            self.process.kill()
        self.process.stdin.close()
        try:
            code = self.process.wait(timeout=120)
        finally:
            self.process.stdout.close()
        if kind is None and code != 0:
            raise SystemExit("bench: the load ended with an error")

    def event(self, name):
        for line in self.process.stdout:
            event = json.loads(line)
            if event["event"] == name:
                return event
            if event["event"] == "error":
                raise Void(f"the load failed: {event['message']}")
        raise SystemExit(f"bench: the load ended before its “{name}”")


def check(result, lossy=False, more=""):
    wrong = result["damaged"] or result["disorder"] or not (result["complete"] or lossy)
    if wrong or result["delivered"] == 0:
        raise Void(f"{result}{more}")


def measure(setup, what, *arguments, daemon_arguments=(), lossy=False):
    """One run of a load that has a window."""
    with setup.alone(), Daemon(setup, *daemon_arguments) as daemon:
        before = resources(daemon.pid)
        with Load(setup, daemon, what, "--window", f"{setup.window}s",
                  "--settle", f"{setup.calm}s", *arguments) as load:
            members = load.event("joined")["members"]
            first = load.event("start")
            use = Use(daemon.pid, load.pid)
            last = load.event("stop")
            use.stop()
            used = resources(daemon.pid)
            drops = {"daemon": udp_drops(daemon.pid), "load": udp_drops(load.pid)}
            result = load.event("result")
        left = daemon.departures()
    delivered = last["delivered"] - first["delivered"]
    check(result, lossy, f"; members that left otherwise than asked: {left or 'none'}")
    cpu, load_cpu = use.cpu
    return {
        "cpu_us_per_delivered": cpu * 1e6 / delivered,
        "delivered_per_s": delivered / last["seconds"],
        "latency_p50_us": result["latency_p50_us"],
        "latency_p99_us": result["latency_p99_us"],
        "longest_gap_ms": result["longest_gap_ms"],
        "skipped_percent": 100 * result["skipped"] / (result["skipped"] + result["delivered"]),
        "daemon_cpu_percent": 100 * cpu / use.seconds,
        "load_cpu_percent": 100 * load_cpu / use.seconds,
        "others_cpu_percent": 100 * use.others,
        "rss_mib": used["rss"] / 2**20,
        "fds_per_peer": (used["fds"] - before["fds"]) / members,
        "threads_per_peer": (used["threads"] - before["threads"]) / members,
        "udp_drops_daemon": drops["daemon"],
        "udp_drops_load": drops["load"],
    }


def fan_out(receivers, size, rate=0, *arguments, **how):
    """rate: deliveries a second, all receivers together"""
    return lambda setup: measure(setup, "load", "--receivers", receivers, "--size", size, "--rate",
                                 rate / receivers, *arguments, **how)


def without_relay(setup):
    """From one member on pion to another directly: the load's own part of a latency."""
    with setup.alone(), Load(setup, None, "bare", "--window", f"{setup.window}s",
                             "--settle", f"{setup.calm}s") as load:
        load.event("start")
        use = Use(load.pid)
        load.event("stop")
        use.stop()
        result = load.event("result")
    check(result)
    return {
        "latency_p50_us": result["latency_p50_us"],
        "latency_p99_us": result["latency_p99_us"],
        "load_cpu_percent": 100 * use.cpu[0] / use.seconds,
        "others_cpu_percent": 100 * use.others,
    }


def crowd(members, rest, arguments=()):
    """Joins, and members that say nothing; rest: seconds of that, once ICE is quiet"""
    def run(setup):
        with Daemon(setup, *arguments) as daemon, contextlib.ExitStack() as loads:
            with setup.alone():
                before = resources(daemon.pid)
                load = loads.enter_context(Load(setup, daemon, "crowd", "--members", members))
                use = Use(daemon.pid, load.pid)
                joined = load.event("joined")
                use.stop()
            late = Use(daemon.pid)
            time.sleep(setup.settle)
            late.stop()
            idle = Use(daemon.pid, load.pid)
            time.sleep(min(setup.rest, rest))
            idle.stop()
            after = resources(daemon.pid)
            load.process.stdin.write("\n")
            load.process.stdin.flush()
            result = load.event("result")
        if joined["members"] == 0 or result["lost"]:
            raise Void(f"{joined}, later {result}")
        idle_cores = idle.cpu[0] / idle.seconds
        # what a join still costs once it is done: ICE keeps checking for some seconds
        after_cpu = late.cpu[0] - idle_cores * late.seconds
        return {
            "join_cpu_ms": 1e3 * (use.cpu[0] + max(after_cpu, 0)) / joined["members"],
            "join_cpu_connected_ms": 1e3 * use.cpu[0] / joined["members"],
            "join_seconds": joined["seconds"],
            "refused": joined["refused"],
            "idle_cpu_percent": 100 * idle_cores,
            "rss_mib": after["rss"] / 2**20,
            "rss_kib_per_peer": (after["rss"] - before["rss"]) / 1024 / members,
            "fds_per_peer": (after["fds"] - before["fds"]) / members,
            "threads_per_peer": (after["threads"] - before["threads"]) / members,
            "load_cpu_percent": 100 * use.cpu[1] / use.seconds,
            "others_cpu_percent": 100 * use.others,
            "others_idle_cpu_percent": 100 * idle.others,
        }
    return run


def floor(receivers, size):
    """The bare parts on the same work, in the combination that is best."""
    def run(setup):
        with setup.alone():
            process = subprocess.Popen(
                [setup.floor, "--size", str(size), "--receivers", str(receivers), "--seconds",
                 str(min(setup.window, 2.0)), "--path", "loopback", "--gso", "--bundle", "--json"],
                stdout=subprocess.PIPE, text=True, preexec_fn=place(None))  # it places itself
            text, _ = process.communicate(timeout=120)
        result = json.loads(text)
        if process.returncode != 0 or not result["complete"]:
            raise Void(f"the floor: {result}")
        return result["cpu_us_per_delivered"]
    return run


class Case:
    def __init__(self, name, run, below=None, pool=False):
        self.name, self.run = name, run
        self.below = below  # the floor's run on the same work
        self.pool = pool  # needs a daemon that knows --threads


def all_cases():
    threads = ("--threads", "2")
    for receivers in (10, 100):
        for size, name in SIZES.items():
            yield Case(f"saturated 1 to {receivers}, {name}", fan_out(receivers, size),
                       below=floor(receivers, size))
    for receivers in (10, 50, 100):
        yield Case(f"2000 deliveries/s to {receivers}, 64 B", fan_out(receivers, 64, 2000))
    yield Case("2000 deliveries/s to 100, 64 B, threads = 2",
               fan_out(100, 64, 2000, daemon_arguments=threads), pool=True)
    yield Case("30,000 deliveries/s to 50, 64 B", fan_out(50, 64, 30000))
    yield Case("a lone message, 64 B", fan_out(1, 64, 200, "--sample", 1))
    yield Case("a lone message, 64 B, without the relay", without_relay)
    yield Case("echo pair, 16 KiB, 16 in flight", lambda setup: measure(setup, "echo"))
    yield Case("echo pair, 16 KiB, 16 in flight, own client",
               lambda setup: measure(setup, "own echo"))
    yield Case("all to all with 30, 64 B", lambda setup: measure(setup, "mesh"))
    yield Case("addressed 1 to 10, 64 B", fan_out(10, 64, 0, "--addressed"))
    yield Case("lossy 1 to 10, 1 KiB, half of them slow",
               fan_out(10, 1024, 0, "--lossy", "--resting", 5, lossy=True))
    for members, rest in ((200, 60), (1000, 10)):
        yield Case(f"{members} peers", crowd(members, rest))
        yield Case(f"{members} peers, threads = 2", crowd(members, rest, threads), pool=True)
