//! gzip, frame by frame.
//!
//! A compressor holds hundreds of kilobytes, which ten thousand idle streams cannot each have. But what
//! follows a flush depends on nothing but the text before it: so each thread has one compressor, and a
//! stream keeps the end of what it said, with which the compressor is primed for the next frame.

use std::cell::RefCell;

use bytes::Bytes;
use flate2::{Compress, Compression, Crc, FlushCompress};

/// The text a stream keeps. Frames of one stream are alike, so a little of it does most of the work.
const HISTORY: usize = 2048;
/// Just enough for the history and a frame: a small window is what makes a compressor quick to clear.
const WINDOW_BITS: u8 = 12;
const LEVEL: u32 = 4;

/// Deflate, no name, no time, unknown system.
const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
/// An empty last block.
const END: [u8; 2] = [3, 0];

thread_local! {
    static COMPRESSOR: RefCell<Compress> =
        RefCell::new(Compress::new_with_window_bits(Compression::new(LEVEL), false, WINDOW_BITS));
}

/// One gzip stream in the making.
#[derive(Debug)]
pub(super) struct Frames {
    history: Vec<u8>,
    checksum: Crc,
    begun: Begun,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Begun {
    No,
    Yes,
}

impl Frames {
    pub(super) fn new() -> Self {
        Self { history: Vec::new(), checksum: Crc::new(), begun: Begun::No }
    }

    /// The frame, such that its reader can have all of it at once.
    pub(super) fn frame(&mut self, plain: &[u8]) -> Bytes {
        let mut small = self.opening(plain.len() / 2 + 64);
        if plain.is_empty() {
            return small.into();
        }
        self.checksum.update(plain);
        COMPRESSOR.with_borrow_mut(|compressor| compress(compressor, &self.history, plain, &mut small));
        let kept = plain.len().min(HISTORY);
        let forgotten = (self.history.len() + kept).saturating_sub(HISTORY);
        self.history.drain(..forgotten);
        self.history.extend_from_slice(&plain[plain.len() - kept..]);
        small.into()
    }

    /// What ends the stream.
    pub(super) fn end(&mut self) -> Bytes {
        let mut end = self.opening(10);
        end.extend_from_slice(&END);
        end.extend_from_slice(&self.checksum.sum().to_le_bytes());
        end.extend_from_slice(&self.checksum.amount().to_le_bytes());
        end.into()
    }

    fn opening(&mut self, capacity: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEADER.len() + capacity);
        if self.begun == Begun::No {
            self.begun = Begun::Yes;
            bytes.extend_from_slice(&HEADER);
        }
        bytes
    }
}

fn compress(compressor: &mut Compress, history: &[u8], plain: &[u8], small: &mut Vec<u8>) {
    compressor.reset();
    if !history.is_empty() {
        compressor.set_dictionary(history).expect("a compressor without header takes a dictionary before its text");
    }
    loop {
        let begin = usize::try_from(compressor.total_in()).expect("a frame is in memory");
        let done = compressor.compress_vec(&plain[begin..], small, FlushCompress::Sync);
        done.expect("a compressor that was just cleared is in order");
        // Room that is left over is the compressor's way to say that it has said everything.
        if small.len() < small.capacity() {
            return;
        }
        small.reserve(plain.len() / 4 + 64);
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::GzDecoder;
    use flate2::{Decompress, FlushDecompress};

    use super::*;

    /// Frames of all sizes around the ones that matter, like and unlike each other.
    fn frames() -> Vec<Vec<u8>> {
        let mut random = 1_u32;
        let mut noise = |length: usize| -> Vec<u8> {
            let next = || {
                random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (random >> 24) as u8
            };
            std::iter::repeat_with(next).take(length).collect()
        };
        let mut frames: Vec<Vec<u8>> =
            (0..50).map(|index| format!("data: {{\"value\":\"piece {index}\"}}\n\n").into_bytes()).collect();
        for length in [1, 2, 63, 64, 65, 2047, 2048, 2049, 4096, 5000, 70_000] {
            frames.push(noise(length));
            frames.push(vec![b'x'; length]);
            frames.push(format!("event {length} ").repeat(length / 8 + 1).into_bytes());
        }
        frames
    }

    #[test]
    fn any_gzip_reader_gets_all_of_it() {
        let mut encoder = Frames::new();
        let mut small: Vec<u8> = frames().iter().flat_map(|frame| encoder.frame(frame)).collect();
        small.extend(encoder.end());
        let mut plain = Vec::new();
        GzDecoder::new(&small[..]).read_to_end(&mut plain).unwrap();
        assert_eq!(plain, frames().concat());
    }

    #[test]
    fn each_frame_can_be_read_at_once() {
        let (mut encoder, mut decoder) = (Frames::new(), Decompress::new(false));
        for (index, frame) in frames().iter().enumerate() {
            let small = encoder.frame(frame);
            let skipped = if index == 0 { HEADER.len() } else { 0 };
            let mut plain = Vec::with_capacity(frame.len() + 1);
            decoder.decompress_vec(&small[skipped..], &mut plain, FlushDecompress::Sync).unwrap();
            assert_eq!(plain, *frame, "frame {index}");
        }
    }

    #[test]
    fn frames_that_are_alike_cost_little_and_streams_remember_little() {
        let mut encoder = Frames::new();
        let sizes: Vec<usize> = frames()[..50].iter().map(|frame| encoder.frame(frame).len()).collect();
        assert!(sizes[49] <= 20, "{sizes:?}");
        encoder.frame(&vec![b'x'; 100_000]);
        assert!(encoder.history.capacity() <= 2 * HISTORY);
    }

    #[test]
    fn a_stream_without_frames_is_an_empty_file() {
        let mut plain = Vec::new();
        GzDecoder::new(&Frames::new().end()[..]).read_to_end(&mut plain).unwrap();
        assert_eq!(plain, b"");
    }
}
