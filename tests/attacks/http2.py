"""The few frames of HTTP/2 (RFC 9113) that an attacker needs, by hand: no library would leave answers unread."""

import asyncio
import struct

DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE = 0x0, 0x1, 0x3, 0x4, 0x6, 0x7, 0x8
END_STREAM, ACK, END_HEADERS = 0x1, 0x1, 0x4
INITIAL_WINDOW_SIZE = 0x4
# As much as a window may be opened at once.
WIDE = (1 << 31) - 1 - 65535


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def literal(index, value):
    """A header field without indexing, its name from the static table (RFC 7541, 6.2.2), its value not compressed."""
    name = bytes([index]) if index < 15 else bytes([15, index - 15])
    assert len(value) < 127
    return name + bytes([len(value)]) + value.encode()


class Client:
    """A connection whose streams begin with a window of 0: nothing of an answer's body may be sent."""

    @classmethod
    async def connect(cls, port):
        self = cls()
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", port)
        self.next_stream = 1
        # Streams that the server reset, and bytes of bodies by stream.
        self.resets, self.bodies, self.gone = [], {}, None
        closed = frame(SETTINGS, 0, 0, struct.pack(">HI", INITIAL_WINDOW_SIZE, 0))
        self.writer.write(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + closed + self.window(0, WIDE))
        self.reading = asyncio.create_task(self.read())
        return self

    @staticmethod
    def window(stream, size):
        return frame(WINDOW_UPDATE, 0, stream, struct.pack(">I", size))

    def post(self, path, user, body, window=0):
        """Sends a request, opens its window as far as told, and gives its stream."""
        stream, self.next_stream = self.next_stream, self.next_stream + 2
        # `:method POST`, `:scheme http`, and then `:path`, `:authority`, content-length, content-type and cookie.
        fields = b"\x83\x86" + literal(4, path) + literal(1, "127.0.0.1") + literal(28, str(len(body)))
        fields += literal(31, "application/json") + literal(32, f"nat-session={user}")
        message = frame(HEADERS, END_HEADERS, stream, fields) + frame(DATA, END_STREAM, stream, body)
        self.writer.write(message + (self.window(stream, window) if window else b""))
        return stream

    def ping(self):
        self.writer.write(frame(PING, 0, 0, b"attacker"))

    async def read(self):
        try:
            while True:
                head = await self.reader.readexactly(9)
                kind, flags, stream = struct.unpack(">BBI", head[3:])
                payload = await self.reader.readexactly(int.from_bytes(head[:3], "big"))
                if kind == DATA:
                    self.bodies[stream] = self.bodies.get(stream, 0) + len(payload)
                elif kind == RST_STREAM:
                    self.resets.append(stream)
                elif kind in (SETTINGS, PING) and not flags & ACK:
                    self.writer.write(frame(kind, ACK, 0, payload if kind == PING else b""))
                elif kind == GOAWAY:
                    self.gone = f"GOAWAY {payload[4:8].hex()} {payload[8:].decode(errors='replace')}"
        except (asyncio.IncompleteReadError, OSError) as error:
            self.gone = self.gone or f"closed: {error}"
