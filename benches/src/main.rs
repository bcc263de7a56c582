//! How fast this server is, as a ratio to a bare axum echo of the same JSON in the same run.
//!
//! ```console
//! cargo run --release -p nat-bench [-- USERS SECONDS ROUNDS]
//! ```
//!
//! Each server is a process of its own, so that their memory can be told apart; the load comes from this one, over
//! loopback, in a closed loop of 32 connections. Rounds alternate between the servers and the median counts, because
//! whatever else the machine does is then shared. Prints a table and writes `target/bench.json`.

mod echo;
mod load;
mod report;
mod served;

use std::process::ExitCode;
use std::time::Duration;

use report::{Figures, Report};
use served::{Kind, Served};

/// What is measured, and for how long.
#[derive(Clone, Copy, Debug)]
struct Plan {
    users: usize,
    window: Duration,
    rounds: usize,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [first, kind] = arguments.as_slice()
        && first == "--serve"
    {
        return echo::serve(kind);
    }
    let number = |at: usize, default: usize| arguments.get(at).map_or(Ok(default), |text| text.parse());
    let plan = match (number(0, 100_000), number(1, 3), number(2, 7)) {
        (Ok(users @ 1..), Ok(seconds @ 1..), Ok(rounds @ 1..)) => {
            Plan { users, window: Duration::from_secs(seconds as u64), rounds }
        }
        _ => {
            report::complain("usage: nat-bench [USERS] [SECONDS] [ROUNDS], each a whole number from 1");
            return ExitCode::from(2);
        }
    };
    match measure(plan) {
        Ok(report) => {
            report.print();
            report.write("target/bench.json");
            ExitCode::SUCCESS
        }
        Err(error) => {
            report::complain(&format!("the measurement failed: {error}"));
            ExitCode::FAILURE
        }
    }
}

fn measure(plan: Plan) -> std::io::Result<Report> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let servers = [Served::start(Kind::Axum)?, Served::start(Kind::Nat)?];
    let idle_kib = servers[1].resident_kib();
    let newcomers = runtime.block_on(load::once_each(servers[1].address, plan.users))?;
    let warm_kib = servers[1].resident_kib();
    let mut figures = [Figures::default(), Figures::default()];
    for _ in 0..plan.rounds {
        for (server, figures) in servers.iter().zip(&mut figures) {
            figures.many.push(runtime.block_on(load::closed_loop(server.address, plan.users, plan.window))?);
            figures.one.push(runtime.block_on(load::closed_loop(server.address, 1, plan.window))?);
        }
    }
    let [axum, nat] = figures;
    Ok(Report::new(plan.users, axum, nat, newcomers, idle_kib, warm_kib))
}
