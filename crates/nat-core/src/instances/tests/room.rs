//! Who makes room for whom, and when nobody can.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::FutureExt;
use tokio::time::Instant;

use super::{SECOND, fill, gate, limits};
use crate::instances::gate::GateLimits;
use crate::instances::index::Index;
use crate::instances::newcomers::Newcomers;
use crate::instances::slot::{Attempt, Slot};
use crate::instances::{Instances, OpenError};
use crate::moment::Moment;
use crate::testing::{Step, TWO, table, until, user};
use crate::{CloseReason, InstanceLimits};

async fn served(instances: &Arc<Instances>, name: &str) -> bool {
    match instances.acquire(&user(name)).await {
        Ok(_) => true,
        Err(OpenError::TooManyUsers { .. }) => false,
        Err(other) => panic!("{other}"),
    }
}

/// A newcomer who found nobody idle says nothing about the next one.
#[tokio::test(start_paused = true)]
async fn a_refusal_is_no_reason_for_the_next_one() {
    let (instances, _lab) = table(TWO, InstanceLimits { users: 200, ..limits() }).await;
    let names: Vec<String> = (0..200).map(|number| format!("user-{number}")).collect();
    let mut leases = Vec::new();
    for name in &names {
        leases.append(&mut fill(&instances, &[name]).await);
    }
    assert!(!served(&instances, "one more").await);
    leases.truncate(100);
    for number in 0..100 {
        let begin = Instant::now();
        assert!(served(&instances, &format!("newcomer-{number}")).await, "the {number}th, beside idle users");
        assert_eq!(begin.elapsed(), Duration::ZERO);
    }
}

