//! Open files: as many as the system gives this process, shared between connections and everything else.
//!
//! A connection is an open file, and so is what a function opens. Without a bound connections could take the last one,
//! and then no function could read a file or call another server while clients still come in. So a reserve is kept:
//! where the limit of the process leaves no room for all connections that are configured, fewer are accepted.

use std::io;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tracing::{debug, warn};

/// Where the system lists the open files of this process.
const LISTS: [&str; 2] = ["/proc/self/fd", "/dev/fd"];
/// Entries of the table of open files that are asked for at the start, of 8 bytes each.
const LARGEST_TABLE: usize = 1 << 16;
/// Open files where they cannot be counted: standard streams, sockets, timers and logs.
const USUAL: usize = 32;

/// Raises the soft limit of this process to its hard one. A process that may not is left as it is.
///
/// Programs that this process starts inherit the limit.
pub(crate) fn raise_limit() {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current == maximum {
        return;
    }
    match setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }) {
        Ok(()) => debug!(before = current, now = maximum, "raised the limit of open files"),
        Err(error) => debug!(error = %io::Error::from(error), current, maximum, "the limit of open files stays"),
    }
}

/// How the files that this process may still open are divided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Shares {
    connections: usize,
    reserved: usize,
}

/// The connections that may be open at once, of `wanted` ones, so that `reserve` files stay free. Says once if they are
/// fewer, or the reserve is smaller.
pub(crate) fn connections(wanted: usize, reserve: usize) -> usize {
    let limit = getrlimit(Resource::Nofile).current;
    let limit = limit.map(|limit| usize::try_from(limit).unwrap_or(usize::MAX));
    let open = LISTS.into_iter().find_map(|list| Some(std::fs::read_dir(list).ok()?.count())).unwrap_or(USUAL);
    let shares = divide(limit, open, Shares { connections: wanted, reserved: reserve });
    let Shares { connections, reserved } = shares;
    if let Some(limit) = limit
        && (connections, reserved) != (wanted, reserve)
    {
        warn!(
            "this process may open {limit} files, too few for {wanted} connections \
             (general.front_end.limits.max_connections) and {reserve} others (limits.reserved_files): {open} are open, so at \
             most {connections} connections are accepted at once, and {reserved} files stay free for functions; raise the \
             hard limit of open files (`ulimit -Hn`, `LimitNOFILE=`), or lower max_connections"
        );
    }
    enlarge_table(limit, open.saturating_add(connections).saturating_add(reserved));
    connections
}

/// Makes room for `files` in the system's table of open files at once. It grows by doubling otherwise, in the midst of an
/// `accept`, and Linux lets a process with several threads wait for that: 5 to 15 ms each time.
fn enlarge_table(limit: Option<usize>, files: usize) {
    let last = limit.unwrap_or(usize::MAX).min(files).min(LARGEST_TABLE).saturating_sub(1);
    let Ok(last) = i32::try_from(last) else { return };
    // The highest number that is free, for a moment.
    if let Err(error) = rustix::io::fcntl_dupfd_cloexec(io::stderr(), last) {
        debug!(error = %io::Error::from(error), last, "the table of open files grows as it is needed");
    }
}

/// Of a limit that is too low for all, a half at least goes to connections, and always one.
fn divide(limit: Option<usize>, open: usize, wanted: Shares) -> Shares {
    let Some(limit) = limit else { return wanted };
    let free = limit.saturating_sub(open);
    let reserved = wanted.reserved.min(free / 2);
    Shares { connections: wanted.connections.min(free - reserved).max(1), reserved }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reserve_is_kept() {
        let divided = |limit, open, connections, reserved| {
            let shares = divide(limit, open, Shares { connections, reserved });
            (shares.connections, shares.reserved)
        };
        assert_eq!(divided(None, 20, 10_000, 256), (10_000, 256));
        assert_eq!(divided(Some(1_048_576), 20, 10_000, 256), (10_000, 256));
        assert_eq!(divided(Some(10_276), 20, 10_000, 256), (10_000, 256));
        assert_eq!(divided(Some(10_275), 20, 10_000, 256), (9_999, 256));
        assert_eq!(divided(Some(1024), 24, 10_000, 256), (744, 256));
        assert_eq!(divided(Some(256), 24, 10_000, 256), (116, 116));
        assert_eq!(divided(Some(256), 24, 50, 256), (50, 116));
        assert_eq!(divided(Some(1024), 24, 10_000, 0), (1000, 0));
        assert_eq!(divided(Some(20), 24, 10_000, 256), (1, 0));
    }

    #[test]
    fn the_limit_is_raised_as_far_as_it_goes() {
        raise_limit();
        let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
        assert_eq!(current, maximum);
        raise_limit();
        assert!(connections(1, 0) == 1);
    }
}
