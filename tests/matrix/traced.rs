//! What is traced while the tests here run, at every level, by every crate underneath.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, Once};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::printed::gives_away;

static EVENTS: AtomicU64 = AtomicU64::new(0);
static LEAK: Mutex<Option<String>> = Mutex::new(None);

/// Looks at everything from now on, on every thread.
pub fn watch() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| tracing::subscriber::set_global_default(Watch).unwrap());
}

/// Fails if anything gave the credential away, or if there was nothing to look at.
pub fn assert_no_secret_traced() {
    assert!(EVENTS.load(Ordering::Relaxed) > 1000, "nothing is traced");
    let leak = LEAK.lock().unwrap().clone();
    assert_eq!(leak, None);
}

struct Watch;

impl Watch {
    fn look(metadata: &'static Metadata<'static>, record: impl FnOnce(&mut dyn Visit)) {
        EVENTS.fetch_add(1, Ordering::Relaxed);
        record(&mut Look(metadata.name()));
    }
}

impl Subscriber for Watch {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        Self::look(span.metadata(), |look| span.record(look));
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        values.record(&mut Look("recorded later"));
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        Self::look(event.metadata(), |look| event.record(look));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// With the name of what is looked at.
struct Look(&'static str);

impl Visit for Look {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let text = format!("{}, {field}: {value:?}", self.0);
        if gives_away(&text) {
            *LEAK.lock().unwrap() = Some(text);
        }
    }
}
