//! A command that runs while the test looks at what it says.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// Nothing waits for it unless something is broken. A whole crate may have to be built meanwhile.
const PATIENCE: Duration = Duration::from_secs(600);

/// Ended when dropped.
pub(super) struct Process {
    child: Child,
    lines: Receiver<String>,
    seen: String,
}

impl Process {
    pub(super) fn start(command: &mut Command) -> Self {
        let command = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.env("NO_COLOR", "1").spawn().expect("the command starts");
        let stderr = child.stderr.take().expect("it is piped");
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });
        Self { child, lines, seen: String::new() }
    }

    /// Waits for the next line that holds `text`.
    pub(super) fn until(&mut self, text: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) => {
                    self.seen.push_str(&line);
                    self.seen.push('\n');
                    if line.contains(text) {
                        return line;
                    }
                }
                Err(RecvTimeoutError::Timeout) => panic!("no `{text}` for {PATIENCE:?}:\n{}", self.seen),
                Err(RecvTimeoutError::Disconnected) => panic!("ended without `{text}`:\n{}", self.seen),
            }
        }
    }

    /// Waits until it listens, and gives the address.
    pub(super) fn address(&mut self) -> SocketAddr {
        let line = self.until("listening on http://");
        let address = line.split("http://").nth(1).and_then(|rest| rest.split(['"', ' ']).next());
        address.and_then(|address| address.trim().parse().ok()).unwrap_or_else(|| panic!("no address in {line}"))
    }

    /// Everything it has said so far.
    pub(super) fn seen(&self) -> &str {
        &self.seen
    }

    pub(super) fn terminate(&self) {
        self.signal("TERM");
    }

    pub(super) fn signal(&self, name: &str) {
        let sent = Command::new("kill").arg(format!("-{name}")).arg(self.child.id().to_string()).status();
        assert!(sent.expect("kill runs").success());
    }

    /// Sends a signal that is a further request: one that comes with another is the same.
    pub(super) fn signal_again(&self, name: &str) {
        std::thread::sleep(Duration::from_millis(250));
        self.signal(name);
    }

    /// Waits for the end: how it ended, and everything it said.
    pub(super) fn wait(mut self) -> (ExitStatus, String) {
        while let Ok(line) = self.lines.recv_timeout(PATIENCE) {
            self.seen.push_str(&line);
            self.seen.push('\n');
        }
        let status = self.child.wait().expect("the child is ours");
        (status, std::mem::take(&mut self.seen))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// POST as `user`: the whole answer.
pub(super) fn post(address: SocketAddr, user: &str, body: &str) -> String {
    post_to(address, "/generate", user, body)
}

/// The same at another path.
pub(super) fn post_to(address: SocketAddr, path: &str, user: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("it listens");
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nCookie: nat-session={user}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(head.as_bytes()).expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it answers");
    answer
}
