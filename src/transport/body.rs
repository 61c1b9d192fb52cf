//! Reads a body up to a limit, decompressing on the way.

use std::io::{self, Write};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use flate2::write::MultiGzDecoder;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{HeaderMap, StatusCode};
use tokio::time::{Instant, timeout_at};

use super::exchange::{Body, Failure};
use super::http::failure;
use crate::error::ErrorKind;

/// Reads the rest of `response` until `deadline`, keeping at most `limit` bytes, counted after decompression.
///
/// The transport does not decompress for us: only here can a broken connection (worth a retry) be told from a whole
/// body that is not what its headers say (not worth one), and a small body that unpacks to a huge one be stopped.
pub(crate) async fn read(
    response: &mut reqwest::Response,
    headers: &HeaderMap,
    limit: usize,
    deadline: Instant,
    allowed: Duration,
) -> Body {
    let mut sink = match content_encoding(headers) {
        Encoding::Identity => Sink::Plain(Plain::Empty, limit),
        Encoding::Gzip => {
            Sink::Gzip(Box::new(MultiGzDecoder::new(Capped { bytes: Vec::new(), limit, exceeded: false })), false)
        }
        Encoding::Other(name) => return Body::Undecodable(format!("its content encoding `{name}` was not asked for")),
    };
    loop {
        match timeout_at(deadline, response.chunk()).await {
            Err(_) => {
                let message = format!("the response stalled: its body was not complete within {allowed:?}");
                return Body::BrokenOff(Failure::new(ErrorKind::Timeout, message));
            }
            Ok(Err(error)) => return Body::BrokenOff(failure("the response broke off", error)),
            Ok(Ok(Some(chunk))) => {
                if let Err(fault) = sink.push(chunk) {
                    return fault;
                }
            }
            Ok(Ok(None)) => {
                return sink.finish(is_framed(headers) || response.status() == StatusCode::NO_CONTENT);
            }
        }
    }
}

/// Whether a head says where the body ends. (A 204 has none, and needs not say so.)
fn is_framed(headers: &HeaderMap) -> bool {
    headers.contains_key(CONTENT_LENGTH) || headers.contains_key(TRANSFER_ENCODING)
}

enum Encoding {
    Identity,
    Gzip,
    Other(String),
}

fn content_encoding(headers: &HeaderMap) -> Encoding {
    let mut encodings = headers
        .get_all(CONTENT_ENCODING)
        .iter()
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
        .map(|name| name.trim_ascii().to_ascii_lowercase())
        .filter(|name| !name.is_empty() && name != b"identity");
    match (encodings.next(), encodings.next()) {
        (None, _) => Encoding::Identity,
        (Some(name), None) if name == b"gzip" || name == b"x-gzip" => Encoding::Gzip,
        (Some(name), _) => Encoding::Other(String::from_utf8_lossy(&name).into_owned()),
    }
}

enum Sink {
    Plain(Plain, usize),
    /// With whether anything came.
    Gzip(Box<MultiGzDecoder<Capped>>, bool),
}

/// Most bodies come in one piece, which is then kept as it is.
enum Plain {
    Empty,
    One(Bytes),
    Many(BytesMut),
}

impl Sink {
    fn push(&mut self, chunk: Bytes) -> Result<(), Body> {
        match self {
            Self::Plain(plain, limit) => {
                let held = match plain {
                    Plain::Empty => 0,
                    Plain::One(bytes) => bytes.len(),
                    Plain::Many(bytes) => bytes.len(),
                };
                if chunk.len() > limit.saturating_sub(held) {
                    return Err(Body::TooLarge { limit: *limit });
                }
                *plain = match std::mem::replace(plain, Plain::Empty) {
                    Plain::Empty => Plain::One(chunk),
                    Plain::One(first) => {
                        let mut bytes = BytesMut::from(first);
                        bytes.extend_from_slice(&chunk);
                        Plain::Many(bytes)
                    }
                    Plain::Many(mut bytes) => {
                        bytes.extend_from_slice(&chunk);
                        Plain::Many(bytes)
                    }
                };
                Ok(())
            }
            Self::Gzip(decoder, any) => {
                *any |= !chunk.is_empty();
                decoder.write_all(&chunk).map_err(|error| gzip_fault(decoder.get_ref(), &error))
            }
        }
    }

