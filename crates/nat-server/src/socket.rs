//! The socket of a connection: writes with a deadline, a closing that reads on, and what can be seen of the peer.

use std::future::Future;
use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::net::Shutdown;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep};

use crate::connection::{self, Client};

/// How long a client may go on sending after it has been refused.
pub(crate) const LINGER: Duration = Duration::from_secs(2);
/// And how much.
pub(crate) const MAX_LINGER_BYTES: usize = 16 * 1024 * 1024;
/// How long a connection that the drain ends is read from after its last answer.
pub(crate) const DRAIN_LINGER: Duration = Duration::from_millis(250);

/// Head and body of nearly every answer fit in here, and the system takes one piece at less cost than two.
const SMALL: usize = 1024;

/// A TCP stream whose writes fail when the peer takes nothing for `limit`. A write that goes through
/// at once, as nearly all do, costs nothing more.
pub(crate) struct Socket {
    /// Shared with the task that watches the connection: see [`reset`] and [`has_unread`].
    stream: Arc<TcpStream>,
    /// What was read before the protocol was known, and has not been passed on yet.
    first: Bytes,
    client: Arc<Client>,
    limit: Duration,
    /// Set while a write waits for the peer; the connection counts as busy then.
    stall: Option<Pin<Box<Sleep>>>,
    lingering: Option<Lingering>,
    /// Set when the last answer was kept back: who has it writes it, and closes.
    keeps_back: bool,
}

/// Reading on after the last write. To close with bytes unread would reset the connection, and the reset
/// could overtake the answer that says why.
struct Lingering {
    end: Pin<Box<Sleep>>,
    bytes_left: usize,
}

impl Socket {
    /// A socket whose first bytes are `first`; what `stream` has follows.
    pub(crate) fn new(stream: Arc<TcpStream>, first: Bytes, client: Arc<Client>, limit: Duration) -> Self {
        forget_the_vanished(&stream, limit);
        Self { stream, first, client, limit, stall: None, lingering: None, keeps_back: false }
    }

    /// Keeps an answer of the parser's own for [`connection`] to decide about, once.
    fn keep_back(&mut self, bytes: &[u8]) -> bool {
        let keeps =
            connection::is_of_the_parser(bytes) && self.client.refusal.set(Bytes::copy_from_slice(bytes)).is_ok();
        self.keeps_back |= keeps;
        keeps
    }

    fn timed(&mut self, cx: &mut Context<'_>, polled: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if let Poll::Ready(written) = &polled {
            if self.stall.take().is_some() {
                self.client.sent.block(false);
                self.client.pulse.end();
            }
            self.client.sent.add(*written.as_ref().unwrap_or(&0));
            return polled;
        }
        let stall = self.stall.get_or_insert_with(|| {
            self.client.sent.block(true);
            self.client.pulse.begin();
            Box::pin(sleep(self.limit))
        });
        stall.as_mut().poll(cx).map(|()| Err(io::Error::new(io::ErrorKind::TimedOut, "the client does not read")))
    }
}

/// A peer that vanishes without a word takes what is written into the system's buffer, and the system would try for a
/// quarter of an hour to deliver it. Streams say something every now and then, so this is how they learn of it.
fn forget_the_vanished(stream: &TcpStream, limit: Duration) {
    #[cfg(target_os = "linux")]
    if let Err(error) = socket2::SockRef::from(stream).set_tcp_user_timeout(Some(limit)) {
        tracing::debug!(%error, "a peer that vanishes will be noticed late");
    }
    #[cfg(not(target_os = "linux"))]
    let _ = (stream, limit);
}

/// The pieces in one, where that is small.
fn joined<'a>(pieces: &[IoSlice<'_>], room: &'a mut [u8; SMALL]) -> Option<&'a [u8]> {
    let mut length = 0;
    for piece in pieces {
        room.get_mut(length..length + piece.len())?.copy_from_slice(piece);
        length += piece.len();
    }
    Some(&room[..length])
}

/// Returns when the connection is broken: reset by its peer, or given up by the system. The end of what the peer sends
/// is none of that: it may have closed one direction, and wait for its answer.
pub(crate) async fn reset(stream: &TcpStream) {
    // An error means that the runtime is going, and everything with it.
    stream.ready(Interest::ERROR).await.ok();
}

/// Whether bytes have arrived that nobody has read. Asks the system, which may know more than the runtime has been told.
pub(crate) fn has_unread(stream: &TcpStream) -> bool {
    let mut byte = [MaybeUninit::uninit()];
    socket2::SockRef::from(stream).peek(&mut byte).is_ok_and(|length| length > 0)
}

