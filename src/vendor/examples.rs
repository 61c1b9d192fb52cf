//! Every example in every document: decoded by the generated type of its schema, and read as its vendor's answer.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::{Map, Value};

use super::testing::{AT_FIRST, Documented, IN_DOUBT, line, line_of, read};
use super::{Vendor, cor, cova, onlyoffice, persona, projectmanager};
use crate::reading::Doubt;
use crate::transport::{Answer, Body};

/// The build's own reader of documents, so that an example is what the build takes it for.
#[path = "../../build/read.rs"]
#[allow(dead_code, reason = "the build uses more of it")]
mod read_document;

#[path = "../../build/fault.rs"]
#[allow(dead_code, reason = "the build uses more of it")]
mod fault;

/// What is no answer to a revocation is decoded only.
const DECODED: &str = "decoded";

/// The readings of a document's examples: operation, status, media type, the example's name, and the reading. A response
/// without a body stands as `no body`, a request's body under `request`.
type Readings = &'static [(&'static str, &'static str)];

#[test]
fn each_example_of_projectmanager_decodes_and_reads_as_it_says() {
    check::<projectmanager::DisconnectProvider>(&[
        ("disconnectProvider 200 application/json disconnected", "revoked, acknowledged"),
        ("disconnectProvider 200 application/json disconnectedWithNumber", "revoked, acknowledged"),
        ("disconnectProvider 200 application/json disconnectedWithoutNulls", "revoked, acknowledged"),
        ("disconnectProvider 200 application/json refusedNotFound", "not found, unchanged"),
        ("disconnectProvider 200 application/json refusedTooManyRequests", "rate limited, unchanged, same key"),
        ("disconnectProvider 200 application/json refusedServerError", "unavailable, unknown, same key"),
        ("disconnectProvider 200 application/json contradiction", "unexpected response, unknown"),
        ("disconnectProvider 400 application/json short", "rejected, unchanged"),
        ("disconnectProvider 400 application/json messageOnly", "rejected, unchanged"),
        ("disconnectProvider 401 no body", "unauthorized, unchanged"),
        ("disconnectProvider 403 application/json envelope", "forbidden, unchanged"),
        ("disconnectProvider 404 application/json envelope", "not found, unchanged; in doubt: revoked, inferred"),
        ("disconnectProvider 404 application/json short", "not found, unchanged; in doubt: revoked, inferred"),
        ("disconnectProvider 409 application/json usageLimit", "conflict, unchanged"),
    ]);
}

#[test]
fn each_example_of_cor_decodes_and_reads_as_it_says() {
    // The request is about OKTA-WS-1 and OKTA-WS-2.
    check::<cor::DetachWorkspaces>(&[
        ("detachWorkspaces request application/json one", DECODED),
        ("detachWorkspaces request application/json several", DECODED),
        ("detachWorkspaces 200 application/json othersRemain", "revoked, confirmed"),
        ("detachWorkspaces 200 application/json noneRemains", "revoked, confirmed"),
        ("detachWorkspaces 200 application/json incomparableRemains", "revoked, acknowledged"),
        ("detachWorkspaces 200 application/json askedOneRemains", "incomplete, partly revoked, shown, left: OKTA-WS-1"),
        ("detachWorkspaces 200 application/json partialFailure", "incomplete, unknown, left: OKTA-WS-2"),
        ("detachWorkspaces 400 application/json validation", "rejected, unchanged"),
        ("detachWorkspaces 400 application/json notAssociated", "not found, unchanged"),
        ("detachWorkspaces 400 application/json invalidSource", "rejected, unchanged"),
        ("detachWorkspaces 400 application/json notAttached", "not found, unchanged"),
        ("detachWorkspaces 401 application/json unauthorized", "unauthorized, unchanged"),
        ("detachWorkspaces 404 application/json userNotFound", "not found, unchanged"),
        ("detachWorkspaces 404 application/json workspaceNotFound", "not found, unchanged"),
        ("detachWorkspaces 417 application/json notAssociated", "not found, unchanged"),
        ("detachWorkspaces 417 application/json validation", "rejected, unchanged"),
        ("detachWorkspaces 429 application/json tooManyRequests", "rate limited, unchanged, same key"),
        ("detachWorkspaces 503 application/json unavailable", "unavailable, unknown, same key"),
        ("fetchToken 200 application/json token", DECODED),
        ("fetchToken 400 application/json badGrant", DECODED),
        ("fetchToken 401 application/json unauthorized", DECODED),
    ]);
}

