//! A socket that gives up on a client who does not read, and hears out one who was refused while speaking.

use std::future::Future;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep};

use crate::connection::Client;

/// How long a client may go on sending after it has been refused.
pub(crate) const LINGER: Duration = Duration::from_secs(2);
/// And how much.
pub(crate) const MAX_LINGER_BYTES: usize = 16 * 1024 * 1024;

/// Head and body of nearly every answer fit in here, and the system takes one piece at less cost than two.
const SMALL: usize = 1024;

/// A TCP stream whose writes fail when the peer takes nothing for `limit`. A write that goes through
/// at once, as nearly all do, costs nothing more.
pub(crate) struct Socket {
    stream: TcpStream,
    client: Arc<Client>,
    limit: Duration,
    /// Set while a write waits for the peer; the connection counts as busy then.
    stall: Option<Pin<Box<Sleep>>>,
    lingering: Option<Lingering>,
}

/// Reading on after the last write. To close with bytes unread would reset the connection, and the reset
/// could overtake the answer that says why.
struct Lingering {
    end: Pin<Box<Sleep>>,
    bytes_left: usize,
}

impl Socket {
    pub(crate) fn new(stream: TcpStream, client: Arc<Client>, limit: Duration) -> Self {
        forget_the_vanished(&stream, limit);
        Self { stream, client, limit, stall: None, lingering: None }
    }

    fn timed<T>(&mut self, cx: &mut Context<'_>, polled: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if polled.is_ready() {
            if self.stall.take().is_some() {
                self.client.pulse.end();
            }
            return polled;
        }
        let stall = self.stall.get_or_insert_with(|| {
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

impl AsyncRead for Socket {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Socket {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.timed(cx, polled)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let stream = Pin::new(&mut self.stream);
        let mut small = [0; SMALL];
        let polled = match joined(bytes, &mut small) {
            Some(together) => stream.poll_write(cx, together),
            None => stream.poll_write_vectored(cx, bytes),
        };
        self.timed(cx, polled)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.stream).poll_shutdown(cx))?;
        if !self.client.sends_on.load(Ordering::Relaxed) {
            return Poll::Ready(Ok(()));
        }
        let Self { stream, lingering, .. } = &mut *self;
        let lingering =
            lingering.get_or_insert_with(|| Lingering { end: Box::pin(sleep(LINGER)), bytes_left: MAX_LINGER_BYTES });
        let mut scratch = [0; 8 * 1024];
        while lingering.bytes_left > 0 && lingering.end.as_mut().poll(cx).is_pending() {
            let mut unread = ReadBuf::new(&mut scratch);
            // A client that is gone has heard enough.
            let read = ready!(Pin::new(&mut *stream).poll_read(cx, &mut unread));
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
