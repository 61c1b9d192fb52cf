//! The one table of vendors, and a room for each.
//!
//! A vendor's peculiarities live in its room: its configuration, its request, and how its responses read. What is made
//! here from the table is the same for all: [`Vendor`], [`Action`], [`Revocation`], [`Response`], and the builder's
//! methods.

pub mod cor;
pub mod cova;
mod endpoint;
pub mod onlyoffice;
pub mod persona;
pub mod projectmanager;
mod table;
mod tagged;

#[cfg(test)]
mod examples;
#[cfg(test)]
mod testing;

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use crate::client::{ClientBuilder, Failed, Job, Preview, Proof, Revoke, Running};
use crate::error::{Error, ErrorKind};

pub(crate) use endpoint::{Attempt, Channel, Common, Endpoint, Listed, Settings};

table::vendors! {
    projectmanager, ProjectManager, "projectmanager":
        DisconnectProvider -> AstroResult, ProjectManagerDisconnectProvider, "projectmanager.disconnect_provider";
    cor, Cor, "cor": DetachWorkspaces -> User, CorDetachWorkspaces, "cor.detach_workspaces";
    onlyoffice, OnlyOffice, "onlyoffice":
        UnlinkProject -> ContactEnvelope, OnlyOfficeUnlinkProject, "onlyoffice.unlink_project";
    persona, Persona, "persona":
        DeactivateConnection -> ConnectionEnvelope, PersonaDeactivateConnection, "persona.deactivate_connection";
    cova, Cova, "cova": DisableUser -> User, CovaDisableUser, "cova.disable_user";
}

/// Checks a setting that travels as a header's value.
fn header_value(setting: &str, value: Option<&str>) -> Result<(), Error> {
    match value {
        Some(value) if value.is_empty() || !value.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()) => {
            Err(Error::new(
                ErrorKind::InvalidConfiguration,
                format!("{setting}: is empty, or holds a character that cannot be sent in a header"),
            ))
        }
        _ => Ok(()),
    }
}
