//! How fast this server is, as a ratio to a bare axum echo of the same JSON in the same run.
//!
//! ```console
//! cargo run --release -p nat-bench [-- USERS SECONDS ROUNDS [OTHER]]
//! ```
//!
//! With `OTHER`, the path of another build of this program, its server takes the place of the axum echo: the way to
//! compare two commits. The processor time of a request then says more than the rate, which shares the machine with the
//! load.
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
#[derive(Clone, Debug)]
struct Plan {
    users: usize,
    window: Duration,
    rounds: usize,
    /// What the server is compared with.
    other: Kind,
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
            let other = arguments.get(3).map_or(Kind::Axum, |program| Kind::Other(program.into()));
            Plan { users, window: Duration::from_secs(seconds as u64), rounds, other }
        }
        _ => {
            report::complain(
                "usage: nat-bench [USERS] [SECONDS] [ROUNDS] [OTHER]: whole numbers from 1, and another build of nat-bench",
            );
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
    let servers = [Served::start(&plan.other)?, Served::start(&Kind::Nat)?];
    let mut figures = servers.each_ref().map(|_| Figures::default());
    for (server, figures) in servers.iter().zip(&mut figures) {
        figures.idle_kib = server.resident_kib();
        figures.newcomers = runtime.block_on(load::once_each(server, plan.users))?;
        figures.warm_kib = server.resident_kib();
    }
    for _ in 0..plan.rounds {
        for (server, figures) in servers.iter().zip(&mut figures) {
            figures.many.push(runtime.block_on(load::closed_loop(server, plan.users, plan.window))?);
            figures.one.push(runtime.block_on(load::closed_loop(server, 1, plan.window))?);
        }
    }
    let [other, nat] = figures;
    Ok(Report::new(plan.users, plan.other.name(), other, nat))
}
