//! The table of what can go wrong with an exchange.

use std::sync::Arc;

use deprovision::{Access, ErrorKind, Vendor};

use crate::bodies::{OF_FAILURES, bent, failure, foreign};
use crate::cell::{Before, Fault, No, Says, Wire};
use crate::support::reply::{Reply, gzip};
use crate::vendor::TOKEN;

/// Longest body that the clients here take.
pub const MAX_BODY: usize = 256 * 1024;

const ANY: [Before; 3] = [Before::There, Before::Applied, Before::Gone];
/// A vendor that refuses has done nothing.
const REFUSING: [Before; 2] = [Before::There, Before::Gone];

fn fault(
    name: impl Into<String>,
    says: Says,
    make: impl Fn(Vendor, u32, Reply) -> Wire + Send + Sync + 'static,
) -> Fault {
    Fault {
        name: name.into(),
        make: Arc::new(make),
        says,
        befores: match says {
            Says::Usual => vec![Before::There, Before::Gone],
            _ => ANY.to_vec(),
        },
        slow: false,
        wide: true,
        status_may_be_lost: false,
        proves_in_doubt: false,
    }
}

fn no(kind: ErrorKind, access: Access, status: Option<u16>, retried: bool) -> Says {
    Says::No(No { kind, access, status, retried })
}

fn broken(status: Option<u16>) -> Says {
    no(ErrorKind::Connection, Access::Unknown, status, true)
}

fn late(status: Option<u16>) -> Says {
    no(ErrorKind::Timeout, Access::Unknown, status, true)
}

fn unexpected(status: u16) -> Says {
    no(ErrorKind::UnexpectedResponse, Access::Unknown, Some(status), false)
}

/// The rules for refusals and failures, the same for all vendors.
fn named(vendor: Vendor, status: u16) -> Says {
    let (kind, access, retried) = match status {
        409 | 422 if vendor == Vendor::Persona => return Says::Look(status),
        401 => (ErrorKind::Unauthorized, Access::Unchanged, false),
        403 => (ErrorKind::Forbidden, Access::Unchanged, false),
        404 | 410 => (ErrorKind::NotFound, Access::Unchanged, false),
        408 => (ErrorKind::Unavailable, Access::Unknown, true),
        409 => (ErrorKind::Conflict, Access::Unchanged, false),
        429 => (ErrorKind::RateLimited, Access::Unchanged, true),
        400..=499 => (ErrorKind::Rejected, Access::Unchanged, false),
        500 | 502 | 503 | 504 => (ErrorKind::Unavailable, Access::Unknown, true),
        _ => (ErrorKind::Unavailable, Access::Unknown, false),
    };
    no(kind, access, Some(status), retried)
}

fn refuses(status: u16) -> bool {
    (400..500).contains(&status) && status != 408
}

fn of_status(vendor: Vendor, status: u16, name: String, make: impl Fn(u32) -> Wire + Send + Sync + 'static) -> Fault {
    Fault {
        befores: if refuses(status) { REFUSING.to_vec() } else { ANY.to_vec() },
        ..fault(name, named(vendor, status), move |_, number, _| make(number))
    }
}

pub fn faults(vendor: Vendor) -> Vec<Fault> {
    let mut all = connections();
    all.extend(successes(vendor));
    all.extend(redirects_and_others());
    all.extend(failures(vendor));
    all.extend(absurd_waits(vendor));
    all
}

