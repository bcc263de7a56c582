//! Starts the test components' binary and talks to it as any client would.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use serde_json::Value;

/// Long enough for the slowest machine; nothing waits for it unless something is broken.
const PATIENCE: Duration = Duration::from_secs(60);

/// A served workflow, ended when dropped.
pub(crate) struct Served {
    child: Child,
    pub(crate) address: SocketAddr,
    log: Arc<Mutex<String>>,
    reader: Option<JoinHandle<()>>,
    _folder: tempfile::TempDir,
}

/// The binary with the test components, by the name that its messages show.
pub(crate) fn binary() -> &'static Path {
    static BINARY: std::sync::OnceLock<PathBuf> = std::sync::OnceLock::new();
    BINARY.get_or_init(|| named("nat-conformance", env!("CARGO_BIN_EXE_nat-tests-components")))
}

/// The same with a front end that it brings.
pub(crate) fn front_end_binary() -> &'static Path {
    static BINARY: std::sync::OnceLock<PathBuf> = std::sync::OnceLock::new();
    BINARY.get_or_init(|| named("conf_front_end", env!("CARGO_BIN_EXE_nat-tests-front-end")))
}

/// A link to a binary. Other test processes may make the same one at the same time, so it appears at once.
fn named(name: &str, binary: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let (link, new) = (folder.join(name), folder.join(format!("{name}-{}", std::process::id())));
    let _ = std::fs::remove_file(&new);
    std::os::unix::fs::symlink(binary, &new).expect("cargo has made the folder");
    std::fs::rename(&new, &link).expect("a link replaces a link");
    link
}

/// Runs the binary to its end: exit code, standard output, standard error.
pub(crate) fn nat(arguments: &[&str]) -> (Option<i32>, String, String) {
    ended(command(arguments))
}

/// The same for the binary that brings a front end.
pub(crate) fn nat_with_front_end(arguments: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::new(front_end_binary());
    command.args(arguments).env("NO_COLOR", "1").stdin(Stdio::null());
    ended(command)
}

fn ended(mut command: Command) -> (Option<i32>, String, String) {
    let ended = command.output().expect("the binary runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (ended.status.code(), text(&ended.stdout), text(&ended.stderr))
}

/// The binary with arguments, and nothing to read.
pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(binary());
    command.args(arguments).env("NO_COLOR", "1").stdin(Stdio::null());
    command
}

/// A workflow file in a folder of its own.
pub(crate) fn workflow_file(content: impl AsRef<[u8]>) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder for the test");
    let path = folder.path().join("flow.yml");
    std::fs::write(&path, content).expect("the test's file");
    (folder, path)
}

impl Served {
    /// Serves `yaml` on a free port.
    pub(crate) fn start(yaml: &str) -> Self {
        Self::start_with(yaml, &[])
    }

    /// Starts to serve `yaml`, and returns as soon as `line` has been logged: perhaps long before it listens.
    pub(crate) fn starting(yaml: &str, line: &str) -> Self {
        Self::until_logged(yaml, &[], line)
    }

    /// The same with further arguments.
    pub(crate) fn start_with(yaml: &str, arguments: &[&str]) -> Self {
        Self::until_logged(yaml, arguments, "listening on http://")
    }

    /// Serves `yaml` under limits of the shell: `ulimit` with these arguments.
    #[cfg(target_os = "linux")]
    pub(crate) fn start_under(limits: &str, yaml: &str) -> Self {
        let limited = |arguments: &[&str]| {
            let mut command = Command::new("sh");
            command.args(["-c", &format!("ulimit {limits} && exec \"$@\""), "sh"]).arg(binary()).args(arguments);
            command.env("NO_COLOR", "1").stdin(Stdio::null());
            command
        };
        Self::started(yaml, &[], "listening on http://", limited)
    }

    fn until_logged(yaml: &str, arguments: &[&str], awaited: &str) -> Self {
        Self::started(yaml, arguments, awaited, command)
    }

