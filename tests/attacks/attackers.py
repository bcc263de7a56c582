"""The attackers: `attackers.py LETTER PORT RATE AMOUNT`, a process of its own with the lowest priority.

Each prints `ready` when its preparations are made, attacks at a steady rate until its standard input ends, checks
what it was answered, and prints one JSON object: `sent` (a text), `count`, and `faults`, the answers that must not be.
"""

import asyncio
import base64
import collections
import contextlib
import itertools
import json
import os
import random
import resource
import socket
import struct
import sys
import time

import http2

STOP = asyncio.Event()
FAULTS = collections.Counter()
# How long an answer may take before its absence is a fault, in seconds.
PATIENCE = 10


def ready():
    print("ready", flush=True)


def fault(text):
    FAULTS[text[:300]] += 1


async def paced(rate):
    """Counts at a steady rate until the end. What is more than 50 ms late is left out: nothing comes in bursts."""
    due = time.monotonic()
    for number in itertools.count():
        delay = due - time.monotonic()
        if delay > 0:
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(STOP.wait(), delay)
        if STOP.is_set():
            return
        yield number
        due = max(due, time.monotonic() - 0.05) + 1 / rate


def request(path, identity, body, method="POST"):
    head = (b"%s %s HTTP/1.1\r\nhost: 127.0.0.1\r\n%s\r\ncontent-type: application/json\r\n"
            b"content-length: %d\r\n\r\n")
    return head % (method.encode(), path, identity, len(body)) + body


def cookie(user):
    return f"cookie: nat-session={user}".encode()


class Client:
    """A keep-alive connection of HTTP/1."""

    def __init__(self, port):
        self.port, self.reader, self.writer = port, None, None

    async def ask(self, message, half_close=False, patience=PATIENCE):
        """The status and the body of the answer. None at all is a fault, after which the next request reconnects."""
        try:
            return await asyncio.wait_for(self.exchange(message, half_close), patience)
        except (OSError, asyncio.IncompleteReadError) as error:
            fault(f"no answer: {type(error).__name__}")
        except asyncio.TimeoutError:
            fault(f"no answer for {patience} seconds")
        self.close()
        return 0, b""

    async def expect(self, what, message, wanted=200, half_close=False):
        """The body of the answer, or None; another status than the wanted one is a fault."""
        status, body = await self.ask(message, half_close)
        if status not in (0, wanted):
            fault(f"{what}: {status} {body[:200]!r}")
        return body if status == wanted else None

    async def exchange(self, message, half_close):
        if self.writer is None:
            self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
        self.writer.write(message)
        if half_close:
            self.writer.write_eof()
        head = await self.reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
        return int(head[9:12]), await self.reader.readexactly(length)

    def close(self, reset=False):
        if self.writer is not None:
            if reset:
                linger = struct.pack("ii", 1, 0)
                self.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                self.writer.transport.abort()
            self.writer.close()
            self.writer = None


# Ends of names that something might take for white space, or cut in two.
TAILS = [b"", b"\x85", b"\xa0", b"\x85\xa0", b"\xc3", b"\xc3\x85", b"\xc3\xa0", b"\xc2\x85", b"\xc2\xa0",
         b"\xe2\x80\x85", b"\xe2\x80\xa0", b"\xe3\x80\x80", b"\xe1\x9a\x80", b"\xe2\x80\xa8"]
SOURCES = {
    "cookie": b"cookie: nat-session=%s",
    "bearer": b"authorization: Bearer %s",
    "api key": b"x-api-key: %s",
    "basic": b"authorization: Basic %s",
    "header": b"x-auth-user: %s",
}


async def names(port, rate, sources):
    """Users whose names differ in the last byte, each with a count of their own."""
    books, instances, users = collections.Counter(), {}, {}
    sent = collections.Counter()

    async def one(source):
        client = Client(port)
        async for number in paced(rate / len(sources)):
            stem = f"{source.replace(' ', '')}-jos{number // len(TAILS) % 20}".encode()
            name = key = stem + TAILS[number % len(TAILS)]
            if source == "basic":
                # Only what is UTF-8 is a Basic credential.
                if name.decode(errors="ignore").encode() != name:
                    continue
                name = base64.b64encode(name + b":" + name)
            books[key] += 1
            body = await client.expect(source, request(b"/v1/workflow", SOURCES[source] % name, b"{}"))
            sent[source] += 1
            if body is None:
                continue
            answer = json.loads(body)
            who = (answer["instance"], answer["user_id"])
            if answer["calls"] != books[key] or instances.setdefault(key, who) != who:
                fault(f"{key!r}: call {books[key]} was answered {body!r}")
            if users.setdefault(who, key) != key:
                fault(f"{key!r} and {users[who]!r} are one user")

    ready()
    await asyncio.gather(*map(one, sources))
    return f"requests of {len(users)} users by {', '.join(sources)}", sum(sent.values())