#[test]
fn each_example_of_onlyoffice_decodes_and_reads_as_it_says() {
    check::<onlyoffice::UnlinkProject>(&[
        ("unlinkProject 200 application/json privateContact", "revoked, acknowledged"),
        ("unlinkProject 200 application/json openContact", "revoked, acknowledged"),
        ("unlinkProject 200 application/json trimmed", "revoked, acknowledged"),
        ("unlinkProject 200 application/json refusedInside", "not found, unchanged"),
        ("unlinkProject 200 text/xml contact", "revoked, acknowledged"),
        ("unlinkProject 400 application/json wrongId", "rejected, unchanged"),
        ("unlinkProject 401 text/html unauthorized", "unauthorized, unchanged"),
        ("unlinkProject 402 no body", "rejected, unchanged"),
        ("unlinkProject 403 application/json noAccess", "forbidden, unchanged"),
        ("unlinkProject 404 application/json notFound", "not found, unchanged"),
        ("unlinkProject 404 text/html page", "not found, unchanged"),
        ("unlinkProject 502 text/html page", "unavailable, unknown, same key"),
        ("unlinkProject 503 no body", "rate limited, unchanged, same key, wait 10s"),
        ("authenticate request application/json password", DECODED),
        ("authenticate 201 application/json token", DECODED),
        ("authenticate 401 application/json wrongPassword", DECODED),
        ("authenticate 503 no body", DECODED),
    ]);
}

#[test]
fn each_example_of_persona_decodes_and_reads_as_it_says() {
    check::<persona::DeactivateConnection>(&[
        ("deactivateConnection 200 application/json inactive", "revoked, confirmed"),
        ("deactivateConnection 200 application/json inactiveWithCreator", "revoked, confirmed"),
        ("deactivateConnection 200 application/json withoutStatus", "revoked, acknowledged"),
        ("deactivateConnection 200 application/json active", "look"),
        ("deactivateConnection 400 application/json badRequest", "rejected, unchanged"),
        ("deactivateConnection 401 application/json unauthorized", "unauthorized, unchanged"),
        ("deactivateConnection 403 application/json forbidden", "forbidden, unchanged"),
        ("deactivateConnection 403 application/json quota", "forbidden, unchanged"),
        ("deactivateConnection 404 application/json notFound", "not found, unchanged"),
        ("deactivateConnection 409 application/json stale", "look"),
        ("deactivateConnection 409 application/json alreadyInactive", "look"),
        ("deactivateConnection 422 application/json alreadyInactive", "look"),
        ("deactivateConnection 429 application/json tooManyRequests", "rate limited, unchanged, same key, wait 42s"),
        ("deactivateConnection 500 application/json serverError", "unavailable, unknown, next key"),
        ("deactivateConnection 500 text/html page", "unavailable, unknown, next key"),
        // Looks after a 409.
        (
            "retrieveConnection 200 application/json inactive",
            "already revoked, confirmed; in doubt: revoked, confirmed",
        ),
        (
            "retrieveConnection 200 application/json inactiveWithCreator",
            "already revoked, confirmed; in doubt: revoked, confirmed",
        ),
        ("retrieveConnection 200 application/json active", "conflict, unchanged, shown, next key"),
        ("retrieveConnection 200 application/json pending", "conflict, unchanged, shown, next key"),
        ("retrieveConnection 400 application/json badRequest", "conflict, unknown"),
        ("retrieveConnection 401 application/json unauthorized", "conflict, unknown"),
        ("retrieveConnection 403 application/json forbidden", "conflict, unknown"),
        ("retrieveConnection 403 application/json quota", "conflict, unknown"),
        ("retrieveConnection 404 application/json notFound", "conflict, unknown"),
        ("retrieveConnection 429 application/json tooManyRequests", "conflict, unknown"),
        ("retrieveConnection 500 application/json serverError", "conflict, unknown"),
        ("retrieveConnection 500 text/html page", "conflict, unknown"),
    ]);
}

