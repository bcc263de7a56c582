//! Whether the process was started to outlive its terminal.

use std::mem::MaybeUninit;
use std::ptr;

/// Whether SIGHUP is ignored, as `nohup` and shells arrange it before they start a program.
pub(super) fn is_ignored() -> bool {
    let mut action = MaybeUninit::<libc::sigaction>::uninit();
    // SAFETY: without a new action the call only writes the present one, and only when it succeeds is that read.
    #[allow(unsafe_code)]
    unsafe {
        libc::sigaction(libc::SIGHUP, ptr::null(), action.as_mut_ptr()) == 0
            && action.assume_init().sa_sigaction == libc::SIG_IGN
    }
}
