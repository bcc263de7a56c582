//! An HTTP/2 client that decides about every frame: what windows it opens, and what it leaves unanswered.

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::sockets::Running;
use crate::testing::soon;

pub(super) const DATA: u8 = 0;
pub(super) const HEADERS: u8 = 1;
pub(super) const RST_STREAM: u8 = 3;
pub(super) const SETTINGS: u8 = 4;
pub(super) const PING: u8 = 6;
pub(super) const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;

pub(super) const END_STREAM: u8 = 1;
const ACK: u8 = 1;
const END_HEADERS: u8 = 4;
/// The error code of a stream that is given up.
pub(super) const CANCEL: u32 = 8;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) kind: u8,
    pub(super) flags: u8,
    pub(super) stream: u32,
    pub(super) payload: Bytes,
}

pub(super) struct Client {
    pub(super) stream: TcpStream,
    received: BytesMut,
}

impl Frame {
    pub(super) fn ends_stream(&self) -> bool {
        matches!(self.kind, DATA | HEADERS) && self.flags & END_STREAM != 0
    }
}

/// One frame as it is sent.
pub(super) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let head = [&length[1..], &[kind, flags], &stream.to_be_bytes()].concat();
    [head, payload.to_vec()].concat()
}

/// A request with all of its body.
pub(super) fn request(stream: u32, method: &str, path: &str, user: &str, body: &str) -> Vec<u8> {
    let cookie = format!("nat-session={user}");
    let fields = [
        (":method", method),
        (":scheme", "http"),
        (":path", path),
        (":authority", "h"),
        ("content-type", "application/json"),
        ("cookie", &cookie),
    ];
    let mut block = Vec::new();
    for (name, value) in fields {
        // Literal fields that are not indexed, with new names; every text is short.
        block.push(0);
        for text in [name, value] {
            block.push(u8::try_from(text.len()).unwrap());
            block.extend_from_slice(text.as_bytes());
        }
    }
    let end = if body.is_empty() { END_STREAM } else { 0 };
    let mut bytes = frame(HEADERS, END_HEADERS | end, stream, &block);
    if !body.is_empty() {
        bytes.extend(frame(DATA, END_STREAM, stream, body.as_bytes()));
    }
    bytes
}

impl Client {
    /// Connects, with a window of `window` bytes for each stream, and as much as there can be for all together.
    pub(super) async fn connect(server: &Running, window: u32) -> Self {
        Self::connect_within(server, window, i32::MAX as u32 - 65_535).await
    }

    /// The same, with `more` bytes for all streams together than the 65,535 of the beginning.
    pub(super) async fn connect_within(server: &Running, window: u32, more: u32) -> Self {
        let mut client = Self { stream: server.connect().await, received: BytesMut::new() };
        client.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await;
        // SETTINGS_INITIAL_WINDOW_SIZE
        client.send(&frame(SETTINGS, 0, 0, &[&[0, 4][..], &window.to_be_bytes()].concat())).await;
        if more > 0 {
            client.open_window(0, more).await;
        }
        client
    }

    pub(super) async fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
    }

    pub(super) async fn open_window(&mut self, stream: u32, by: u32) {
        self.send(&frame(WINDOW_UPDATE, 0, stream, &by.to_be_bytes())).await;
    }

    pub(super) async fn reset(&mut self, stream: u32) {
        self.send(&frame(RST_STREAM, 0, stream, &CANCEL.to_be_bytes())).await;
    }

    /// The next frame about a stream, or the GOAWAY; `None` at the end. What the server asks of the connection is
    /// answered, as by a client that is well and leaves its answers unread.
    pub(super) async fn next(&mut self) -> Option<Frame> {
        loop {
            let frame = self.receive().await?;
            match (frame.kind, frame.flags & ACK) {
                (SETTINGS, 0) => self.send(&self::frame(SETTINGS, ACK, 0, &[])).await,
                (PING, 0) => self.send(&self::frame(PING, ACK, 0, &frame.payload)).await,
                (SETTINGS | PING | WINDOW_UPDATE, _) => {}
                _ => return Some(frame),
            }
        }
    }

    /// The next frame of `kind` about `stream`.
    pub(super) async fn until(&mut self, kind: u8, stream: u32) -> Frame {
        loop {
            let frame = soon("a frame", self.next()).await.expect("the connection has ended");
            if (frame.kind, frame.stream) == (kind, stream) {
                return frame;
            }
        }
    }

    async fn receive(&mut self) -> Option<Frame> {
        loop {
            if let Some(head) = self.received.first_chunk::<9>().copied() {
                let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
                if self.received.len() >= 9 + length {
                    self.received.advance(9);
                    let payload = self.received.split_to(length).freeze();
                    let stream = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
                    return Some(Frame { kind: head[3], flags: head[4], stream, payload });
                }
            }
            // A connection that is cut may be reset.
            if self.stream.read_buf(&mut self.received).await.unwrap_or(0) == 0 {
                return None;
            }
        }
    }
}
