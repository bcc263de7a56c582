//! The end of a runtime.

use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::Runtime;
use crate::testing::{Lab, Step, config, registry};

const SECOND: Duration = Duration::from_secs(1);
const BOTH: &str = "
functions: {common: {_type: shared_part, lab: LAB}}
workflow: {_type: user_part, lab: LAB}";

#[tokio::test(start_paused = true)]
async fn who_ends_it_again_waits_for_the_same_end() {
    let (number, lab) = Lab::new();
    let runtime = Runtime::start(&config(BOTH, number), &registry(), CancellationToken::new()).await.unwrap();
    lab.close(|_, _| Step::Sleep(SECOND * 3));
    let began = Instant::now();
    let ends = [1, 2, 3].map(|_| {
        let runtime = runtime.clone();
        tokio::spawn(async move {
            runtime.shutdown(SECOND * 9).await;
            began.elapsed()
        })
    });
    for end in ends {
        assert!((SECOND * 3..SECOND * 4).contains(&end.await.unwrap()));
    }
    assert_eq!(lab.counts(), (1, 1));

    // One who gives up half-way leaves the rest to the next.
    let (number, lab) = Lab::new();
    let runtime = Runtime::start(&config(BOTH, number), &registry(), CancellationToken::new()).await.unwrap();
    lab.close(|_, _| Step::Sleep(SECOND * 3));
    assert!(tokio::time::timeout(SECOND, runtime.shutdown(SECOND)).await.is_err());
    runtime.shutdown(SECOND).await;
    assert_eq!((lab.counts(), lab.live_values()), ((1, 1), 0));
}

#[tokio::test(start_paused = true)]
async fn no_time_is_too_long() {
    let (number, lab) = Lab::new();
    let mut config = config(BOTH, number);
    for span in [Duration::MAX, Duration::ZERO] {
        let general = &mut config.general;
        (general.build_timeout, general.close_timeout) = (span, span);
        (general.per_user_workflow_timeout, general.per_user_workflow_cleanup_interval) = (span, span);
        let runtime = Runtime::start(&config, &registry(), CancellationToken::new()).await.unwrap();
        let workflow = runtime.workflow(&crate::EntryName::Workflow).unwrap();
        drop(workflow.open(Some(crate::UserId::named("a"))).await.unwrap());
        let report = runtime.shutdown(Duration::MAX).await;
        assert_eq!((report.instances.built, report.instances.closed), (1, 1));
    }
    assert_eq!(lab.counts(), (4, 4));
}
