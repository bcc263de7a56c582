//! Open files: the limit of the process, what connections leave of it, and what happens without any.

use std::io::Read;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Resource, Rlimit, prlimit};

use crate::kit::Served;

const PATIENCE: Duration = Duration::from_secs(60);
const ECHO: &str = "workflow: {_type: conf_echo}";

fn open_files(server: &Served) -> usize {
    std::fs::read_dir(format!("/proc/{}/fd", server.process())).expect("it runs").count()
}

/// Connects `count` clients, who say nothing. The system completes a connection before the server accepts it.
fn clients(server: &Served, count: usize) -> Vec<TcpStream> {
    (0..count).map(|_| TcpStream::connect(server.address).expect("the system's queue has room")).collect()
}

fn until(what: &str, condition: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !condition() {
        assert!(Instant::now() < deadline, "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn the_soft_limit_is_raised_to_the_hard_one() {
    let server = Served::start_under("-n 512 && ulimit -Sn 64", ECHO);
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", server.process())).expect("it runs");
    let line = limits.lines().find(|line| line.starts_with("Max open files")).expect("there is a limit");
    assert_eq!(line.split_whitespace().skip(3).take(2).collect::<Vec<_>>(), ["512", "512"], "{line}");
}

/// More clients than files: the server accepts what leaves the reserve free, and the rest waits.
#[test]
fn connections_leave_files_for_functions() {
    let yaml = format!("general: {{front_end: {{_type: fastapi, limits: {{reserved_files: 40}}}}}}\n{ECHO}");
    let server = Served::start_under("-n 100", &yaml);
    let warned = server.log();
    for part in ["100 files", "10000 connections", "max_connections", "40 files stay free", "reserved_files"] {
        assert!(warned.contains(part), "{part}: {warned}");
    }
    let idle = open_files(&server);
    let mut clients = clients(&server, 100);
    until("the limit is reached", || server.log().contains("the limit of connections is reached"));
    let open = open_files(&server);
    assert!(open > idle + 20, "{idle} {open}");
    assert!(open <= 60, "{open} of 100 files are open, and 40 are reserved");
    // Those who leave make room for those who wait.
    clients.drain(..90);
    assert_eq!(server.get("/health").0, 200);
}

/// Somebody else may take the last files: accepting rests then, and goes on when there are some.
#[test]
fn without_files_accepting_rests() {
    let server = Served::start(ECHO);
    let pid = Pid::from_raw(i32::try_from(server.process()).unwrap());
    let limit = |current: usize, hard: Option<u64>| {
        prlimit(pid, Resource::Nofile, Rlimit { current: Some(current as u64), maximum: hard })
            .expect("it is our child")
    };
    let lowest = open_files(&server);
    let Rlimit { current, maximum } = limit(lowest, prlimit_of(pid).maximum);
    let waiting = clients(&server, 10);
    until("it says so", || server.log().contains("no connection can be accepted; raise the limit of open files"));
    let (before, started) = (ticks(&server), Instant::now());
    while started.elapsed() < Duration::from_secs(1) {
        std::thread::sleep(Duration::from_millis(50));
    }
    let used = ticks(&server) - before;
    assert!(used < 15, "{used} hundredths of a second of work for nothing");
    limit(usize::try_from(current.unwrap_or(1 << 20)).unwrap(), maximum);
    drop(waiting);
    assert_eq!(server.get("/health").0, 200);
}

fn prlimit_of(pid: Option<Pid>) -> Rlimit {
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", pid.map_or(0, |pid| pid.as_raw_nonzero().get())));
    let limits = limits.expect("it runs");
    let line = limits.lines().find(|line| line.starts_with("Max open files")).expect("there is a limit");
    let mut numbers = line.split_whitespace().skip(3).map(|number| number.parse().ok());
    Rlimit { current: numbers.next().flatten(), maximum: numbers.next().flatten() }
}

/// Hundredths of a second that the process has worked.
fn ticks(server: &Served) -> u64 {
    let mut stat = String::new();
    std::fs::File::open(format!("/proc/{}/stat", server.process())).unwrap().read_to_string(&mut stat).unwrap();
    // The name before is in parentheses, and may hold spaces.
    let fields = stat.rsplit(')').next().unwrap().split_whitespace();
    fields.skip(11).take(2).map(|ticks| ticks.parse::<u64>().unwrap()).sum()
}
