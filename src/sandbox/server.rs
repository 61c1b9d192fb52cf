//! The HTTP/1.1 server: accepts connections, finds the vendor by the first part of the path, sends what came out, or less.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use http_body_util::{BodyExt, Limited};
use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use hyper::header::{HeaderName, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Sleep;

use super::call::Call;
use super::fault::{Delivery, Fault};
use super::state::Shared;
use super::{Reply, VENDORS, prefix};

/// No vendor takes more than a few hundred bytes.
const LONGEST_REQUEST: usize = 1 << 20;

/// Lets the first half of a body reach the network before the connection goes.
const BEFORE_CUTTING: Duration = Duration::from_millis(10);

pub(super) async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                tokio::spawn(serve(stream, Arc::clone(&shared)));
            }
            // Out of file descriptors, most likely: some will be free soon.
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}

async fn serve(stream: TcpStream, shared: Arc<Shared>) {
    let _ = stream.set_nodelay(true);
    let service = service_fn(|request| handle(request, Arc::clone(&shared)));
    // An error here is a connection that broke, be it by a fault or by the client: nobody is left to tell.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

async fn handle(request: Request<Incoming>, shared: Arc<Shared>) -> Result<Response<Delivered>, Closed> {
    let (head, body) = request.into_parts();
    let path = head.uri.path();
    let vendor = VENDORS.into_iter().find_map(|vendor| {
        let rest = path.strip_prefix('/')?.strip_prefix(prefix(vendor))?;
        (rest.is_empty() || rest.starts_with('/')).then_some((vendor, rest))
    });
    let Ok(body) = Limited::new(body, LONGEST_REQUEST).collect().await else {
        return Err(Closed);
    };
    let Some((vendor, rest)) = vendor else {
        let reply = Reply::text(404, "text/plain", "No vendor lives here");
        return Ok(response(reply, Delivery::Whole));
    };
    let call = Call {
        method: head.method.as_str().to_owned(),
        path: rest.to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers: head.headers,
        body: body.to_bytes().to_vec(),
    };
    let (reply, Fault { delay, delivery, .. }) = shared.take_in(vendor, &call);
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
    match reply {
        Some(reply) => Ok(response(reply, delivery)),
        None => Err(Closed),
    }
}

fn response(reply: Reply, delivery: Delivery) -> Response<Delivered> {
    let mut response = Response::new(Delivered::new(reply.body.into(), delivery));
    *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in reply.headers {
        let name = HeaderName::try_from(name);
        let value = HeaderValue::try_from(value);
        if let (Ok(name), Ok(value)) = (name, value) {
            response.headers_mut().append(name, value);
        }
    }
    response
}

/// The connection closes with no (further) byte: hyper does so when a service or a body fails.
#[derive(Debug)]
struct Closed;

impl fmt::Display for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("closed by a fault of the sandbox")
    }
}

impl std::error::Error for Closed {}

/// A body that announces its whole length, whatever of it is sent.
struct Delivered {
    parts: VecDeque<Part>,
    left: u64,
}

enum Part {
    Data(Bytes),
    Pause(Pin<Box<Sleep>>),
    Cut,
}

impl Delivered {
    fn new(body: Bytes, delivery: Delivery) -> Self {
        let length = u64::try_from(body.len()).unwrap_or(u64::MAX);
        let mut first = body;
        let second = first.split_off(first.len() / 2);
        let pause = |pause| Part::Pause(Box::pin(tokio::time::sleep(pause)));
        let (parts, left) = match delivery {
            Delivery::Whole => {
                let halves = [Part::Data(first), Part::Data(second)];
                (halves.into(), length)
            }
            Delivery::Stall(time) => {
                let parts = [Part::Data(first), pause(time), Part::Data(second)];
                (parts.into(), length)
            }
            // An empty body can be cut off as well: one byte is announced that never comes.
            Delivery::CutOff => {
                let parts = [Part::Data(first), pause(BEFORE_CUTTING), Part::Cut];
                (parts.into(), length.max(1))
            }
        };
        Self { parts, left }
    }
}

impl Body for Delivered {
    type Data = Bytes;
    type Error = Closed;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Closed>>> {
        loop {
            match self.parts.front_mut() {
                None => return Poll::Ready(None),
                Some(Part::Cut) => return Poll::Ready(Some(Err(Closed))),
                Some(Part::Pause(sleep)) => ready!(sleep.as_mut().poll(context)),
                Some(Part::Data(data)) if data.is_empty() => {}
                Some(Part::Data(data)) => {
                    let data = std::mem::take(data);
                    self.parts.pop_front();
                    self.left = self.left.saturating_sub(data.len() as u64);
                    return Poll::Ready(Some(Ok(Frame::data(data))));
                }
            }
            self.parts.pop_front();
        }
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}
