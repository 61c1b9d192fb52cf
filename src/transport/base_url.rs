//! Where a vendor is, and the net that keeps a request there.

use http::HeaderValue;
use reqwest::Url;

/// A base URL that was found fit: https, or http to this machine, with nothing but an origin and a path.
pub(crate) struct BaseUrl {
    /// Without a slash at the end, because the generated clients put the path's own slash behind it.
    text: String,
    url: Url,
    host_header: HeaderValue,
}

impl BaseUrl {
    /// Checks a setting. The error says what is wrong and never repeats the text, which may hold a password.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err("contains a blank or a control character".to_owned());
        }
        let mut url = Url::parse(text).map_err(|e| format!("is not a URL ({e})"))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err("contains user info; give the credential on its own".to_owned());
        }
        if url.query().is_some() {
            return Err("contains a query".to_owned());
        }
        if url.fragment().is_some() {
            return Err("contains a fragment".to_owned());
        }
        match url.scheme() {
            "https" => {}
            "http" if is_loopback(&url) => {}
            "http" => {
                return Err("is plain http to another host; use https (http is for loopback addresses)".to_owned());
            }
            _ => return Err("is not an https URL".to_owned()),
        }
        let path = url.path().trim_end_matches('/').to_owned();
        url.set_path(&path);
        let text = url.as_str().trim_end_matches('/').to_owned();
        let host = url.host_str().unwrap_or_default();
        let host = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        let host_header = HeaderValue::try_from(host).map_err(|_| "has a host that cannot be sent")?;
        Ok(Self { text, url, host_header })
    }

    /// The `Host` header's value: the port only where it is not the scheme's own.
    pub(crate) fn host_header(&self) -> HeaderValue {
        self.host_header.clone()
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// The URL of a path below this one. Only the path is parsed.
    pub(crate) fn join(&self, path: &str) -> Url {
        let mut url = self.url.clone();
        url.set_path(&[self.url.path().trim_end_matches('/'), path].concat());
        url
    }

    pub(crate) fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }

    pub(crate) fn port(&self) -> Option<u16> {
        self.url.port_or_known_default()
    }

    pub(crate) fn is_https(&self) -> bool {
        self.url.scheme() == "https"
    }

    pub(crate) fn is_loopback(&self) -> bool {
        is_loopback(&self.url)
    }

    /// Whether a finished URL still has this origin and, below this path, exactly the template's segments.
    ///
    /// Ids are checked when a request is made; this is the net below, for every vendor the same.
    pub(crate) fn holds(&self, url: &Url, template: &str) -> bool {
        let same_origin = url.scheme() == self.url.scheme()
            && url.host_str() == self.url.host_str()
            && url.port_or_known_default() == self.url.port_or_known_default()
            && url.username().is_empty()
            && url.password().is_none();
        let base = self.url.path().trim_end_matches('/');
        let Some(path) = url.path().strip_prefix(base) else { return false };
        let mut sent = path.split('/');
        let mut expected = template.split('/');
        same_origin
            && url.query().is_none()
            && url.fragment().is_none()
            && loop {
                match (sent.next(), expected.next()) {
                    (None, None) => break true,
                    (Some(sent), Some(expected)) if fits(sent, expected) => {}
                    _ => break false,
                }
            }
    }
}

fn is_loopback(url: &Url) -> bool {
    // `Url` has turned every spelling of an IPv4 address into the dotted form.
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']');
    // The loopback pool resolves `localhost` itself, so that no resolver can send it elsewhere.
    host == "localhost" || address.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// Whether one segment of a path is the template's: the constant text around a parameter, and something in its place.
fn fits(sent: &str, expected: &str) -> bool {
    let parameter = || expected.split_once('{').and_then(|(before, rest)| Some((before, rest.split_once('}')?.1)));
    let value = || {
        let (before, after) = parameter()?;
        sent.strip_prefix(before)?.strip_suffix(after)
    };
    sent == expected || value().is_some_and(|value| !matches!(value, "" | "." | ".."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn https_and_loopback_http_are_accepted() {
        for (given, kept) in [
            ("https://api.example", "https://api.example"),
            ("https://api.example/", "https://api.example"),
            ("https://api.example:8443/a/b//", "https://api.example:8443/a/b"),
            ("http://127.0.0.1:80/", "http://127.0.0.1"),
            ("http://127.9.9.9:1", "http://127.9.9.9:1"),
            ("http://[::1]:1/x", "http://[::1]:1/x"),
            ("http://localhost:1", "http://localhost:1"),
        ] {
            assert_eq!(BaseUrl::parse(given).map(|url| url.text), Ok(kept.to_owned()));
        }
    }

    #[test]
    fn anything_else_is_refused_without_being_repeated() {
        for bad in [
            "",
            "api.example",
            "ftp://api.example",
            "http://api.example",
            "http://localhost.example",
            "http://127.0.0.1.example",
            "http://10.0.0.1",
            "https://jane:s3cret@api.example",
            "https://s3cret@api.example",
            "https://api.example?token=s3cret",
            "https://api.example/#s3cret",
            "https://api.example/ s3cret",
            "https://api.example\n",
        ] {
            let error = BaseUrl::parse(bad).map(|url| url.text).unwrap_err();
            assert!(!error.contains("s3cret"), "{error}");
        }
    }

    #[test]
    fn a_finished_url_must_keep_origin_and_segments() {
        let base = BaseUrl::parse("https://api.example/usermanager").unwrap();
        let holds = |url: &str| base.holds(&Url::parse(url).unwrap(), "/v1/users({UserId})");
        assert!(holds("https://api.example/usermanager/v1/users(7)"));
        for bad in [
            "https://other.example/usermanager/v1/users(7)",
            "http://api.example/usermanager/v1/users(7)",
            "https://api.example:444/usermanager/v1/users(7)",
            "https://u@api.example/usermanager/v1/users(7)",
            "https://api.example/v1/users(7)",
            "https://api.example/usermanager/v1/users()",
            "https://api.example/usermanager/v1/users(7)/x",
            "https://api.example/usermanager/v1/users(7)?a=b",
            "https://api.example/usermanager/v1/users(..)/../users(7)?",
            "https://api.example/usermanager/v1/%2e%2e/users(7)",
        ] {
            assert!(!holds(bad), "{bad}");
        }
    }
}
