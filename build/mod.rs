//! OpenAPI documents to typed clients: read, lint, generate.
//!
//! `build.rs` runs this over `openapi/*.yaml`. `tests/build_rules.rs` compiles it once more, so nothing in here reads
//! the environment or prints.

pub mod doc;
pub mod fault;
pub mod finish;
pub mod generate;
pub mod guard;
pub mod lint;
pub mod names;
pub mod read;

use fault::Fault;

/// The Rust text of a document's client, or all that is wrong with the document.
///
/// `file` is the document's name, such as `openapi/cova.yaml`, for the generated documentation.
pub fn compile(file: &str, text: &str) -> Result<String, Vec<Fault>> {
    let document = read::read(text)?;
    let faults = lint::lint(&document);
    if !faults.is_empty() {
        return Err(faults);
    }
    generate::generate(file, &document)
}
