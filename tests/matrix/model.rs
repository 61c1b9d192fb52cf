//! What a call has to come to, worked out from the rules alone.

use std::collections::HashSet;

use deprovision::{Access, ErrorKind, Outcome, Vendor};
use uuid::Uuid;

use crate::cell::{Before, Cell, No, Opener, Says};

pub const ATTEMPTS: u32 = 3;

#[derive(Debug, PartialEq)]
pub enum Result {
    Gone(Outcome),
    Failed(ErrorKind, Access, Option<u16>),
}

#[derive(Debug)]
pub struct Expected {
    pub result: Result,
    pub attempts: u32,
    pub looks: u32,
    pub keys: Vec<String>,
}

/// One exchange, by what it means to the call.
enum Came {
    Gone(Outcome),
    No(No),
    /// The access was seen in place.
    Seen(No),
}

struct Call<'c> {
    cell: &'c Cell,
    gone: bool,
    doubt: bool,
    was_there: bool,
    nth: u32,
    /// The numbers of the keys under which Persona keeps a success.
    kept: HashSet<u32>,
    looks: u32,
}

/// What the call of a cell comes to; `None` where only the truth of it counts.
pub fn expected(cell: &Cell, key: Uuid) -> Option<Expected> {
    let mut call = Call {
        cell,
        gone: cell.before == Before::Gone,
        doubt: false,
        was_there: false,
        nth: 1,
        kept: HashSet::new(),
        looks: 0,
    };
    let mut keys = Vec::new();
    for attempt in 1..=ATTEMPTS {
        if cell.vendor == Vendor::Persona {
            let key = if call.nth == 1 { key } else { Uuid::new_v5(&key, call.nth.to_string().as_bytes()) };
            keys.push(key.to_string());
        } else {
            keys.push(String::new());
        }
        let came = if cell.on_look {
            call.look_faulted()?
        } else if attempt < cell.at {
            call.opened()
        } else if attempt == cell.at {
            call.faulted()?
        } else {
            call.usual()
        };
        let no = match came {
            Came::Gone(outcome) => {
                let result = Result::Gone(outcome);
                return Some(Expected { result, attempts: attempt, looks: call.looks, keys });
            }
            Came::Seen(no) => {
                (call.doubt, call.was_there) = (false, true);
                no
            }
            Came::No(no) => no,
        };
        if no.access == Access::Unknown {
            (call.doubt, call.was_there) = (true, true);
        }
        if !no.retried || attempt == ATTEMPTS {
            let access = if call.doubt { Access::Unknown } else { no.access };
            let result = Result::Failed(no.kind, access, no.status);
            return Some(Expected { result, attempts: attempt, looks: call.looks, keys });
        }
        // Persona keeps what it has answered, save for successes that were not heard, 401 and 429.
        if no.status.is_some_and(|status| !matches!(status, 200..=299 | 401 | 429)) {
            call.nth += 1;
        }
    }
    None
}

impl Call<'_> {
    fn opened(&mut self) -> Came {
        let no = |kind, access, status| Came::No(No { kind, access, status, retried: true });
        match self.cell.opener {
            Opener::Lost => {
                self.apply();
                no(ErrorKind::Connection, Access::Unknown, None)
            }
            Opener::Busy => no(ErrorKind::Unavailable, Access::Unknown, Some(500)),
            Opener::Limited => no(ErrorKind::RateLimited, Access::Unchanged, Some(429)),
        }
    }

    /// What was not gone before is now; Persona keeps the success.
    fn apply(&mut self) {
        if !self.gone {
            self.kept.insert(self.nth);
        }
        self.gone = true;
    }

    fn faulted(&mut self) -> Option<Came> {
        if self.cell.before == Before::Applied && self.cell.fault.says != Says::Usual {
            self.apply();
        }
        Some(match self.cell.fault.says {
            Says::Usual => self.usual(),
            Says::Yes => Came::Gone(Outcome::Revoked),
            Says::No(no) => Came::No(no),
            Says::Look(status) => self.look(status),
            Says::Anything => return None,
        })
    }

    fn usual(&mut self) -> Came {
        let nothing_left = |status| {
            Came::No(No { kind: ErrorKind::NotFound, access: Access::Unchanged, status: Some(status), retried: false })
        };
        match self.cell.vendor {
            Vendor::Persona if self.kept.contains(&self.nth) => Came::Gone(Outcome::Revoked),
            Vendor::Persona if self.gone => self.look(409),
            Vendor::ProjectManager if self.gone && !self.doubt => nothing_left(404),
            Vendor::Cor if self.gone && !self.doubt => nothing_left(400),
            _ => {
                self.apply();
                Came::Gone(Outcome::Revoked)
            }
        }
    }

    /// Persona is asked for the state.
    fn look(&mut self, status: u16) -> Came {
        self.looks += 1;
        match (self.gone, self.was_there) {
            (true, true) => Came::Gone(Outcome::Revoked),
            (true, false) => Came::Gone(Outcome::AlreadyRevoked),
            (false, _) => {
                let kind = if status == 409 { ErrorKind::Conflict } else { ErrorKind::Rejected };
                Came::Seen(No { kind, access: Access::Unchanged, status: Some(status), retried: status == 409 })
            }
        }
    }

    /// The fault comes with the first look, which is then asked again or given up.
    fn look_faulted(&mut self) -> Option<Came> {
        self.looks = 1;
        let unseen = No { kind: ErrorKind::Conflict, access: Access::Unknown, status: Some(409), retried: false };
        match self.cell.fault.says {
            Says::Usual => Some(Came::Gone(Outcome::AlreadyRevoked)),
            Says::No(No { retried: true, .. }) => {
                self.looks = 2;
                Some(Came::Gone(Outcome::AlreadyRevoked))
            }
            Says::No(_) | Says::Look(_) => Some(Came::No(unseen)),
            Says::Yes | Says::Anything => None,
        }
    }
}
