//! One piece of work for all who need it at the same time.

use std::fmt;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::WeakShared;
use tokio::time::timeout;

type Work<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Work of which one piece at most is under way: whoever needs it meanwhile has its result.
///
/// All who wait carry it on. Held by a lock instead, it would stand still for all of them while the one who began it is not
/// polled, as a plan's calls are not while nobody asks for the plan's next result. It ends when nobody waits any more.
pub(crate) struct Joint<T>(Mutex<Option<WeakShared<Work<T>>>>);

impl<T> Default for Joint<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T> fmt::Debug for Joint<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Joint")
    }
}

/// How often one who waits looks by itself how far the work is. The one whom it woke may not be polled after that, and the
/// others, if they looked just then, are not woken again.
const TICK: Duration = Duration::from_millis(100);

impl<T: Clone + Send + Sync + 'static> Joint<T> {
    /// What the work under way comes to; if there is none, `begin` makes it. If it panics, it comes to what `panicked` says,
    /// for all who wait.
    pub(crate) async fn run(&self, begin: impl FnOnce() -> Work<T>, panicked: fn() -> T) -> T {
        let mut work = {
            let mut under_way = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let joined = under_way.as_ref().and_then(WeakShared::upgrade).filter(|work| work.peek().is_none());
            joined.unwrap_or_else(|| {
                let work = AssertUnwindSafe(begin()).catch_unwind();
                let work: Work<T> = Box::pin(work.map(move |done| done.unwrap_or_else(|_| panicked())));
                let work = work.shared();
                *under_way = work.downgrade();
                work
            })
        };
        loop {
            if let Ok(done) = timeout(TICK, &mut work).await {
                return done;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use tokio::sync::Semaphore;

    use super::*;

    /// Work that waits for leave and then says how often it was begun.
    fn counted(begun: &Arc<AtomicU32>, leave: &Arc<Semaphore>) -> Work<u32> {
        let (number, leave) = (begun.fetch_add(1, Ordering::SeqCst) + 1, leave.clone());
        Box::pin(async move {
            leave.acquire().await.unwrap().forget();
            number
        })
    }

    #[tokio::test]
    async fn those_who_wait_share_it_and_carry_it_on() {
        let (begun, leave) = (Arc::new(AtomicU32::new(0)), Arc::new(Semaphore::new(0)));
        let joint = Joint::default();
        let mut first = Box::pin(joint.run(|| counted(&begun, &leave), || 0));
        assert_eq!((&mut first).now_or_never(), None);
        let second = joint.run(|| counted(&begun, &leave), || 0);
        leave.add_permits(1);
        // The one who began it is not polled.
        assert_eq!(second.await, 1);
        // It is over, though one has not heard of it: who comes now needs another.
        leave.add_permits(1);
        assert_eq!(joint.run(|| counted(&begun, &leave), || 0).await, 2);
        assert_eq!(first.await, 1);
    }

    #[tokio::test]
    async fn what_nobody_waits_for_is_given_up() {
        let (begun, leave) = (Arc::new(AtomicU32::new(0)), Arc::new(Semaphore::new(0)));
        let joint = Joint::default();
        let mut first = Box::pin(joint.run(|| counted(&begun, &leave), || 0));
        assert_eq!((&mut first).now_or_never(), None);
        drop(first);
        leave.add_permits(1);
        assert_eq!(joint.run(|| counted(&begun, &leave), || 0).await, 2);
    }

    #[tokio::test]
    async fn a_panic_is_a_result_for_all_who_wait_and_for_nobody_after_them() {
        let joint = Joint::default();
        let panicking = || -> Work<u32> {
            Box::pin(async {
                tokio::task::yield_now().await;
                panic!("as it is meant to")
            })
        };
        let mut first = Box::pin(joint.run(panicking, || 7));
        assert_eq!((&mut first).now_or_never(), None);
        assert_eq!(joint.run(panicking, || 8).await, 7);
        assert_eq!(joint.run(|| Box::pin(async { 9 }), || 0).await, 9);
        assert_eq!(first.await, 7);
    }
}
