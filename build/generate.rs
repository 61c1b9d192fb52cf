//! A checked document to the Rust text of its client.

use openapiv3::{OpenAPI, ReferenceOr, StatusCode};
use proc_macro2::TokenStream;
use progenitor::{GenerationSettings, Generator, HooksMode, InterfaceStyle};
use quote::quote;

use super::fault::Fault;
use super::finish;
use super::guard::guard;
use super::read::Node;

/// The Rust text of a document's client, for `include!` in a module.
///
/// `file` is the document's name as it is to appear in documentation.
pub fn generate(file: &str, document: &Node) -> Result<String, Vec<Fault>> {
    let spec = parse(document).map_err(|fault| vec![fault])?;
    let tokens = client(&spec).map_err(|fault| vec![fault])?;
    finish::finish(file, document, &spec, tokens)
}

/// The document as the generator wants it, and only with the responses that it is to see.
fn parse(document: &Node) -> Result<OpenAPI, Fault> {
    let mut spec: OpenAPI = serde_json::from_value(document.to_json())
        .map_err(|error| Fault::whole(format!("not an OpenAPI 3.0 document: {error}")))?;
    drop_other_servers(&mut spec);
    keep_successes(&mut spec);
    Ok(spec)
}

/// Removes the paths that have servers of their own: the generator would send their requests to the client's base URL.
fn drop_other_servers(spec: &mut OpenAPI) {
    spec.paths.paths.retain(|_, item| match item {
        ReferenceOr::Item(item) => item.servers.is_empty(),
        ReferenceOr::Reference { .. } => true,
    });
}

/// Removes all responses but the 2xx.
///
/// The generator asserts that an operation has one type of error at most, and a typed error loses the status and the
/// headers when its body does not fit. With no error type declared, every failure arrives whole as
/// `Error::UnexpectedResponse`. The error schemas stay under `components`, so that their types are still made.
fn keep_successes(spec: &mut OpenAPI) {
    for item in spec.paths.paths.values_mut() {
        let ReferenceOr::Item(item) = item else {
            continue;
        };
        let operations = [
            &mut item.get,
            &mut item.put,
            &mut item.post,
            &mut item.delete,
            &mut item.options,
            &mut item.head,
            &mut item.patch,
            &mut item.trace,
        ];
        for operation in operations.into_iter().flatten() {
            operation.responses.default = None;
            operation.responses.responses.retain(|status, _| matches!(status, StatusCode::Code(200..=299)));
        }
    }
}

/// What progenitor makes of the document.
fn client(spec: &OpenAPI) -> Result<TokenStream, Fault> {
    let mut generator = Generator::new(&settings());
    match guard(|| generator.generate_tokens(spec)) {
        Ok(Ok(tokens)) => Ok(tokens),
        Ok(Err(error)) => Err(Fault::whole(format!("the generator refuses it: {error}"))),
        Err(words) => Err(Fault::whole(format!(
            "the generator panics: {words}; this is a rule that build/lint does not know yet"
        ))),
    }
}

fn settings() -> GenerationSettings {
    let mut settings = GenerationSettings::new();
    settings
        .with_interface(InterfaceStyle::Positional)
        // A client without hooks would send requests without a credential and record nothing: a compile error instead.
        .with_hooks(HooksMode::Expected)
        .with_inner_type(quote!(crate::transport::Wire))
        .with_derive("PartialEq")
        .with_derive("::schemars::JsonSchema")
        // Sorted, so that what a receipt prints is the same every time.
        .with_map_type("::std::collections::BTreeMap");
    settings
}
