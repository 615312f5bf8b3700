#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""wherryd behind nginx and Caddy as data/examples/proxy has them, but for ports and certificates."""

import http.client
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import time

from tokens import secret_key, token, write_keys
from wherryd import TIMEOUT, Daemon, Socket, free_port, run_tests

BINARY = sys.argv[1]
EXAMPLES = {os.path.basename(path): path for path in sys.argv[2:]}
SECRET = b"0123456789abcdef0123456789abcdef"
NAME = "chat.example.org"
CLIENT = "127.0.0.5"  # all of 127/8 is this machine, and only 127.0.0.1 is the proxy
TRIES = 5


def equal(got, expected):
    assert got == expected, f"{got!r} is not {expected!r}"


class Proxy:
    """A program between us and the daemon, on a port that was free; what a Socket takes for one."""

    host = NAME

    def __init__(self, start, daemon):
        self.context = ssl.create_default_context()
        self.context.check_hostname = False
        self.context.verify_mode = ssl.CERT_NONE
        self.directory = tempfile.mkdtemp(prefix="wherry-proxy-")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=" + NAME,
                        "-addext", "subjectAltName=DNS:" + NAME, "-keyout", self.path("key.pem"),
                        "-out", self.path("cert.pem")], check=True, stderr=subprocess.DEVNULL)
        os.chmod(self.directory, 0o755)
        for _ in range(TRIES):  # what was free may be taken meanwhile
            self.port = free_port()
            with open(self.path("log"), "wb") as log:
                self.process = start(self, daemon, log)
            if self.is_up():
                return
            self.end()
        with open(self.path("log"), encoding="utf-8") as log:
            raise AssertionError("the proxy does not start: " + log.read())

    def path(self, name):
        return os.path.join(self.directory, name)

    def is_up(self):
        until = time.monotonic() + TIMEOUT
        while self.process.poll() is None and time.monotonic() < until:
            try:
                self.connect().close()
                return True
            except OSError:
                time.sleep(0.02)
        return False

    def end(self):
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait(TIMEOUT)

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        self.end()
        if kind is not None:
            with open(self.path("log"), encoding="utf-8") as log:
                print("# " + log.read().replace("\n", "\n# "))
        shutil.rmtree(self.directory)

    def connect(self):
        plain = socket.create_connection(("127.0.0.1", self.port), TIMEOUT, (CLIENT, 0))
        return self.context.wrap_socket(plain, server_hostname=NAME)

    def ask(self, method, path, *headers):
        connection = http.client.HTTPSConnection(NAME, self.port)
        connection.sock = self.connect()
        connection.request(method, path, headers={"Host": f"{NAME}:{self.port}", **dict(headers)})
        answer = connection.getresponse()
        answer.read()
        connection.close()
        return answer.status


def example(name, *changes):
    """The file with each line that matches a pattern replaced: every one has to be there."""
    with open(EXAMPLES[name], encoding="utf-8") as file:
        text = file.read()
    for pattern, replacement in changes:
        text, n = re.subn(pattern, replacement, text, flags=re.MULTILINE)
        assert n == 1, (pattern, n)
    return text


def start_nginx(proxy, daemon, log):
    site = example("nginx.conf", (r"listen 443 ssl;", f"listen 127.0.0.1:{proxy.port} ssl;"),
                   (r"(ssl_certificate +)\S+;", rf"\1{proxy.path('cert.pem')};"),
                   (r"(ssl_certificate_key +)\S+;", rf"\1{proxy.path('key.pem')};"),
                   (r"http://127\.0\.0\.1:8888;", f"http://127.0.0.1:{daemon.port};"))
    temporary = "".join(f"{kind}_temp_path {proxy.path(kind)};\n" for kind in
                        ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    with open(proxy.path("nginx.conf"), "w", encoding="utf-8") as file:
        file.write(f"daemon off;\nmaster_process off;\npid {proxy.path('pid')};\n"
                   f"error_log stderr;\nevents {{ }}\n"
                   f"http {{\naccess_log off;\n{temporary}{site}}}\n")
    return subprocess.Popen(["/usr/sbin/nginx", "-e", "stderr", "-p", proxy.directory, "-c",
                             proxy.path("nginx.conf")], stdout=log, stderr=log)


def start_caddy(proxy, daemon, log):
    site = example("Caddyfile", (r"^chat\.example\.org \{", f"{NAME}:{proxy.port} {{\nbind 127.0.0.1\n"
                                 f"tls {proxy.path('cert.pem')} {proxy.path('key.pem')}"),
                   (r"reverse_proxy 127\.0\.0\.1:8888", f"reverse_proxy 127.0.0.1:{daemon.port}"))
    with open(proxy.path("Caddyfile"), "w", encoding="utf-8") as file:
        file.write("{\nadmin off\nauto_https disable_redirects\n}\n" + site)
    env = {**os.environ, "HOME": proxy.directory, "XDG_DATA_HOME": proxy.directory,
           "XDG_CONFIG_HOME": proxy.directory}
    return subprocess.Popen(["caddy", "run", "--adapter", "caddyfile", "--config",
                             proxy.path("Caddyfile")], stdout=log, stderr=log, env=env)


def behind(start):
    """Page, WebSocket and rights; who asks is who the proxy says, whatever the client says."""
    lies = [("X-Forwarded-For", "203.0.113.9"), ("Forwarded", "for=203.0.113.9"),
            ("X-Real-IP", "203.0.113.9")]
    lines = [f"{name}: {value}" for name, value in lies]
    with tempfile.TemporaryDirectory() as directory:
        keys = os.path.join(directory, "keys.json")
        write_keys(keys, secret_key("k", SECRET))
        with Daemon(BINARY, "--allowed-host", NAME, "--trusted-proxy", "127.0.0.1", "--token-keys",
                    keys) as daemon, Proxy(start, daemon) as proxy:
            equal(proxy.ask("GET", "/"), 200)
            equal(proxy.ask("GET", "/rooms", *lies), 401)
            origin = f"Origin: https://{NAME}:{proxy.port}"
            with Socket(proxy, origin, *lines) as client:
                equal(client.status, 101)
                joined = client.ask(type="join", room="r", token=token(SECRET))
                equal(joined["type"], "joined")
                equal(client.ask(type="ping", data="x" * 5000)["data"], "x" * 5000)
                assert "joined from " + CLIENT in daemon.log(), daemon.log()
            with Socket(proxy, "Origin: https://elsewhere.example", *lines) as client:
                equal(client.status, 403)
            with Socket(proxy, *lines) as client:
                codes = [client.ask(type="join", room="r", token="no")["code"] for _ in range(60)]
                equal(codes[0], "unauthorized")
                equal(codes[-1], "rate-limited")
            with Socket(daemon, "X-Forwarded-For: 203.0.113.9") as client:  # that one had no guess
                equal(client.ask(type="join", room="r", token=token(SECRET))["type"], "joined")


def test_nginx():
    behind(start_nginx)


def test_caddy():
    behind(start_caddy)


if __name__ == "__main__":
    MISSING = [name for name, program in (("nginx-light", "/usr/sbin/nginx"), ("caddy", "caddy"),
                                          ("openssl", "openssl")) if shutil.which(program) is None]
    if MISSING:
        print(f"1..0 # SKIP install {' and '.join(MISSING)}")
        sys.exit(0)
    run_tests([test_nginx, test_caddy])
