//! A record of a run that survives it: what was about to be sent, and what came of it.
//!
//! A journal is a file of JSON Lines, each a [`JournalRecord`]. The first line says whose it is; then an *intent* is on
//! disk before a request leaves, and what came of it, *revoked* or *not revoked*, after. Lines are only ever added. The
//! file is locked against a second process and readable by its owner only. It holds receipts without the vendors'
//! responses, which are personal data, but with the SHA-256 of the body; the vendors' words in errors are kept.
//!
//! A run that was ended, however, is started again with the same plan and the same file. It goes on with exactly what is
//! not revoked yet, with the same idempotency keys. An entry that differs from the journaled one at its index ends the
//! run before it is sent. Going on keeps about fifty bytes in memory for each entry journaled; a first run keeps none.

mod record;
mod report;
mod scan;
mod writer;

use std::collections::HashMap;
use std::fmt;
use std::fs::{File, OpenOptions};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, BufRead, BufReader, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use chrono::Utc;
use sha2::{Digest, Sha256};
use uuid::Uuid;

pub use record::JournalRecord;
pub use report::{Count, LongestWait, OpenEntry, Report, Session, VendorReport};

use crate::client::{Failed, Proof};
use crate::error::{Access, Error, ErrorKind};
use crate::receipt::Receipt;
use crate::vendor::{Response, Revocation};
use record::{FORMAT, VERSION};
use scan::{Scan, Unreadable};
use writer::Writer;

/// An open journal, for [`RevokeAll::journal`](crate::plan::RevokeAll::journal).
///
/// It is locked until it is dropped. It is written on a thread of its own. Read it is by [`open`](Journal::open) and
/// [`report`](Journal::report), and, where a run that is gone on with is polled, a line for each entry that is revoked
/// already.
pub struct Journal {
    path: PathBuf,
    run: Uuid,
    known: HashMap<u64, Known>,
    reader: Mutex<BufReader<File>>,
    writer: Writer,
}

/// What is journaled of an entry.
#[derive(Clone, Copy, Debug, Default)]
struct Known {
    /// A hash of the entry, by which another entry at its index is noticed; `None` of an entry that could not be read.
    entry: Option<u64>,
    /// Where the line is that says that it is revoked.
    revoked: Option<u64>,
    next_key: u32,
    /// Whether it may have been sent, or its access may be gone, without that being known.
    in_doubt: bool,
}

/// What a journal says of an entry that is about to be made.
pub(crate) enum Before {
    /// It is to be made, beginning with this key; `in_doubt` if it may be gone already by an earlier session.
    Open { key: Uuid, first_key: u32, in_doubt: bool },
    /// It is revoked already.
    Revoked(Box<Receipt<Response>>),
}

impl Journal {
    /// Opens a journal, making it if it is not there, and says who runs it and why. It reads the whole file and blocks
    /// meanwhile.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Journal`] naming the file: if it is a directory, locked by another process, not a journal, damaged
    /// in any line but the last, of a newer version, or cannot be read or written.
    pub fn open(path: impl AsRef<Path>, operator: impl Into<String>, reason: impl Into<String>) -> Result<Self, Error> {
        let path = path.as_ref();
        Self::open_file(path, operator.into(), reason.into()).map_err(|why| unusable(path, &why))
    }

    fn open_file(path: &Path, operator: String, reason: String) -> Result<Self, Unreadable> {
        let locked = open_locked(path)?;
        let file = &locked.0;
        let mut scan = Scan::new(BufReader::new(file.try_clone().map_err(Unreadable::Io)?));
        let mut run = None;
        let mut known: HashMap<u64, Known> = HashMap::new();
        while let Some(found) = scan.next()? {
            match found.record {
                JournalRecord::Run { run: id, .. } => run = Some(id),
                record => note(&mut known, &record, found.offset),
            }
        }
        let mut first = Vec::new();
        if scan.lacks_line_feed() {
            first.push(b'\n');
        }
        let at = Utc::now();
        let run = match run {
            Some(run) => {
                first.extend(line(&JournalRecord::Resumed { operator, reason, at }));
                run
            }
            None => {
                if scan.end() == 0 && file.metadata().map_err(Unreadable::Io)?.len() > 0 && !is_torn_header(file)? {
                    return Err(Unreadable::Wrong("it is not a journal of this crate".to_owned()));
                }
                let run = Uuid::new_v4();
                let (format, version) = (FORMAT.to_owned(), VERSION);
                first.extend(line(&JournalRecord::Run { format, version, run, operator, reason, at }));
                run
            }
        };
        // What a torn last line left is taken away, so that what is added can be read.
        let write = |mut file: &File| -> io::Result<()> {
            #[cfg(unix)]
            file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
            file.set_len(scan.end())?;
            file.seek(SeekFrom::End(0))?;
            file.write_all(&first)?;
            file.sync_all()
        };
        write(file).map_err(Unreadable::Io)?;
        sync_directory(path);
        let reader = Mutex::new(BufReader::new(File::open(path).map_err(Unreadable::Io)?));
        let writer = Writer::start(locked).map_err(Unreadable::Io)?;
        Ok(Self { path: path.to_owned(), run, known, reader, writer })
    }

