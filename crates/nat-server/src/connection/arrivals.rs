//! What has been read from a connection of HTTP/1, and whether all of it belongs to requests that are known.
//!
//! The parser does not say how much it holds of the next request. But the end of what was read shows it: a head and a
//! body in chunks end with an empty line, and a body of known length is passed on without a copy, so that its end lies in
//! memory where the last read ended. Only addresses are compared, and where one is mistaken a connection ends a little
//! sooner or later in the drain.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};

/// The reads of one connection.
#[derive(Debug, Default)]
pub(crate) struct Arrivals {
    /// Whether bytes have been read that belong to no request yet.
    of_the_next: AtomicBool,
    /// The last four bytes.
    tail: AtomicU32,
    /// The address behind the last of them.
    end: AtomicUsize,
}

impl Arrivals {
    /// Takes note of a read; only the socket does.
    pub(crate) fn note(&self, bytes: &[u8]) {
        let tail = match bytes.last_chunk() {
            Some(tail) => u32::from_be_bytes(*tail),
            None => bytes.iter().fold(self.tail.load(Ordering::Relaxed), |tail, byte| tail << 8 | u32::from(*byte)),
        };
        self.tail.store(tail, Ordering::Relaxed);
        self.end.store(end(bytes), Ordering::Relaxed);
        self.of_the_next.store(true, Ordering::Relaxed);
    }

    /// The parser has come to the end of a request without a body, or with one in chunks.
    pub(super) fn end_of_lines(&self) {
        let tail = self.tail.load(Ordering::Relaxed).to_be_bytes();
        let is_all = tail.ends_with(b"\n\r\n") || tail.ends_with(b"\n\n");
        self.of_the_next.store(!is_all, Ordering::Relaxed);
    }

    /// It has come to the end of a body of known length, which ends at an address.
    pub(super) fn end_of_body(&self, end: usize) {
        self.of_the_next.store(end != self.end.load(Ordering::Relaxed), Ordering::Relaxed);
    }

    /// Whether part of the next request has been read.
    pub(super) fn has_begun(&self) -> bool {
        self.of_the_next.load(Ordering::Relaxed)
    }
}

/// The address behind the last byte.
pub(crate) fn end(bytes: &[u8]) -> usize {
    bytes.as_ptr_range().end.addr()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_what_was_read_is_the_end_of_the_request_or_not() {
        for (reads, begun) in [
            (&["GET / HTTP/1.1\r\n\r\n"][..], false),
            (&["GET / HTTP/1.1\n\n"], false),
            (&["GET / HTTP/1.1\r\n\r", "\n"], false),
            (&["GET / HTTP/1.1", "\r", "\n", "\r", "\n"], false),
            (&["GET / HTTP/1.1\r\n\r\nG"], true),
            (&["GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\n"], true),
        ] {
            let arrivals = Arrivals::default();
            reads.iter().for_each(|read| arrivals.note(read.as_bytes()));
            assert!(arrivals.has_begun());
            arrivals.end_of_lines();
            assert_eq!(arrivals.has_begun(), begun, "{reads:?}");
        }
        let (arrivals, read) = (Arrivals::default(), b"head {} GET");
        arrivals.note(read);
        arrivals.end_of_body(end(&read[5..7]));
        assert!(arrivals.has_begun());
        arrivals.note(&read[..7]);
        arrivals.end_of_body(end(&read[5..7]));
        assert!(!arrivals.has_begun());
    }
}
