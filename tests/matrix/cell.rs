//! One combination of what can go wrong.

use std::sync::Arc;

use deprovision::{Access, ErrorKind, Vendor};

use crate::support::reply::Reply;

/// What the server does on the wire.
#[derive(Clone, Debug)]
pub enum Wire {
    Answer(Vec<u8>),
    Close(Vec<u8>),
    Reset(Vec<u8>),
    /// Silent after these bytes, with the connection open.
    Stall(Vec<u8>),
    /// In so many pieces, with a pause of so many milliseconds after each.
    Trickle(Vec<u8>, usize, u64),
    /// The first bytes once, then the others for ever.
    Endless(Vec<u8>, Vec<u8>),
    /// The connection goes with the request unread.
    Unread,
}

impl From<Reply> for Wire {
    fn from(reply: Reply) -> Self {
        Self::Answer(reply.bytes())
    }
}

/// What an exchange must be taken for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Says {
    /// The vendor's usual answer, for the fault changes nothing of what it says.
    Usual,
    /// An answer of the vendor that says yes without showing anything.
    Yes,
    /// Neither yes nor a statement of state.
    No(No),
    /// Persona refuses in a way that has to be looked into.
    Look(u16),
    /// Anything, as long as it is true.
    Anything,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct No {
    pub kind: ErrorKind,
    pub access: Access,
    pub status: Option<u16>,
    pub retried: bool,
}

/// Whether the server has done what was asked before the fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Before {
    There,
    /// It is revoked, and then comes the fault.
    Applied,
    /// It was gone before the call.
    Gone,
}

/// What comes before the fault, so that there is a second attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opener {
    /// Done, and the answer is lost.
    Lost,
    /// The vendor's own 500; nothing was done.
    Busy,
    /// The vendor's own 429; nothing was done.
    Limited,
}

pub type Make = Arc<dyn Fn(Vendor, u32, Reply) -> Wire + Send + Sync>;

#[derive(Clone)]
pub struct Fault {
    pub name: String,
    /// Makes the bytes, given the vendor's usual answer or, unless the fault says that, a success.
    pub make: Make,
    pub says: Says,
    /// The states of the access with which the fault is not a lie of the vendor.
    pub befores: Vec<Before>,
    /// Whether it is only over when the client gives up.
    pub slow: bool,
    /// Whether all combinations are worth going through.
    pub wide: bool,
    /// Whether the status may be lost with a reset.
    pub status_may_be_lost: bool,
    /// Not to follow an attempt of unknown fate: it would then be a proof, and here it would be a lie.
    pub proves_in_doubt: bool,
}

#[derive(Clone)]
pub struct Cell {
    pub number: u32,
    pub vendor: Vendor,
    pub fault: Arc<Fault>,
    /// Which attempt it comes with, counted from 1.
    pub at: u32,
    pub before: Before,
    pub opener: Opener,
    /// The fault comes with the look that follows a refusal, not with an attempt.
    pub on_look: bool,
}

impl Cell {
    pub fn name(&self) -> String {
        let Self { number, vendor, fault, at, before, opener, on_look } = self;
        let place = match (on_look, at) {
            (true, _) => "with the look".to_owned(),
            (false, 1) => "with attempt 1".to_owned(),
            (false, at) => format!("with attempt {at} after {opener:?}"),
        };
        format!("cell {number}: {vendor}, {}, {place}, access {before:?}", fault.name)
    }
}
