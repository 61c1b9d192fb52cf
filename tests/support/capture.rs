//! Everything that `tracing` was told.

use std::fmt;
use std::sync::{Arc, Mutex};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::DefaultGuard;
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::registry::LookupSpan;

/// A span or an event.
#[derive(Clone, Debug)]
pub struct Entry {
    pub is_span: bool,
    pub name: String,
    pub level: Level,
    pub target: String,
    pub fields: Vec<(String, String)>,
    /// For an event, the name of the span it happened in.
    pub parent: Option<String>,
    id: Option<u64>,
}

impl Entry {
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str())
    }

    pub fn has(&self, name: &str) -> bool {
        self.field(name).is_some()
    }
}

/// What was recorded on this thread since [`Capture::start`], at every level.
pub struct Capture {
    entries: Arc<Mutex<Vec<Entry>>>,
    _guard: DefaultGuard,
}

impl Capture {
    pub fn start() -> Self {
        let entries = Arc::new(Mutex::new(Vec::new()));
        let subscriber = tracing_subscriber::registry().with(Recorder(Arc::clone(&entries)));
        let guard = tracing::subscriber::set_default(subscriber);
        Self { entries, _guard: guard }
    }

    pub fn entries(&self) -> Vec<Entry> {
        self.entries.lock().unwrap().clone()
    }

    /// The entries of this crate's own.
    pub fn own(&self) -> Vec<Entry> {
        self.entries().into_iter().filter(|entry| entry.target.starts_with("deprovision")).collect()
    }

    /// All of it as text.
    pub fn text(&self) -> String {
        format!("{:#?}", self.entries())
    }

    pub fn clear(&self) {
        self.entries.lock().unwrap().clear();
    }
}

struct Recorder(Arc<Mutex<Vec<Entry>>>);

impl Recorder {
    fn add(&self, metadata: &Metadata<'_>, fields: Fields, parent: Option<String>, id: Option<u64>) {
        self.0.lock().unwrap().push(Entry {
            is_span: metadata.is_span(),
            name: metadata.name().to_owned(),
            level: *metadata.level(),
            target: metadata.target().to_owned(),
            fields: fields.0,
            parent,
            id,
        });
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Recorder {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, _: Context<'_, S>) {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        self.add(attributes.metadata(), fields, None, Some(id.into_u64()));
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, _: Context<'_, S>) {
        let mut fields = Fields::default();
        values.record(&mut fields);
        let mut entries = self.0.lock().unwrap();
        // Ids are used again after a span has ended: the newest is meant.
        if let Some(span) = entries.iter_mut().rev().find(|entry| entry.id == Some(id.into_u64())) {
            span.fields.extend(fields.0);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let parent = context.event_span(event).map(|span| span.name().to_owned());
        self.add(event.metadata(), fields, parent, None);
    }
}

#[derive(Default)]
struct Fields(Vec<(String, String)>);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.push((field.name().to_owned(), format!("{value:?}")));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.push((field.name().to_owned(), value.to_owned()));
    }
}
