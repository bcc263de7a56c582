//! A reader of standard error that stops reading.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use crate::kit::{command, workflow_file};

/// Nothing waits for it unless something is broken.
const PATIENCE: Duration = Duration::from_secs(60);
/// What each request has logged.
const NOISE: usize = 100_000;

/// A server whose log is read up to the line that names its address.
struct Unread {
    child: Child,
    log: BufReader<ChildStderr>,
    address: String,
    _folder: tempfile::TempDir,
}

impl Unread {
    fn start(before: &[&str]) -> Self {
        let (folder, path) = workflow_file("workflow: {_type: conf_fail}");
        let path = path.to_string_lossy().into_owned();
        let serve = ["serve", "--config_file", &path, "--host", "127.0.0.1", "--port", "0"];
        let arguments = [&["--log-level", "debug"], before, &serve].concat();
        let mut child = command(&arguments).stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        while !line.contains("listening on http://") {
            line.clear();
            assert!(log.read_line(&mut line).unwrap() > 0, "it ends before it listens");
        }
        let address = line.split("http://").nth(1).unwrap().trim_end_matches(['\n', '}', '"']);
        let address = address.split('"').next().unwrap().to_owned();
        Self { child, log, address, _folder: folder }
    }

    /// A request that has a long line logged: the status of its answer.
    fn ask(&self) -> String {
        let body = serde_json::json!({ "message": "x".repeat(NOISE) }).to_string();
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let head = format!(
            "POST /generate HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n",
            self.address,
            body.len()
        );
        stream.write_all((head + &body).as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it answers although nobody reads its log");
        answer.split(' ').nth(1).unwrap_or_default().to_owned()
    }

    fn terminate(&self) {
        assert!(Command::new("kill").arg("-TERM").arg(self.child.id().to_string()).status().unwrap().success());
    }

    fn wait(&mut self) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < deadline, "it does not end");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Unread {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Far more than a pipe and the queue hold is logged; every request is answered, and the reader is told what it missed.
#[test]
fn a_reader_that_stops_stops_nobody() {
    for format in ["text", "json"] {
        let mut server = Unread::start(&["--log-format", format]);
        let asked = 100;
        for number in 0..asked {
            assert_eq!(server.ask(), "422", "request {number}");
        }
        // The reader is back before the end.
        let mut log = String::new();
        while !log.contains("dropped here") {
            assert!(server.log.read_line(&mut log).unwrap() > 0, "the log ends without a word on what is missing");
        }
        let told = log.lines().last().unwrap();
        if format == "json" {
            let record: serde_json::Value = serde_json::from_str(told).unwrap();
            assert!(record["dropped"].as_u64().unwrap() > 0 && record["level"] == "warning", "{told}");
        }
        server.terminate();
        server.log.read_to_string(&mut log).unwrap();
        assert_eq!(server.wait().signal(), Some(15));
        let noisy = log.lines().filter(|line| line.contains(&"x".repeat(NOISE))).count();
        assert!(noisy < asked, "{noisy} long lines, so that some must have been dropped");
        assert!(log.contains("All SessionManagers cleaned up"), "the end of the log is there");
    }
}

#[test]
fn a_stop_does_not_wait_for_a_reader_that_stopped() {
    let mut server = Unread::start(&[]);
    for _ in 0..5 {
        assert_eq!(server.ask(), "422");
    }
    server.terminate();
    assert_eq!(server.wait().signal(), Some(15));
}

/// What a command has to say is not a log: it waits for its reader.
#[test]
fn diagnostics_wait_for_their_reader() {
    // Far more than a pipe holds.
    let name = "x".repeat(500_000);
    let (_folder, path) = workflow_file(format!("workflow: {{_type: {name}}}\n"));
    let file = path.to_string_lossy().into_owned();
    let mut child = command(&["serve", "--config_file", &file]).stderr(Stdio::piped()).spawn().unwrap();
    let mut stderr = child.stderr.take().unwrap();
    // One byte, so that it has begun to write.
    let mut all = vec![0; 1];
    stderr.read_exact(&mut all).unwrap();
    stderr.read_to_end(&mut all).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(1));
    let text = String::from_utf8(all).unwrap();
    assert!(text.contains(&name), "{} bytes", text.len());
}

/// The result of a run waits for its reader as well, and a signal still ends the process.
#[test]
fn a_result_that_nobody_reads_can_be_interrupted() {
    let (folder, path) = workflow_file("workflow: {_type: conf_echo}");
    let input = folder.path().join("input");
    std::fs::write(&input, "x".repeat(500_000)).unwrap();
    let (file, input) = (path.to_string_lossy().into_owned(), input.to_string_lossy().into_owned());
    let arguments = ["--log-level", "error", "run", "--config_file", &file, "--input_file", &input];
    let mut child = command(&arguments).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut stdout = child.stdout.take().unwrap();
    // It has begun to write, and can write no more than a pipe holds.
    stdout.read_exact(&mut [0; 1]).unwrap();
    assert!(Command::new("kill").arg("-INT").arg(child.id().to_string()).status().unwrap().success());
    let deadline = Instant::now() + PATIENCE;
    while child.try_wait().unwrap().is_none() {
        if Instant::now() >= deadline {
            let _ = child.kill();
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(child.wait().unwrap().signal(), Some(2));
}
