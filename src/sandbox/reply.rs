//! One HTTP response, as a vendor's room of the sandbox makes it and as a test can dictate it.

use serde_json::Value;

/// A response for [`Fault::reply`](super::Fault::reply): any status, any headers, any body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Reply {
    /// An empty response with this status. HTTP knows 100 to 999, and no server may answer with 1xx; anything else is
    /// sent as 500.
    #[must_use]
    pub fn new(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new() }
    }

    /// A JSON body with `Content-Type: application/json; charset=utf-8`.
    #[must_use]
    pub fn json(status: u16, body: &Value) -> Self {
        Self::new(status).header("content-type", "application/json; charset=utf-8").body(body.to_string())
    }

    /// A text body of the given content type.
    #[must_use]
    pub fn text(status: u16, content_type: &str, body: impl Into<String>) -> Self {
        Self::new(status).header("content-type", content_type).body(body.into())
    }

    /// Sets a header, in place of one of the same name. A name or value that HTTP does not allow is left out when sent.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        let name = name.into();
        self.headers.retain(|(other, _)| !other.eq_ignore_ascii_case(&name));
        self.headers.push((name, value.into()));
        self
    }

    /// Sets the body; the content type stays as it is.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// The page some proxy in front of a vendor makes: HTML, and no word of the vendor in it.
    #[must_use]
    pub fn html(status: u16) -> Self {
        let body = format!(
            "<html>\r\n<head><title>{status}</title></head>\r\n<body>\r\n<center><h1>{status}</h1></center>\r\n\
             <hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
        );
        Self::text(status, "text/html", body)
    }
}

/// Adds a member to a JSON object.
pub(super) fn with(mut object: Value, name: &str, value: impl Into<Value>) -> Value {
    if let Value::Object(members) = &mut object {
        members.insert(name.to_owned(), value.into());
    }
    object
}
