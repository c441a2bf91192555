//! [`Shared`]: the slots in which HTTP requests and their session meet.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    sync::{Mutex, MutexGuard, PoisonError},
    task::{Context, Waker},
    time::Duration,
};

use bytes::Bytes;
use hyper::upgrade::OnUpgrade;
use tokio::{sync::oneshot, time::Instant};

use super::{
    packet::control,
    post_queue::{Post, PostQueue},
    protocol::Protocol,
    reason::CloseReason,
    refusal::Refusal,
    sid::Sid,
    transport::TransportKind,
};
use crate::base::Problem;

/// The response to a waiting request.
pub(super) type RequestResult = Result<Bytes, Refusal>;

/// A second GET within this time ends the session, as the protocol's test suite demands: a client that polls twice at
/// once has lost its state. A later one takes over, because the first may hang on a network that the client has left.
pub(super) const OVERLAP: Duration = Duration::from_millis(100);

/// Passes requests, which run in the tasks of their HTTP connections, to their session, which runs in the task of its
/// owner.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) sid: Sid,
    /// The origin of the page that opened the session, if it is one.
    pub(super) origin: Option<Box<[u8]>>,
    pub(super) protocol: Protocol,
    /// The key among the sessions that have not been polled yet, which only their table uses; 0 for none.
    pub(super) unpolled: AtomicU64,
    slots: Mutex<Slots>,
    /// The number of bytes of all bodies.
    received: AtomicU64,
}

#[derive(Debug)]
struct Slots {
    /// Wakes the task that polls the session.
    waker: Waker,
    stage: Stage,
    /// `None` for a session over a WebSocket. Boxed, since most sessions are.
    polling: Option<Box<PollingSlots>>,
}

/// The slots of a session over polling.
#[derive(Debug, Default)]
struct PollingSlots {
    poll: Option<ParkedPoll>,
    /// The number of polls so far.
    polls: u64,
    posts: PostQueue,
    /// A WebSocket that is to become the transport.
    socket: Option<(OnUpgrade, Protocol)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Polling,
    /// A WebSocket is being probed.
    Probing,
    WebSocket,
    /// A request has ended the session, which has not noticed it yet.
    Failed(CloseReason),
    /// The session has ended.
    Closed,
}

/// A waiting GET.
#[derive(Debug)]
struct ParkedPoll {
    id: u64,
    since: Instant,
    /// The receiver is in [`polling::poll`](super::polling::poll).
    answer: oneshot::Sender<RequestResult>,
}

/// The ticket of a waiting GET.
#[derive(Debug)]
pub(super) struct Ticket {
    id: u64,
    pub(super) answered: oneshot::Receiver<RequestResult>,
}

/// What requests have brought since the last poll of the session.
#[derive(Debug, Default)]
pub(super) struct Updates {
    pub(super) post: Option<Post>,
    pub(super) socket: Option<(OnUpgrade, Protocol)>,
    /// Whether a GET waits.
    pub(super) polled: bool,
    /// Whether there has been a GET.
    pub(super) has_been_polled: bool,
    /// A request broke a rule: the session ends once earlier packets have been taken.
    pub(super) failed: Option<CloseReason>,
}

/// Methods for the tasks of requests.
impl Shared {
    pub(super) fn new(
        sid: Sid,
        transport: TransportKind,
        protocol: Protocol,
        origin: Option<&str>,
    ) -> Self {
        let (stage, polling) = match transport {
            TransportKind::Polling => (Stage::Polling, Some(Box::default())),
            TransportKind::WebSocket => (Stage::WebSocket, None),
        };
        let slots = Slots {
            waker: Waker::noop().clone(),
            stage,
            polling,
        };
        Shared {
            sid,
            origin: origin.map(|origin| origin.as_bytes().into()),
            protocol,
            unpolled: AtomicU64::new(0),
            slots: Mutex::new(slots),
            received: AtomicU64::new(0),
        }
    }

