//! JSON Schemas of what this crate reads and writes.

use std::collections::BTreeMap;

use schemars::schema_for;
use serde_json::Value;

use crate::client::Preview;
use crate::error::ErrorReport;
use crate::journal::{JournalRecord, Report};
use crate::receipt::Receipt;
use crate::vendor::{Response, Revocation};

/// JSON Schemas (draft 2020-12) by name: `revocation` (an entry of a plan), `plan` (a list of them), `receipt`,
/// `error_report`, `journal_record`, `report` and `preview`.
///
/// The same are in the repository's `docs/schema/`, for an editor to point at.
///
/// ```
/// let schemas = deprovision::schema();
/// assert_eq!(schemas["revocation"]["title"], "Revocation");
/// ```
pub fn schema() -> BTreeMap<&'static str, Value> {
    BTreeMap::from([
        ("error_report", schema_for!(ErrorReport).to_value()),
        ("journal_record", schema_for!(JournalRecord).to_value()),
        ("plan", schema_for!(Vec<Revocation>).to_value()),
        ("preview", schema_for!(Preview).to_value()),
        ("receipt", schema_for!(Receipt<Response>).to_value()),
        ("report", schema_for!(Report).to_value()),
        ("revocation", schema_for!(Revocation).to_value()),
    ])
}