/// What happens below HTTP, or to its frame.
fn connections() -> Vec<Fault> {
    let slow = |fault: Fault| Fault { slow: true, ..fault };
    let lossy = |fault: Fault| Fault { status_may_be_lost: true, ..fault };
    let garbage = |name, bytes: &'static [u8]| fault(name, broken(None), move |_, _, _| Wire::Close(bytes.to_vec()));
    let interim =
        |lines: &'static str| move |_, _, reply: Reply| Wire::Answer([lines.as_bytes(), &reply.bytes()].concat());
    vec![
        fault("reset with the request unread", broken(None), |_, _, _| Wire::Unread),
        fault("reset with the request read", broken(None), |_, _, _| Wire::Reset(Vec::new())),
        fault("closed with the request read", broken(None), |_, _, _| Wire::Close(Vec::new())),
        slow(fault("silent", late(None), |_, _, _| Wire::Stall(Vec::new()))),
        slow(fault("silent within the head", late(None), |_, _, reply| Wire::Stall(reply.head()[..20].to_vec()))),
        fault("closed within the head", broken(None), |_, _, reply| Wire::Close(reply.head()[..20].to_vec())),
        slow(fault("a head in drops, without end in sight", late(None), |_, _, reply| {
            Wire::Trickle(reply.head(), 40, 100)
        })),
        garbage("SSH instead of HTTP", b"SSH-2.0-OpenSSH_9.6\r\n\r\n"),
        garbage("a status that is none", b"HTTP/1.1 2x0 OK\r\n\r\n"),
        garbage("a status of four digits", b"HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n"),
        garbage("a version that is none", b"HTTP/9.9 200 OK\r\nContent-Length: 0\r\n\r\n"),
        garbage("zeros", &[0; 64]),
        garbage("a TLS alert", b"\x15\x03\x01\x00\x02\x02\x50"),
        garbage("two lengths", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 2\r\n\r\n{}"),
        garbage("a length that is none", b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n{}"),
        garbage("a header name that is none", b"HTTP/1.1 200 OK\r\nCon tent: 1\r\nContent-Length: 2\r\n\r\n{}"),
        fault("a head of a megabyte", broken(None), |_, _, _| {
            Wire::Close([b"HTTP/1.1 200 OK\r\nX: ".to_vec(), b"x".repeat(1 << 20), b"\r\n\r\n".to_vec()].concat())
        }),
        fault("more headers than there is room for", broken(None), |_, _, _| {
            Wire::Close([b"HTTP/1.1 200 OK\r\n".to_vec(), b"X: 1\r\n".repeat(5000), b"\r\n".to_vec()].concat())
        }),
        slow(fault("interim answers only", late(None), |_, _, _| {
            Wire::Stall(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n".to_vec())
        })),
        fault("100 first", Says::Usual, interim("HTTP/1.1 100 Continue\r\n\r\n")),
        fault(
            "102 and 103 first",
            Says::Usual,
            interim("HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n"),
        ),
        fault("whole, then closed", Says::Usual, |_, _, reply| {
            Wire::Close(reply.header("Connection", "close").bytes())
        }),
        fault("whole, up to the end of the connection", Says::Usual, |_, _, reply| {
            Wire::Close(reply.until_close().bytes())
        }),
        fault("in chunks", Says::Usual, |_, _, reply| reply.chunked().into()),
        fault("compressed", Says::Usual, |_, _, reply| reply.gzip().into()),
        fault("compressed and in chunks", Says::Usual, |_, _, reply| reply.gzip().chunked().into()),
        fault("piece by piece", Says::Usual, |_, _, reply| Wire::Trickle(reply.bytes(), 9, 2)),
        fault("chunks piece by piece", Says::Usual, |_, _, reply| Wire::Trickle(reply.chunked().bytes(), 14, 2)),
        fault("with absurd limits in its headers", Says::Usual, |_, _, reply| {
            let names = ["RateLimit-Remaining", "COVA-APIM-RateLimit-Remaining", "RateLimit-Limit"];
            let reply = names.into_iter().fold(reply, |reply, name| reply.header(name, "-99999999999999999999"));
            let names = ["RateLimit-Reset", "COVA-APIM-RateLimit-ResetSeconds", "Retry-After"];
            names.into_iter().fold(reply, |reply, name| reply.header(name, "99999999999999999999999")).into()
        }),
        fault("with none left for ever", Says::Usual, |_, _, reply| {
            let names = ["RateLimit-Remaining", "COVA-APIM-RateLimit-Remaining"];
            let reply = names.into_iter().fold(reply, |reply, name| reply.header(name, 0));
            let names = ["RateLimit-Reset", "COVA-APIM-RateLimit-ResetSeconds"];
            names.into_iter().fold(reply, |reply, name| reply.header(name, u64::MAX)).into()
        }),
        fault("its head only", broken(Some(200)), |_, _, reply| Wire::Close(reply.head())),
        fault("half of it", broken(Some(200)), |_, _, reply| Wire::Close(reply.cut())),
        lossy(fault("half of it, then reset", broken(Some(200)), |_, _, reply| Wire::Reset(reply.cut()))),
        fault("half of its chunks", broken(Some(200)), |_, _, reply| Wire::Close(reply.chunked().cut())),
        fault("all chunks but the end", broken(Some(200)), |_, _, reply| {
            let bytes = reply.chunked().bytes();
            Wire::Close(bytes[..bytes.len() - 5].to_vec())
        }),
        fault("a chunk's length that is none", broken(Some(200)), |_, _, reply| {
            Wire::Close([reply.chunked().head(), b"zz\r\n{}\r\n0\r\n\r\n".to_vec()].concat())
        }),
        fault("half of it compressed", broken(Some(200)), |_, _, reply| Wire::Close(reply.gzip().cut())),
        fault("one byte short", broken(Some(200)), |_, _, reply| {
            let bytes = reply.bytes();
            Wire::Close(bytes[..bytes.len() - 1].to_vec())
        }),
        slow(fault("silent after its head", late(Some(200)), |_, _, reply| Wire::Stall(reply.head()))),
        slow(fault("silent within its body", late(Some(200)), |_, _, reply| Wire::Stall(reply.cut()))),
        slow(fault("silent before the last chunk", late(Some(200)), |_, _, reply| Wire::Stall(reply.chunked().cut()))),
        slow(fault("a body in drops, without end in sight", late(Some(200)), |_, _, reply| {
            // So long that the head is in the first drop.
            Wire::Trickle(reply.body(b" ".repeat(40_000)).bytes(), 20, 150)
        })),
    ]
}

/// A 200 that is whole and no yes, and those that are a yes without a word.
fn successes(vendor: Vendor) -> Vec<Fault> {
    let with_body = |name: String, body: Vec<u8>| {
        fault(format!("200 with {name}"), unexpected(200), move |_, _, _| {
            Reply::text(200, "application/json; charset=utf-8", body.clone()).header("X-Request-Id", TOKEN).into()
        })
    };
    let silent = matches!(vendor, Vendor::ProjectManager | Vendor::Cova);
    let mut all: Vec<Fault> = foreign()
        .into_iter()
        // A mark is not a word.
        .filter(|(name, _)| !(silent && name == "only a mark"))
        .map(|(name, body)| with_body(name, body))
        .collect();
    for (index, (name, _)) in bent(vendor, 1).into_iter().enumerate() {
        // What says two things or nothing may be read in more than one way that is true.
        all.push(fault(format!("200 with {name}"), Says::Anything, move |vendor, number, _| {
            let (_, body) = bent(vendor, number).swap_remove(index);
            Reply::text(200, "application/json", body).into()
        }));
    }
    let bomb = gzip(&b" ".repeat(8 << 20));
    all.extend([
        fault("a body that unpacks to eight megabytes", unexpected(200), move |_, _, _| {
            Reply::new(200).header("Content-Encoding", "gzip").body(bomb.clone()).into()
        }),
        fault("a body without end", unexpected(200), |_, _, _| {
            Wire::Endless(
                b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{\"success\":true".to_vec(),
                b" ".repeat(16_384),
            )
        }),
        fault("chunks without end", unexpected(200), |_, _, _| {
            let chunk = [b"4000\r\n".to_vec(), b" ".repeat(0x4000), b"\r\n".to_vec()].concat();
            Wire::Endless(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec(), chunk)
        }),
        fault("a body longer than is taken", unexpected(200), |_, _, reply| {
            let padding = b" ".repeat(MAX_BODY + 1);
            Wire::Close(reply.body(padding).bytes())
        }),
        fault("gzip that is none", unexpected(200), |_, _, reply| reply.header("Content-Encoding", "gzip").into()),
        fault("an encoding not asked for", unexpected(200), |_, _, reply| {
            reply.header("Content-Encoding", "br").into()
        }),
        fault("gzip that ends early, whole by its length", unexpected(200), |_, _, reply| {
            let packed = gzip(&reply.bytes());
            Reply::new(200).header("Content-Encoding", "gzip").body(packed[..packed.len() / 2].to_vec()).into()
        }),
    ]);
    for (name, status) in [("an empty 200", 200), ("204", 204)] {
        let (says, befores) =
            if silent { (Says::Yes, vec![Before::Applied, Before::Gone]) } else { (unexpected(status), ANY.to_vec()) };
        all.push(Fault { befores, ..fault(name, says, move |_, _, _| Reply::new(status).into()) });
    }
    all
}

fn redirects_and_others() -> Vec<Fault> {
    let mut all = Vec::new();
    for status in [201, 202, 203, 205, 206, 207, 208, 226, 299] {
        let name = format!("a success by {status}");
        all.push(fault(name, unexpected(status), move |vendor, number, _| {
            let body = crate::vendor::shown(vendor, number, true);
            let reply = Reply::json(status, &body);
            // This one has no body by its meaning.
            if status == 205 { Reply::new(205).into() } else { reply.into() }
        }));
    }
    for status in (300..=308).chain([399]) {
        let locations = [
            None,
            Some("/elsewhere"),
            Some("https://elsewhere.example/x"),
            Some("//elsewhere.example"),
            Some("http://["),
            Some(""),
        ];
        for (index, location) in locations.into_iter().enumerate() {
            let name = format!("{status} to {location:?}");
            let make = move |_, _, _| {
                let reply = Reply::new(status);
                match location {
                    Some(location) => reply.header("Location", format!("{location}#{TOKEN}")).into(),
                    None => reply.into(),
                }
            };
            all.push(Fault { wide: index == 2, ..fault(name, unexpected(status), make) });
        }
        if status != 304 {
            let make = move |_, _, _| Wire::Close(Reply::html(status).header("Location", "https://x.example/").cut());
            all.push(Fault { wide: false, ..fault(format!("{status} that breaks off"), broken(Some(status)), make) });
        }
    }
    for status in [600, 799, 999] {
        let make = move |_, _, reply: Reply| {
            let mut bytes = reply.bytes();
            bytes.splice(9..12, status.to_string().into_bytes());
            Wire::Answer(bytes)
        };
        all.push(Fault { wide: false, ..fault(format!("{status}"), unexpected(status), make) });
    }
    all
}

/// Statuses that the rules or the vendors name.
const NAMED: [u16; 28] = [
    400, 401, 402, 403, 404, 405, 406, 408, 409, 410, 411, 412, 417, 418, 422, 423, 425, 429, 451, 499, 500, 501, 502,
    503, 504, 505, 511, 599,
];

fn failures(vendor: Vendor) -> Vec<Fault> {
    let mut all = Vec::new();
    for status in 400..=599 {
        for (index, body) in OF_FAILURES.into_iter().enumerate() {
            // Every status with every body would take minutes: those without a rule of their own take turns.
            if !NAMED.contains(&status) && usize::from(status) % OF_FAILURES.len() != index {
                continue;
            }
            let name = format!("{status} with {body}");
            all.push(Fault {
                wide: false,
                proves_in_doubt: vendor == Vendor::ProjectManager && status == 404 && index == 0,
                ..of_status(vendor, status, name, move |_| failure(vendor, status, body).into())
            });
        }
        if NAMED.contains(&status) {
            let name = format!("{status} that breaks off");
            let make = move |_| Wire::Close(failure(vendor, status, "the vendor's own").cut());
            all.push(Fault { wide: false, ..of_status(vendor, status, name, make) });
        }
    }
    all
}

fn absurd_waits(vendor: Vendor) -> Vec<Fault> {
    let mut all = Vec::new();
    let never = |says| match says {
        Says::No(answer) => Says::No(No { retried: false, ..answer }),
        other => other,
    };
    // Whether the wait is one that is not begun; else none is asked for.
    let waits = [
        ("99999999999999999999999999", true),
        ("18446744073709551615", true),
        ("4000000000", true),
        ("Fri, 31 Dec 9999 23:59:59 GMT", true),
        ("Thu, 01 Jan 1970 00:00:00 GMT", false),
        ("-1", false),
        ("1e99", false),
        ("soon", false),
        ("", false),
        ("0", false),
        ("0.0", false),
        ("1.2.3", false),
        ("\u{fffd}", false),
    ];
    for status in [429, 503, 500, 408] {
        for (text, too_long) in waits {
            let is_limit = vendor == Vendor::OnlyOffice && status == 503;
            let asks_for_a_wait = too_long || ["0", "0.0"].contains(&text) || text.contains("1970");
            let mut says = named(vendor, status);
            if is_limit && asks_for_a_wait {
                says = no(ErrorKind::RateLimited, Access::Unchanged, Some(503), true);
            }
            let says = if too_long { never(says) } else { says };
            let mut fault = of_status(vendor, status, format!("{status} with Retry-After {text:?}"), move |_| {
                failure(vendor, status, "the vendor's own").header("Retry-After", text).into()
            });
            if is_limit {
                fault.befores = REFUSING.to_vec();
            }
            all.push(Fault { says, wide: false, ..fault });
        }
    }
    let resets: &[(&str, &str, bool)] = match vendor {
        Vendor::Persona => &[
            ("RateLimit-Reset", "99999999999999999999", true),
            ("RateLimit-Reset", "-5", false),
            ("RateLimit-Reset", "tomorrow", false),
        ],
        Vendor::Cova => &[
            ("COVA-APIM-RateLimit-ResetSeconds", "99999999999999999999", true),
            ("COVA-APIM-RateLimit-Reset", "9999-12-31T23:59:59Z", true),
            ("COVA-APIM-RateLimit-Reset", "+262142-12-31T23:59:59Z", true),
            ("COVA-APIM-RateLimit-Reset", "1970-01-01T00:00:00", false),
            ("COVA-APIM-RateLimit-Reset", "never", false),
        ],
        _ => &[],
    };
    for (name, text, too_long) in resets {
        let says = named(vendor, 429);
        let fault = of_status(vendor, 429, format!("429 with {name} {text:?}"), move |_| {
            failure(vendor, 429, "the vendor's own").header(name, text).into()
        });
        all.push(Fault { says: if *too_long { never(says) } else { says }, ..fault });
    }
    all
}
