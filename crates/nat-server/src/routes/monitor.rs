//! `/monitor/users`: one entry for each user with an instance. Asking changes nothing.

use std::num::NonZeroUsize;
use std::time::{Duration, SystemTime};

use http::{StatusCode, Uri};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use nat_core::{Runtime, UserId, UserReport};
use serde::{Serialize, Serializer};
use tracing::error;
use uuid::Uuid;

use crate::reply::{self, Reply};
use crate::validation::query_number;

#[derive(Serialize)]
struct Listing<'a> {
    timestamp: LocalTime<'a>,
    total_active_users: usize,
    users: Vec<User<'a>>,
    /// Where the next page begins, `null` after the last one; only for who reads in pages.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<Option<u64>>,
}

#[derive(Serialize)]
struct User<'a> {
    user_id: &'a UserId,
    session: Session<'a>,
    requests: Requests,
    memory: Memory,
}

#[derive(Serialize)]
struct Session<'a> {
    created_at: LocalTime<'a>,
    last_activity: LocalTime<'a>,
    ref_count: usize,
    is_active: bool,
}

#[derive(Serialize)]
struct Requests {
    total_requests: u64,
    active_requests: usize,
    avg_latency_ms: f64,
    error_count: u64,
}

#[derive(Serialize)]
struct Memory {
    per_user_functions_count: usize,
    per_user_function_groups_count: usize,
    exit_stack_size: usize,
}

/// Local time with microseconds and without zone, as the Python toolkit writes it.
struct LocalTime<'a>(SystemTime, &'a TimeZone);

impl Serialize for LocalTime<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // No clock that works shows a time outside of jiff's years, -9999 to 9999.
        let timestamp = Timestamp::try_from(self.0).unwrap_or(Timestamp::UNIX_EPOCH);
        let local = self.1.to_datetime(timestamp);
        serializer.collect_str(&format_args!("{local:.6}"))
    }
}

/// Everybody; or the user whose id is exactly what `user_id` says; or `limit` users from a `cursor` on. Many
/// users make a long list: it is written where nobody waits behind it.
pub(crate) async fn answer(runtime: Runtime, uri: Uri) -> Reply {
    let written = tokio::task::spawn_blocking(move || listing(&runtime, uri.query().unwrap_or_default()));
    written.await.map(|written| written.unwrap_or_else(|refused| refused)).unwrap_or_else(|error| {
        let id = Uuid::new_v4();
        error!(%id, %error, "the list of users could not be written");
        crate::error::internal_error(id)
    })
}

fn listing(runtime: &Runtime, query: &str) -> Result<Reply, Reply> {
    let only = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name == "user_id").last();
    let limit = query_number(query, "limit", 1)?.map(|limit| usize::try_from(limit).unwrap_or(usize::MAX));
    let cursor = query_number(query, "cursor", 0)?;
    let (reports, next_cursor) = match (only, limit.and_then(NonZeroUsize::new), cursor) {
        (Some((_, user)), ..) => (runtime.users(Some(&user)), None),
        (None, None, None) => (runtime.users(None), None),
        (None, limit, cursor) => {
            let page = runtime.users_page(cursor.unwrap_or_default(), limit.unwrap_or(NonZeroUsize::MAX));
            (page.users, Some(page.next))
        }
    };
    let zone = TimeZone::system();
    let listing = Listing {
        timestamp: LocalTime(SystemTime::now(), &zone),
        total_active_users: reports.len(),
        users: reports.iter().map(|report| user(report, &zone)).collect(),
        next_cursor,
    };
    Ok(reply::json(StatusCode::OK, &listing))
}

fn user<'a>(report: &'a UserReport, zone: &'a TimeZone) -> User<'a> {
    User {
        user_id: &report.user_id,
        session: Session {
            created_at: LocalTime(report.created_at, zone),
            last_activity: LocalTime(report.last_activity, zone),
            ref_count: report.active_requests,
            is_active: report.active_requests > 0,
        },
        requests: Requests {
            total_requests: report.total_requests,
            active_requests: report.active_requests,
            avg_latency_ms: milliseconds(report.average_latency()),
            error_count: report.error_count,
        },
        memory: Memory {
            per_user_functions_count: report.functions,
            per_user_function_groups_count: report.groups,
            exit_stack_size: report.components,
        },
    }
}

/// Two decimals.
fn milliseconds(latency: Duration) -> f64 {
    (latency.as_secs_f64() * 100_000.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_local_with_microseconds_and_without_zone() {
        let zone = TimeZone::fixed(jiff::tz::offset(2));
        for (nanoseconds, expected) in [
            (1_795_217_383_081_608_000, "\"2026-11-21T01:29:43.081608\""),
            (1_795_217_383_000_000_999, "\"2026-11-21T01:29:43.000000\""),
        ] {
            let time = SystemTime::UNIX_EPOCH + Duration::from_nanos(nanoseconds);
            assert_eq!(serde_json::to_string(&LocalTime(time, &zone)).unwrap(), expected);
        }
    }

    #[test]
    fn latencies_have_two_decimals() {
        for (nanoseconds, expected) in [(0, "0.0"), (891_234, "0.89"), (1_005_000_000, "1005.0"), (4_999, "0.0")] {
            let shown = serde_json::to_string(&milliseconds(Duration::from_nanos(nanoseconds))).unwrap();
            assert_eq!(shown, expected);
        }
    }
}
