//! The figures, for people and for programs.

use std::io::Write;
use std::time::Duration;

use serde_json::{Value, json};

use crate::load::Pace;

/// All that was measured of one server.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    /// Rounds with all users in turn.
    pub(crate) many: Vec<Pace>,
    /// Rounds with one user.
    pub(crate) one: Vec<Pace>,
    /// The first request of each user.
    pub(crate) newcomers: Pace,
    /// Resident memory at the start, and with all users.
    pub(crate) idle_kib: u64,
    pub(crate) warm_kib: u64,
}

/// What was measured.
#[derive(Debug)]
pub(crate) struct Report {
    users: usize,
    other_name: &'static str,
    rows: Vec<Row>,
    other: Figures,
    nat: Figures,
}

/// One load, by both servers.
#[derive(Debug)]
struct Row {
    load: String,
    other: Pace,
    nat: Pace,
    /// The medians of the quotients of the rounds: each has its own neighbour.
    ratio: f64,
    cpu_ratio: f64,
}

impl Report {
    pub(crate) fn new(users: usize, other_name: &'static str, other: Figures, nat: Figures) -> Self {
        let rows = vec![
            Row::new(format!("POST /generate, {users} warm users"), &other.many, &nat.many),
            Row::new("POST /generate, one hot user".to_owned(), &other.one, &nat.one),
        ];
        Self { users, other_name, rows, other, nat }
    }

    fn bytes_per_user(&self, figures: &Figures) -> u64 {
        figures.warm_kib.saturating_sub(figures.idle_kib) * 1024 / self.users as u64
    }

    pub(crate) fn print(&self) {
        let other = self.other_name;
        say(&format!(
            "{:<36} {:>12} {:>9} {:>6} {:>13} {:>8} {:>6} {:>13} {:>8}",
            "",
            format!("{other}/s"),
            "nat/s",
            "ratio",
            format!("{other} CPU"),
            "nat CPU",
            "ratio",
            format!("{other} p99"),
            "nat p99"
        ));
        for row in &self.rows {
            let (other, nat) = (&row.other, &row.nat);
            say(&format!(
                "{:<36} {:>12.0} {:>9.0} {:>6.3} {:>11.2}us {:>6.2}us {:>6.3} {:>11.0}us {:>6.0}us",
                row.load,
                other.rate,
                nat.rate,
                row.ratio,
                micros(other.cpu),
                micros(nat.cpu),
                row.cpu_ratio,
                micros(other.p99),
                micros(nat.p99)
            ));
        }
        for (name, figures) in [(other, &self.other), ("nat", &self.nat)] {
            say(&format!(
                "{name}: {:.0} first requests a second; resident {} MiB idle, {} MiB with {} users, {} bytes a user",
                figures.newcomers.rate,
                figures.idle_kib / 1024,
                figures.warm_kib / 1024,
                self.users,
                self.bytes_per_user(figures)
            ));
        }
    }

    pub(crate) fn write(&self, path: &str) {
        let rows: Vec<Value> = self.rows.iter().map(|row| row.json(self.other_name)).collect();
        let figures = &self.nat;
        let report = json!({
            "users": self.users,
            "loads": rows,
            "new_users_per_second": figures.newcomers.rate,
            "resident_idle_kib": figures.idle_kib,
            "resident_warm_kib": figures.warm_kib,
            "bytes_per_user": self.bytes_per_user(figures),
        });
        match std::fs::write(path, format!("{report:#}\n")) {
            Ok(()) => say(&format!("written to {path}")),
            Err(error) => complain(&format!("{path} cannot be written: {error}")),
        }
    }
}

impl Row {
    fn new(load: String, other: &[Pace], nat: &[Pace]) -> Self {
        let quotients =
            |of: fn(&Pace) -> f64| median(other.iter().zip(nat).map(|(other, nat)| of(nat) / of(other)).collect());
        let (ratio, cpu_ratio) = (quotients(|pace| pace.rate), quotients(|pace| pace.cpu.as_secs_f64()));
        Self { load, other: middle(other), nat: middle(nat), ratio, cpu_ratio }
    }

    fn json(&self, other: &str) -> Value {
        let pace = |pace: &Pace| {
            json!({
                "rate": pace.rate,
                "p50_us": micros(pace.p50),
                "p99_us": micros(pace.p99),
                "processor_us": micros(pace.cpu),
            })
        };
        json!({
            "load": self.load,
            (other): pace(&self.other),
            "nat": pace(&self.nat),
            "ratio": self.ratio,
            "processor_ratio": self.cpu_ratio,
        })
    }
}

fn middle(rounds: &[Pace]) -> Pace {
    let by = |of: fn(&Pace) -> f64| median(rounds.iter().map(of).collect());
    let seconds = |value: f64| Duration::try_from_secs_f64(value).unwrap_or_default();
    Pace {
        rate: by(|pace| pace.rate),
        p50: seconds(by(|pace| pace.p50.as_secs_f64())),
        p99: seconds(by(|pace| pace.p99.as_secs_f64())),
        cpu: seconds(by(|pace| pace.cpu.as_secs_f64())),
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

/// A line for whoever reads the output.
pub(crate) fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// A line for whoever has to do something about it.
pub(crate) fn complain(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}
