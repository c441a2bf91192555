//! [`Shared`]: the slots in which HTTP requests and their session meet.

use std::{
    mem,
    sync::{Mutex, MutexGuard, PoisonError},
    task::{Context, Waker},
};

use bytes::Bytes;
use hyper::upgrade::OnUpgrade;
use tokio::sync::oneshot;

use super::{
    packet::control, payload::Payload, reason::CloseReason, refusal::Refusal, sid::Sid,
    transport::TransportKind,
};

/// The response to a waiting request.
pub(super) type Answer = Result<Bytes, Refusal>;

/// Passes requests, which run in the tasks of their HTTP connections, to their session, which runs in the task of its
/// owner.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) sid: Sid,
    slots: Mutex<Slots>,
}

#[derive(Debug)]
struct Slots {
    /// Wakes the task that polls the session.
    waker: Waker,
    stage: Stage,
    /// A waiting GET. The receiver is in [`polling::poll`](super::polling::poll).
    poll: Option<oneshot::Sender<Answer>>,
    post: PostSlot,
    /// A WebSocket that is to become the transport.
    socket: Option<OnUpgrade>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Polling,
    /// A WebSocket is being probed.
    Probing,
    WebSocket,
    /// A request has ended the session; the session does not know yet.
    Failed(CloseReason),
    /// The session has ended.
    Closed,
}

#[derive(Debug, Default)]
enum PostSlot {
    #[default]
    Free,
    /// A body is being read, or the session has it and has not answered it yet.
    Busy,
    Ready(Post),
}

/// A POST whose body has been read. It is answered when its packets have been taken, or before an upgrade completes.
#[derive(Debug)]
pub(super) struct Post {
    pub(super) payload: Payload,
    /// The receiver is in [`polling::post`](super::polling::post). `None` once it has been answered.
    pub(super) answer: Option<oneshot::Sender<Answer>>,
}

/// What requests have brought since the last poll of the session.
#[derive(Debug, Default)]
pub(super) struct Updates {
    pub(super) post: Option<Post>,
    pub(super) socket: Option<OnUpgrade>,
    /// Whether a GET waits.
    pub(super) polled: bool,
    /// A request broke a rule: the session ends once earlier packets have been taken.
    pub(super) failed: Option<CloseReason>,
}

/// Methods for the tasks of requests.
impl Shared {
    pub(super) fn new(sid: Sid, transport: TransportKind) -> Self {
        let stage = match transport {
            TransportKind::Polling => Stage::Polling,
            TransportKind::WebSocket => Stage::WebSocket,
        };
        let slots = Slots {
            waker: Waker::noop().clone(),
            stage,
            poll: None,
            post: PostSlot::Free,
            socket: None,
        };
        Shared {
            sid,
            slots: Mutex::new(slots),
        }
    }

    /// Stores a GET that waits for packets. A second one ends the session and both requests.
    pub(super) fn park_poll(&self) -> Result<oneshot::Receiver<Answer>, Refusal> {
        let mut slots = self.slots();
        slots.admits_polling()?;
        if slots.poll.is_some() {
            drop(slots);
            self.fail(CloseReason::TransportError);
            return Err(Refusal::BadRequest("two polls at once"));
        }
        let (answer, answered) = oneshot::channel();
        slots.poll = Some(answer);
        let waker = slots.waker.clone();
        drop(slots);
        waker.wake();
        Ok(answered)
    }

    /// Reserves the slot for a POST; a session has one at a time.
    pub(super) fn begin_post(&self) -> Result<(), Refusal> {
        let mut slots = self.slots();
        slots.admits_polling()?;
        if !matches!(slots.post, PostSlot::Free) {
            drop(slots);
            self.fail(CloseReason::TransportError);
            return Err(Refusal::BadRequest("two POSTs at once"));
        }
        slots.post = PostSlot::Busy;
        Ok(())
    }

    /// Passes the body of the POST to the session.
    pub(super) fn finish_post(&self, body: Bytes) -> Result<oneshot::Receiver<Answer>, Refusal> {
        let mut slots = self.slots();
        slots.admits_polling()?;
        let (answer, answered) = oneshot::channel();
        slots.post = PostSlot::Ready(Post {
            payload: Payload::new(body),
            answer: Some(answer),
        });
        let waker = slots.waker.clone();
        drop(slots);
        waker.wake();
        Ok(answered)
    }

    /// Frees the slot of the POST: called for a failed request, or by the session before it answers.
    pub(super) fn release_post(&self) {
        self.slots().post = PostSlot::Free;
    }