    /// The same for a command that is made in another way.
    pub(crate) fn started(yaml: &str, arguments: &[&str], awaited: &str, launch: impl Fn(&[&str]) -> Command) -> Self {
        let (folder, path) = workflow_file(yaml);
        let path = path.to_string_lossy().into_owned();
        let mut all =
            vec!["--log-level", "debug", "serve", "--config_file", &path, "--host", "127.0.0.1", "--port", "0"];
        all.extend(arguments);
        let mut child = launch(&all).stderr(Stdio::piped()).stdout(Stdio::null()).spawn().expect("the binary runs");
        let log = Arc::new(Mutex::new(String::new()));
        let (sender, receiver) = std::sync::mpsc::channel();
        let stderr = child.stderr.take().expect("it is piped");
        let written = log.clone();
        let awaited = awaited.to_owned();
        let reader = std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                if line.contains(&awaited) {
                    let address = line.split("http://").nth(1).unwrap_or("0.0.0.0:0");
                    let _ = sender.send(address.trim().split([' ', '/', '"']).next().unwrap_or_default().parse());
                }
                let mut log = written.lock();
                log.push_str(&line);
                log.push('\n');
            }
        });
        match receiver.recv_timeout(PATIENCE) {
            Ok(Ok(address)) => Self { child, address, log, reader: Some(reader), _folder: folder },
            other => {
                let _ = child.kill();
                panic!("the server does not log what is waited for ({other:?}):\n{}", log.lock());
            }
        }
    }

    /// What has been logged so far.
    pub(crate) fn log(&self) -> String {
        self.log.lock().clone()
    }

    /// Sends a signal by its name (`TERM`, `INT`).
    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill").arg(format!("-{name}")).arg(self.child.id().to_string()).status();
        assert!(sent.expect("kill runs").success());
    }

    /// Sends a signal that is a further request: one that comes with another is the same.
    pub(crate) fn signal_again(&self, name: &str) {
        std::thread::sleep(Duration::from_millis(250));
        self.signal(name);
    }

    /// Waits until `text` has been logged `times`.
    pub(crate) fn until_logs(&self, text: &str, times: usize) {
        let deadline = Instant::now() + PATIENCE;
        while self.log().matches(text).count() < times {
            assert!(Instant::now() < deadline, "waited in vain for `{text}`:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// The number of the process.
    #[cfg(target_os = "linux")]
    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }

    /// The memory that the process has for itself, without the pages of its binary.
    #[cfg(target_os = "linux")]
    pub(crate) fn resident_kib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("it runs");
        let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).expect("it has memory");
        line.trim().trim_end_matches(" kB").parse().expect("a number")
    }

    /// Waits for the end: how it ended, and the whole log.
    pub(crate) fn wait(mut self) -> (std::process::ExitStatus, String) {
        let deadline = Instant::now() + PATIENCE;
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("the child is ours") {
                break status;
            }
            assert!(Instant::now() < deadline, "the server does not end:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(5));
        };
        self.reader.take().expect("waited for once").join().expect("the reader ends with the log");
        (status, self.log())
    }

    /// POST as `user`: status and JSON.
    pub(crate) fn post(&self, path: &str, user: &str, body: &str) -> (u16, Value) {
        let (status, body) = self.post_text(path, user, body);
        let value = serde_json::from_str(&body).unwrap_or_else(|error| panic!("{error}: {body}"));
        (status, value)
    }

    /// POST as `user`: status and body as they came.
    pub(crate) fn post_text(&self, path: &str, user: &str, body: &str) -> (u16, String) {
        let cookie = format!("Cookie: nat-session={user}\r\n");
        self.send("POST", path, &format!("{cookie}Content-Type: application/json\r\n"), body.as_bytes())
    }

    pub(crate) fn get(&self, path: &str) -> (u16, Value) {
        let (status, body) = self.send("GET", path, "", b"");
        (status, serde_json::from_str(&body).unwrap_or_else(|error| panic!("{error}: {body}")))
    }

    /// One request on a connection of its own.
    pub(crate) fn send(&self, method: &str, path: &str, headers: &str, body: &[u8]) -> (u16, String) {
        self.try_send(method, path, headers, body).unwrap_or_else(|error| panic!("{error}\n{}", self.log()))
    }

    /// The same for a server that may be gone.
    pub(crate) fn try_send(&self, method: &str, path: &str, headers: &str, body: &[u8]) -> io::Result<(u16, String)> {
        let mut stream = self.try_begin(method, path, headers, body)?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
        match head.split(' ').nth(1).and_then(|status| status.parse().ok()) {
            Some(status) => Ok((status, body.to_owned())),
            None => Err(io::Error::other(format!("no answer: {answer:?}"))),
        }
    }

    /// Sends a request and leaves the answer to the caller.
    pub(crate) fn begin(&self, method: &str, path: &str, headers: &str, body: &[u8]) -> TcpStream {
        self.try_begin(method, path, headers, body).expect("the server listens")
    }

    fn try_begin(&self, method: &str, path: &str, headers: &str, body: &[u8]) -> io::Result<TcpStream> {
        let mut stream = TcpStream::connect(self.address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n{headers}Content-Length: {}\r\n\r\n",
            self.address,
            body.len()
        );
        // A server that refuses may stop reading before everything has been written.
        let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body));
        Ok(stream)
    }

    /// Waits until the monitor shows what `condition` wants.
    pub(crate) fn until(&self, what: &str, condition: impl Fn(&Value) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let (_, users) = self.get("/monitor/users");
            if condition(&users) {
                return;
            }
            assert!(Instant::now() < deadline, "waited in vain until {what}: {users}\n{}", self.log());
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
