//! HTTP responses as bytes.

use std::io::Write;

use serde_json::Value;

/// A response that becomes bytes exactly as written here; nothing is added but `Content-Length`.
#[derive(Clone, Debug)]
pub struct Reply {
    status_line: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    framing: Framing,
}

#[derive(Clone, Copy, Debug)]
enum Framing {
    Length,
    Chunked,
    /// The body ends where the connection does.
    UntilClose,
}

impl Reply {
    pub fn new(status: u16) -> Self {
        Self {
            status_line: format!("HTTP/1.1 {status} Whatever"),
            headers: Vec::new(),
            body: Vec::new(),
            framing: Framing::Length,
        }
    }

    pub fn json(status: u16, body: &Value) -> Self {
        Self::text(status, "application/json; charset=utf-8", body.to_string())
    }

    pub fn text(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self::new(status).header("Content-Type", content_type).body(body)
    }

    /// What nginx says in place of a vendor.
    pub fn html(status: u16) -> Self {
        let page = format!("<html>\r\n<head><title>{status} Gateway</title></head>\r\n<body>x</body>\r\n</html>\r\n");
        Self::text(status, "text/html", page)
    }

    pub fn header(mut self, name: &str, value: impl std::fmt::Display) -> Self {
        self.headers.push((name.to_owned(), value.to_string()));
        self
    }

    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    pub fn chunked(mut self) -> Self {
        self.framing = Framing::Chunked;
        self
    }

    /// For use with [`Step::AnswerThenClose`](super::server::Step::AnswerThenClose).
    pub fn until_close(mut self) -> Self {
        self.framing = Framing::UntilClose;
        self
    }

    /// Packs the body, and says so.
    pub fn gzip(mut self) -> Self {
        self.body = gzip(&self.body);
        self.header("Content-Encoding", "gzip")
    }

    pub fn body_len(&self) -> usize {
        self.body.len()
    }

    pub fn head(&self) -> Vec<u8> {
        let mut head = format!("{}\r\n", self.status_line);
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        match self.framing {
            Framing::Length => head.push_str(&format!("Content-Length: {}\r\n", self.body.len())),
            Framing::Chunked => head.push_str("Transfer-Encoding: chunked\r\n"),
            Framing::UntilClose => head.push_str("Connection: close\r\n"),
        }
        head.push_str("\r\n");
        head.into_bytes()
    }

    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.head();
        match self.framing {
            Framing::Chunked => {
                // Three chunks, so that a reader that takes the first for all is found out.
                for chunk in self.body.chunks((self.body.len() / 3).max(1)) {
                    bytes.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
                    bytes.extend_from_slice(chunk);
                    bytes.extend_from_slice(b"\r\n");
                }
                bytes.extend_from_slice(b"0\r\n\r\n");
            }
            Framing::Length | Framing::UntilClose => bytes.extend_from_slice(&self.body),
        }
        bytes
    }

    /// The bytes without the last ones of the body: it breaks off.
    pub fn cut(&self) -> Vec<u8> {
        let mut bytes = self.bytes();
        let missing = match self.framing {
            // The end mark of a chunked body is five bytes.
            Framing::Chunked => 5 + self.body.len() / 4,
            Framing::Length | Framing::UntilClose => self.body.len().div_ceil(2),
        };
        bytes.truncate(bytes.len() - missing.max(1));
        bytes
    }
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}