#[test]
fn each_example_of_cova_decodes_and_reads_as_it_says() {
    check::<cova::DisableUser>(&[
        ("disableUser 200 application/json disabled", "revoked, confirmed"),
        ("disableUser 200 application/json disabledWithEverything", "revoked, confirmed"),
        ("disableUser 200 application/json disabledWithEmptyPicture", "revoked, confirmed"),
        ("disableUser 200 application/json withoutIsActive", "revoked, acknowledged"),
        ("disableUser 200 application/json stillActive", "incomplete, unchanged, shown"),
        ("disableUser 200 text/json disabled", "revoked, confirmed"),
        ("disableUser 200 application/hal+json disabled", "revoked, confirmed"),
        ("disableUser 400 application/json malformed", "rejected, unchanged"),
        ("disableUser 401 text/plain invalidToken", "unauthorized, unchanged"),
        ("disableUser 403 application/json forbidden", "forbidden, unchanged"),
        ("disableUser 404 application/json noSuchUser", "not found, unchanged; in doubt: revoked, inferred"),
        ("disableUser 404 application/json noSuchRoute", "not found, unchanged"),
        ("disableUser 429 application/json json", "rate limited, unchanged, same key, wait 42s"),
        ("disableUser 429 text/plain text", "rate limited, unchanged, same key, wait 42s"),
        ("fetchToken request application/x-www-form-urlencoded password", DECODED),
        ("fetchToken 200 application/json token", DECODED),
        ("fetchToken 400 application/json invalidGrant", DECODED),
    ]);
}

/// Members that a schema leaves open on purpose, so that its type drops them: example and member.
const LEFT_OPEN: &[(&str, &str)] = &[("detachWorkspaces 200 application/json partialFailure", ".errors[0].workspace")];

#[test]
fn there_is_one_document_for_each_vendor() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi");
    let mut there: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "yaml"))
        .map(|path| path.file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    there.sort();
    let mut vendors: Vec<&str> = Vendor::ALL.iter().map(|vendor| vendor.as_str()).collect();
    vendors.sort_unstable();
    assert_eq!(there, vendors);
}

/// Checks a document's examples against the readings that are expected, and each against the other's completeness.
fn check<E: Documented>(readings: Readings) {
    let document = document(E::DOCUMENT);
    let mut expected: BTreeMap<&str, &str> = readings.iter().copied().collect();
    assert_eq!(expected.len(), readings.len(), "an example is listed twice");
    let examples = examples(&document);
    let subject = subject::<E>(&document, &examples);
    let mut wrong = Vec::new();
    for example in &examples {
        let name = &example.name;
        if let Err(why) = decodes::<E>(example) {
            wrong.push(format!("{name}: {why}"));
        }
        let found = reading(&subject, example);
        match expected.remove(name.as_str()) {
            None => wrong.push(format!("{name}: is in the document and not listed here; it reads `{found}`")),
            Some(expected) if expected != found => {
                wrong.push(format!("{name}: expected `{expected}`, read `{found}`"));
            }
            Some(_) => {}
        }
    }
    wrong.extend(expected.keys().map(|name| format!("{name}: is listed here and not in the document")));
    assert!(wrong.is_empty(), "openapi/{}.yaml: {wrong:#?}", E::DOCUMENT);
}

