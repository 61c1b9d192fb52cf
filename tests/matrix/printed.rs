//! Every text that a call's result can become.

use deprovision::{Error, Receipt, Response};

use crate::vendor::TOKEN;

/// Fails if any of it gives the credential away.
pub fn assert_no_secret(result: &Result<Receipt<Response>, Error>) -> Result<(), String> {
    let texts = match result {
        Ok(receipt) => vec![
            format!("{receipt:?}"),
            format!("{receipt:#?}"),
            receipt.to_string(),
            serde_json::to_string(receipt).unwrap(),
        ],
        Err(error) => {
            let report = error.report();
            let mut texts = vec![
                format!("{error:?}"),
                format!("{error:#?}"),
                error.to_string(),
                error.message().to_owned(),
                format!("{:?}", error.details()),
                format!("{report:?}"),
                report.to_string(),
                serde_json::to_string(&report).unwrap(),
            ];
            let mut cause = std::error::Error::source(error);
            while let Some(source) = cause {
                texts.push(format!("{source} {source:?}"));
                cause = source.source();
            }
            texts
        }
    };
    match texts.into_iter().find(|text| gives_away(text)) {
        Some(text) => Err(format!("the credential is printed: {text}")),
        None => Ok(()),
    }
}

/// Whether a text holds a telling part of the credential, in whatever case.
pub fn gives_away(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    TOKEN.as_bytes().windows(14).any(|part| text.contains(std::str::from_utf8(part).unwrap()))
}
