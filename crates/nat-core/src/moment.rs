//! A point in time in half the room of an `Instant`, for what every user has several of.

use std::sync::LazyLock;
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

/// What the clocks showed at one time: what is measured by the one is shown by the other.
static ANCHOR: LazyLock<(Instant, SystemTime)> = LazyLock::new(|| (Instant::now(), SystemTime::now()));

/// Monotonic, to the nanosecond, within 292 years of the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment(i64);

/// The milliseconds of a [`Moment`], modulo the 49 days that fit: for what may be taken for more recent than it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CoarseMoment(u32);

impl CoarseMoment {
    /// From `earlier` to here, both cut to milliseconds, modulo 49 days.
    pub(crate) fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.wrapping_sub(earlier.0).into())
    }
}

impl Moment {
    pub(crate) fn now() -> Self {
        Self::of(Instant::now())
    }

    pub(crate) fn of(instant: Instant) -> Self {
        let nanoseconds = |span: Duration| i64::try_from(span.as_nanos()).unwrap_or(i64::MAX);
        // Tests have clocks of their own, which may show less than when the first of them looked.
        Self(match instant.checked_duration_since(ANCHOR.0) {
            Some(later) => nanoseconds(later),
            None => -nanoseconds(ANCHOR.0.duration_since(instant)),
        })
    }

    /// From `earlier` to here; nothing if that is later.
    pub(crate) fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0).try_into().unwrap_or(0))
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "modulo 2^32, before the anchor too")]
    pub(crate) fn coarse(self) -> CoarseMoment {
        CoarseMoment(self.0.div_euclid(1_000_000) as u32)
    }

    /// What the wall clock showed. Only to be looked at; one anchor for all makes the same moment look the same whenever
    /// it is asked for.
    pub(crate) fn on_the_wall(self) -> SystemTime {
        let span = Duration::from_nanos(self.0.unsigned_abs());
        let shown = if self.0 < 0 { ANCHOR.1.checked_sub(span) } else { ANCHOR.1.checked_add(span) };
        shown.unwrap_or(ANCHOR.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn moments_measure_and_show_time() {
        let (before, shown) = (Moment::now(), Moment::now().on_the_wall());
        tokio::time::advance(Duration::from_nanos(1_500_000_001)).await;
        let after = Moment::now();
        assert_eq!(after.since(before), Duration::from_nanos(1_500_000_001));
        assert_eq!(before.since(after), Duration::ZERO);
        assert_eq!(after.on_the_wall().duration_since(shown).unwrap(), Duration::from_nanos(1_500_000_001));
        let earlier = Moment::of(Instant::now() - Duration::from_secs(3));
        assert_eq!((after.since(earlier), earlier < before), (Duration::from_secs(3), true));
        assert_eq!(after.coarse().since(earlier.coarse()), Duration::from_secs(3));
        tokio::time::advance(Duration::from_millis(1 << 32)).await;
        assert_eq!(Moment::now().coarse().since(earlier.coarse()), Duration::from_secs(3), "modulo 49 days");
    }
}
