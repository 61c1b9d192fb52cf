//! The tokens a vendor accepts, and the endpoints of the three vendors that issue them.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::call::{Call, percent_decode};
use super::{Reply, cova, onlyoffice};
use crate::Vendor;

/// `sandbox-api-key:sandbox-client-secret` in base64, as HTTP Basic has it.
const COR_BASIC: &str = "c2FuZGJveC1hcGkta2V5OnNhbmRib3gtY2xpZW50LXNlY3JldA==";
const USER_NAME: &str = "admin@sandbox.example";
const PASSWORD: &str = "sandbox-password";
const CLIENT_ID: &str = "sandbox-client";
const CLIENT_SECRET: &str = "sandbox-client-secret";

/// One vendor's tokens and the account each of them belongs to.
#[derive(Debug, Default)]
pub(super) struct Tokens {
    accepted: HashMap<String, Token>,
    issued: u64,
    lifetime: Option<Duration>,
}

#[derive(Debug)]
struct Token {
    account: String,
    expires: Option<Instant>,
}

impl Tokens {
    pub(super) fn accept(&mut self, token: &str, account: &str) {
        let account = account.to_owned();
        let token = token.to_owned();
        self.accepted.insert(token, Token { account, expires: None });
    }

    pub(super) fn reject(&mut self, token: &str) {
        self.accepted.remove(token);
    }

    /// The account a token belongs to, if the token is accepted now.
    pub(super) fn account(&self, token: &str, now: Instant) -> Option<String> {
        let token = self.accepted.get(token)?;
        let alive = token.expires.is_none_or(|expires| now < expires);
        alive.then(|| token.account.clone())
    }

    /// A token of that account which never expires.
    pub(super) fn of_account(&self, account: &str) -> Option<String> {
        self.accepted
            .iter()
            .find(|(_, token)| token.account == account && token.expires.is_none())
            .map(|(token, _)| token.clone())
    }

    pub(super) fn set_lifetime(&mut self, lifetime: Duration) {
        self.lifetime = Some(lifetime);
    }

    fn issue(&mut self, vendor: &str, usual: Duration) -> (String, Duration) {
        let lifetime = self.lifetime.unwrap_or(usual);
        self.issued += 1;
        let token = format!("sandbox-{vendor}-issued-{}", self.issued);
        self.accepted.insert(
            token.clone(),
            Token { account: USER_NAME.to_owned(), expires: Instant::now().checked_add(lifetime) },
        );
        (token, lifetime)
    }
}

/// Where a vendor's token endpoint is, below its prefix.
pub(super) const fn path(vendor: Vendor) -> Option<&'static str> {
    match vendor {
        Vendor::Cor => Some("/v1/oauth/token"),
        Vendor::OnlyOffice => Some("/api/2.0/authentication"),
        Vendor::Cova => Some("/v1/oauth2/token"),
        _ => None,
    }
}

/// The answer of a token endpoint, if that is what was called.
pub(super) fn endpoint(vendor: Vendor, call: &Call, tokens: &mut Tokens) -> Option<Reply> {
    if call.method != "POST" || path(vendor) != Some(call.path.as_str()) {
        return None;
    }
    match vendor {
        Vendor::Cor => Some(cor(call, tokens)),
        Vendor::OnlyOffice => Some(onlyoffice(call, tokens)),
        Vendor::Cova => Some(cova(call, tokens)),
        _ => None,
    }
}

fn cor(call: &Call, tokens: &mut Tokens) -> Reply {
    let basic = call
        .header("authorization")
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("basic"))
        .map(|(_, pair)| pair.trim());
    if basic != Some(COR_BASIC) {
        return Reply::json(401, &json!({"error": 401, "message": "Unauthorized"}));
    }
    if form(&call.query).get("grant_type").map(String::as_str) != Some("client_credentials") {
        let body = json!({"status": "ERROR", "code": 400, "message": "grant_type is not supported"});
        return Reply::json(400, &body);
    }
    let (token, lifetime) = tokens.issue("cor", Duration::from_secs(3600));
    let body = json!({
        "access_token": token,
        "token_type": "Bearer",
        "expires_in": lifetime.as_secs(),
        "refresh_token": format!("{token}-refresh"),
    });
    Reply::json(200, &body)
}

fn onlyoffice(call: &Call, tokens: &mut Tokens) -> Reply {
    let Ok(body) = serde_json::from_slice::<Value>(&call.body) else {
        return onlyoffice::refusal(400, "Value does not fall within the expected range.");
    };
    let given = |name: &str| body.get(name).and_then(Value::as_str);
    if given("userName") != Some(USER_NAME) || given("password") != Some(PASSWORD) {
        return onlyoffice::refusal(401, "User authentication failed");
    }
    let (token, lifetime) = tokens.issue("onlyoffice", Duration::from_secs(365 * 24 * 3600));
    let expires = chrono::TimeDelta::from_std(lifetime)
        .ok()
        .and_then(|lifetime| chrono::Utc::now().checked_add_signed(lifetime))
        .map(|at| at.to_rfc3339());
    let response = json!({"token": token, "expires": expires});
    onlyoffice::success(201, &response)
}

fn cova(call: &Call, tokens: &mut Tokens) -> Reply {
    let form = form(&String::from_utf8_lossy(&call.body));
    let right = [
        ("grant_type", "password"),
        ("username", USER_NAME),
        ("password", PASSWORD),
        ("client_id", CLIENT_ID),
        ("client_secret", CLIENT_SECRET),
    ]
    .into_iter()
    .all(|(name, value)| form.get(name).is_some_and(|given| given == value));
    if !right {
        return cova::refusal(400, "invalid_grant", "The credentials are not right");
    }
    let (token, lifetime) = tokens.issue("cova", Duration::from_secs(12 * 3600));
    let body = json!({
        "access_token": token,
        "token_type": "Bearer",
        "expires_in": lifetime.as_secs(),
    });
    Reply::json(200, &body)
}

/// Reads `a=1&b=2`; a pair that cannot be decoded is left out.
fn form(text: &str) -> HashMap<String, String> {
    let decode = |part: &str| percent_decode(&part.replace('+', " "));
    text.split('&')
        .filter_map(|pair| {
            let (name, value) = pair.split_once('=')?;
            Some((decode(name)?, decode(value)?))
        })
        .collect()
}