async def preface_byte(port, rate):
    """Connections that send the first byte of HTTP/2's preface; every other one leaves, the rest stays."""
    ready()
    staying, count, late = collections.deque(), 0, 0
    async for number in paced(rate):
        connection = socket.socket()
        connection.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            connection.connect(("127.0.0.1", port))
        try:
            connection.send(b"P")
        except OSError:
            late += 1
        count += 1
        if number % 2:
            connection.close()
            continue
        staying.append(connection)
        if len(staying) > 8000:
            staying.popleft().close()
    if late > count / 100:
        fault(f"{late} of {count} connections were not accepted at once")
    for connection in staying:
        connection.close()
    return f"connections with a `P`, half of them stay ({len(staying)} at the end)", count


async def block(port, rate):
    """A call that blocks one of two workers for good, and further callers of the same function and user."""
    blocking = request(b"/harm", cookie("blocker"), b'{"kind":"block"}')
    blocked = asyncio.create_task(Client(port).ask(blocking, patience=3600))
    await asyncio.sleep(0.5)
    ready()
    client, count = Client(port), 1
    async for _ in paced(rate):
        await client.expect("another caller", request(b"/harm", cookie("blocker"), b"{}"))
        count += 1
    if blocked.done():
        fault("the blocked call was answered")
    blocked.cancel()
    return "calls, the first of which blocks a worker", count


STREAMS = 90
DEADLINE = 30


async def unread(port, rate):
    """HTTP/2 streams with answers that are never read, on connections that one stream keeps alive."""
    clients = [await http2.Client.connect(port) for _ in range(10)]
    ticks = json.dumps({"text": "t", "chunks": 1_000_000, "delay_ms": 500}).encode()
    alive = [client.post("/stream/stream", f"reader-{number}", ticks, window=1 << 30)
             for number, client in enumerate(clients)]
    ready()
    body = json.dumps({"text": "x" * 1023, "times": 32}).encode()
    count = 0
    async for number in paced(rate):
        if count == STREAMS * len(clients):
            break
        clients[number % len(clients)].post("/big", "hoarder", body)
        count += 1
        if number % 50 == 0:
            for client in clients:
                client.ping()
    await STOP.wait()
    # The attackers stay, with the stream that lives, until each unread one has met its deadline.
    patience = time.monotonic() + DEADLINE + 5
    while sum(len(client.resets) for client in clients) < count and time.monotonic() < patience:
        before = [client.bodies.get(stream, 0) for client, stream in zip(clients, alive)]
        await asyncio.sleep(2)
        for client, stream, seen in zip(clients, alive, before):
            client.ping()
            if client.gone or client.bodies.get(stream, 0) <= seen:
                fault(f"a stream that was read has ended or stands still: {client.gone}")
    unended = count - sum(len(client.resets) for client in clients)
    if unended:
        fault(f"{unended} of {count} unread streams outlived the deadline")
    if any(number != alive[0] and body for client in clients for number, body in client.bodies.items()):
        fault("the body of an unread stream was sent")
    return f"unread answers of 32 KiB on {len(clients)} living connections", count


async def log_lines(port, rate):
    """Requests that each make a long line of the log, whose reader has stopped."""
    ready()
    client, count = Client(port), 0
    path = b"/" + b"x" * 7000
    async for _ in paced(rate):
        await client.expect("a writer", request(path, cookie("writer"), b"", "GET"), wanted=404)
        count += 1
    return "requests with 7 KB of log each", count


PLACES = 8


