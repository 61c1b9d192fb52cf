//! A TCP server that records requests byte for byte and answers as scripted, for everything a real server can do wrong.

use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{sleep, timeout};

use super::reply::Reply;

/// What happens to one request, or (the two `…Unread` ones) to a connection before anything is read from it.
#[derive(Clone, Debug)]
pub enum Step {
    /// These bytes, and the connection stays open for more.
    Answer(Vec<u8>),
    AnswerThenClose(Vec<u8>),
    /// The connection is reset after these bytes.
    AnswerThenReset(Vec<u8>),
    /// The connection is held open, silent, after these bytes.
    AnswerThenStall(Vec<u8>),
    /// Piece by piece.
    Trickle(Vec<Vec<u8>>, Duration),
    /// These bytes once, then the others for ever.
    Endless(Vec<u8>, Vec<u8>),
    Close,
    Reset,
    Stall,
    CloseUnread,
    ResetUnread,
    /// The step, after some time.
    After(Duration, Box<Step>),
}

impl From<Reply> for Step {
    fn from(reply: Reply) -> Self {
        Self::Answer(reply.bytes())
    }
}

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Request {
    pub method: String,
    pub target: String,
    pub version: String,
    /// In order, names as they were sent.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// Everything, byte for byte.
    pub raw: Vec<u8>,
    /// Which connection it came on, counted from 0.
    pub connection: usize,
    pub at: Instant,
}

impl Request {
    /// The values of a header.
    pub fn all(&self, name: &str) -> Vec<&str> {
        self.headers.iter().filter(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str()).collect()
    }

    /// The value of a header that is there once at most.
    pub fn header(&self, name: &str) -> Option<&str> {
        let values = self.all(name);
        assert!(values.len() <= 1, "{name} is sent {} times", values.len());
        values.first().copied()
    }

    pub fn line(&self) -> String {
        format!("{} {}", self.method, self.target)
    }

    pub fn key(&self) -> Option<&str> {
        self.header("idempotency-key")
    }
}

type Responder = dyn Fn(&Request) -> Step + Send + Sync;

#[derive(Default)]
struct State {
    script: Mutex<VecDeque<Step>>,
    responder: Mutex<Option<Arc<Responder>>>,
    requests: Mutex<Vec<Request>>,
    connections: Mutex<usize>,
    /// Connections that the client has closed or reset while the server was holding them open.
    abandoned: Mutex<usize>,
}

/// Listens on a port of 127.0.0.1 until it is dropped; its connections end with it.
pub struct Server {
    address: SocketAddr,
    state: Arc<State>,
    accepting: AbortHandle,
}

/// No connection lives longer, whatever the script says.
const LONGEST: Duration = Duration::from_secs(10);

impl Server {
    /// Answers requests in turn, whichever connection they come on. One more request than there are steps gets a 418.
    pub async fn script(steps: impl IntoIterator<Item = impl Into<Step>>) -> Self {
        Self::start(steps.into_iter().map(Into::into).collect(), None).await
    }

    /// For [`rewind`](Self::rewind).
    pub async fn idle() -> Self {
        Self::start(VecDeque::new(), None).await
    }

    /// Starts over with another script: making a client costs far more than using one again.
    pub fn rewind(&self, steps: impl IntoIterator<Item = impl Into<Step>>) {
        *self.state.script.lock().unwrap() = steps.into_iter().map(Into::into).collect();
        *self.state.responder.lock().unwrap() = None;
        self.state.requests.lock().unwrap().clear();
        *self.state.connections.lock().unwrap() = 0;
        *self.state.abandoned.lock().unwrap() = 0;
    }

    /// Starts over with one answer for all requests.
    pub fn always(&self, step: impl Into<Step>) {
        self.rewind([] as [Step; 0]);
        let step = step.into();
        *self.state.responder.lock().unwrap() = Some(Arc::new(move |_: &Request| step.clone()));
    }

    /// Answers each request by what is in it.
    pub async fn responding(responder: impl Fn(&Request) -> Step + Send + Sync + 'static) -> Self {
        Self::start(VecDeque::new(), Some(Arc::new(responder))).await
    }

    /// Listens on a port that was free a moment ago.
    pub async fn on_port(port: u16, steps: impl IntoIterator<Item = impl Into<Step>>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.unwrap();
        Self::listening(listener, steps.into_iter().map(Into::into).collect(), None)
    }

    async fn start(script: VecDeque<Step>, responder: Option<Arc<Responder>>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        Self::listening(listener, script, responder)
    }

