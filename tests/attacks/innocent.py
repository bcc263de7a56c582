"""The load of users who attack nobody, on two servers at once, and what each request took.

A process of its own, so that an attacker's Python does not distort the clock. The load is open-loop: requests are due
at fixed times, alternately for the one server and the other, so that whatever else the machine does meets both alike.
Each server has a few keep-alive connections, each of another user, and every `FRESH_EVERY`th request opens a
connection of its own. A request that finds all connections occupied waits, and its wait counts.

Runs until its standard input ends; then writes one JSON object to standard output: `samples`, one list for each
server of `[sent, seconds]` (monotonic clock), `fresh`, the same for requests with a connection of their own, and
`errors`, one list for each server of `[when, text]`.
"""

import collections
import contextlib
import gc
import json
import select
import socket
import sys
import time

from servers import go_first

CONNECTIONS = 4
FRESH_EVERY = 25
# A request without an answer for this long is an error, in seconds.
TIMEOUT = 5.0


class Connection:
    """One connection of one user, with at most one request under way."""

    def __init__(self, load, server, message, fresh):
        self.load, self.server, self.message, self.fresh = load, server, message, fresh
        self.started, self.seen, self.socket = None, b"", None

    def send(self, started):
        self.started, self.seen = started, b""
        try:
            if self.socket is not None:
                self.socket.send(self.message)
                return
            # Not waited for: a server that accepts nobody must not hold up the requests to the other.
            self.socket = socket.socket()
            self.socket.setblocking(False)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with contextlib.suppress(BlockingIOError):
                self.socket.connect(("127.0.0.1", self.load.ports[self.server]))
            self.load.watch(self)
        except OSError as error:
            self.fail(f"sending: {error}")

    def connected(self):
        self.load.poll.modify(self.socket.fileno(), select.EPOLLIN)
        try:
            self.socket.send(self.message)
        except OSError as error:
            self.fail(f"connecting: {error}")

    def receive(self):
        """Reads what has come, and settles the request when its answer is complete."""
        try:
            piece = self.socket.recv(65536)
        except OSError as error:
            return self.fail(f"receiving: {error}")
        now = time.monotonic()
        self.seen += piece
        if not piece:
            return self.fail(f"closed by the server after {len(self.seen)} bytes")
        head, end, body = self.seen.partition(b"\r\n\r\n")
        if not end:
            return None
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0] or -1)
        if length < 0 or not head.startswith(b"HTTP/1.1 200 "):
            return self.fail(f"answered {head[:40]!r} {body[:200]!r}")
        if len(body) < length:
            return None
        self.load.answered(self, now, json.loads(body))
        self.settle()
        return None

    def fail(self, text):
        self.load.errors[self.server].append([time.monotonic(), text])
        self.close()
        self.settle()

    def settle(self):
        self.started = None
        if self.fresh:
            self.close()
        else:
            self.load.free[self.server].append(self)

    def close(self):
        if self.socket is not None:
            self.load.forget(self)
            self.socket.close()
            self.socket = None


class Load:
    """What is due, what is under way, and what has been measured."""

    def __init__(self, ports, rate, identity):
        self.ports, self.interval, self.identity = ports, 1 / (rate * len(ports)), identity
        self.poll, self.by_file = select.epoll(), {}
        self.samples = [[] for _ in ports]
        self.fresh = [[] for _ in ports]
        self.errors = [[] for _ in ports]
        self.seen = {}
        self.due = [collections.deque() for _ in ports]
        self.free = [
            collections.deque(Connection(self, server, self.request(f"innocent-{number}"), fresh=False)
                              for number in range(CONNECTIONS))
            for server in range(len(ports))
        ]

    def request(self, user):
        body = b'{"note":"x"}'
        head = (f"POST /v1/workflow HTTP/1.1\r\nhost: 127.0.0.1\r\n{self.identity.format(user)}\r\n"
                f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n")
        return head.encode() + body

    def watch(self, connection):
        self.by_file[connection.socket.fileno()] = connection
        self.poll.register(connection.socket.fileno(), select.EPOLLOUT)

    def forget(self, connection):
        file = connection.socket.fileno()
        if self.by_file.pop(file, None):
            self.poll.unregister(file)

    def answered(self, connection, now, answer):
        """Keeps the time, and checks that the answer is the next one of this user's one instance."""
        self.keep(connection, now)
        if connection.fresh:
            return
        before = self.seen.get(connection, (answer["instance"], answer["calls"] - 1))
        self.seen[connection] = (answer["instance"], answer["calls"])
        if self.seen[connection] != (before[0], before[1] + 1):
            self.errors[connection.server].append([now, f"call {before[1] + 1} of {before[0]} was answered {answer}"])

    def start_due(self, server):
        """Sends what is due as far as connections are free. What had to wait counts from when it was due."""
        due, free = self.due[server], self.free[server]
        while due and free:
            at, late = due.popleft()
            free.popleft().send(at if late else time.monotonic())

    def give_up(self):
        """Ends what has had no answer for too long. It counts as an error, and as slow as it was."""
        now = time.monotonic()
        for connection in list(self.by_file.values()):
            if connection.started is not None and now - connection.started > TIMEOUT:
                self.keep(connection, now)
                connection.fail(f"no answer for {TIMEOUT} seconds")

    def count_unanswered(self):
        """At the end, what is under way or due has taken at least as long as it has waited."""
        now = time.monotonic()
        for connection in self.by_file.values():
            if connection.started is not None:
                self.keep(connection, now)
        for server, due in enumerate(self.due):
            self.samples[server] += [[at, now - at] for at, _ in due]

    def keep(self, connection, now):
        book = self.fresh if connection.fresh else self.samples
        book[connection.server].append([connection.started, now - connection.started])

    def run(self):
        standard_input = sys.stdin.fileno()
        self.poll.register(standard_input, select.EPOLLIN | select.EPOLLHUP)
        next_at, number, looked_at = time.monotonic(), 0, time.monotonic()
        while True:
            ready = self.poll.poll(max(0, next_at - time.monotonic()))
            for file, events in ready:
                if file == standard_input:
                    self.count_unanswered()
                    return {"samples": self.samples, "fresh": self.fresh, "errors": self.errors}
                if file not in self.by_file:
                    continue
                if events == select.EPOLLOUT:
                    self.by_file[file].connected()
                else:
                    self.by_file[file].receive()
            while next_at <= time.monotonic():
                server, turn = number % len(self.ports), number // len(self.ports)
                if turn % FRESH_EVERY == 0:
                    Connection(self, server, self.request("innocent-fresh"), fresh=True).send(time.monotonic())
                else:
                    self.due[server].append((next_at, not self.free[server]))
                number += 1
                next_at += self.interval
            for server in range(len(self.ports)):
                self.start_due(server)
            if time.monotonic() - looked_at > 0.5:
                self.give_up()
                looked_at = time.monotonic()


def main():
    rate, identity, *ports = sys.argv[1:]
    # Collections would pause both servers' requests alike, but they would be measured.
    gc.disable()
    go_first(2)
    json.dump(Load([int(port) for port in ports], float(rate), identity).run(), sys.stdout)


if __name__ == "__main__":
    main()