fn poll_read(stream: &TcpStream, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
    loop {
        ready!(stream.poll_read_ready(cx))?;
        let (room, mut read) = (buf.remaining(), None);
        let tried = stream.try_io(Interest::READABLE, || {
            let length = stream.try_read_buf(buf)?;
            read = Some(length);
            // A read that does not fill the buffer has emptied the socket: saying so spares the read that would find
            // nothing. Only where the system reports every arrival anew.
            let emptied = cfg!(any(target_os = "linux", target_os = "macos")) && 0 < length && length < room;
            if emptied { Err(io::ErrorKind::WouldBlock.into()) } else { Ok(()) }
        });
        match (read, tried) {
            (Some(_), _) | (None, Ok(())) => return Poll::Ready(Ok(())),
            (None, Err(error)) if error.kind() == io::ErrorKind::WouldBlock => {}
            (None, Err(error)) => return Poll::Ready(Err(error)),
        }
    }
}

fn poll_write(
    stream: &TcpStream,
    cx: &mut Context<'_>,
    write: impl Fn(&TcpStream) -> io::Result<usize>,
) -> Poll<io::Result<usize>> {
    loop {
        ready!(stream.poll_write_ready(cx))?;
        match write(stream) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            written => return Poll::Ready(written),
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        if self.first.is_empty() {
            ready!(poll_read(&self.stream, cx, buf))?;
        } else {
            let length = self.first.len().min(buf.remaining());
            buf.put_slice(&self.first[..length]);
            self.first.advance(length);
        }
        let read = &buf.filled()[before..];
        if !read.is_empty() {
            self.client.arrivals.note(read);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Socket {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.keep_back(bytes) {
            return Poll::Ready(Ok(bytes.len()));
        }
        let polled = poll_write(&self.stream, cx, |stream| stream.try_write(bytes));
        self.timed(cx, polled)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let mut small = [0; SMALL];
        let polled = match joined(bytes, &mut small) {
            Some(together) if self.keep_back(together) => return Poll::Ready(Ok(together.len())),
            Some(together) => poll_write(&self.stream, cx, |stream| stream.try_write(together)),
            None => poll_write(&self.stream, cx, |stream| stream.try_write_vectored(bytes)),
        };
        self.timed(cx, polled)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.keeps_back {
            return Poll::Ready(Ok(()));
        }
        let Self { stream, client, lingering, .. } = &mut *self;
        let lingering = match lingering {
            Some(lingering) => lingering,
            None => {
                match socket2::SockRef::from(&**stream).shutdown(Shutdown::Write) {
                    // The peer was faster.
                    Err(error) if error.kind() == io::ErrorKind::NotConnected => return Poll::Ready(Ok(())),
                    result => result?,
                }
                let Some(limit) = client.linger() else { return Poll::Ready(Ok(())) };
                lingering.insert(Lingering { end: Box::pin(sleep(limit)), bytes_left: MAX_LINGER_BYTES })
            }
        };
        let mut scratch = [0; 8 * 1024];
        while lingering.bytes_left > 0 && lingering.end.as_mut().poll(cx).is_pending() {
            let mut unread = ReadBuf::new(&mut scratch);
            // A client that is gone has heard enough.
            let read = ready!(poll_read(stream, cx, &mut unread));
            if read.is_err() || unread.filled().is_empty() {
                break;
            }
            lingering.bytes_left = lingering.bytes_left.saturating_sub(unread.filled().len());
        }
        Poll::Ready(Ok(()))
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    #[test]
    fn what_is_small_is_written_in_one_piece() {
        let (half, more) = ([1; SMALL / 2], [2; SMALL / 2 + 1]);
        let pieces = [half.as_slice(), &[], &more[1..]].map(IoSlice::new);
        let mut room = [0; SMALL];
        assert_eq!(joined(&pieces, &mut room).unwrap(), [&half[..], &more[1..]].concat());
        assert_eq!(joined(&[half.as_slice(), &more].map(IoSlice::new), &mut room), None);
        assert_eq!(joined(&[], &mut room), Some([].as_slice()));
    }

    #[tokio::test]
    async fn the_system_is_told_to_give_up_in_time() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        forget_the_vanished(&stream, Duration::from_secs(30));
        let told = socket2::SockRef::from(&stream).tcp_user_timeout().unwrap();
        assert_eq!(told, Some(Duration::from_secs(30)));
    }
}