async def leaving(port, rate, seconds):
    """Clients that half-close after their request, and clients that reset their connection while their call waits."""
    waiting = request(b"/sleep", cookie("sleeper"), b"{}")
    # All places of a user are held to the end of the attack, so that every call behind them waits.
    holding = request(b"/sleep", cookie("sleeper"), b'{"ms":%d}' % (1000 * seconds))
    holders = [asyncio.create_task(Client(port).ask(holding, patience=3600)) for _ in range(PLACES)]
    # The holders hold all places when a call waits for a whole second; those that did not wait are counted below.
    begun = PLACES
    while True:
        client = Client(port)
        asking = asyncio.create_task(client.ask(waiting))
        answered, _ = await asyncio.wait([asking], timeout=1)
        client.close(reset=True)
        asking.cancel()
        if not answered:
            break
        begun += 1
    ready()

    async def half_closing(number):
        client = Client(port)
        message = request(b"/v1/workflow", cookie(f"half-{number % 100}"), b"{}")
        await client.expect("a half-closed request", message, half_close=True)
        client.close()

    async def resetting():
        client = Client(port)
        asking = asyncio.create_task(client.ask(waiting))
        await asyncio.sleep(random.uniform(0.05, 0.3))
        if asking.done():
            fault(f"a call that should wait was answered {asking.result()}")
        asking.cancel()
        client.close(reset=True)

    pending, count = set(), 0
    async for number in paced(rate):
        task = asyncio.create_task(half_closing(number) if number % 2 else resetting())
        pending.add(task)
        task.add_done_callback(pending.discard)
        count += 1
    await asyncio.gather(*pending)
    for status, body in await asyncio.gather(*holders):
        if status != 200:
            fault(f"a holder was answered {status} {body!r}")
    # The function counts the calls that were begun.
    status, body = await Client(port).ask(waiting)
    if status != 200 or json.loads(body)["calls"] != begun + 1:
        fault(f"calls of clients that had left were begun: {status} {body!r} after {begun} others")
    return "clients, half of them half-closing, half resetting while queued", count


async def fill(port, rate, users):
    """Users who come once and are idle then; the requests are pipelined to get them all in time."""
    readers = [await asyncio.open_connection("127.0.0.1", port) for _ in range(8)]

    async def one(number, reader, writer):
        mine = range(number, users, len(readers))
        due = time.monotonic()
        for first in range(0, len(mine), 20):
            batch = mine[first:first + 20]
            writer.write(b"".join(request(b"/v1/workflow", cookie(f"idle-{user}"), b"{}") for user in batch))
            for _ in batch:
                head = await reader.readuntil(b"\r\n\r\n")
                await reader.readexactly(int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0]))
                if not head.startswith(b"HTTP/1.1 200"):
                    fault(f"a newcomer was answered {head[:40]!r}")
            due += len(batch) * len(readers) / rate
            await asyncio.sleep(max(0, due - time.monotonic()))

    await asyncio.gather(*(one(number, *pair) for number, pair in enumerate(readers)))
    ready()
    await STOP.wait()
    for _, writer in readers:
        writer.close()
    return "users who become idle together", users


async def newcomers(port, rate):
    """100 connections, a new user with every request, at a table of 300."""
    clients = collections.deque(Client(port) for _ in range(100))
    for number in range(300):
        await clients[number % 100].ask(request(b"/v1/workflow", cookie(f"first-{number}"), b"{}"))
    ready()
    pending, count = set(), 0

    async def one(client, number):
        body = await client.expect("a newcomer", request(b"/v1/workflow", cookie(f"new-{number}"), b"{}"))
        clients.append(client)
        if body is not None and json.loads(body)["calls"] != 1:
            fault(f"a newcomer was answered {body!r}")

    async for number in paced(rate):
        # All 100 wait for their answers.
        if not clients:
            continue
        task = asyncio.create_task(one(clients.popleft(), number))
        pending.add(task)
        task.add_done_callback(pending.discard)
        count += 1
    await asyncio.gather(*pending)
    return "newcomers at a full table", count


async def block_one(port, _rate):
    """A call that blocks the worker that it comes to. Leaves when it has had the time to."""
    asking = asyncio.create_task(Client(port).ask(request(b"/harm", cookie(f"b-{os.getpid()}"), b'{"kind":"block"}')))
    await asyncio.sleep(0.5)
    ready()
    asking.cancel()
    return "one call", 1


ATTACKS = {
    "block": lambda port, rate, _: block_one(port, rate),
    "A": lambda port, rate, _: names(port, rate, ["cookie", "bearer", "api key", "basic"]),
    "A'": lambda port, rate, _: names(port, rate, ["header"]),
    "B": lambda port, rate, _: preface_byte(port, rate),
    "C": lambda port, rate, _: block(port, rate),
    "D": lambda port, rate, _: unread(port, rate),
    "E": lambda port, rate, _: log_lines(port, rate),
    "F": leaving,
    "G": fill,
    "H": lambda port, rate, _: newcomers(port, rate),
}


async def attack(letter, port, rate, amount):
    # The standard input is watched by the loop; its end is the end of the attack.
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)

    async def watch():
        await reader.read()
        STOP.set()

    watching = asyncio.create_task(watch())
    sent, count = await ATTACKS[letter](port, rate, amount)
    await watching
    print(json.dumps({"sent": sent, "count": count, "faults": FAULTS}), flush=True)


def main():
    letter, port, rate, amount = sys.argv[1:]
    os.nice(19)
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    asyncio.run(attack(letter, int(port), float(rate), int(amount)))


if __name__ == "__main__":
    main()
