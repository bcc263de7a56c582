use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use super::*;

const LONG: Duration = Duration::from_secs(60);

fn dropped(count: u64) -> String {
    format!("({count} dropped)\n")
}

/// A place that takes one write for each permit, and shows what it took.
struct Gate {
    permits: Receiver<()>,
    taken: Arc<Mutex<String>>,
}

impl Write for Gate {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.permits.recv().map_err(|_| ErrorKind::BrokenPipe)?;
        self.taken.lock().push_str(std::str::from_utf8(bytes).unwrap());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn gated() -> (Queue, SyncSender<()>, Arc<Mutex<String>>) {
    let (permit, permits) = sync_channel(1 << 20);
    let taken = Arc::new(Mutex::new(String::new()));
    (Queue::new(Gate { permits, taken: taken.clone() }, dropped).unwrap(), permit, taken)
}

fn permit_all(permit: &SyncSender<()>) {
    for _ in 0..100_000 {
        permit.send(()).unwrap();
    }
}

#[test]
fn a_reader_that_stops_blocks_nobody_and_is_told_what_it_missed() {
    let (queue, permit, taken) = gated();
    let logged = MAX_LINES + 1000;
    // Returns although nothing can be written.
    for number in 0..logged {
        queue.log(&format!("line {number}\n"));
    }
    assert!(!queue.flush(LONG, Duration::from_millis(20)), "nothing is written");
    permit_all(&permit);
    assert!(queue.flush(LONG, LONG));
    queue.log("after\n");
    assert!(queue.flush(LONG, LONG));
    let taken = taken.lock().clone();
    let lines: Vec<_> = taken.lines().collect();
    let kept = lines.iter().filter(|line| line.starts_with("line ")).count();
    assert_eq!(kept, MAX_LINES);
    assert!(lines[..kept].iter().enumerate().all(|(at, line)| **line == format!("line {at}")), "in order");
    assert_eq!(lines[kept..], ["(1000 dropped)", "after"], "told where they would have stood");
}

#[test]
fn the_queue_is_bounded_in_bytes() {
    let (queue, permit, taken) = gated();
    let line = format!("{}\n", "x".repeat(1 << 20));
    for _ in 0..10 {
        queue.log(&line);
    }
    permit_all(&permit);
    assert!(queue.flush(LONG, LONG));
    let taken = taken.lock().clone();
    let kept = MAX_BYTES / line.len();
    assert_eq!(taken.lines().filter(|line| line.starts_with('x')).count(), kept);
    // One longer than the whole bound still goes through an empty queue.
    let huge = format!("{}\n", "y".repeat(2 * MAX_BYTES));
    queue.log(&huge);
    assert!(queue.flush(LONG, LONG));
}

/// Nothing more is logged after the reader is back: it is told all the same.
#[test]
fn what_was_dropped_is_told_without_a_further_line() {
    let (queue, permit, taken) = gated();
    for _ in 0..=MAX_LINES {
        queue.log("a line\n");
    }
    permit_all(&permit);
    let Queue(handle) = queue;
    let shared = handle.shared.clone();
    // The thread ends when it has written everything.
    drop(handle);
    while Arc::strong_count(&shared) > 1 {
        std::thread::yield_now();
    }
    assert!(taken.lock().ends_with("a line\n(1 dropped)\n"));
}

/// A process that ends exits when the flush is over, and the thread with it.
#[test]
fn a_flush_waits_for_the_count_of_what_was_dropped() {
    let (queue, permit, taken) = gated();
    // Each is a write of its own.
    let line = format!("{}\n", "x".repeat(PIECE));
    let kept = MAX_BYTES / line.len();
    for _ in 0..kept + 3 {
        queue.log(&line);
    }
    for _ in 0..kept {
        permit.send(()).unwrap();
    }
    assert!(!queue.flush(LONG, Duration::from_millis(200)), "the count is not written yet");
    permit.send(()).unwrap();
    assert!(queue.flush(LONG, LONG));
    assert!(taken.lock().ends_with("x\n(3 dropped)\n"));
    // Neither is it told twice, nor is there one when nothing was dropped.
    assert!(queue.flush(Duration::ZERO, Duration::ZERO));
    assert_eq!(taken.lock().matches("dropped").count(), 1);
}

#[test]
fn what_must_not_be_lost_is_taken_by_a_full_queue_and_waited_for() {
    let (queue, permit, taken) = gated();
    for _ in 0..MAX_LINES + 5 {
        queue.log("a line\n");
    }
    let kept = queue.clone();
    let waiting = std::thread::spawn(move || kept.keep("a result\n").wait());
    let deadline = Instant::now() + LONG;
    let end = "a line\n".len() * MAX_LINES + "(5 dropped)\na result\n".len();
    while queue.0.shared.state.lock().pushed < end as u64 {
        assert!(Instant::now() < deadline, "it is taken");
        std::thread::yield_now();
    }
    assert!(!waiting.is_finished());
    permit_all(&permit);
    waiting.join().unwrap();
    assert!(taken.lock().ends_with("a line\n(5 dropped)\na result\n"));
}

#[test]
fn a_flush_goes_on_while_there_is_progress() {
    let (queue, permit, _taken) = gated();
    // Each is a piece of its own.
    let line = format!("{}\n", "x".repeat(PIECE));
    for _ in 0..4 {
        queue.log(&line);
    }
    let stalled = Duration::from_secs(2);
    let slow = std::thread::spawn(move || {
        for _ in 0..4 {
            std::thread::park_timeout(Duration::from_millis(30));
            permit.send(()).unwrap();
        }
        permit
    });
    assert!(queue.flush(LONG, stalled));
    slow.join().unwrap();
    assert!(queue.flush(Duration::ZERO, Duration::ZERO), "nothing waits");
}

#[test]
fn a_reader_that_goes_away_keeps_nobody_waiting() {
    let (queue, permit, _taken) = gated();
    drop(permit);
    queue.log("a line\n");
    queue.keep("a result\n").wait();
    assert!(queue.flush(LONG, LONG));
}

/// A terminal or socket may be made non-blocking by a program that shares it; nothing is lost by that.
#[test]
fn a_place_that_does_not_block_is_waited_for() {
    let (reader, place) = UnixStream::pair().unwrap();
    place.set_nonblocking(true).unwrap();
    let queue = Queue::new(std::fs::File::from(OwnedFd::from(place)), dropped).unwrap();
    let line = format!("{}\n", "x".repeat(9999));
    for _ in 0..300 {
        queue.log(&line);
    }
    let reading = std::thread::spawn(move || io::read_to_string(reader).unwrap());
    assert!(queue.flush(LONG, LONG));
    drop(queue);
    assert_eq!(reading.join().unwrap(), line.repeat(300));
}

#[test]
fn pieces_are_whole_lines() {
    let long = format!("{}\n", "z".repeat(PIECE * 2));
    let short = "short\n".repeat(1000);
    let text = format!("{short}{long}no end");
    let pieces: Vec<_> = pieces(&text).collect();
    assert_eq!(pieces.concat(), text);
    assert!(pieces.iter().all(|piece| piece.len() <= PIECE || **piece == *long));
    assert!(pieces[..pieces.len() - 1].iter().all(|piece| piece.ends_with('\n')));
}
