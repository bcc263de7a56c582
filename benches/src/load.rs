//! The clients: a closed loop over keep-alive connections, as little work for each request as will do.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::served::Served;

const CONNECTIONS: usize = 32;
const BODY: &str = r#"{"message":"hello"}"#;

/// One measurement.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Pace {
    /// Requests in a second.
    pub(crate) rate: f64,
    /// Of single requests.
    pub(crate) p50: Duration,
    /// Of single requests.
    pub(crate) p99: Duration,
    /// Processor time of the server for one request.
    pub(crate) cpu: Duration,
}

/// Requests of `users` users in turn, for as long as `window`.
pub(crate) async fn closed_loop(server: &Served, users: usize, window: Duration) -> io::Result<Pace> {
    let next = Arc::new(AtomicUsize::new(0));
    let (begin, used) = (Instant::now(), server.processor_time());
    let enough = move |_| begin.elapsed() >= window;
    let latencies = clients(server.address, &next, users, enough).await?;
    Ok(Pace::of(latencies, begin.elapsed(), server.processor_time() - used))
}

/// One request of each user; the first of all of them if the server is fresh.
pub(crate) async fn once_each(server: &Served, users: usize) -> io::Result<Pace> {
    let next = Arc::new(AtomicUsize::new(0));
    let (begin, used) = (Instant::now(), server.processor_time());
    let latencies = clients(server.address, &next, users, move |number| number >= users).await?;
    Ok(Pace::of(latencies, begin.elapsed(), server.processor_time() - used))
}

async fn clients(
    address: SocketAddr,
    next: &Arc<AtomicUsize>,
    users: usize,
    enough: impl Fn(usize) -> bool + Copy + Send + 'static,
) -> io::Result<Vec<Duration>> {
    let mut clients = JoinSet::new();
    for _ in 0..CONNECTIONS {
        let next = next.clone();
        clients.spawn(async move {
            let mut stream = TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            let (mut latencies, mut answer) = (Vec::with_capacity(1 << 16), Vec::with_capacity(1024));
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if enough(number) {
                    return Ok::<_, io::Error>(latencies);
                }
                let begin = Instant::now();
                stream.write_all(request(number % users).as_bytes()).await?;
                read_answer(&mut stream, &mut answer).await?;
                latencies.push(begin.elapsed());
            }
        });
    }
    let mut all = Vec::new();
    while let Some(ended) = clients.join_next().await {
        all.extend(ended.map_err(io::Error::other)??);
    }
    Ok(all)
}

fn request(user: usize) -> String {
    format!(
        "POST /generate HTTP/1.1\r\nHost: localhost\r\ncontent-type: application/json\r\ncookie: nat-session=user-{user}\r\n\
         content-length: {}\r\n\r\n{BODY}",
        BODY.len()
    )
}

/// Reads one whole answer, which must be a 200.
async fn read_answer(stream: &mut TcpStream, answer: &mut Vec<u8>) -> io::Result<()> {
    answer.clear();
    loop {
        if stream.read_buf(answer).await? == 0 {
            return Err(io::Error::other("the server closed the connection"));
        }
        let Some(head) = memchr::memmem::find(answer, b"\r\n\r\n") else { continue };
        let text = std::str::from_utf8(&answer[..head]).map_err(io::Error::other)?;
        if !text.starts_with("HTTP/1.1 200") {
            return Err(io::Error::other(format!("not a 200: {}", String::from_utf8_lossy(answer))));
        }
        let length = text.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
        });
        let length = length.ok_or_else(|| io::Error::other("an answer without a length"))?;
        while answer.len() < head + 4 + length {
            if stream.read_buf(answer).await? == 0 {
                return Err(io::Error::other("half an answer"));
            }
        }
        return Ok(());
    }
}

impl Pace {
    fn of(mut latencies: Vec<Duration>, took: Duration, used: Duration) -> Self {
        latencies.sort_unstable();
        let at = |hundredth: usize| latencies.get(latencies.len() * hundredth / 100).copied().unwrap_or_default();
        let cpu = used.checked_div(u32::try_from(latencies.len()).unwrap_or(u32::MAX)).unwrap_or_default();
        Self { rate: latencies.len() as f64 / took.as_secs_f64(), p50: at(50), p99: at(99), cpu }
    }
}
