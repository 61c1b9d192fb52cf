//! What these tests share.

use std::fs;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::time::Duration;

use deprovision::journal::{Journal, JournalRecord};
use deprovision::plan::{PlanEntry, RevokeAll, Settled};
use deprovision::sandbox::{Received, Sandbox};
use deprovision::{ClientBuilder, RetryPolicy, Revocation, Vendor, cor, cova, onlyoffice, persona, projectmanager};
use futures_util::StreamExt;
use uuid::Uuid;

use crate::support::{ms, within};

/// A directory of a test's own that goes with it.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new() -> Self {
        Self::below(&std::env::temp_dir())
    }

    /// In memory where that can be had: for tests that write very often.
    pub fn in_memory() -> Self {
        let memory = Path::new("/dev/shm");
        if memory.is_dir() { Self::below(memory) } else { Self::new() }
    }

    fn below(parent: &Path) -> Self {
        let path = parent.join(format!("deprovision-{}", Uuid::new_v4()));
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A sandbox and a client builder for it that does not wait long between attempts.
pub struct Setting {
    pub sandbox: Sandbox,
}

impl Deref for Setting {
    type Target = Sandbox;

    fn deref(&self) -> &Sandbox {
        &self.sandbox
    }
}

impl Setting {
    pub async fn new() -> Self {
        Self { sandbox: Sandbox::start().await.unwrap() }
    }

    pub fn builder(&self) -> ClientBuilder {
        self.sandbox.client_builder().retry(RetryPolicy::default().backoff(ms(1), ms(2)))
    }

    pub fn client(&self) -> deprovision::Client {
        self.builder().build().unwrap()
    }

    /// Persona's configuration, to be given a limit.
    pub fn persona(&self) -> persona::Config {
        persona::Config::new(self.token(Vendor::Persona)).base_url(self.url(Vendor::Persona))
    }

    /// Active users of Cova with these ids, and the entries that disable them.
    pub fn users(&self, ids: impl IntoIterator<Item = u32>) -> Vec<Revocation> {
        let ids: Vec<u32> = ids.into_iter().collect();
        ids.iter().for_each(|id| self.cova().add_user(*id));
        ids.into_iter().map(user).collect()
    }

    /// Active connections of Persona with these numbers, and the entries that deactivate them.
    pub fn connections(&self, numbers: impl IntoIterator<Item = u32>) -> Vec<Revocation> {
        let numbers: Vec<u32> = numbers.into_iter().collect();
        numbers.iter().for_each(|number| self.sandbox.persona().add_connection(&connection_id(*number)));
        numbers.into_iter().map(connection).collect()
    }

    /// Links of ONLYOFFICE's contacts with project 1, and the entries that undo them.
    pub fn links(&self, contacts: impl IntoIterator<Item = u32>) -> Vec<Revocation> {
        let contacts: Vec<u32> = contacts.into_iter().collect();
        contacts.iter().for_each(|contact| self.onlyoffice().link(*contact, 1));
        contacts.into_iter().map(|contact| onlyoffice::UnlinkProject::new(contact, 1).unwrap().into()).collect()
    }

    /// How many requests there were for a path that contains `part`.
    pub fn requests_to(&self, vendor: Vendor, part: &str) -> usize {
        self.requests(vendor).iter().filter(|request| request.path.contains(part)).count()
    }
}

/// Whose connections at ProjectManager these plans end.
const JANE: &str = "jane@acme.example";

pub fn user(id: u32) -> Revocation {
    cova::DisableUser::new(id).unwrap().into()
}

pub fn connection_id(number: u32) -> String {
    format!("cxn_{number:04}")
}

pub fn connection(number: u32) -> Revocation {
    persona::DeactivateConnection::new(connection_id(number)).unwrap().into()
}

/// Whether an access is there still, by the sandbox's own account.
pub fn is_there(sandbox: &Sandbox, revocation: &Revocation) -> bool {
    match revocation {
        Revocation::ProjectManager(entry) => sandbox.projectmanager().is_connected(JANE, entry.provider_id()),
        Revocation::Cor(entry) => {
            let source = entry.source().to_string();
            entry.workspaces().iter().any(|workspace| sandbox.cor().is_attached(&source, entry.user_id(), workspace))
        }
        Revocation::OnlyOffice(entry) => sandbox.onlyoffice().is_linked(entry.contact_id(), entry.project_id()),
        Revocation::Persona(entry) => sandbox.persona().is_active(entry.connection_id()),
        Revocation::Cova(entry) => sandbox.cova().is_active(entry.user_id()),
        other => panic!("{other:?} is new here"),
    }
}

/// Puts an access back.
pub fn put_back(sandbox: &Sandbox, revocation: &Revocation) {
    match revocation {
        Revocation::ProjectManager(entry) => {
            sandbox.projectmanager().connect(JANE, entry.provider_id());
        }
        Revocation::Cor(entry) => {
            let source = entry.source().to_string();
            entry.workspaces().iter().for_each(|workspace| sandbox.cor().attach(&source, entry.user_id(), workspace));
        }
        Revocation::OnlyOffice(entry) => sandbox.onlyoffice().link(entry.contact_id(), entry.project_id()),
        Revocation::Persona(entry) => sandbox.persona().add_connection(entry.connection_id()),
        Revocation::Cova(entry) => sandbox.cova().add_user(entry.user_id()),
        other => panic!("{other:?} is new here"),
    }
}

/// An access at each vendor, each of its own subject: five entries for each number, in turn.
pub fn mixed(numbers: impl IntoIterator<Item = u32>) -> Vec<Revocation> {
    let five = |number: u32| -> [Revocation; 5] {
        let provider = Uuid::from_u128(u128::from(number));
        let user = format!("leaver-{number}");
        [
            projectmanager::DisconnectProvider::new(provider).into(),
            cor::DetachWorkspaces::new(user, ["Finance"], cor::Source::OKTA).unwrap().into(),
            onlyoffice::UnlinkProject::new(10_000 + number, 1).unwrap().into(),
            connection(number),
            self::user(20_000 + number),
        ]
    };
    numbers.into_iter().flat_map(five).collect()
}

/// All that settles. A run that hangs fails the test.
pub async fn all<I>(run: RevokeAll<I>) -> Vec<Settled>
where
    I: Iterator + Send + Unpin + 'static,
    I::Item: PlanEntry,
{
    within(Duration::from_secs(30), run.collect()).await
}

pub fn indexes(settled: &[Settled]) -> Vec<usize> {
    let mut indexes: Vec<usize> = settled.iter().map(|one| one.index).collect();
    indexes.sort_unstable();
    indexes
}

/// That everything of a plan settled as gone, once each.
#[track_caller]
pub fn assert_all_gone(settled: &[Settled], entries: usize) {
    assert_eq!(indexes(settled), (0..entries).collect::<Vec<_>>());
    for one in settled {
        assert!(one.result.is_ok() && one.journal_error.is_none(), "{one:?}");
    }
}

pub fn open(path: &Path) -> Journal {
    Journal::open(path, "hr@acme.example", "leaver 4711").unwrap()
}

/// The lines of a journal, each of which must be whole.
pub fn records(path: &Path) -> Vec<JournalRecord> {
    let text = fs::read_to_string(path).unwrap();
    assert!(text.ends_with('\n'));
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|why| panic!("{why}: {line}"))).collect()
}

/// The greatest number of requests that were being answered at the same time, if each answer took `time`.
pub fn most_side_by_side(requests: &[Received], time: Duration) -> usize {
    let ends_after = |at| requests.iter().filter(move |other| other.at <= at && at < other.at + time).count();
    requests.iter().map(|request| ends_after(request.at)).max().unwrap_or_default()
}
