//! The server: it knows for each cell what is true of the access, and does to each request what the cell says.

use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use deprovision::Vendor;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;
use tokio::time::sleep;

use crate::cell::{Before, Cell, Opener, Says, Wire};
use crate::support::reply::Reply;
use crate::support::vendors::VENDORS;
use crate::vendor::{nothing_left, number, prefix, refusal, shown, success};

/// What is true of a cell's access, and which requests came for it.
#[derive(Clone, Debug, Default)]
pub struct Truth {
    pub gone: bool,
    pub attempts: u32,
    pub looks: u32,
    pub keys: Vec<String>,
    /// Persona's answers by idempotency key.
    stored: HashMap<String, Reply>,
}

impl Truth {
    fn new(cell: &Cell) -> Self {
        Self { gone: cell.before == Before::Gone, ..Self::default() }
    }

    /// What the vendor does and says when nothing goes wrong.
    fn usual(&mut self, cell: &Cell, key: &str) -> Reply {
        if let Some(stored) = self.stored.get(key) {
            return stored.clone();
        }
        let reply = match std::mem::replace(&mut self.gone, true) {
            true => nothing_left(cell.vendor, cell.number),
            false => success(cell.vendor, cell.number),
        };
        self.store(cell, key, reply)
    }

    fn store(&mut self, cell: &Cell, key: &str, reply: Reply) -> Reply {
        if cell.vendor == Vendor::Persona {
            self.stored.insert(key.to_owned(), reply.clone());
        }
        reply
    }

    fn fault(&mut self, cell: &Cell, key: &str) -> Wire {
        let reply = match cell.fault.says {
            Says::Usual => self.usual(cell, key),
            _ => {
                if cell.before == Before::Applied {
                    let _ = self.usual(cell, key);
                }
                success(cell.vendor, cell.number)
            }
        };
        (cell.fault.make)(cell.vendor, cell.number, reply)
    }

    fn opened(&mut self, cell: &Cell, key: &str) -> Wire {
        match cell.opener {
            Opener::Lost => {
                let _ = self.usual(cell, key);
                Wire::Close(Vec::new())
            }
            Opener::Busy => self.store(cell, key, refusal(cell.vendor, 500)).into(),
            Opener::Limited => refusal(cell.vendor, 429).header("Retry-After", 0).into(),
        }
    }

    fn receive(&mut self, cell: &Cell, is_look: bool, key: String) -> Wire {
        if is_look {
            self.looks += 1;
            if cell.on_look && self.looks == 1 {
                let reply = Reply::json(200, &shown(cell.vendor, cell.number, self.gone));
                return (cell.fault.make)(cell.vendor, cell.number, reply);
            }
            return Reply::json(200, &shown(cell.vendor, cell.number, self.gone)).into();
        }
        self.attempts += 1;
        self.keys.push(key.clone());
        if cell.on_look || self.attempts > cell.at {
            self.usual(cell, &key).into()
        } else if self.attempts < cell.at {
            self.opened(cell, &key)
        } else {
            self.fault(cell, &key)
        }
    }
}

pub struct World {
    cells: HashMap<u32, Cell>,
    truths: HashMap<u32, Mutex<Truth>>,
}

impl World {
    pub fn new(cells: &[Cell]) -> Arc<Self> {
        Arc::new(Self {
            cells: cells.iter().map(|cell| (cell.number, cell.clone())).collect(),
            truths: cells.iter().map(|cell| (cell.number, Mutex::new(Truth::new(cell)))).collect(),
        })
    }

    pub fn truth(&self, cell: &Cell) -> Truth {
        self.truths[&cell.number].lock().unwrap().clone()
    }

    /// Makes everything of a cell as it was.
    pub fn reset(&self, cell: &Cell) {
        *self.truths[&cell.number].lock().unwrap() = Truth::new(cell);
    }

    /// Listens until the handle is aborted.
    pub async fn serve(self: &Arc<Self>) -> (u16, AbortHandle) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let world = Arc::clone(self);
        let accepting = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let world = Arc::clone(&world);
                tokio::spawn(async move { connection(stream, &world).await });
            }
        });
        (port, accepting.abort_handle())
    }

    fn receive(&self, head: &str) -> Wire {
        let target = head.split(' ').nth(1).unwrap_or_default();
        let vendor = VENDORS.into_iter().find(|vendor| target.starts_with(prefix(*vendor))).expect("a vendor's path");
        let cell = &self.cells[&number(vendor, target).expect("a cell's number")];
        assert_eq!(cell.vendor, vendor, "{}", cell.name());
        let key = head.lines().find_map(|line| line.strip_prefix("idempotency-key: ")).unwrap_or_default();
        let mut truth = self.truths[&cell.number].lock().unwrap();
        truth.receive(cell, head.starts_with("GET "), key.to_owned())
    }
}

async fn connection(mut stream: TcpStream, world: &World) {
    let _ = stream.set_nodelay(true);
    while let Some((head, length)) = peek(&stream).await {
        let wire = world.receive(&head);
        if matches!(wire, Wire::Unread) {
            return;
        }
        let mut request = vec![0; length];
        if stream.read_exact(&mut request).await.is_err() || !perform(wire, &mut stream).await {
            return;
        }
    }
}

/// A request's head, not taken off the connection yet, and how long the request is.
async fn peek(stream: &TcpStream) -> Option<(String, usize)> {
    let mut bytes = [0; 4096];
    loop {
        let held = stream.peek(&mut bytes).await.ok().filter(|held| *held > 0)?;
        let text = String::from_utf8_lossy(&bytes[..held]);
        if let Some((head, _)) = text.split_once("\r\n\r\n") {
            let head = head.to_owned();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap_or("0");
            let length: usize = length.parse().expect("a length");
            return Some((head.clone(), head.len() + 4 + length));
        }
        sleep(Duration::from_millis(1)).await;
    }
}

/// Whether the connection stays open for another request.
async fn perform(wire: Wire, stream: &mut TcpStream) -> bool {
    match wire {
        Wire::Answer(bytes) => stream.write_all(&bytes).await.is_ok(),
        Wire::Close(bytes) => {
            let _ = stream.write_all(&bytes).await;
            let _ = stream.shutdown().await;
            false
        }
        Wire::Reset(bytes) => {
            if !bytes.is_empty() {
                let _ = stream.write_all(&bytes).await;
                // A reset throws away what is still on its way.
                sleep(Duration::from_millis(20)).await;
            }
            let _ = stream.set_zero_linger();
            false
        }
        Wire::Stall(bytes) => {
            let _ = stream.write_all(&bytes).await;
            let mut rest = [0; 64];
            while let Ok(1..) = stream.read(&mut rest).await {}
            false
        }
        Wire::Trickle(bytes, pieces, pause) => {
            for piece in bytes.chunks(bytes.len().div_ceil(pieces)) {
                if stream.write_all(piece).await.is_err() {
                    return false;
                }
                sleep(Duration::from_millis(pause)).await;
            }
            true
        }
        Wire::Endless(first, repeated) => {
            let mut written = stream.write_all(&first).await;
            while written.is_ok() {
                written = stream.write_all(&repeated).await;
            }
            false
        }
        Wire::Unread => false,
    }
}
