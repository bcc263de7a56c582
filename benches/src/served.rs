//! A server in a process of its own.

use std::io::{self, BufRead, BufReader};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A server that can be measured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Axum,
    Nat,
    /// The server of another build of this program.
    Other(PathBuf),
}

impl Kind {
    /// The heading of its column.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Axum => "bare axum",
            Self::Nat => "nat",
            Self::Other(_) => "other",
        }
    }
}

/// Killed when dropped.
pub(crate) struct Served {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Served {
    pub(crate) fn start(kind: &Kind) -> io::Result<Self> {
        let (program, name) = match kind {
            Kind::Axum => (std::env::current_exe()?, "axum"),
            Kind::Nat => (std::env::current_exe()?, "nat"),
            Kind::Other(program) => (program.clone(), "nat"),
        };
        let mut child = Command::new(&program)
            .args(["--serve", name])
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", program.display())))?;
        let mut line = String::new();
        if let Some(stdout) = child.stdout.take() {
            BufReader::new(stdout).read_line(&mut line)?;
        }
        match line.trim().parse() {
            Ok(address) => Ok(Self { child, address }),
            Err(_) => {
                let _ = child.kill();
                Err(io::Error::other(format!("{name} does not say where it listens")))
            }
        }
    }

    /// Resident memory; 0 where `/proc` is not there to ask.
    pub(crate) fn resident_kib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
        line.trim().trim_end_matches(" kB").parse().unwrap_or_default()
    }

    /// Processor time of all its threads so far; zero where `/proc` is not there to ask. To 10 ms.
    pub(crate) fn processor_time(&self) -> Duration {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap_or_default();
        // The name of the program is in parentheses and may hold anything; user and system time are the 12th and 13th
        // members after it.
        let after = stat.rsplit_once(") ").map(|(_, after)| after).unwrap_or_default();
        let ticks: u64 = after.split(' ').skip(11).take(2).filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
        Duration::from_millis(ticks * 10)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