    /// Offers a WebSocket to the session. If the session has ended, or another one is being probed, it is dropped,
    /// which closes it.
    pub(super) fn offer(&self, socket: OnUpgrade) -> Result<(), Refusal> {
        let mut slots = self.slots();
        match slots.stage {
            Stage::Failed(_) | Stage::Closed => Err(Refusal::UnknownSid),
            Stage::WebSocket | Stage::Probing => Ok(()),
            Stage::Polling => {
                slots.stage = Stage::Probing;
                slots.socket = Some(socket);
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
        let poll = slots.poll.take();
        let waker = slots.waker.clone();
        drop(slots);
        if let Some(poll) = poll {
            // An error means that the client has disconnected, which is fine.
            let _ = poll.send(Ok(Bytes::from_static(control::CLOSE.as_bytes())));
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
        let post = slots.take_post();
        let failed = match slots.stage {
            Stage::Failed(reason) => Some(reason),
            _ => None,
        };
        Updates {
            post,
            socket: slots.socket.take(),
            polled: slots.poll.is_some(),
            failed,
        }
    }

    /// Returns whether a GET is waiting.
    pub(super) fn is_polled(&self) -> bool {
        self.slots().poll.is_some()
    }

    /// Answers the waiting GET. Returns `false` if there is none or its client has disconnected.
    pub(super) fn answer_poll(&self, answer: Answer) -> bool {
        // Taken before it is answered, because the client may poll again at once.
        let poll = self.slots().poll.take();
        poll.is_some_and(|poll| poll.send(answer).is_ok())
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
        let poll = slots.poll.take();
        let post = slots.take_post();
        drop(slots);
        if let Some(poll) = poll {
            let _ = poll.send(if probed {
                Err(TAKEN_OVER)
            } else {
                Ok(Bytes::from_static(control::NOOP.as_bytes()))
            });
        }
        post
    }

    /// Ends the session and answers the waiting requests. Returns `true` if a GET was waiting.
    pub(super) fn close(&self, poll_answer: &'static str, post_answer: Answer) -> bool {
        let mut slots = self.slots();
        slots.stage = Stage::Closed;
        slots.waker = Waker::noop().clone();
        let (poll, post, socket) = (
            slots.poll.take(),
            mem::take(&mut slots.post),
            slots.socket.take(),
        );
        drop(slots);
        drop(socket);
        if let PostSlot::Ready(Post {
            answer: Some(answer),
            ..
        }) = post
        {
            let _ = answer.send(post_answer);
        }
        poll.is_some_and(|poll| {
            let answer = Ok(Bytes::from_static(poll_answer.as_bytes()));
            poll.send(answer).is_ok()
        })
    }

    fn slots(&self) -> MutexGuard<'_, Slots> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const TAKEN_OVER: Refusal = Refusal::BadRequest("the session has another transport");

impl Slots {
    fn take_post(&mut self) -> Option<Post> {
        match mem::replace(&mut self.post, PostSlot::Busy) {
            PostSlot::Ready(post) => Some(post),
            other => {
                self.post = other;
                None
            }
        }
    }

    fn admits_polling(&self) -> Result<(), Refusal> {
        match self.stage {
            Stage::Polling | Stage::Probing => Ok(()),
            Stage::WebSocket => Err(TAKEN_OVER),
            Stage::Failed(_) | Stage::Closed => Err(Refusal::UnknownSid),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn polling() -> Shared {
        Shared::new(Sid::random().unwrap(), TransportKind::Polling)
    }

    fn updates(shared: &Shared) -> Updates {
        shared.updates(&Context::from_waker(Waker::noop()))
    }

    #[test]
    fn a_second_poll_ends_the_session_and_tells_the_first() {
        let shared = polling();
        let mut first = shared.park_poll().unwrap();
        assert!(updates(&shared).polled);
        assert!(matches!(shared.park_poll(), Err(Refusal::BadRequest(_))));
        assert_eq!(first.try_recv().unwrap(), Ok(Bytes::from("1")));
        assert_eq!(shared.park_poll().unwrap_err(), Refusal::UnknownSid);
        assert_eq!(updates(&shared).failed, Some(CloseReason::TransportError));
    }

    #[test]
    fn a_second_post_ends_the_session_but_what_the_first_brought_is_kept() {
        let shared = polling();
        shared.begin_post().unwrap();
        let _answer = shared.finish_post(Bytes::from("4a")).unwrap();
        assert!(matches!(shared.begin_post(), Err(Refusal::BadRequest(_))));
        let updates = updates(&shared);
        assert!(updates.post.is_some() && updates.failed.is_some());
    }

    #[test]
    fn a_post_keeps_its_place_until_it_is_answered() {
        let shared = polling();
        shared.begin_post().unwrap();
        let _answer = shared.finish_post(Bytes::from("4a")).unwrap();
        assert!(updates(&shared).post.is_some());
        assert!(updates(&shared).post.is_none());
        shared.release_post();
        assert_eq!(shared.begin_post(), Ok(()));
    }

    #[test]
    fn once_a_websocket_has_taken_over_polling_is_turned_away_and_can_do_no_harm() {
        let shared = polling();
        let mut waiting = shared.park_poll().unwrap();
        assert!(shared.complete_upgrade(true).is_none());
        assert_eq!(waiting.try_recv().unwrap(), Err(TAKEN_OVER));
        assert_eq!(shared.park_poll().unwrap_err(), TAKEN_OVER);
        shared.fail(CloseReason::TransportError);
        assert_eq!(updates(&shared).failed, None);
    }

    #[test]
    fn a_post_that_came_just_before_a_websocket_takes_over_is_not_lost() {
        let shared = polling();
        shared.begin_post().unwrap();
        let _answer = shared.finish_post(Bytes::from("4a")).unwrap();
        assert!(shared.complete_upgrade(true).is_some());
    }

    #[test]
    fn when_the_session_is_over_whoever_waits_is_answered() {
        let shared = polling();
        let mut poll = shared.park_poll().unwrap();
        shared.begin_post().unwrap();
        let mut post = shared.finish_post(Bytes::from("4a")).unwrap();
        shared.close(control::CLOSE, Err(Refusal::UnknownSid));
        assert_eq!(poll.try_recv().unwrap(), Ok(Bytes::from("1")));
        assert_eq!(post.try_recv().unwrap(), Err(Refusal::UnknownSid));
        assert_eq!(shared.begin_post(), Err(Refusal::UnknownSid));
    }
}