    /// What came in all. Nothing at all is a whole body only where the head says that nothing will come; else the end
    /// of the connection is all that ends it, and that comes just so when the connection breaks.
    fn finish(self, framed: bool) -> Body {
        match self {
            Self::Plain(Plain::Empty, _) | Self::Gzip(_, false) if framed => Body::Whole(Bytes::new()),
            Self::Plain(Plain::Empty, _) | Self::Gzip(_, false) => {
                Body::BrokenOff(Failure::new(ErrorKind::Connection, "the response ended after its head"))
            }
            Self::Plain(Plain::One(bytes), _) => Body::Whole(bytes),
            Self::Plain(Plain::Many(bytes), _) => Body::Whole(bytes.freeze()),
            Self::Gzip(mut decoder, true) => match decoder.try_finish() {
                Ok(()) => Body::Whole(std::mem::take(&mut decoder.get_mut().bytes).into()),
                Err(error) => gzip_fault(decoder.get_ref(), &error),
            },
        }
    }
}

fn gzip_fault(capped: &Capped, error: &io::Error) -> Body {
    if capped.exceeded {
        Body::TooLarge { limit: capped.limit }
    } else {
        Body::Undecodable(format!("it is not the gzip its headers announce ({error})"))
    }
}

/// Takes what the decoder writes, up to the limit.
struct Capped {
    bytes: Vec<u8>,
    limit: usize,
    exceeded: bool,
}

impl Write for Capped {
    fn write(&mut self, unpacked: &[u8]) -> io::Result<usize> {
        if unpacked.len() > self.limit.saturating_sub(self.bytes.len()) {
            self.exceeded = true;
            return Err(io::Error::other("longer than allowed"));
        }
        self.bytes.extend_from_slice(unpacked);
        Ok(unpacked.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn gzip(plain: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(plain).unwrap();
        encoder.finish().unwrap()
    }

    /// What comes of these bytes, in pieces of this size.
    fn received(mut sink: Sink, bytes: &[u8], piece: usize) -> Body {
        for piece in bytes.chunks(piece) {
            if let Err(fault) = sink.push(Bytes::copy_from_slice(piece)) {
                return fault;
            }
        }
        sink.finish(true)
    }

    fn gunzip(limit: usize) -> Sink {
        Sink::Gzip(Box::new(MultiGzDecoder::new(Capped { bytes: Vec::new(), limit, exceeded: false })), false)
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_body_is_whole_or_none(plain in vec(any::<u8>(), 0..300), piece in 1..50_usize, cut in any::<prop::sample::Index>()) {
            let packed = gzip(&plain);
            for (sink, bytes) in [(gunzip(300), packed.as_slice()), (Sink::Plain(Plain::Empty, 300), plain.as_slice())] {
                let body = received(sink, bytes, piece);
                prop_assert!(matches!(&body, Body::Whole(whole) if *whole == plain), "{body:?}");
            }
            // Cut off anywhere it is no body, however much of it could be unpacked.
            let cut = cut.index(packed.len());
            let body = received(gunzip(300), &packed[..cut], piece);
            let is_none = matches!(&body, Body::Whole(whole) if whole.is_empty() && cut == 0);
            prop_assert!(is_none || matches!(body, Body::Undecodable(_)), "{cut} of {}: {body:?}", packed.len());
        }

        #[test]
        fn a_body_is_no_longer_than_allowed(plain in vec(any::<u8>(), 1..300), piece in 1..50_usize, short in 1..300_usize) {
            let limit = plain.len().saturating_sub(short);
            for (sink, bytes) in [(gunzip(limit), gzip(&plain)), (Sink::Plain(Plain::Empty, limit), plain.clone())] {
                let body = received(sink, &bytes, piece);
                prop_assert!(matches!(body, Body::TooLarge { .. }), "{body:?}");
            }
        }

        #[test]
        fn what_is_no_gzip_is_never_a_body(bytes in vec(any::<u8>(), 1..300), piece in 1..50_usize) {
            let body = received(gunzip(1 << 20), &bytes, piece);
            prop_assert!(!matches!(body, Body::Whole(_)), "{body:?}");
        }
    }
}