    /// Stores a GET that waits for packets. Of two, the newer takes over and the older is answered; two at once end the
    /// session and both requests.
    pub(super) fn park_poll(&self) -> Result<Ticket, Refusal> {
        let mut slots = self.slots();
        let polling = slots.polling()?;
        let since = Instant::now();
        if let Some(older) = &polling.poll
            && since.duration_since(older.since) < OVERLAP
        {
            drop(slots);
            self.fail(CloseReason::TransportError);
            return Err(Refusal::BadRequest(Problem::TwoPolls));
        }
        polling.polls += 1;
        let id = polling.polls;
        let (answer, answered) = oneshot::channel();
        let older = polling.poll.replace(ParkedPoll { id, since, answer });
        let waker = slots.waker.clone();
        drop(slots);
        if let Some(older) = older {
            tracing::debug!(target: "engineio", sid = ?self.sid, "a newer poll takes over");
            // An error means that its client has disconnected, which is no loss.
            let _ = older.answer.send(Ok(self.nothing()));
        }
        waker.wake();
        Ok(Ticket { id, answered })
    }

    /// Notes that the client of a GET has disconnected. The session ends if packets may be lost, or if the client has no
    /// other GET.
    pub(super) fn lose_poll(&self, ticket: &mut Ticket) {
        let is_this = |poll: &mut ParkedPoll| poll.id == ticket.id;
        let waits = self
            .slots()
            .polling
            .as_mut()
            .and_then(|polling| polling.poll.take_if(is_this));
        // An answer that is sent after this fails, which the session notices.
        ticket.answered.close();
        let lost = match ticket.answered.try_recv() {
            Ok(Ok(body)) => body != self.nothing(),
            Ok(Err(_)) => false,
            Err(_) => waits.is_some(),
        };
        if lost {
            self.fail(CloseReason::TransportError);
        }
    }

    /// Takes the turn of a POST, or a place in the queue: a session takes them one after the other, in the order in which
    /// they arrive. A place in the queue must be followed by [`Shared::check_turn`].
    pub(super) fn begin_post(&self) -> Result<Option<oneshot::Receiver<()>>, Refusal> {
        let mut slots = self.slots();
        slots.polling()?.posts.begin()
    }

    /// Returns whether the session still takes POSTs, after the wait for a turn.
    pub(super) fn check_turn(&self) -> Result<(), Refusal> {
        self.slots().polling().map(|_| ())
    }

    /// Counts bytes of a body, which are a sign of life.
    pub(super) fn count_received(&self, bytes: usize) {
        self.received.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// Passes the body of the POST to the session.
    pub(super) fn finish_post(
        &self,
        body: Bytes,
    ) -> Result<oneshot::Receiver<RequestResult>, Refusal> {
        let mut slots = self.slots();
        let posts = &mut slots.polling()?.posts;
        let answered = posts.finish(self.protocol.decode(body));
        let waker = slots.waker.clone();
        drop(slots);
        waker.wake();
        Ok(answered)
    }

    /// Ends the turn of the POST: called for a failed request, or by the session before it answers.
    pub(super) fn release_post(&self) {
        if let Some(polling) = &mut self.slots().polling {
            polling.posts.release();
        }
    }

    /// Offers a WebSocket to the session. If the session has ended, or another one is being probed, it is dropped,
    /// which closes it.
    pub(super) fn offer(&self, socket: OnUpgrade, protocol: Protocol) -> Result<(), Refusal> {
        let mut slots = self.slots();
        match slots.stage {
            Stage::Failed(_) | Stage::Closed => Err(Refusal::UnknownSid),
            Stage::WebSocket | Stage::Probing => Ok(()),
            Stage::Polling => {
                slots.polling()?.socket = Some((socket, protocol));
                slots.stage = Stage::Probing;
                let waker = slots.waker.clone();
                drop(slots);
                waker.wake();
                Ok(())
            }
        }
    }

    /// Ends a session whose client broke a rule of polling. Further requests are refused at once.
    pub(super) fn fail(&self, reason: CloseReason) {
        let mut slots = self.slots();
        if !matches!(slots.stage, Stage::Polling | Stage::Probing) {
            return;
        }
        slots.stage = Stage::Failed(reason);
        let polling = slots.polling.as_mut();
        let (poll, waiting) = polling
            .map(|polling| (polling.poll.take(), polling.posts.take_waiting()))
            .unwrap_or_default();
        let waker = slots.waker.clone();
        drop(slots);
        drop(waiting);
        if let Some(poll) = poll {
            // An error means that the client has disconnected, which is fine.
            let _ = poll.answer.send(Ok(self.protocol.body(control::CLOSE)));
        }
        waker.wake();
    }
}

/// Methods for the session.
impl Shared {
    /// Takes what requests have brought, and registers the task to be woken for more.
    pub(super) fn updates(&self, cx: &Context<'_>) -> Updates {
        let mut slots = self.slots();
        slots.waker.clone_from(cx.waker());
        let failed = match slots.stage {
            Stage::Failed(reason) => Some(reason),
            _ => None,
        };
        let Some(polling) = &mut slots.polling else {
            return Updates {
                failed,
                ..Updates::default()
            };
        };
        Updates {
            post: polling.posts.take(),
            socket: polling.socket.take(),
            polled: polling.poll.is_some(),
            has_been_polled: polling.polls > 0,
            failed,
        }
    }

