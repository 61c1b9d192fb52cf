//! Bodies that no vendor sends, for refusals and for successes.

use deprovision::Vendor;
use serde_json::json;

use crate::support::reply::Reply;
use crate::vendor::{TOKEN, error_body, shown};

/// The bodies that a refusal or failure comes with.
pub const OF_FAILURES: [&str; 12] = [
    "the vendor's own",
    "foreign JSON",
    "HTML",
    "plain text",
    "nothing",
    "another charset",
    "invalid UTF-8",
    "deeply nested",
    "names twice",
    "numbers out of range",
    "nulls",
    "compressed rubbish",
];

pub fn failure(vendor: Vendor, status: u16, body: &str) -> Reply {
    const JSON: &str = "application/json; charset=utf-8";
    let reply = match body {
        "the vendor's own" => Reply::json(status, &error_body(vendor, status)),
        "foreign JSON" => Reply::json(status, &json!({"code": 7, "detail": format!("no {TOKEN}"), "trace": [TOKEN]})),
        "HTML" => {
            let page =
                format!("<!DOCTYPE html><html><head><title>{status} {TOKEN}</title></head><p>{TOKEN}</p></html>");
            Reply::text(status, "text/html", page)
        }
        "plain text" => Reply::text(status, "text/plain", format!("no: {TOKEN}")),
        "nothing" => Reply::new(status),
        "another charset" => {
            let text = json!({"message": format!("nö {TOKEN}")}).to_string();
            let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
            Reply::text(status, "application/json; charset=utf-16", wide)
        }
        "invalid UTF-8" => Reply::text(
            status,
            JSON,
            [br#"{"message":"n"#, b"\xff\xfe\xc3".as_slice(), TOKEN.as_bytes(), b"\"}"].concat(),
        ),
        "deeply nested" => {
            let deep = format!("{}{}", r#"{"error":["#.repeat(5000), "]}".repeat(5000));
            Reply::text(status, JSON, deep)
        }
        "names twice" => {
            Reply::text(status, JSON, format!(r#"{{"message":"{TOKEN}","message":3,"status":0,"status":1}}"#))
        }
        "numbers out of range" => {
            Reply::text(status, JSON, r#"{"status":1e999,"statusCode":-1e999,"code":99999999999999999999999}"#)
        }
        "nulls" => {
            Reply::text(status, JSON, r#"{"error":null,"errors":null,"message":null,"Message":null,"status":null}"#)
        }
        "compressed rubbish" => Reply::text(status, JSON, "no gzip").header("Content-Encoding", "gzip"),
        other => panic!("{other} is no body"),
    };
    reply.header("X-Request-Id", format!("r {TOKEN}"))
}

/// Whole bodies of a 200 that are no vendor's, so that nothing follows from them.
pub fn foreign() -> Vec<(String, Vec<u8>)> {
    let own: Vec<(&str, Vec<u8>)> = vec![
        ("blanks and a zero", b" \0".to_vec()),
        ("HTML", format!("<html><title>{TOKEN}</title></html>").into_bytes()),
        ("plain text", b"OK".to_vec()),
        ("foreign JSON", br#"{"ok":true,"result":"done","active":false}"#.to_vec()),
        ("an empty object", b"{}".to_vec()),
        ("an empty list", b"[]".to_vec()),
        ("null", b"null".to_vec()),
        ("true", b"true".to_vec()),
        ("0", b"0".to_vec()),
        ("half an object", br#"{"success":true,"#.to_vec()),
        ("two objects", br#"{"success":true}{"success":true}"#.to_vec()),
        ("a number that is none", br#"{"status":NaN}"#.to_vec()),
        ("half a pair", br#"{"status":"\ud800"}"#.to_vec()),
        ("invalid UTF-8", b"{\"message\":\"\xff\xfe\"}".to_vec()),
        ("deep lists", b"[".repeat(30_000)),
        ("deep objects", [br#"{"data":"#.repeat(5000), b"null".to_vec(), b"}".repeat(5000)].concat()),
        (
            "nulls everywhere",
            br#"{"success":null,"hasError":null,"statusCode":null,"error":null,"workspaces":null,"errors":null,
                "status":null,"response":null,"data":null,"Id":null,"UserName":null,"IsActive":null}"#
                .to_vec(),
        ),
        ("UTF-16", r#"{"success":true}"#.encode_utf16().flat_map(u16::to_le_bytes).collect()),
        ("only a mark", b"\xef\xbb\xbf".to_vec()),
        ("XML of another", br#"<?xml version="1.0"?><ok/>"#.to_vec()),
        ("XML with a type", br#"<!DOCTYPE a [<!ENTITY b "c">]><result><status>0</status></result>"#.to_vec()),
    ];
    own.into_iter().map(|(name, body)| (name.to_owned(), body)).collect()
}

/// Bodies of a 200 made from the vendor's own that say two things, or something that cannot be.
pub fn bent(vendor: Vendor, number: u32) -> Vec<(&'static str, Vec<u8>)> {
    let gone = shown(vendor, number, true).to_string();
    let there = shown(vendor, number, false).to_string();
    let members = |json: &str| json[1..json.len() - 1].to_owned();
    let twice = |one: &str, other: &str| format!("{{{},{}}}", members(one), members(other)).into_bytes();
    let other_subject = shown(vendor, number + 1_000_000, true).to_string();
    let out_of_range = gone
        .replace(&format!("\"Id\":{number}"), "\"Id\":1e999")
        .replace(&format!("\"id\":{number}"), "\"id\":1e999")
        .replace("\"status\":0", "\"status\":-1e999")
        .replace("\"success\":true", "\"success\":1e999")
        .replace("\"origin_external_id\":\"W-2\"", "\"origin_external_id\":1e999")
        .replace("\"status\":\"inactive\"", "\"status\":1e999");
    let nulls = gone
        .replace("true", "null")
        .replace("\"status\":0", "\"status\":null")
        .replace("\"IsActive\":false", "\"IsActive\":\"no idea\"")
        .replace("\"hasError\":false", "\"hasError\":null")
        .replace("\"inactive\"", "{}")
        .replace("\"workspaces\":[", "\"workspaces\":null,\"x\":[");
    let mut bodies = vec![
        ("gone and there", twice(&gone, &there)),
        ("there and gone", twice(&there, &gone)),
        ("numbers out of range", out_of_range.into_bytes()),
        ("what matters null", nulls.into_bytes()),
        ("more behind it", format!("{gone} {there}").into_bytes()),
        ("a list of it", format!("[{gone}]").into_bytes()),
        ("it as a text", serde_json::to_vec(&gone).unwrap()),
        ("it inside of another", format!("{{\"payload\":{gone}}}").into_bytes()),
        ("without its end", gone.as_bytes()[..gone.len() - 1].to_vec()),
    ];
    // The other two name no subject.
    if matches!(vendor, Vendor::OnlyOffice | Vendor::Persona | Vendor::Cova) {
        bodies.push(("another subject", other_subject.into_bytes()));
    }
    bodies
}
