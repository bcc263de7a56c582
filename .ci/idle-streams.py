#!/usr/bin/env python3
"""What an idle stream costs: 10,000 of them, each of another user, and what other requests notice of it.

    cargo build --release -p nat-conformance
    NAT_BIN=target/release/nat-conformance python3 .ci/idle-streams.py [STREAMS]

Linux only (it reads /proc). Needs as many open files as there are streams, twice.
"""

import json
import os
import pathlib
import resource
import selectors
import socket
import subprocess
import sys
import tempfile
import time

NAT_BIN = os.environ.get("NAT_BIN", "target/release/nat-conformance")
CONFIG = """
general:
  enable_per_user_monitoring: true
  max_concurrent_builds: 20000
  front_end: {_type: fastapi, limits: {max_connections: 50000}}
workflow: {_type: conf_per_user_stream}
"""


def head(path, user, length):
    return (f"POST {path} HTTP/1.1\r\nhost: h\r\ncontent-type: application/json\r\ncookie: nat-session={user}\r\n"
            f"content-length: {length}\r\n\r\n")


def request(path, user, body):
    body = json.dumps(body)
    return (head(path, user, len(body)) + body).encode()


def connect(port):
    connection = socket.create_connection(("127.0.0.1", port), timeout=60)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def ask(connection, message):
    connection.sendall(message)
    seen = b""
    while b"}" not in seen.split(b"\r\n\r\n", 1)[-1]:
        more = connection.recv(65536)
        assert more, seen
        seen += more
    return seen


def resident(process):
    status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) * 1024


def active(port):
    with connect(port) as connection:
        connection.sendall(b"GET /monitor/users HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n")
        seen = b"".join(iter(lambda: connection.recv(1 << 20), b""))
    users = json.loads(seen.split(b"\r\n\r\n", 1)[1])["users"]
    return sum(user["requests"]["active_requests"] for user in users)


def until(what, condition, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain until {what}"
        time.sleep(0.1)


def latencies(port, count=3000):
    """Of a request on a kept connection, in microseconds: median and 99th of a hundred."""
    message = request("/generate", "other", {"text": "t", "chunks": 1})
    took = []
    with connect(port) as connection:
        for _ in range(count):
            started = time.perf_counter()
            ask(connection, message)
            took.append((time.perf_counter() - started) * 1e6)
    took.sort()
    return f"p50 {took[count // 2]:.0f} us, p99 {took[count * 99 // 100]:.0f} us"


def main():
    streams = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    assert hard >= streams + 100, f"only {hard} open files are allowed"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "config.yml")
        path.write_text(CONFIG)
        command = [NAT_BIN, "serve", "--config_file", str(path), "--host", "127.0.0.1", "--port", str(port)]
        with open(os.devnull, "w") as nowhere:
            server = subprocess.Popen(command, stdout=nowhere, stderr=nowhere)
        try:
            measure(server, port, streams)
        finally:
            server.terminate()
            server.wait(60)


def measure(server, port, streams):
    until("the server listens", lambda: socket.socket().connect_ex(("127.0.0.1", port)) == 0)
    print(f"other requests before:  {latencies(port)}")
    start = resident(server)
    with connect(port) as connection:
        for number in range(streams):
            ask(connection, request("/generate", f"user-{number}", {"text": "t", "chunks": 1}))
    users = resident(server)
    print(f"{streams} users:            {(users - start) / streams / 1024:.2f} KiB each")

    for round in ("first", "second"):
        print(f"the {round} time:")
        hold(server, port, streams, users)


def hold(server, port, streams, users):
    connections = []
    for number in range(streams):
        connection = connect(port)
        # The first chunk is an hour away.
        connection.sendall(request("/generate/stream", f"user-{number}", {"text": "t", "chunks": 1, "delay_ms": 3_600_000}))
        connections.append(connection)
    until("all streams run", lambda: active(port) == streams, 120)
    selector = selectors.DefaultSelector()
    for connection in connections:
        connection.setblocking(False)
        selector.register(connection, selectors.EVENT_READ)
    began = drain(selector, connections, b"HTTP/1.1 200")
    assert began == streams, f"{began} of {streams} began"
    open_streams = resident(server)
    print(f"{streams} idle streams:     {(open_streams - users) / streams / 1024:.2f} KiB each, beside their users")
    print(f"other requests beside:  {latencies(port)}")
    time.sleep(16)
    alive = drain(selector, connections, b": keep-alive")
    assert alive == streams, f"{alive} of {streams} got a comment"
    print(f"after a comment to all: {(resident(server) - users) / streams / 1024:.2f} KiB each")
    for connection in connections:
        connection.close()
    until("nothing runs", lambda: active(port) == 0)
    selector.close()
    until("memory returns", lambda: resident(server) - users < (open_streams - users) / 20)
    print(f"all gone:               {(resident(server) - users) / streams / 1024:.2f} KiB each are kept")


def drain(selector, connections, mark):
    """How many connections say `mark`, of what can be read now."""
    said = set()
    while ready := selector.select(0.5):
        for key, _ in ready:
            try:
                seen = key.fileobj.recv(65536)
            except BlockingIOError:
                continue
            assert seen, "the server closed an idle stream"
            if mark in seen:
                said.add(key.fd)
    return len(said)


if __name__ == "__main__":
    main()
