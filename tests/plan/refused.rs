//! Files that cannot be a journal: each is refused by its name, with the reason, and stays as it is.

use std::fs;
use std::path::Path;

use deprovision::journal::Journal;
use deprovision::{Access, Error, ErrorKind, Vendor};

use crate::help::{Folder, Setting, all, open, user};

#[track_caller]
fn assert_refused(path: &Path, result: Result<impl std::fmt::Debug, Error>, why: &str) {
    let error = result.unwrap_err();
    assert_eq!((error.kind(), error.access()), (ErrorKind::Journal, Access::Unchanged), "{error}");
    assert!(error.message().starts_with(path.to_str().unwrap()), "it names the file: {error}");
    assert!(error.message().contains(why), "{why}: {error}");
    assert!(!error.is_retryable() && !error.to_string().contains('\n'), "{error}");
}

fn try_open(path: &Path) -> Result<Journal, Error> {
    Journal::open(path, "hr@acme.example", "leaver 4711")
}

async fn sample(path: &Path) -> Vec<String> {
    let sandbox = Setting::new().await;
    all(sandbox.client().revoke_all([user(8545), user(404)]).concurrency(1).journal(open(path))).await;
    fs::read_to_string(path).unwrap().split_inclusive('\n').map(str::to_owned).collect()
}

#[tokio::test]
async fn what_is_not_a_journal_is_refused_and_stays_as_it_is() {
    let folder = Folder::new();
    let path = folder.file("run.jsonl");
    let lines = sample(&path).await;
    let header = lines[0].as_str();
    let newer = header.replace("\"version\":1", "\"version\":2,\"more\":{}");
    let without_header = lines[1..].concat();
    let mut damaged = lines.clone();
    damaged[2] = damaged[2].replace("\"status\":200", "\"status\":two");
    let mut unknown = lines.clone();
    unknown[1] = unknown[1].replace("\"intent\"", "\"wish\"");
    let cut = format!("{}{}{}", lines[0], &lines[1][..40], lines[2]);
    let twice = format!("{}{header}{}", lines[0], lines[1]);
    for (content, why) in [
        ("{\"action\":\"cova.disable_user\",\"user_id\":1}\n", "not a journal of this crate"),
        ("{\"action\":\"cova.disable_user\",\"user_id\":1}", "not a journal of this crate"),
        ("Dear diary,\n", "not a journal of this crate"),
        ("Dear diary,", "not a journal of this crate"),
        ("\n", "not a journal of this crate"),
        ("\0\0\0\0\n", "not a journal of this crate"),
        (&header.replace("deprovision journal", "travel journal"), "not a journal of this crate"),
        (&without_header, "not a journal of this crate"),
        (&newer, "version 2"),
        (&header.replace("\"version\":1", "\"version\":0"), "version 0"),
        (&damaged.concat(), "line 3 is damaged"),
        (&unknown.concat(), "line 2 is damaged"),
        (&cut, "line 2 is damaged"),
        (&twice, "line 2 is damaged"),
    ] {
        fs::write(&path, content).unwrap();
        assert_refused(&path, try_open(&path), why);
        assert_eq!(fs::read_to_string(&path).unwrap(), content, "nothing of it is lost");
        if content.ends_with('\n') {
            assert_refused(&path, Journal::report(&path), why);
        } else {
            assert_refused(&path, Journal::report(&path), "not a journal");
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), content);
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_refused_file_keeps_its_permissions() {
    use std::os::unix::fs::PermissionsExt;

    let folder = Folder::new();
    let path = folder.file("notes.txt");
    fs::write(&path, "Dear diary,\n").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    assert_refused(&path, try_open(&path), "not a journal");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o644);
}

#[tokio::test]
async fn a_directory_is_refused() {
    let folder = Folder::new();
    let path = folder.file("run.jsonl");
    fs::create_dir(&path).unwrap();
    assert_refused(&path, try_open(&path), "irectory");
    assert_refused(&path, Journal::report(&path), "irectory");
    assert!(path.is_dir());
}

#[tokio::test]
async fn a_file_in_no_directory_is_refused() {
    let folder = Folder::new();
    let path = folder.file("none/run.jsonl");
    assert_refused(&path, try_open(&path), "");
    assert_refused(&folder.file("run.jsonl"), Journal::report(folder.file("run.jsonl")), "");
    assert!(!folder.file("run.jsonl").exists(), "a report makes no file");
}

/// Reading a pipe would wait for whoever writes it.
#[cfg(unix)]
#[tokio::test]
async fn a_pipe_or_a_device_is_refused_at_once() {
    let folder = Folder::new();
    let path = folder.file("run.jsonl");
    let made = std::process::Command::new("mkfifo").arg(&path).status();
    if made.is_ok_and(|status| status.success()) {
        assert_refused(&path, try_open(&path), "not a regular file");
    }
    let full = Path::new("/dev/full");
    if full.exists() {
        assert_refused(full, try_open(full), "");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_read_only_file_or_directory_is_refused() {
    use std::os::unix::fs::PermissionsExt;

    let folder = Folder::new();
    let directory = folder.file("closed");
    let path = directory.join("run.jsonl");
    fs::create_dir(&directory).unwrap();
    fs::write(&path, "").unwrap();
    let set = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    set(&path, 0o400);
    set(&directory, 0o500);
    let mine = fs::OpenOptions::new().append(true).open(&path);
    if mine.is_err() {
        assert_refused(&path, try_open(&path), "ermission denied");
        let new = directory.join("new.jsonl");
        assert_refused(&new, try_open(&new), "ermission denied");
        assert!(!new.exists() && fs::read(&path).unwrap().is_empty());
    }
    // Of some files not even the superuser may write any.
    let fixed = Path::new("/proc/version");
    if fixed.exists() {
        assert_refused(fixed, try_open(fixed), "");
    }
    set(&directory, 0o700);
}

#[tokio::test]
async fn a_journal_of_another_plan_is_left_as_it_was_but_for_who_opened_it() {
    let (sandbox, folder) = (Setting::new().await, Folder::new());
    let path = folder.file("run.jsonl");
    let lines = sample(&path).await.concat();
    let plan: Vec<_> = sandbox.users([1, 2]);
    let settled = all(sandbox.client().revoke_all(plan).journal(open(&path))).await;
    assert_eq!(settled.len(), 1);
    assert_refused(&path, settled[0].result.clone(), "entry 0 differs");
    assert_eq!(sandbox.count(Vendor::Cova), 0);
    let after = fs::read_to_string(&path).unwrap();
    let added = after.strip_prefix(&lines).expect("nothing of it is lost");
    assert!(added.lines().count() == 1 && added.contains("\"resumed\""), "{added}");
}
