//! Readings: what an answer is taken for is what it can mean.

use bytes::Bytes;
use http::HeaderMap;

use super::answers::{self, answer, noon};
use super::draw::Draw;
use super::oracle::{Judged, refuted};
use crate::error::{Access, ErrorKind};
use crate::reading::{Doubt, Finding, Gone, Members, Reading, Retry};
use crate::receipt::{Evidence, Outcome};
use crate::transport::{Answer, Body, Grant};
use crate::vendor::{Endpoint, Vendor, cor, cova, onlyoffice, persona, projectmanager};

pub(super) fn check(data: &[u8]) {
    let mut draw = Draw::new(data);
    match draw.below(8) {
        0 => vendor(&projectmanager::DisconnectProvider::sample(), &mut draw),
        1 => vendor(&cor::DetachWorkspaces::sample(), &mut draw),
        2 => vendor(&cor::DetachWorkspaces::new("u", ["OKTA-WS-1"], cor::Source::OKTA).unwrap(), &mut draw),
        3 => vendor(&onlyoffice::UnlinkProject::sample(), &mut draw),
        4 => vendor(&persona::DeactivateConnection::sample(), &mut draw),
        5 => vendor(&cova::DisableUser::sample(), &mut draw),
        6 => look(&mut draw),
        _ => tokens(&mut draw),
    }
}

/// Several answers to one call, read one after the other as the client does.
fn vendor<E: Judged>(request: &E, draw: &mut Draw<'_>) {
    let mut doubt = Doubt::default();
    let mut history = Vec::new();
    for _ in 0..=draw.below(3) {
        let answer = answers::draw(draw, E::VOCABULARY);
        let reading = one(request, &answer, doubt);
        let Reading::NotGone(finding) = reading else { return };
        let access = doubt.join(&finding);
        history.push(finding);
        assert_eq!(access, over_all(&history), "{history:?}");
    }
}

/// What is true of the access after several attempts, from their findings alone.
fn over_all(history: &[Finding]) -> Access {
    let since_shown = history.iter().rposition(|finding| finding.shows_state).unwrap_or(0);
    let unknown = history[since_shown..].iter().any(|finding| finding.access == Access::Unknown);
    if unknown { Access::Unknown } else { history.last().map_or(Access::Unchanged, |finding| finding.access) }
}

fn one<E: Judged>(request: &E, answer: &Answer, doubt: Doubt) -> Reading {
    let answer = &mended::<E>(answer);
    let reading = request.read(answer, doubt);
    assert_eq!(reading, request.read(answer, doubt), "a pure function");
    one_pass_is_two::<E>(answer.bytes().trim_ascii());
    match &reading {
        Reading::Gone(gone) => gone_is_true(request, answer, doubt, *gone),
        Reading::NotGone(finding) => not_gone_is_true(request, answer, finding),
        Reading::Look => assert!(E::ACTION.vendor() == Vendor::Persona && matches!(answer.status, 200 | 409 | 422)),
    }
    if let Some(limit) = E::rate_limit(answer) {
        assert!(limit.reset_at.is_none_or(|at| at >= noon()), "a window that ended before it was told of: {limit:?}");
    }
    reading
}

/// What is noted while a body is decoded is what is read of it alone, and the typed response is none the worse for it.
fn one_pass_is_two<E: Endpoint>(body: &[u8]) {
    let context = || String::from_utf8_lossy(body).into_owned();
    if let Some((members, response)) = Members::read_with::<E::Response>(body, E::FACTS) {
        assert_eq!(Members::read(body, E::FACTS), Some(members), "{}", context());
        assert_eq!(serde_json::from_slice::<E::Response>(body).ok(), Some(response), "{}", context());
    } else if Members::read(body, E::FACTS).is_some() {
        assert!(serde_json::from_slice::<E::Response>(body).is_err(), "{}", context());
    }
}

fn mended<E: Endpoint>(answer: &Answer) -> Answer {
    match &answer.body {
        Body::Whole(bytes) => Answer { body: Body::Whole(E::mend(bytes.clone())), ..answer.clone() },
        _ => answer.clone(),
    }
}

fn gone_is_true<E: Judged>(request: &E, answer: &Answer, doubt: Doubt, gone: Gone) {
    if let Some(why) = refuted(request, answer, doubt) {
        panic!("{gone:?} is not true: {why}\n{}", shown(answer));
    }
    let inferred = (400..=499).contains(&answer.status);
    assert_eq!(gone.outcome, Outcome::Revoked);
    assert_eq!(gone.evidence == Evidence::Inferred, inferred, "{}", shown(answer));
    assert!(!inferred || doubt.open, "{}", shown(answer));
    if gone.evidence == Evidence::Confirmed {
        let body = String::from_utf8_lossy(answer.bytes()).to_lowercase();
        assert!(["isactive", "inactive", "workspaces"].iter().any(|word| body.contains(word)), "{}", shown(answer));
    }
}

fn not_gone_is_true<E: Judged>(request: &E, answer: &Answer, finding: &Finding) {
    let context = || format!("{finding:?}\n{}", shown(answer));
    let busy = E::ACTION.vendor() == Vendor::OnlyOffice && answer.status == 503 && finding.wait.is_some();
    let expected = match answer.status {
        200 => None,
        503 if busy => Some(Access::Unchanged),
        408 | 500..=599 => Some(Access::Unknown),
        400..=499 => Some(Access::Unchanged),
        _ => Some(Access::Unknown),
    };
    assert!(expected.is_none_or(|access| access == finding.access), "{}", context());
    if answer.status == 200 && finding.access != Access::Unknown {
        assert!(request.may_be_unchanged(answer.bytes().trim_ascii()), "{}", context());
    }
    assert!(finding.kind == ErrorKind::Incomplete || finding.not_revoked.is_empty(), "{}", context());
    assert!(finding.not_revoked.iter().all(|id| request.asked().contains(id)), "{}", context());
    let partly = finding.access == Access::PartlyRevoked;
    assert!(!partly || finding.not_revoked.len() < request.asked().len(), "{}", context());
    if finding.kind == ErrorKind::UnexpectedResponse {
        assert_eq!((finding.access, finding.retry), (Access::Unknown, Retry::No), "{}", context());
    }
    if finding.retry == Retry::NextKey {
        assert!(E::KEYED, "{}", context());
    }
    if finding.shows_state {
        assert!(answer.status == 200 && finding.access != Access::Unknown, "{}", context());
    }
}

