//! Many HTTP/2 answers on one slow link: those whose turn has not come wait for it, those that their client leaves unread
//! do not wait for ever.

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::{Instant, interval, timeout};

use super::frames::{Client, DATA, Frame, HEADERS, RST_STREAM, request};
use super::sockets::{Running, WRITE_TIMEOUT, about, serve};
use crate::connection::PIECE;

const REPEAT: &str = "workflow: {_type: repeat}";
const WINDOW: u32 = 0x7fff_ffff;

/// An answer of about `length` bytes.
fn long(length: usize) -> String {
    format!(r#"{{"text":"x","times":{}}}"#, length / 2)
}

async fn ask(client: &mut Client, streams: impl Iterator<Item = u32>, length: usize) {
    for stream in streams {
        client.send(&request(stream, "POST", "/generate", "user", &long(length))).await;
    }
}

/// The link has room for 64 KiB at once and 16 KiB more every second, and every stream could take all of it: a turn of
/// sixty streams takes twice as long as the write deadline.
#[tokio::test(start_paused = true)]
async fn sixty_answers_come_over_a_slow_link() {
    const LENGTH: usize = 200 * 1024;
    let server = serve("", "", REPEAT).await;
    let mut client = Client::connect_within(&server, WINDOW, 0).await;
    ask(&mut client, (0..60).map(|number| 2 * number + 1), LENGTH).await;
    let mut link = interval(Duration::from_secs(1));
    let started = Instant::now();
    let mut taken: HashMap<u32, usize> = HashMap::new();
    let mut ended = 0;
    while ended < 60 {
        tokio::select! {
            biased;
            frame = client.next() => {
                let Frame { kind, stream, .. } = *frame.as_ref().expect("the connection goes on");
                let frame = frame.expect("there is one");
                assert!(kind == HEADERS || kind == DATA, "a frame of kind {kind} on {stream}");
                *taken.entry(stream).or_default() += if kind == DATA { frame.payload.len() } else { 0 };
                ended += usize::from(frame.ends_stream());
            }
            _ = link.tick() => client.open_window(0, u32::try_from(PIECE).unwrap()).await,
        }
    }
    assert!(taken.len() == 60 && taken.values().all(|taken| *taken >= LENGTH - 1), "{taken:?}");
    assert!(started.elapsed() > 20 * WRITE_TIMEOUT, "{:?} is no slow link", started.elapsed());
}

/// When streams 3 and 5, which have no window, are reset beside stream 1, whose window opens by `by` in every `pause`.
async fn resets_beside(server: &Running, by: usize, pause: Duration) -> Duration {
    let mut client = Client::connect(server, 0).await;
    ask(&mut client, 1..=1, 6 << 20).await;
    ask(&mut client, [3, 5].into_iter(), 100_000).await;
    let started = Instant::now();
    let mut trickle = interval(pause);
    let mut reset = 0;
    while reset < 2 {
        let frame = tokio::select! {
            biased;
            frame = timeout(20 * WRITE_TIMEOUT, client.next()) => frame.expect("they are reset").expect("the end"),
            _ = trickle.tick() => {
                client.open_window(1, u32::try_from(by).unwrap()).await;
                assert!(started.elapsed() < 20 * WRITE_TIMEOUT, "they are held for ever");
                continue;
            }
        };
        assert!(frame.stream != 1 || frame.kind != RST_STREAM, "the one that is read was reset");
        reset += usize::from(frame.kind == RST_STREAM);
    }
    started.elapsed()
}

#[tokio::test(start_paused = true)]
async fn unread_answers_are_reset_beside_one_that_is_read() {
    let server = serve("", "", REPEAT).await;
    let step = WRITE_TIMEOUT / 10;
    // As little as keeps a stream alive; half of what is worth to be waited for; more than all could take in turn.
    about(resets_beside(&server, PIECE, WRITE_TIMEOUT - step).await, WRITE_TIMEOUT);
    about(resets_beside(&server, PIECE / 2, step).await, WRITE_TIMEOUT);
    about(resets_beside(&server, 24 * PIECE, step).await, WRITE_TIMEOUT);
    // As if the link were slow, to keep the others: that ends too.
    let held = resets_beside(&server, PIECE, step).await;
    assert!(held > WRITE_TIMEOUT && held < 9 * WRITE_TIMEOUT, "{held:?}");
}
