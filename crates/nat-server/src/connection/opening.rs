//! The first bytes of a connection, which say what protocol it speaks.

use std::io;
use std::pin::pin;

use bytes::Bytes;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::{GRACE, Phase};
use crate::socket::DRAIN_LINGER;

/// The bytes with which HTTP/2 begins.
const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// Read at once: most requests are shorter, and are passed on in one piece.
const FIRST_READ: usize = 2048;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    Http1,
    Http2,
}

/// Reads until the protocol is known, and gives what was read. Waits for readiness alone: bytes that have been seen are
/// taken from the socket, so only new ones, or the end, wake this up again.
///
/// # Errors
///
/// The connection's own; `UnexpectedEof` when it ends before; `TimedOut` at `deadline`, and soon after the beginning of
/// the drain.
pub(crate) async fn open(
    stream: &TcpStream,
    mut deadline: Instant,
    phase: &mut watch::Receiver<Phase>,
) -> io::Result<(Version, Bytes)> {
    let mut first = Vec::new();
    let mut timer = pin!(sleep_until(deadline));
    phase.mark_changed();
    loop {
        tokio::select! {
            biased;
            ready = stream.readable() => {
                ready?;
                match read(stream, &mut first) {
                    Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                    Ok(_) => {}
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => continue,
                    Err(error) => return Err(error),
                }
                if let Some(version) = version(&first) {
                    return Ok((version, first.into()));
                }
            }
            changed = phase.changed() => match changed.map(|()| *phase.borrow_and_update()) {
                Ok(Phase::Serving) => {}
                // A request may be on its way, and is answered when it comes soon.
                Ok(Phase::Draining) => {
                    let grace = if first.is_empty() { DRAIN_LINGER } else { GRACE };
                    deadline = deadline.min(Instant::now() + grace);
                    timer.as_mut().reset(deadline);
                }
                Ok(Phase::Over) | Err(_) => return Err(io::ErrorKind::TimedOut.into()),
            },
            () = timer.as_mut() => return Err(io::ErrorKind::TimedOut.into()),
        }
    }
}

fn read(stream: &TcpStream, first: &mut Vec<u8>) -> io::Result<usize> {
    // On the stack, and for no longer than the call: connections that send little hold little.
    let mut room = [0; FIRST_READ];
    let length = stream.try_read(&mut room)?;
    first.extend_from_slice(&room[..length]);
    Ok(length)
}

/// `None` for a part of the preface. No HTTP/1 method begins with all of it, and nearly all differ in the second byte.
fn version(first: &[u8]) -> Option<Version> {
    let length = first.len().min(PREFACE.len());
    match first[..length] == PREFACE[..length] {
        false => Some(Version::Http1),
        true => (length == PREFACE.len()).then_some(Version::Http2),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_bytes_tell_the_protocols_apart() {
        for length in 0..PREFACE.len() {
            assert_eq!(version(&PREFACE[..length]), None, "{length}");
            let other = [&PREFACE[..length], b"?"].concat();
            assert_eq!(version(&other), Some(Version::Http1), "{length}");
        }
        assert_eq!(version(&PREFACE[..]), Some(Version::Http2));
        assert_eq!(version(&[&PREFACE[..], b"more"].concat()), Some(Version::Http2));
        // The beginning of TLS, and requests whose method begins like the preface.
        for first in [&b"\x16\x03\x01\x02\x00"[..], b"PO", b"PRI /", b"PRIX"] {
            assert_eq!(version(first), Some(Version::Http1), "{first:?}");
        }
    }
}
