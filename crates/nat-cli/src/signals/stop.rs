//! What a signal means, and when the time is up: the rules, without threads and clocks.

use std::time::{Duration, Instant};

use signal_hook::consts::SIGHUP;

use super::{Allowance, Running};

/// What a stop takes beside its two timeouts. With the defaults of these the process ends before `docker stop` kills it.
pub(super) const MARGIN: Duration = Duration::from_millis(500);
/// How long the runtime may take to answer the second signal.
const ANSWER: Duration = Duration::from_millis(500);

/// Signals within this time of one that counts are the same request: a person's Ctrl-C reaches the whole process group
/// and is passed on by the parent as well, process managers send SIGTERM and SIGHUP together.
pub(super) const SAME: Duration = Duration::from_millis(200);

/// The stop of a process, from the first signal on.
#[derive(Debug)]
pub(super) struct Stop {
    running: Running,
    /// Signals that count.
    signals: u32,
    /// When the last of them came.
    last: Option<Instant>,
    /// The end, however far things are.
    deadline: Option<Instant>,
    /// When it is looked at whether the second signal was answered.
    answer: Option<Instant>,
}

/// What a signal asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// The orderly stop.
    Stop,
    /// The quick one.
    Hurry,
    /// The end of the process, by this signal.
    End,
    /// Nothing more than what was asked for before.
    Nothing,
}

/// Why the supervisor ends the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Up {
    /// Code blocks threads: the deadline has passed, or nobody has answered the second signal.
    Blocked,
    /// Nothing is waited for any more.
    Hurried,
}

impl Stop {
    pub(super) fn new(running: Running) -> Self {
        Self { running, signals: 0, last: None, deadline: None, answer: None }
    }

    /// The signal `number` has come. `over` says that only the result is still to be printed.
    pub(super) fn signal(&mut self, number: i32, now: Instant, allowance: Allowance, over: bool) -> Asked {
        let is_same = self.last.is_some_and(|last| now.saturating_duration_since(last) < SAME);
        // A terminal that goes away says so once for the kernel and once for the shell, and never that anything is urgent.
        let is_no_hurry = number == SIGHUP && self.signals > 0 && !over;
        if is_same || is_no_hurry {
            return Asked::Nothing;
        }
        self.signals += 1;
        self.last = Some(now);
        match (self.signals, over) {
            (_, true) | (3.., _) => Asked::End,
            (1, _) => {
                // A time span that the clock cannot hold is no deadline.
                self.deadline = now.checked_add(allowance.longest());
                Asked::Stop
            }
            _ => {
                let closes = match self.running {
                    Running::Server => allowance.close,
                    Running::OneShot => Duration::ZERO,
                };
                let sooner = now.checked_add(closes.saturating_add(MARGIN));
                self.deadline = self.deadline.into_iter().chain(sooner).min();
                self.answer = (self.running == Running::Server).then(|| now + ANSWER);
                Asked::Hurry
            }
        }
    }

    /// Nothing is left that could be blocked: there is no deadline any more.
    pub(super) fn disarm(&mut self) {
        (self.deadline, self.answer) = (None, None);
    }

    /// When to call [`Stop::time`] next.
    pub(super) fn next(&self) -> Option<Instant> {
        self.deadline.into_iter().chain(self.answer).min()
    }

    /// Whether the time is up. `answered` says whether the second signal has reached the runtime.
    pub(super) fn time(&mut self, now: Instant, answered: bool) -> Option<Up> {
        if self.answer.is_some_and(|at| now >= at) {
            self.answer = None;
            if !answered {
                return Some(Up::Blocked);
            }
        }
        if self.deadline.is_none_or(|at| now < at) {
            return None;
        }
        Some(match self.running {
            Running::OneShot if self.signals > 1 => Up::Hurried,
            _ => Up::Blocked,
        })
    }
}

#[cfg(test)]
mod tests {
    use signal_hook::consts::{SIGINT, SIGTERM};

    use super::*;

    const DEFAULTS: Allowance = Allowance { drain: Duration::from_secs(5), close: Duration::from_secs(4) };

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn the_first_signal_gives_the_whole_time() {
        for running in [Running::Server, Running::OneShot] {
            let (mut stop, start) = (Stop::new(running), Instant::now());
            assert_eq!((stop.next(), stop.time(start, false)), (None, None));
            assert_eq!(stop.signal(SIGTERM, start, DEFAULTS, false), Asked::Stop);
            assert_eq!(stop.next(), Some(start + ms(9500)));
            assert_eq!(stop.time(start + ms(9499), false), None);
            assert_eq!(stop.time(start + ms(9500), true), Some(Up::Blocked));
        }
    }

    #[test]
    fn what_is_left_when_everything_is_over_has_no_deadline() {
        for running in [Running::Server, Running::OneShot] {
            let (mut stop, start) = (Stop::new(running), Instant::now());
            stop.signal(SIGTERM, start, DEFAULTS, false);
            stop.signal(SIGTERM, start + SAME, DEFAULTS, false);
            stop.disarm();
            assert_eq!((stop.next(), stop.time(start + ms(60_000), false)), (None, None));
            assert_eq!(stop.signal(SIGTERM, start + SAME * 2, DEFAULTS, true), Asked::End);
        }
    }

