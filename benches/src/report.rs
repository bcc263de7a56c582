//! The figures, for people and for programs.

use std::io::Write;
use std::time::Duration;

use serde_json::{Value, json};

use crate::load::Pace;

/// All rounds of one server.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    pub(crate) many: Vec<Pace>,
    pub(crate) one: Vec<Pace>,
}

/// What was measured.
#[derive(Debug)]
pub(crate) struct Report {
    users: usize,
    rows: Vec<Row>,
    newcomers: Pace,
    idle_kib: u64,
    warm_kib: u64,
}

/// One load, by both servers.
#[derive(Debug)]
struct Row {
    load: String,
    axum: Pace,
    nat: Pace,
    /// The median of the quotients of the rounds: each has its own neighbour.
    ratio: f64,
    goal: f64,
}

impl Report {
    pub(crate) fn new(
        users: usize,
        axum: Figures,
        nat: Figures,
        newcomers: Pace,
        idle_kib: u64,
        warm_kib: u64,
    ) -> Self {
        let rows = vec![
            Row::new(format!("POST /generate, {users} warm users"), &axum.many, &nat.many, 0.90),
            Row::new("POST /generate, one hot user".to_owned(), &axum.one, &nat.one, 0.85),
        ];
        Self { users, rows, newcomers, idle_kib, warm_kib }
    }

    fn bytes_per_user(&self) -> u64 {
        self.warm_kib.saturating_sub(self.idle_kib) * 1024 / self.users as u64
    }

    pub(crate) fn print(&self) {
        say(&format!(
            "{:<36} {:>12} {:>12} {:>7} {:>6} {:>12} {:>12}",
            "", "bare axum/s", "nat/s", "ratio", "goal", "axum p99", "nat p99"
        ));
        for row in &self.rows {
            say(&format!(
                "{:<36} {:>12.0} {:>12.0} {:>7.2} {:>6.2} {:>12?} {:>12?}",
                row.load, row.axum.rate, row.nat.rate, row.ratio, row.goal, row.axum.p99, row.nat.p99
            ));
        }
        say(&format!("first requests of new users: {:.0}/s", self.newcomers.rate));
        let (idle, warm) = (self.idle_kib / 1024, self.warm_kib / 1024);
        say(&format!(
            "resident: {idle} MiB idle, {warm} MiB with {} users, {} bytes a user",
            self.users,
            self.bytes_per_user()
        ));
    }

    pub(crate) fn write(&self, path: &str) {
        let rows: Vec<Value> = self.rows.iter().map(Row::json).collect();
        let report = json!({
            "users": self.users,
            "loads": rows,
            "new_users_per_second": self.newcomers.rate,
            "resident_idle_kib": self.idle_kib,
            "resident_warm_kib": self.warm_kib,
            "bytes_per_user": self.bytes_per_user(),
        });
        match std::fs::write(path, format!("{report:#}\n")) {
            Ok(()) => say(&format!("written to {path}")),
            Err(error) => complain(&format!("{path} cannot be written: {error}")),
        }
    }
}

impl Row {
    fn new(load: String, axum: &[Pace], nat: &[Pace], goal: f64) -> Self {
        let quotients = axum.iter().zip(nat).map(|(axum, nat)| nat.rate / axum.rate).collect();
        Self { load, axum: middle(axum), nat: middle(nat), ratio: median(quotients), goal }
    }

    fn json(&self) -> Value {
        let pace = |pace: &Pace| json!({"rate": pace.rate, "p50_us": micros(pace.p50), "p99_us": micros(pace.p99)});
        json!({"load": self.load, "axum": pace(&self.axum), "nat": pace(&self.nat), "ratio": self.ratio, "goal": self.goal})
    }
}

fn middle(rounds: &[Pace]) -> Pace {
    let by = |of: fn(&Pace) -> f64| median(rounds.iter().map(of).collect());
    let seconds = |value: f64| Duration::try_from_secs_f64(value).unwrap_or_default();
    Pace {
        rate: by(|pace| pace.rate),
        p50: seconds(by(|pace| pace.p50.as_secs_f64())),
        p99: seconds(by(|pace| pace.p99.as_secs_f64())),
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
