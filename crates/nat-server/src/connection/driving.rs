//! A connection from its first request to its end: who has been silent for too long, and what the drain lets go on.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::pacing::Paced;
use super::{Client, GRACE, Phase};
use crate::reply::Body;
use crate::socket::{DRAIN_LINGER, LINGER, has_unread, reset};

/// In a drain a connection may be silent for longer than the socket reads on behind its last answer, or the answer to an
/// upload would be lost to a reset.
const AFTER_THE_ANSWER: Duration = LINGER.saturating_add(Duration::from_millis(500));

/// Why a connection ended.
pub(super) enum End {
    Closed(hyper::Result<()>),
    /// By its peer, or by the system.
    Reset,
    Silent,
    Over,
}

/// A connection that can be asked to end after what it is doing.
pub(super) trait Graceful: Future<Output = hyper::Result<()>> {
    /// How a connection ends whose client has been silent for too long.
    const WHEN_SILENT: WhenSilent;
    /// How the drain begins for a connection without a request.
    const WHEN_DRAINED: WhenDrained;

    fn finish(self: Pin<&mut Self>);
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum WhenSilent {
    Drop,
    /// The client is told first, and the connection dropped later.
    FinishFirst,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum WhenDrained {
    /// `finish` closes it at once, and a request that is on its way would be cut: so it comes a little later.
    WaitForRequests,
    /// The client is told up to which request it will be answered.
    Finish,
}

impl<I, S> Graceful for http1::UpgradeableConnection<I, S>
where
    Self: Future<Output = hyper::Result<()>>,
    I: hyper::rt::Read + hyper::rt::Write + Unpin,
    S: hyper::service::HttpService<Incoming, ResBody = Body>,
    S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    const WHEN_SILENT: WhenSilent = WhenSilent::Drop;
    const WHEN_DRAINED: WhenDrained = WhenDrained::WaitForRequests;

    fn finish(self: Pin<&mut Self>) {
        self.graceful_shutdown();
    }
}

impl<I, S, E> Graceful for http2::Connection<I, S, E>
where
    Self: Future<Output = hyper::Result<()>>,
    I: hyper::rt::Read + hyper::rt::Write + Unpin,
    S: hyper::service::HttpService<Incoming, ResBody = Paced>,
    S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    E: hyper::rt::bounds::Http2ServerConnExec<S::Future, Paced>,
{
    const WHEN_SILENT: WhenSilent = WhenSilent::FinishFirst;
    const WHEN_DRAINED: WhenDrained = WhenDrained::Finish;

    fn finish(self: Pin<&mut Self>) {
        self.graceful_shutdown();
    }
}

/// What the next ring of the timer means.
#[derive(Clone, Copy)]
enum Stage {
    /// Requests may come; each silence of this length is looked at.
    Open(Duration),
    /// The drain has begun, and requests that are on their way are waited for until then.
    LastRequests(Instant),
    /// The connection has been asked to end, and is dropped after this much silence.
    Ending(Duration),
}

/// Drives `connection` to its end. Dropping it drops the requests that are being answered on it.
pub(super) async fn drive<C: Graceful>(
    connection: C,
    stream: &TcpStream,
    client: &Client,
    mut phase: watch::Receiver<Phase>,
    header_timeout: Duration,
) -> End {
    let pulse = &client.pulse;
    let mut connection = pin!(connection);
    // While it waits for a request the connection hears of a reset by reading.
    let mut reset = pin!(reset(stream));
    let mut reset = poll_fn(|cx| if pulse.is_silent() { Poll::Pending } else { reset.as_mut().poll(cx) });
    let mut stage = match C::WHEN_SILENT {
        WhenSilent::Drop => Stage::Ending(header_timeout),
        WhenSilent::FinishFirst => Stage::Open(header_timeout),
    };
    let mut timer = pin!(sleep_until(pulse.silent_since() + header_timeout));
    // What happened before this receiver was looked at must be seen too.
    phase.mark_changed();
    loop {
        tokio::select! {
            biased;
            ended = connection.as_mut() => return End::Closed(ended),
            () = &mut reset => return End::Reset,
            changed = phase.changed() => match changed.map(|()| *phase.borrow_and_update()) {
                Ok(Phase::Serving) => {}
                Ok(Phase::Draining) if C::WHEN_DRAINED == WhenDrained::WaitForRequests && pulse.is_silent() => {
                    stage = Stage::LastRequests(Instant::now() + GRACE);
                    timer.as_mut().reset(Instant::now() + DRAIN_LINGER);
                }
                Ok(Phase::Draining) => {
                    connection.as_mut().finish();
                    stage = Stage::Ending(AFTER_THE_ANSWER);
                    timer.as_mut().reset(Instant::now() + AFTER_THE_ANSWER);
                }
                Ok(Phase::Over) | Err(_) => return End::Over,
            },
            () = timer.as_mut() => {
                let now = Instant::now();
                match stage {
                    Stage::Open(silence) | Stage::Ending(silence) if pulse.silent_until(now, silence) > now => {
                        timer.as_mut().reset(pulse.silent_until(now, silence));
                    }
                    Stage::Ending(_) => return End::Silent,
                    Stage::Open(_) => {
                        connection.as_mut().finish();
                        stage = Stage::Ending(GRACE);
                        timer.as_mut().reset(now + GRACE);
                    }
                    Stage::LastRequests(end) => {
                        let under_way = client.arrivals.has_begun() || has_unread(stream);
                        match pulse.is_silent() && under_way {
                            true if now < end => timer.as_mut().reset(end.min(now + DRAIN_LINGER)),
                            // Part of a head, and no more of it in all this time.
                            true => return End::Silent,
                            false => {
                                connection.as_mut().finish();
                                stage = Stage::Ending(AFTER_THE_ANSWER);
                                timer.as_mut().reset(now + AFTER_THE_ANSWER);
                            }
                        }
                    }
                }
            }
        }
    }
}