/// With one idle user at a time, a newcomer gets that user's place.
#[test]
fn nobody_is_refused_while_somebody_is_idle() {
    for workers in [1, 2, 4] {
        let tokio = tokio::runtime::Builder::new_multi_thread().worker_threads(workers).enable_all().build().unwrap();
        let refused = tokio.block_on(async {
            // Never more than four users are in use at once, and there is room for five.
            let (instances, _lab) = table(TWO, InstanceLimits { users: 5, ..InstanceLimits::default() }).await;
            let refused = Arc::new(AtomicUsize::new(0));
            let clients = (0..4).map(|client| {
                let (instances, refused) = (instances.clone(), refused.clone());
                tokio::spawn(async move {
                    for number in 0..300 {
                        if !served(&instances, &format!("{client}-{}", number % 50)).await {
                            refused.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                })
            });
            for client in clients.collect::<Vec<_>>() {
                client.await.unwrap();
            }
            refused.load(Ordering::Relaxed)
        });
        assert_eq!(refused, 0, "with {workers} workers");
    }
}

/// A place that becomes free within half a second is waited for, whether its user was busy or closing.
#[tokio::test(start_paused = true)]
async fn newcomers_wait_shortly_for_a_place() {
    let (instances, lab) = table(TWO, InstanceLimits { users: 1, close_timeout: SECOND * 60, ..limits() }).await;
    let mut leases = fill(&instances, &["a"]).await;
    let newcomer = |name: &'static str| {
        let instances = instances.clone();
        let begin = Instant::now();
        tokio::spawn(async move { (served(&instances, name).await, begin.elapsed()) })
    };
    let waits = newcomer("b");
    tokio::time::sleep(SECOND / 10).await;
    leases.clear();
    assert_eq!(waits.await.unwrap(), (true, SECOND / 10));

    // As many are closing as may: 64.
    let (gate, ours) = gate();
    lab.close(move |name, _| if name == "first" { Step::Pass } else { Step::Gate(gate.clone()) });
    until("b is idle", || instances.index.all().iter().any(|slot| slot.idle_since().is_some())).await;
    for number in 0..64 {
        assert!(served(&instances, &format!("c-{number}")).await);
    }
    let waits = newcomer("d");
    tokio::time::sleep(SECOND / 10).await;
    ours.add_permits(1);
    let (served, after) = waits.await.unwrap();
    assert!(served && after < SECOND / 5, "{after:?}");
    let waits = newcomer("e");
    assert_eq!(waits.await.unwrap(), (false, SECOND / 2), "and no longer");

    // So many may wait, and further ones are refused at once.
    let waiting: Vec<_> = (0..100).map(|number| newcomer(Box::leak(format!("f-{number}").into_boxed_str()))).collect();
    let mut at_once = 0;
    for one in waiting {
        let (served, after) = one.await.unwrap();
        assert!(!served);
        at_once += usize::from(after == Duration::ZERO);
    }
    assert_eq!(at_once, 100 - 64);
}

/// An instance whose request still waits for it is not idle, however many newcomers wait for a place.
#[tokio::test(start_paused = true)]
async fn newcomers_send_nobody_away_whose_request_waits() {
    let (instances, lab) = table(TWO, InstanceLimits { users: 1, ..limits() }).await;
    let lease = instances.acquire(&user("a")).await.unwrap();
    let waiting: Vec<_> = ["b", "c", "d"]
        .into_iter()
        .map(|name| {
            let instances = instances.clone();
            tokio::spawn(async move { served(&instances, name).await })
        })
        .collect();
    tokio::time::sleep(SECOND / 10).await;
    drop(lease);
    for one in waiting {
        assert!(one.await.unwrap());
    }
    assert_eq!(lab.begun.load(Ordering::SeqCst), 2 * 4, "each was built once");
    // A request that leaves before its instance is built makes it idle then.
    let eve = user("e");
    assert!(instances.acquire(&eve).now_or_never().is_none());
    until("it is built", || instances.reports(Some(&eve)).len() == 1).await;
    assert!(served(&instances, "f").await);
}

#[tokio::test(start_paused = true)]
async fn a_newcomer_who_waits_at_a_stop_is_told_of_it() {
    let (instances, _lab) = table(TWO, InstanceLimits { users: 1, ..limits() }).await;
    let _lease = instances.acquire(&user("a")).await.unwrap();
    let bob = user("b");
    let mut newcomer = Box::pin(instances.acquire(&bob));
    assert!((&mut newcomer).now_or_never().is_none());
    tokio::task::yield_now().await;
    instances.stopping.cancel();
    assert!(matches!(newcomer.await, Err(OpenError::ShuttingDown)));
}

/// So many instances close at once, and those that are still to be closed can be used meanwhile.
#[tokio::test(start_paused = true)]
async fn closes_at_once_are_bounded() {
    let (instances, lab) = table(TWO, InstanceLimits { concurrent_closes: 3, ..limits() }).await;
    let names: Vec<String> = (0..50).map(|number| format!("user-{number}")).collect();
    for name in &names {
        drop(fill(&instances, &[name]).await);
        // The last is the last to be closed.
        tokio::time::advance(Duration::from_millis(1)).await;
    }
    let (gate, ours) = gate();
    lab.close(move |_, _| Step::Gate(gate.clone()));
    let closing = tokio::spawn({
        let instances = instances.clone();
        async move { instances.close_idle(CloseReason::Idle).await }
    });
    until("three have begun", || lab.counts().1 == 3).await;
    tokio::time::sleep(SECOND / 10).await;
    assert_eq!(lab.counts().1, 3, "the rest waits");
    let lease = instances.acquire(&user("user-49")).now_or_never().expect("it is not closing").unwrap();
    ours.add_permits(2 * 49);
    closing.await.unwrap();
    until("all that are idle have closed", || lab.counts() == (100, 98)).await;
    drop(lease);
    ours.add_permits(2);
    // At a stop, too.
    let lab = {
        let (instances, lab) = table(TWO, InstanceLimits { concurrent_closes: 3, ..limits() }).await;
        for name in &names {
            drop(fill(&instances, &[name]).await);
        }
        lab.close(|_, _| Step::Sleep(SECOND));
        let begin = Instant::now();
        assert!(instances.shutdown(begin + SECOND * 60, SECOND).await.is_empty());
        assert_eq!(begin.elapsed(), SECOND * 2 * 17, "50 instances of two components, three at a time");
        lab
    };
    assert_eq!(lab.counts(), (100, 100));
}

/// An entry of the idle cache that expires in the moment at which its instance goes live is not lost.
#[test]
fn an_instance_that_is_idle_at_once_is_closed_all_the_same() {
    let tokio = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let limits = InstanceLimits {
        idle_timeout: Duration::from_millis(1),
        sweep_interval: Duration::from_millis(1),
        ..InstanceLimits::default()
    };
    for round in 0..20 {
        let (instances, lab) = tokio.block_on(table(TWO, limits.clone()));
        let stop = std::sync::atomic::AtomicBool::new(false);
        let closed = || instances.index.all().is_empty();
        std::thread::scope(|scope| {
            let sweeper = scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    tokio.block_on(instances.sweep());
                }
            });
            tokio.block_on(async {
                for number in 0..200 {
                    drop(instances.acquire(&user(&format!("{round}-{number}"))).await.unwrap());
                }
                // Without a panic: the other thread has to be stopped.
                let _ = tokio::time::timeout(SECOND * 10, until("all are closed", closed)).await;
            });
            stop.store(true, Ordering::Relaxed);
            sweeper.join().unwrap();
        });
        assert!(closed(), "round {round}: {:?}", lab.counts());
        assert_eq!(lab.counts().0, lab.counts().1);
    }
}