fn document(stem: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi").join(stem).with_extension("yaml");
    let text = fs::read_to_string(path).unwrap();
    read_document::read(&text).unwrap().to_json()
}

/// An example of a body, or a body that is known to be empty.
struct Example {
    /// Operation, status or `request`, media type, and name.
    name: String,
    operation: String,
    /// `None` for a request's.
    status: Option<u16>,
    media_type: Option<String>,
    /// The names of the schemas that it may have; none for plain text.
    schemas: Vec<String>,
    value: Value,
    /// The examples of the response's headers.
    headers: Vec<(String, String)>,
}

/// All examples of bodies in a document.
fn examples(document: &Value) -> Vec<Example> {
    let mut found = Vec::new();
    for operation in operations(document) {
        let id = operation["operationId"].as_str().unwrap();
        gather(document, id, None, &operation["requestBody"], &mut found);
        for (status, response) in members(&operation["responses"]) {
            let status = status.parse().expect("a status by number");
            gather(document, id, Some(status), response, &mut found);
        }
    }
    found
}

fn operations(document: &Value) -> impl Iterator<Item = &Value> {
    let items = members(&document["paths"]).map(|(_, item)| item);
    items.flat_map(members).map(|(_, operation)| operation).filter(|it| it.get("operationId").is_some())
}

/// The examples of one body.
fn gather(document: &Value, operation: &str, status: Option<u16>, body: &Value, found: &mut Vec<Example>) {
    let body = resolved(document, body);
    let part = status.map_or_else(|| "request".to_owned(), |status| status.to_string());
    let headers: Vec<(String, String)> = members(&body["headers"])
        .map(|(name, header)| (name.clone(), plain(&resolved(document, header)["example"])))
        .collect();
    let example = |media_type: Option<&str>, name: &str, schemas, value| Example {
        name: [operation, &part, media_type.unwrap_or_default(), name]
            .into_iter()
            .filter(|word| !word.is_empty())
            .collect::<Vec<_>>()
            .join(" "),
        operation: operation.to_owned(),
        status,
        media_type: media_type.map(str::to_owned),
        schemas,
        value,
        headers: headers.clone(),
    };
    if status.is_some() && body.get("content").is_none() {
        found.push(example(None, "no body", Vec::new(), Value::String(String::new())));
    }
    for (media_type, content) in members(&body["content"]) {
        assert!(content.get("example").is_none(), "{operation}: give the example a name, under `examples`");
        let named: Vec<_> = members(&content["examples"]).collect();
        assert!(!named.is_empty(), "{operation} {part} {media_type}: there is no example");
        for (name, it) in named {
            let value = resolved(document, it)["value"].clone();
            found.push(example(Some(media_type), name, schemas(&content["schema"]), value));
        }
    }
}

/// The schemas that a body may have, by name.
fn schemas(schema: &Value) -> Vec<String> {
    if let Some(name) = schema.get("$ref") {
        return vec![name.as_str().unwrap().strip_prefix("#/components/schemas/").unwrap().to_owned()];
    }
    let choices = ["oneOf", "anyOf"].into_iter().find_map(|word| schema.get(word)?.as_array());
    if let Some(choices) = choices {
        return choices.iter().flat_map(schemas).collect();
    }
    assert_eq!(schema["type"], "string", "a schema without a name that is no text: {schema}");
    Vec::new()
}

/// What a reference points at.
fn resolved<'a>(document: &'a Value, node: &'a Value) -> &'a Value {
    match node.get("$ref").and_then(Value::as_str) {
        Some(reference) => document.pointer(reference.strip_prefix('#').unwrap()).expect(reference),
        None => node,
    }
}

fn members(node: &Value) -> impl Iterator<Item = (&String, &Value)> {
    node.as_object().into_iter().flatten()
}