    /// The run's id, which stays the same when it is gone on with.
    pub fn run(&self) -> Uuid {
        self.run
    }

    /// What a run came to so far, in figures; the journal may be in use meanwhile.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Journal`] naming the file, as [`open`](Journal::open).
    pub fn report(path: impl AsRef<Path>) -> Result<Report, Error> {
        let path = path.as_ref();
        report::read(path).map_err(|why| unusable(path, &why))
    }

    /// What is journaled of the entry at this index; an error if it is another entry.
    pub(crate) fn before(&self, index: u64, revocation: &Revocation) -> Result<Before, Error> {
        let known = self.known.get(&index).copied().unwrap_or_default();
        if known.entry.is_some_and(|entry| entry != fingerprint(revocation)) {
            return Err(self.of_another_plan(index, "differs from the one journaled"));
        }
        match known.revoked {
            Some(offset) => self.receipt(offset).map(Before::Revoked).map_err(|why| unusable(&self.path, &why)),
            None => {
                let key = Uuid::new_v5(&self.run, index.to_string().as_bytes());
                Ok(Before::Open { key, first_key: known.next_key.max(1), in_doubt: known.in_doubt })
            }
        }
    }

    /// Whether an entry that cannot be read may stand at this index; an error if another one is journaled.
    pub(crate) fn before_unread(&self, index: u64) -> Result<(), Error> {
        match self.known.get(&index).and_then(|known| known.entry) {
            Some(_) => Err(self.of_another_plan(index, "cannot be read, and another one is journaled")),
            None => Ok(()),
        }
    }

    fn of_another_plan(&self, index: u64, how: &str) -> Error {
        let path = self.path.display();
        let what = format!("{path}: belongs to another plan: entry {index} {how}; nothing of it was sent");
        Error::new(ErrorKind::Journal, what)
    }

    fn receipt(&self, offset: u64) -> Result<Box<Receipt<Response>>, Unreadable> {
        let mut reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
        let mut bytes = Vec::new();
        reader.seek(SeekFrom::Start(offset)).map_err(Unreadable::Io)?;
        reader.read_until(b'\n', &mut bytes).map_err(Unreadable::Io)?;
        match serde_json::from_slice(&bytes) {
            Ok(JournalRecord::Revoked { receipt, .. }) => Ok(receipt),
            _ => Err(Unreadable::Wrong(format!("the line at byte {offset} changed while it was in use"))),
        }
    }

    /// Puts on disk that a request is about to be sent.
    pub(crate) async fn intent(&self, index: u64, revocation: &Revocation, first_key: u32) -> Result<(), Error> {
        self.write(intent_line(index, revocation, first_key)).await
    }

    /// Puts on disk what came of a request, and that the same came of further entries that are equal.
    pub(crate) async fn settled(
        &self,
        index: u64,
        further: &[u64],
        revocation: &Revocation,
        result: &Result<Proof<Response>, Failed>,
    ) -> Result<(), Error> {
        let at = Utc::now();
        let body_sha256 = result.as_ref().map(|proof| hex(&Sha256::digest(&proof.body))).unwrap_or_default();
        let mut lines = Vec::new();
        for (place, index) in std::iter::once(&index).chain(further).copied().enumerate() {
            if let (1.., Err(Failed { next_key, .. })) = (place, result) {
                // Nothing else would say what entry it is.
                lines.extend(intent_line(index, revocation, *next_key));
            }
            lines.extend(line(&match result {
                Ok(Proof { receipt, .. }) => {
                    let receipt = Box::new(receipt.without_response());
                    JournalRecord::Revoked { index, receipt, body_sha256: body_sha256.clone(), at }
                }
                Err(Failed { error, next_key }) => {
                    JournalRecord::NotRevoked { index, error: Box::new(error.report()), next_key: *next_key, at }
                }
            }));
        }
        self.write(lines).await
    }