/// The list holds those who are idle and nobody else, the longest idle first, whatever happens in which order, and
/// while the table grows and shrinks.
#[tokio::test(start_paused = true)]
async fn the_list_of_idle_users_is_exact() {
    let (instances, _lab) = table(TWO, limits()).await;
    let set = instances.acquire(&user("a")).await.unwrap().set().clone();
    let index = Index::new(&Arc::new(Newcomers::default()), GateLimits::new(&limits()));
    let mut dice = 0x9e37_79b9_7f4a_7c15_u64;
    let mut roll = |sides: usize| {
        dice ^= dice << 13;
        dice ^= dice >> 7;
        dice ^= dice << 17;
        usize::try_from(dice % 1_000_003).unwrap() % sides
    };
    let (mut slots, mut leases): (Vec<Arc<Slot>>, Vec<_>) = (Vec::new(), Vec::new());
    let mut number = 0;
    for step in 0..60_000 {
        tokio::time::advance(Duration::from_nanos(1)).await;
        // It grows to some thousands, and shrinks to nearly nothing.
        let grows = step % 20_000 < 8_000;
        match roll(10) {
            0..3 if grows => {
                let user = user(&number.to_string());
                let slot = Slot::new(user.clone(), number, index.home_of(&user).clone());
                number += 1;
                assert!(Arc::ptr_eq(&index.get_or_insert(&slot).unwrap(), &slot));
                drop(slot.made());
                slot.go_live(set.clone());
                slots.push(slot);
            }
            3..6 if !slots.is_empty() => {
                let slot = &slots[roll(slots.len())];
                if let Some((leased, Attempt::Leased(_, _, since))) = index.try_lease(slot.user(), SECOND) {
                    assert!(Arc::ptr_eq(&leased, slot));
                    leases.push((leased, since));
                }
            }
            6..9 if !leases.is_empty() => {
                let (slot, since) = leases.swap_remove(roll(leases.len()));
                slot.release(since, None);
            }
            9 if !slots.is_empty() => {
                // One slot goes: by request, or as the longest idle.
                let longest = slots.iter().filter_map(|slot| Some((slot.idle_since()?, slot.number()))).min();
                let gone = if roll(2) == 0 {
                    let gone = slots[roll(slots.len())].clone();
                    gone.mark(CloseReason::Requested);
                    gone.close_if_free(crate::instances::slot::Leased::CloseAnyway);
                    Some(gone)
                } else {
                    let closed = index.close_longest_idle().map(|(slot, _)| slot);
                    assert_eq!(closed.as_ref().map(|slot| slot.number()), longest.map(|(_, number)| number));
                    closed
                };
                if let Some(gone) = gone {
                    index.remove(&gone);
                    gone.closed();
                    slots.retain(|slot| !Arc::ptr_eq(slot, &gone));
                }
            }
            _ => {}
        }
        if step % 500 == 0 {
            let mut expected: Vec<_> =
                slots.iter().filter_map(|slot| Some((slot.idle_since()?, slot.number()))).collect();
            expected.sort_unstable();
            let mut listed = index.idle();
            listed.sort_unstable();
            assert_eq!(listed, expected, "step {step}");
            assert_eq!(index.all().len(), slots.len());
            assert!(slots.iter().all(|slot| Arc::ptr_eq(&index.get(slot.user()).unwrap(), slot)));
        }
    }
}

/// Those who are closed to make room are the ones who have been idle longest, however many make room at once.
#[tokio::test]
async fn room_is_made_by_those_who_have_been_idle_longest() {
    const USERS: usize = 2_000;
    const CLOSED: usize = 1_000;
    let (instances, _lab) = table(TWO, limits()).await;
    let set = instances.acquire(&user("a")).await.unwrap().set().clone();
    for _ in 0..5 {
        let index = Index::new(&Arc::new(Newcomers::default()), GateLimits::new(&limits()));
        let slots: Vec<_> = (0..USERS)
            .map(|number| {
                let user = user(&number.to_string());
                let slot = Slot::new(user.clone(), number as u64, index.home_of(&user).clone());
                assert!(index.get_or_insert(&slot).is_some());
                drop(slot.made());
                slot.go_live(set.clone());
                // The next one is idle later.
                let since = slot.idle_since();
                while Some(Moment::now()) <= since {}
                slot
            })
            .collect();
        let closed: Vec<u64> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4)
                .map(|_| {
                    scope.spawn(|| {
                        let one = |_| index.close_longest_idle().expect("users are idle").0.number();
                        (0..CLOSED / 4).map(one).collect::<Vec<_>>()
                    })
                })
                .collect();
            threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
        });
        let wrong = closed.iter().filter(|number| **number >= CLOSED as u64).count();
        assert_eq!((closed.len(), wrong), (CLOSED, 0));
        drop(slots);
    }
}