/// Every body of every vendor with every member that turns it, and with every two.
#[cfg(test)]
pub(super) fn check_every_turn() {
    every_turn(&projectmanager::DisconnectProvider::sample());
    every_turn(&cor::DetachWorkspaces::sample());
    every_turn(&onlyoffice::UnlinkProject::sample());
    every_turn(&persona::DeactivateConnection::sample());
    every_turn(&cova::DisableUser::sample());
}

#[cfg(test)]
fn every_turn<E: Judged>(request: &E) {
    use super::json::{Way, parse};

    let turns = E::VOCABULARY.turns;
    for body in E::VOCABULARY.bodies.iter().filter_map(|body| parse(body.as_bytes())) {
        for (name, value) in turns {
            for way in Way::ALL {
                let mut turned = body.clone();
                turned.put(0, *way, name, value);
                for (name, value) in turns {
                    let mut twice = turned.clone();
                    twice.put(0, Way::InPlace, name, value);
                    for (status, open) in [(200, false), (404, true)] {
                        let answer = answer(status, HeaderMap::new(), twice.to_string());
                        one(request, &answer, Doubt { open, was_there: open });
                    }
                }
            }
        }
    }
}

/// Persona's refusals and what its record shows then.
fn look(draw: &mut Draw<'_>) {
    let request = persona::DeactivateConnection::sample();
    let vocabulary = persona::DeactivateConnection::VOCABULARY;
    let first = Answer { status: [200, 409, 422][draw.below(3)], ..answers::draw(draw, vocabulary) };
    let look = draw.flag().then(|| answers::draw(draw, vocabulary));
    let doubt = Doubt { open: draw.flag(), was_there: draw.flag() };
    let finding = match request.read_look(&first, look.as_ref(), doubt) {
        Ok(gone) => {
            let look = look.expect("nothing is gone because nobody looked");
            let body = String::from_utf8_lossy(look.bytes()).into_owned();
            assert_eq!(refuted(&request, &look, doubt), None, "{}", shown(&look));
            assert!(body.contains("inactive"), "{body}");
            assert_eq!(gone.evidence, Evidence::Confirmed);
            let before = first.status != 200 && !doubt.was_there;
            assert_eq!(gone.outcome == Outcome::AlreadyRevoked, before, "{first:?} {doubt:?}");
            return;
        }
        Err(finding) => finding,
    };
    assert_eq!(finding.shows_state, finding.access != Access::Unknown, "{finding:?}");
    if finding.shows_state {
        let look = look.expect("a state that is shown is shown by something");
        let body = String::from_utf8_lossy(look.bytes()).into_owned();
        assert!(look.status == 200 && (body.contains("active") || body.contains("pending")), "{body}");
        assert_eq!(finding.retry == Retry::NextKey, first.status == 409, "{finding:?}");
    } else {
        assert_eq!(finding.retry, Retry::No, "{finding:?}");
    }
}

/// The answers of token endpoints: no token that the answer does not hold, and none that is no text.
fn tokens(draw: &mut Draw<'_>) {
    let body = match draw.flag() {
        true => Bytes::copy_from_slice(draw.rest()),
        false => {
            let texts: &[&str] = &[
                r#"{"access_token":"t0ken","token_type":"Bearer","expires_in":3600}"#,
                r#"{"response":{"token":"t0ken","expires":"2027-01-15T12:00:00.0000000Z"}}"#,
                r#"{"Response":{"Token":"t0ken","Expires":"2027-01-15T12:00:00+02:00"}}"#,
                r#"{"access_token":"t0ken","expires_in":"1e300"}"#,
                r#"{"access_token":"t0ken","expires_in":-1}"#,
            ];
            let mut bytes = draw.one_of(texts).as_bytes().to_vec();
            draw.scratch(&mut bytes);
            bytes.into()
        }
    };
    let answer = answer(200, HeaderMap::new(), body.clone());
    let cor = cor::ClientCredentials::new("key", "secret");
    let cova = cova::PasswordGrant::new("name", "password", "id", "secret");
    let onlyoffice = onlyoffice::PasswordLogin::new("https://portal.example", "name", "password");
    for token in [cor.read(&answer), cova.read(&answer), onlyoffice.read(&answer)].into_iter().flatten() {
        let json = super::json::parse(&body).expect("a token of what is no JSON");
        let mut found = false;
        json.walk(&mut |node| found |= node.text() == Some(&token.0));
        assert!(found, "{token:?} is not in {json}");
    }
    for words in [
        <cor::ClientCredentials as Grant>::words(&body),
        <cova::PasswordGrant as Grant>::words(&body),
        <onlyoffice::PasswordLogin as Grant>::words(&body),
    ] {
        assert!(words.is_none_or(|words| !words.message.trim().is_empty()));
    }
}

/// An answer as one can read it.
fn shown(answer: &Answer) -> String {
    format!("{} {:?}\n{}", answer.status, answer.headers, String::from_utf8_lossy(answer.bytes()))
}
