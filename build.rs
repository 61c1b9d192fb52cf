//! Turns each `openapi/<name>.yaml` into `OUT_DIR/<name>.rs`. The work is in `build/`.

#[path = "build/mod.rs"]
mod build;

use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

const DOCUMENTS: &str = "openapi";

fn main() -> ExitCode {
    println!("cargo::rerun-if-changed={DOCUMENTS}");
    let problems = match run() {
        Ok(problems) => problems,
        Err(error) => vec![error.to_string()],
    };
    for problem in &problems {
        println!("cargo::error={problem}");
    }
    ExitCode::from(u8::from(!problems.is_empty()))
}

/// Compiles all documents. Returns what is wrong with them, one line per fault.
fn run() -> io::Result<Vec<String>> {
    let out = env::var_os("OUT_DIR").map(PathBuf::from);
    let out = out.ok_or_else(|| io::Error::other("OUT_DIR is not set: run this through Cargo"))?;
    let mut problems = Vec::new();
    for path in documents()? {
        let file = path.to_string_lossy().replace('\\', "/");
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) => {
                problems.push(format!("{file}: {error}"));
                continue;
            }
        };
        match build::compile(&file, &text) {
            Ok(code) => {
                let name = path.file_stem().unwrap_or_default();
                write(&out.join(name).with_extension("rs"), &code)?;
            }
            Err(faults) => problems.extend(faults.iter().map(|fault| fault.in_file(&file))),
        }
    }
    Ok(problems)
}

/// The documents, in the order of their names.
fn documents() -> io::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(DOCUMENTS).map_err(|error| about(Path::new(DOCUMENTS), &error))?;
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    paths.retain(|path| path.extension().is_some_and(|it| it == "yaml"));
    paths.sort();
    Ok(paths)
}

/// Writes a file, unless it holds that text already.
fn write(path: &Path, code: &str) -> io::Result<()> {
    if fs::read_to_string(path).is_ok_and(|there| there == code) {
        return Ok(());
    }
    fs::write(path, code).map_err(|error| about(path, &error))
}

/// An error that says which file it is about.
fn about(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}
