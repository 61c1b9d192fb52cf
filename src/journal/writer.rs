//! Writes a journal: one thread that puts on disk together what came together.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use tokio::sync::oneshot;

use super::Locked;

/// Most bytes that are put on disk at once.
const MAX_BATCH: usize = 4 * 1024 * 1024;

type Written = Result<(), Arc<io::Error>>;

struct Lines {
    bytes: Vec<u8>,
    done: oneshot::Sender<Written>,
}

/// Hands lines to the thread that writes them. The thread ends when this is dropped, after all it was given.
#[derive(Debug)]
pub(super) struct Writer {
    lines: Option<Sender<Lines>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Writer {
    pub(super) fn start(file: Locked) -> io::Result<Self> {
        let (sender, receiver) = channel();
        let thread =
            thread::Builder::new().name("deprovision-journal".to_owned()).spawn(move || write(file, &receiver))?;
        Ok(Self { lines: Some(sender), thread: Some(thread) })
    }

    /// Puts lines on disk; each ends with a line feed. When this is done they are there.
    pub(super) async fn write(&self, bytes: Vec<u8>) -> Written {
        let (done, written) = oneshot::channel();
        let gone = || Arc::new(io::Error::other("the journal's writer has ended"));
        self.lines.as_ref().ok_or_else(gone)?.send(Lines { bytes, done }).map_err(|_| gone())?;
        written.await.unwrap_or_else(|_| Err(gone()))
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.lines = None;
        if let Some(thread) = self.thread.take() {
            // It has nothing to say that was not said to those who waited for their lines.
            let _ = thread.join();
        }
    }
}

/// After one failure nothing is written any more: what follows a torn line could not be read.
fn write(file: Locked, lines: &Receiver<Lines>) {
    let mut file = &file.0;
    let mut failed: Option<Arc<io::Error>> = None;
    while let Ok(first) = lines.recv() {
        let mut bytes = first.bytes;
        let mut waiting = vec![first.done];
        while bytes.len() < MAX_BATCH
            && let Ok(next) = lines.try_recv()
        {
            bytes.extend_from_slice(&next.bytes);
            waiting.push(next.done);
        }
        if failed.is_none() {
            failed = file.write_all(&bytes).and_then(|()| file.sync_data()).err().map(Arc::new);
        }
        for done in waiting {
            // Whoever no longer waits has dropped the run.
            let _ = done.send(failed.clone().map_or(Ok(()), Err));
        }
    }
}
