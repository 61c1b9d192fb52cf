//! What can go wrong on demand.

use std::time::Duration;

use super::Reply;

/// What happens to a request instead of the usual answer; given to [`Sandbox::inject`](super::Sandbox::inject) or
/// returned from a hook ([`Sandbox::on_request`](super::Sandbox::on_request)).
///
/// A constructor says what comes back, and with it whether the vendor does what was asked; the methods bend it further:
///
/// | constructor | the vendor does what was asked | what comes back |
/// |---|---|---|
/// | [`own_answer`](Self::own_answer), [`slow`](Self::slow) | yes | the vendor's answer, whole |
/// | [`cut_off`](Self::cut_off), [`stall`](Self::stall) | yes | the vendor's answer, half of its body |
/// | [`lose_response`](Self::lose_response) | yes | nothing, the connection is closed |
/// | [`close`](Self::close) | no | nothing, the connection is closed |
/// | [`status`](Self::status) | no | an error in the vendor's own shape |
/// | [`html`](Self::html), [`redirect`](Self::redirect), [`reply`](Self::reply) | no | something not from the vendor |
///
/// [`after_revoking`](Self::after_revoking) turns each "no" into a "yes".
#[derive(Debug, Clone)]
#[must_use]
pub struct Fault {
    pub(super) answer: Answer,
    pub(super) performed: bool,
    pub(super) delay: Duration,
    pub(super) delivery: Delivery,
    pub(super) headers: Vec<(String, String)>,
    pub(super) sent_as: Option<u16>,
    pub(super) times: u32,
}

#[derive(Debug, Clone)]
pub(super) enum Answer {
    Own,
    Error(u16),
    Reply(Reply),
    Nothing,
}

/// How a body gets to the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Delivery {
    Whole,
    CutOff,
    Stall(Duration),
}

impl Fault {
    const fn new(answer: Answer, performed: bool) -> Self {
        Self {
            answer,
            performed,
            delay: Duration::ZERO,
            delivery: Delivery::Whole,
            headers: Vec::new(),
            sent_as: None,
            times: 1,
        }
    }

    /// No fault: the vendor does what was asked and its answer comes back. For bending by the methods below, and for
    /// letting requests pass before a fault that is queued behind.
    pub const fn own_answer() -> Self {
        Self::new(Answer::Own, true)
    }

    /// The vendor does what was asked at once, and its answer comes after `delay`.
    pub const fn slow(delay: Duration) -> Self {
        Self::own_answer().delayed(delay)
    }

    /// The vendor does what was asked; its head and half of its body come, then the connection closes.
    pub const fn cut_off() -> Self {
        Self::own_answer().body_cut_off()
    }

    /// The vendor does what was asked; its head and half of its body come, and the other half after `pause`.
    pub const fn stall(pause: Duration) -> Self {
        Self::own_answer().body_stalled(pause)
    }

    /// The vendor does what was asked, and nobody hears of it: the connection closes without an answer.
    pub const fn lose_response() -> Self {
        Self::new(Answer::Nothing, true)
    }

    /// The connection closes without an answer, and nothing has happened.
    pub const fn close() -> Self {
        Self::new(Answer::Nothing, false)
    }

    /// The vendor answers with this status, in the shape it has for it. Persona also stores it under the request's
    /// idempotency key, as it stores every answer but a 401 and a 429 (and answers from that store first).
    pub const fn status(status: u16) -> Self {
        Self::new(Answer::Error(status), false)
    }

    /// A proxy in front of the vendor answers with an HTML page.
    pub fn html(status: u16) -> Self {
        Self::reply(Reply::html(status))
    }

    /// A 302 to `location`.
    pub fn redirect(location: impl Into<String>) -> Self {
        Self::reply(Reply::new(302).header("location", location))
    }

    /// Any response at all.
    pub const fn reply(reply: Reply) -> Self {
        Self::new(Answer::Reply(reply), false)
    }

    /// The vendor does what was asked first; only then comes what the constructor says.
    pub const fn after_revoking(mut self) -> Self {
        self.performed = true;
        self
    }

    /// Lets the response (or the closing of the connection) wait.
    pub const fn delayed(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Closes the connection after half of the body.
    pub const fn body_cut_off(mut self) -> Self {
        self.delivery = Delivery::CutOff;
        self
    }

    /// Holds back the second half of the body for `pause`.
    pub const fn body_stalled(mut self, pause: Duration) -> Self {
        self.delivery = Delivery::Stall(pause);
        self
    }

    /// Sets a header on the response, in place of one of the same name.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Sets `Retry-After`, in seconds.
    pub fn retry_after(self, seconds: u32) -> Self {
        self.header("retry-after", seconds.to_string())
    }

    /// Puts another status on the response, the body staying what it is: `Fault::status(404).sent_as(200)` is a refusal
    /// inside a 200.
    pub const fn sent_as(mut self, status: u16) -> Self {
        self.sent_as = Some(status);
        self
    }

    /// Holds for the next `n` requests, not only for one.
    pub const fn times(mut self, n: u32) -> Self {
        self.times = n;
        self
    }
}
