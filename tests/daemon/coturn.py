# SPDX-License-Identifier: LGPL-2.1-or-later
"""A TURN server (coturn) on a port of its own, for tests."""

import os
import shutil
import socket
import subprocess
import tempfile
import time

from wherryd import TIMEOUT, free_port


class Coturn:
    def __init__(self, *users, secret=None, address="127.0.0.1"):
        self.address = address
        self.directory = tempfile.mkdtemp(prefix="wherry-coturn-")
        for _ in range(5):
            self.port = free_port()
            auth = (["--use-auth-secret", "--static-auth-secret=" + secret] if secret
                    else ["--lt-cred-mech", *("--user=" + user for user in users)])
            self.process = subprocess.Popen(
                ["turnserver", "-n", "--listening-ip=" + address, "--relay-ip=" + address,
                 f"--listening-port={self.port}", *auth, "--realm=wherry.test", "--no-cli",
                 "--no-tls", "--no-dtls", "--allow-loopback-peers", "--log-file=stdout",
                 "--pidfile=" + os.path.join(self.directory, "pid"),
                 "--userdb=" + os.path.join(self.directory, "users")],
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            if self.is_up():
                return
            self.end()
        raise AssertionError("coturn does not start")

    def is_up(self):
        until = time.monotonic() + TIMEOUT
        while time.monotonic() < until and self.process.poll() is None:
            try:
                socket.create_connection((self.address, self.port), 1).close()
                return True
            except OSError:
                time.sleep(0.02)
        return False

    def end(self):
        self.process.kill()
        self.process.wait(TIMEOUT)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()
        shutil.rmtree(self.directory)