    #[test]
    fn the_second_signal_leaves_the_time_for_closes_to_a_runtime_that_answers() {
        let (mut stop, start) = (Stop::new(Running::Server), Instant::now());
        stop.signal(SIGTERM, start, DEFAULTS, false);
        assert_eq!(stop.signal(SIGTERM, start + ms(300), DEFAULTS, false), Asked::Hurry);
        assert_eq!(stop.next(), Some(start + ms(800)));
        assert_eq!(stop.time(start + ms(800), true), None);
        assert_eq!(stop.next(), Some(start + ms(4800)));
        assert_eq!(stop.time(start + ms(4800), true), Some(Up::Blocked));
    }

    #[test]
    fn the_second_signal_ends_a_runtime_that_does_not_answer() {
        let (mut stop, start) = (Stop::new(Running::Server), Instant::now());
        stop.signal(SIGTERM, start, DEFAULTS, false);
        stop.signal(SIGTERM, start + SAME, DEFAULTS, false);
        assert_eq!(stop.time(start + SAME + ms(499), false), None);
        assert_eq!(stop.time(start + SAME + ms(500), false), Some(Up::Blocked));
    }

    #[test]
    fn the_second_signal_never_gives_more_time() {
        let (mut stop, start) = (Stop::new(Running::Server), Instant::now());
        stop.signal(SIGTERM, start, DEFAULTS, false);
        stop.signal(SIGTERM, start + ms(9000), DEFAULTS, false);
        assert_eq!(stop.time(start + ms(9500), true), Some(Up::Blocked));
    }

    #[test]
    fn a_run_waits_for_nothing_after_the_second_signal() {
        let (mut stop, start) = (Stop::new(Running::OneShot), Instant::now());
        stop.signal(SIGTERM, start, DEFAULTS, false);
        assert_eq!(stop.signal(SIGINT, start + SAME, DEFAULTS, false), Asked::Hurry);
        assert_eq!(stop.next(), Some(start + SAME + MARGIN));
        assert_eq!(stop.time(start + SAME + MARGIN, false), Some(Up::Hurried));
    }

    #[test]
    fn the_third_signal_ends_the_process_and_any_signal_at_the_end_does() {
        let (mut stop, now) = (Stop::new(Running::Server), Instant::now());
        let asked = [0, 1, 2].map(|number| stop.signal(SIGTERM, now + SAME * number, DEFAULTS, false));
        assert_eq!(asked, [Asked::Stop, Asked::Hurry, Asked::End]);
        assert_eq!(Stop::new(Running::OneShot).signal(SIGTERM, now, DEFAULTS, true), Asked::End);
    }

    #[test]
    fn signals_that_come_together_are_one_request() {
        for (first, second) in [(SIGTERM, SIGHUP), (SIGHUP, SIGTERM), (SIGINT, SIGINT), (SIGTERM, SIGTERM)] {
            for running in [Running::Server, Running::OneShot] {
                let (mut stop, start) = (Stop::new(running), Instant::now());
                assert_eq!(stop.signal(first, start, DEFAULTS, false), Asked::Stop);
                for after in [ms(0), ms(1), ms(199)] {
                    assert_eq!(stop.signal(second, start + after, DEFAULTS, false), Asked::Nothing);
                    // Also where the stop has been quick.
                    assert_eq!(stop.signal(second, start + after, DEFAULTS, true), Asked::Nothing);
                }
                assert_eq!(stop.next(), Some(start + ms(9500)), "nothing has become more urgent");
                // The next request is doubled too.
                let later = start + SAME;
                let asked = [0, 199, 200].map(|after| stop.signal(SIGINT, later + ms(after), DEFAULTS, false));
                assert_eq!(asked, [Asked::Hurry, Asked::Nothing, Asked::End]);
            }
        }
    }

    #[test]
    fn a_hangup_begins_a_stop_and_hurries_none() {
        let (mut stop, start) = (Stop::new(Running::Server), Instant::now());
        assert_eq!(stop.signal(SIGHUP, start, DEFAULTS, false), Asked::Stop);
        for seconds in 1..4 {
            let later = start + Duration::from_secs(seconds);
            assert_eq!(stop.signal(SIGHUP, later, DEFAULTS, false), Asked::Nothing);
        }
        assert_eq!(stop.signal(SIGTERM, start + ms(4000), DEFAULTS, false), Asked::Hurry);
        assert_eq!(stop.signal(SIGHUP, start + ms(5000), DEFAULTS, false), Asked::Nothing);
        // A result that nobody reads any more holds nothing up.
        assert_eq!(stop.signal(SIGHUP, start + ms(6000), DEFAULTS, true), Asked::End);
        assert_eq!(Stop::new(Running::OneShot).signal(SIGHUP, start, DEFAULTS, true), Asked::End);
    }

    #[test]
    fn a_time_beyond_the_clock_is_no_deadline() {
        let (mut stop, now) = (Stop::new(Running::Server), Instant::now());
        stop.signal(SIGTERM, now, Allowance { drain: Duration::MAX, close: Duration::MAX }, false);
        assert_eq!((stop.next(), stop.time(now, false)), (None, None));
    }
}
