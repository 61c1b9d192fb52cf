//! Responses: one success, typed, and the truth about every other status.

use super::{Lint, Place};

/// Checks the responses of an operation.
pub fn check(lint: &mut Lint<'_>, operation: &Place<'_>) {
    let Some(responses) = operation.get("responses") else {
        return;
    };
    let mut successes = Vec::new();
    let mut refused = false;
    for (status, response) in responses.members() {
        match classify(status) {
            Status::Success => successes.push((status, response)),
            Status::Other => {}
            Status::Refused(why) => {
                refused = true;
                lint.fault(&response, why);
            }
        }
    }
    match successes.as_slice() {
        // What was refused may have been meant as the success.
        [] if refused => {}
        [] => lint.fault(&responses, "no success; name the one 2xx status that the operation answers with"),
        [(status, only)] => typed(lint, status, only),
        [(first, _), more @ ..] => {
            for (status, response) in more {
                lint.fault(
                    response,
                    format!(
                        "a second success beside {first}; the client can have one: say in the description of {first} what {status} means"
                    ),
                );
            }
        }
    }
}

enum Status {
    Success,
    Other,
    Refused(&'static str),
}

fn classify(status: &str) -> Status {
    match status.as_bytes() {
        _ if status.starts_with("x-") => Status::Other,
        b"default" => Status::Refused("`default` covers the successes too; name the statuses, or write 4XX and 5XX"),
        b"2XX" => Status::Refused("a range counts as more than one success; name the one 2xx status"),
        [b'2', b'0'..=b'9', b'0'..=b'9'] => Status::Success,
        [b'1' | b'3'..=b'5', b'0'..=b'9', b'0'..=b'9'] | [b'1' | b'3'..=b'5', b'X', b'X'] => Status::Other,
        _ => Status::Refused("not a status; write one of 100 to 599, or 4XX, 5XX"),
    }
}

/// Whether a status is the success of its operation.
pub fn is_success(status: &str) -> bool {
    matches!(classify(status), Status::Success)
}

/// The client's return type comes from the success's JSON; nothing is returned where a status says that there is no body.
fn typed(lint: &mut Lint<'_>, status: &str, response: &Place<'_>) {
    let Some(response) = lint.resolve(response.clone()) else {
        return;
    };
    if matches!(status, "204" | "205") && response.get("content").is_none() {
        return;
    }
    let json = response.get("content").is_some_and(|content| content.node.get("application/json").is_some());
    if !json {
        lint.fault(
            &response,
            "a success without the type `application/json`; the client would have nothing to return: add its schema, and say in words when the body is empty",
        );
    }
}