    /// Puts on disk that an entry could not be read.
    pub(crate) async fn unread(&self, index: u64, error: &Error) -> Result<(), Error> {
        let error = Box::new(error.report());
        self.write(line(&JournalRecord::NotRevoked { index, error, next_key: 1, at: Utc::now() })).await
    }

    async fn write(&self, lines: Vec<u8>) -> Result<(), Error> {
        self.writer
            .write(lines)
            .await
            .map_err(|why| Error::new(ErrorKind::Journal, format!("{}: cannot be written: {why}", self.path.display())))
    }
}

impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Journal")
            .field("path", &self.path)
            .field("run", &self.run)
            .field("known", &self.known.len())
            .finish_non_exhaustive()
    }
}

fn note(known: &mut HashMap<u64, Known>, record: &JournalRecord, offset: u64) {
    match record {
        JournalRecord::Run { .. } | JournalRecord::Resumed { .. } => {}
        JournalRecord::Intent { index, revocation, first_key, .. } => {
            let entry = known.entry(*index).or_default();
            entry.entry = Some(fingerprint(revocation));
            entry.next_key = *first_key;
            entry.in_doubt = true;
        }
        JournalRecord::Revoked { index, receipt, .. } => {
            let entry = known.entry(*index).or_default();
            entry.entry = Some(fingerprint(&receipt.revocation));
            entry.revoked = Some(offset);
        }
        JournalRecord::NotRevoked { index, next_key, error, .. } => {
            let entry = known.entry(*index).or_default();
            entry.next_key = *next_key;
            entry.in_doubt = error.access == Access::Unknown;
        }
    }
}

/// A locked file.
///
/// It is unlocked in so many words when it is dropped: a process that another thread is just starting holds it open for a
/// moment longer, and the lock with it.
#[derive(Debug)]
struct Locked(File);

impl Drop for Locked {
    fn drop(&mut self) {
        // Closing it unlocks it too.
        let _ = fs4::FileExt::unlock(&self.0);
    }
}

/// Opens a file, made for its owner alone if it is not there, and locks it.
fn open_locked(path: &Path) -> Result<Locked, Unreadable> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path).map_err(Unreadable::Io)?;
    check_is_file(&file)?;
    match fs4::FileExt::try_lock(&file) {
        Ok(()) => Ok(Locked(file)),
        Err(fs4::TryLockError::WouldBlock) => Err(Unreadable::Wrong("another process is using it".to_owned())),
        Err(fs4::TryLockError::Error(error)) => Err(Unreadable::Io(error)),
    }
}

/// A pipe or a device is not read: that might never end.
fn check_is_file(file: &File) -> Result<(), Unreadable> {
    match file.metadata().map_err(Unreadable::Io)? {
        metadata if metadata.is_dir() => Err(Unreadable::Wrong("it is a directory".to_owned())),
        metadata if !metadata.is_file() => Err(Unreadable::Wrong("it is not a regular file".to_owned())),
        _ => Ok(()),
    }
}

/// Puts a new file's name on disk too. Where a directory cannot be opened there is no way to, and no need of one.
fn sync_directory(path: &Path) {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let _ = File::open(parent).and_then(|directory| directory.sync_all());
}

/// Whether a file holds nothing but the beginning of a journal's first line, torn when its writer ended.
fn is_torn_header(mut file: &File) -> Result<bool, Unreadable> {
    const BEGINNING: &[u8] = br#"{"record":"run","format":"deprovision journal","#;
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(0)).map_err(Unreadable::Io)?;
    BufReader::new(file).read_until(b'\n', &mut bytes).map_err(Unreadable::Io)?;
    let common = bytes.len().min(BEGINNING.len());
    Ok(bytes.last() != Some(&b'\n') && bytes.get(..common) == BEGINNING.get(..common))
}

fn intent_line(index: u64, revocation: &Revocation, first_key: u32) -> Vec<u8> {
    line(&JournalRecord::Intent { index, revocation: revocation.clone(), first_key, at: Utc::now() })
}

fn line(record: &JournalRecord) -> Vec<u8> {
    // Records hold nothing that JSON cannot express; an empty line would be noticed when it is read.
    let mut line = serde_json::to_vec(record).unwrap_or_default();
    line.push(b'\n');
    line
}

fn fingerprint(revocation: &Revocation) -> u64 {
    let mut hasher = DefaultHasher::new();
    revocation.hash(&mut hasher);
    hasher.finish()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unusable(path: &Path, why: &Unreadable) -> Error {
    let why = match why {
        Unreadable::Io(error) => error.to_string(),
        Unreadable::Wrong(what) => what.clone(),
    };
    Error::new(ErrorKind::Journal, format!("{}: {why}", path.display()))
}
