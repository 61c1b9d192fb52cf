//! A net under code that panics.
//!
//! The generator asserts, unwraps and has `todo!()`s. The lint refuses what is known to reach them; whatever it does
//! not know ends here, as one line instead of a backtrace.

use std::cell::RefCell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

thread_local! {
    /// The words of the last panic on this thread, if it is inside [`guard`].
    static CAUGHT: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Runs `work`; if it panics, prints nothing and returns the panic's words and place.
pub fn guard<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    listen();
    CAUGHT.set(Some(String::from("it gave no reason")));
    let result = panic::catch_unwind(AssertUnwindSafe(work));
    let words = CAUGHT.take();
    result.map_err(|_| words.unwrap_or_default())
}

/// Installs, once, a panic hook that keeps still on threads inside [`guard`].
///
/// The hook belongs to the whole process, so it is not taken out again: two threads that swap hooks would lose one.
fn listen() {
    static LISTENING: Once = Once::new();
    LISTENING.call_once(|| {
        let usual = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            let inside = CAUGHT.with_borrow_mut(|caught| {
                if let Some(words) = caught {
                    *words = describe(info);
                }
                caught.is_some()
            });
            if !inside {
                usual(info);
            }
        }));
    });
}

fn describe(info: &panic::PanicHookInfo<'_>) -> String {
    let payload = info.payload();
    let words = payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("it gave no reason");
    match info.location() {
        Some(place) => format!("{words} ({}:{})", file_name(place.file()), place.line()),
        None => words.to_owned(),
    }
}

/// The last three parts of a path (crate, `src`, file): enough to find the place, and the same on every machine.
fn file_name(path: &str) -> &str {
    let mut cuts = path.rmatch_indices(['/', '\\']).map(|(at, _)| at + 1);
    cuts.nth(2).map_or(path, |at| &path[at..])
}