/// A scalar as it stands in a header.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The request that a document's examples are about: its parameters' examples, and the longest body.
fn subject<E: Documented>(document: &Value, examples: &[Example]) -> E {
    let operation = operations(document).find(|it| it["operationId"] == E::OPERATION).expect(E::OPERATION);
    let parameters: Map<String, Value> = operation["parameters"]
        .as_array()
        .unwrap()
        .iter()
        .map(|parameter| resolved(document, parameter))
        .map(|parameter| (parameter["name"].as_str().unwrap().to_owned(), parameter["example"].clone()))
        .collect();
    assert!(parameters.values().all(|example| !example.is_null()), "a parameter without an example");
    let bodies = examples.iter().filter(|it| it.operation == E::OPERATION && it.status.is_none());
    let body = bodies.max_by_key(|it| it.value.to_string().len()).map(|it| &it.value);
    E::documented(&parameters, body)
}

/// Whether the generated type of one of its schemas takes an example and loses nothing of it.
fn decodes<E: Documented>(example: &Example) -> Result<(), String> {
    if example.schemas.is_empty() {
        return example.value.is_string().then_some(()).ok_or_else(|| "is no text, and has no schema".to_owned());
    }
    let left_open = |lost: &String| LEFT_OPEN.contains(&(example.name.as_str(), lost.as_str()));
    let mut faults = Vec::new();
    for schema in &example.schemas {
        match E::decode(schema, &example.value) {
            Ok(again) => {
                let mut lost = Vec::new();
                missing(&example.value, &again, "", &mut lost);
                lost.retain(|lost| !left_open(lost));
                if lost.is_empty() {
                    return Ok(());
                }
                faults.push(format!("{schema} loses {}", lost.join(", ")));
            }
            Err(why) => faults.push(format!("{schema} does not take it: {why}")),
        }
    }
    Err(faults.join("; "))
}

/// What of a value is not the same in another. A member that is null or empty may be left out.
fn missing(value: &Value, other: &Value, path: &str, lost: &mut Vec<String>) {
    match (value, other) {
        (Value::Object(members), _) => {
            for (name, member) in members {
                missing(member, &other[name], &format!("{path}.{name}"), lost);
            }
        }
        (Value::Array(items), _) => {
            for (index, item) in items.iter().enumerate() {
                missing(item, &other[index], &format!("{path}[{index}]"), lost);
            }
        }
        (Value::Number(number), Value::Number(other)) if number.as_f64() == other.as_f64() => {}
        _ if value == other => {}
        _ => lost.push(path.to_owned()),
    }
}

/// How an example reads: as the answer to the request, or as the look's after a 409.
fn reading<E: Documented>(subject: &E, example: &Example) -> String {
    let Some(answer) = answer(example) else { return DECODED.to_owned() };
    let read = |doubt: Doubt| {
        if example.operation == E::OPERATION {
            return line(&read(subject, &answer, doubt));
        }
        let first = super::testing::answer(409, "");
        line_of(subject.read_look(&first, Some(&answer), doubt))
    };
    if example.operation != E::OPERATION && !example.operation.starts_with("retrieve") {
        return DECODED.to_owned();
    }
    let (at_first, in_doubt) = (read(AT_FIRST), read(IN_DOUBT));
    if at_first == in_doubt { at_first } else { format!("{at_first}; in doubt: {in_doubt}") }
}

/// The example as it would come; `None` for a request's body.
fn answer(example: &Example) -> Option<Answer> {
    let body = if example.schemas.is_empty() { plain(&example.value) } else { example.value.to_string() };
    let mut answer = super::testing::answer(example.status?, "");
    answer.body = Body::Whole(body.into());
    let media_type = example.media_type.as_deref().map(|media_type| ("content-type", media_type));
    let headers = example.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    Some(headers.chain(media_type).fold(answer, |answer, (name, value)| answer.with(name, value)))
}