    /// Returns whether the body of a POST is being read, and the number of bytes of all bodies so far.
    pub(super) fn upload(&self) -> (bool, u64) {
        let slots = self.slots();
        let polling = slots.polling.as_ref();
        let reading = polling.is_some_and(|polling| polling.posts.is_reading());
        (reading, self.received.load(Ordering::Relaxed))
    }

    /// Returns whether a GET is waiting.
    pub(super) fn is_polled(&self) -> bool {
        let slots = self.slots();
        let polling = slots.polling.as_ref();
        polling.is_some_and(|polling| polling.poll.is_some())
    }

    /// Answers the waiting GET. Returns `false` if there is none or its client has disconnected.
    pub(super) fn answer_poll(&self, answer: RequestResult) -> bool {
        // Taken before it is answered, because the client may poll again at once.
        let poll = self
            .slots()
            .polling
            .as_mut()
            .and_then(|polling| polling.poll.take());
        poll.is_some_and(|poll| poll.answer.send(answer).is_ok())
    }

    /// Gives up a failed probe; the client may try again.
    pub(super) fn abandon_upgrade(&self) {
        let mut slots = self.slots();
        if slots.stage == Stage::Probing {
            slots.stage = Stage::Polling;
        }
    }

    /// Completes an upgrade. Later GETs are refused; a POST that arrived before is the last. A GET that waits is refused
    /// as well if the client was told by a probe to stop polling, otherwise it is answered.
    pub(super) fn complete_upgrade(&self, probed: bool) -> Option<Post> {
        let mut slots = self.slots();
        slots.stage = Stage::WebSocket;
        let polling = slots.polling.take();
        drop(slots);
        let mut polling = polling.map(|polling| *polling).unwrap_or_default();
        let post = polling.posts.take();
        if let Some(poll) = polling.poll.take() {
            let answer = if probed {
                Err(TAKEN_OVER)
            } else {
                Ok(self.nothing())
            };
            let _ = poll.answer.send(answer);
        }
        post
    }

    /// Ends the session and answers the waiting requests. Returns `true` if a GET was waiting.
    pub(super) fn close(&self, poll_answer: RequestResult, post_answer: RequestResult) -> bool {
        let mut slots = self.slots();
        slots.stage = Stage::Closed;
        slots.waker = Waker::noop().clone();
        let polling = slots.polling.take();
        drop(slots);
        let PollingSlots {
            poll, mut posts, ..
        } = polling.map(|polling| *polling).unwrap_or_default();
        drop(posts.take_waiting());
        if let Some(Post {
            answer: Some(answer),
            ..
        }) = posts.take()
        {
            let _ = answer.send(post_answer);
        }
        poll.is_some_and(|poll| poll.answer.send(poll_answer).is_ok())
    }

    /// Returns the response to a GET without packets.
    pub(super) fn nothing(&self) -> Bytes {
        self.protocol.body(control::NOOP)
    }

    fn slots(&self) -> MutexGuard<'_, Slots> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) const TAKEN_OVER: Refusal = Refusal::BadRequest(Problem::OtherTransport);

impl Slots {
    /// Returns the slots for a request, unless polling has ended.
    fn polling(&mut self) -> Result<&mut PollingSlots, Refusal> {
        match (self.stage, &mut self.polling) {
            (Stage::Polling | Stage::Probing, Some(polling)) => Ok(polling),
            (Stage::WebSocket, _) => Err(TAKEN_OVER),
            _ => Err(Refusal::UnknownSid),
        }
    }
}