    fn listening(listener: TcpListener, script: VecDeque<Step>, responder: Option<Arc<Responder>>) -> Self {
        let address = listener.local_addr().unwrap();
        let state =
            Arc::new(State { script: Mutex::new(script), responder: Mutex::new(responder), ..State::default() });
        let accepting = tokio::spawn(accept(listener, Arc::clone(&state))).abort_handle();
        Self { address, state, accepting }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Adds to the script.
    pub fn then(&self, step: impl Into<Step>) {
        self.state.script.lock().unwrap().push_back(step.into());
    }

    pub fn requests(&self) -> Vec<Request> {
        self.state.requests.lock().unwrap().clone()
    }

    /// The only request that came.
    pub fn request(&self) -> Request {
        let mut requests = self.requests();
        assert_eq!(requests.len(), 1, "requests: {:?}", requests.iter().map(Request::line).collect::<Vec<_>>());
        requests.remove(0)
    }

    pub fn count(&self) -> usize {
        self.state.requests.lock().unwrap().len()
    }

    pub fn connections(&self) -> usize {
        *self.state.connections.lock().unwrap()
    }

    pub fn abandoned(&self) -> usize {
        *self.state.abandoned.lock().unwrap()
    }

    /// What the script still holds.
    pub fn unused_steps(&self) -> usize {
        self.state.script.lock().unwrap().len()
    }

    /// Waits for something that the server sees a little later than the client.
    pub async fn until(&self, condition: impl Fn(&Self) -> bool) {
        let deadline = Instant::now() + Duration::from_secs(3);
        while !condition(self) {
            assert!(Instant::now() < deadline, "the server did not see it in time");
            sleep(Duration::from_millis(2)).await;
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The listening task owns all connections' tasks.
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, state: Arc<State>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let number = {
            let mut count = state.connections.lock().unwrap();
            *count += 1;
            *count - 1
        };
        let state = Arc::clone(&state);
        connections.spawn(async move {
            let _ = timeout(LONGEST, serve(stream, number, &state)).await;
        });
        while connections.try_join_next().is_some() {}
    }
}

async fn serve(mut stream: TcpStream, number: usize, state: &State) {
    let _ = stream.set_nodelay(true);
    let unread = {
        let mut script = state.script.lock().unwrap();
        let is_unread = matches!(script.front(), Some(Step::CloseUnread | Step::ResetUnread));
        is_unread.then(|| script.pop_front()).flatten()
    };
    match unread {
        Some(Step::ResetUnread) => return reset(stream),
        Some(_) => return,
        None => {}
    }
    let mut held = Vec::new();
    while let Some(request) = read_request(&mut stream, &mut held, number).await {
        let responder = state.responder.lock().unwrap().clone();
        let mut step =
            match responder {
                Some(responder) => responder(&request),
                None => state.script.lock().unwrap().pop_front().unwrap_or_else(|| {
                    Reply::text(418, "text/plain", "more requests than the script has steps").into()
                }),
            };
        state.requests.lock().unwrap().push(request);
        while let Step::After(pause, next) = step {
            sleep(pause).await;
            step = *next;
        }
        if !perform(step, &mut stream, state).await {
            return;
        }
    }
}

/// Whether the connection stays open for another request.
async fn perform(step: Step, stream: &mut TcpStream, state: &State) -> bool {
    match step {
        Step::Answer(bytes) => stream.write_all(&bytes).await.is_ok(),
        Step::AnswerThenClose(bytes) => {
            let _ = stream.write_all(&bytes).await;
            let _ = stream.shutdown().await;
            false
        }
        Step::AnswerThenReset(bytes) => {
            let _ = stream.write_all(&bytes).await;
            // Time for the bytes to be read: a reset throws away what is still on its way.
            sleep(Duration::from_millis(30)).await;
            let _ = stream.set_zero_linger();
            false
        }
        Step::AnswerThenStall(bytes) => {
            let _ = stream.write_all(&bytes).await;
            hold(stream, state).await;
            false
        }
        Step::Trickle(pieces, pause) => {
            for piece in pieces {
                if stream.write_all(&piece).await.is_err() {
                    *state.abandoned.lock().unwrap() += 1;
                    return false;
                }
                sleep(pause).await;
            }
            true
        }
        Step::Endless(first, repeated) => {
            let mut written = stream.write_all(&first).await;
            while written.is_ok() {
                written = stream.write_all(&repeated).await;
            }
            *state.abandoned.lock().unwrap() += 1;
            false
        }
        Step::Reset | Step::ResetUnread => {
            let _ = stream.set_zero_linger();
            false
        }
        Step::Stall => {
            hold(stream, state).await;
            false
        }
        Step::Close | Step::CloseUnread | Step::After(..) => false,
    }
}

fn reset(stream: TcpStream) {
    let _ = stream.set_zero_linger();
}

/// Keeps silent until the other side gives up.
async fn hold(stream: &mut TcpStream, state: &State) {
    let mut rest = [0; 1024];
    while let Ok(1..) = stream.read(&mut rest).await {}
    *state.abandoned.lock().unwrap() += 1;
}

/// Reads a head and as much body as its `Content-Length` says. `held` is what was read beyond the request before.
async fn read_request(stream: &mut TcpStream, held: &mut Vec<u8>, connection: usize) -> Option<Request> {
    let end_of_head = loop {
        if let Some(at) = held.windows(4).position(|window| window == b"\r\n\r\n") {
            break at + 4;
        }
        more(stream, held).await?;
    };
    let head = String::from_utf8(held[..end_of_head].to_vec()).expect("a head in ASCII");
    let mut lines = head.split("\r\n");
    let mut first = lines.next()?.splitn(3, ' ').map(str::to_owned);
    let (method, target, version) = (first.next()?, first.next()?, first.next()?);
    let headers: Vec<(String, String)> = lines
        .take_while(|line| !line.is_empty())
        .map(|line| line.split_once(": ").expect("name, colon, blank, value"))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let length = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let length: usize = length.map_or(0, |(_, value)| value.parse().expect("a length"));
    while held.len() < end_of_head + length {
        more(stream, held).await?;
    }
    let raw: Vec<u8> = held.drain(..end_of_head + length).collect();
    let body = raw[end_of_head..].to_vec();
    Some(Request { method, target, version, headers, body, raw, connection, at: Instant::now() })
}

async fn more(stream: &mut TcpStream, held: &mut Vec<u8>) -> Option<()> {
    let mut piece = [0; 4096];
    let read = stream.read(&mut piece).await.ok().filter(|read| *read > 0)?;
    held.extend_from_slice(&piece[..read]);
    Some(())
}

/// A port on which nobody listens.
pub async fn closed_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    listener.local_addr().unwrap().port()
}
