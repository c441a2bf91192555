//! The GET and POST requests of polling, in the tasks of their HTTP connections.

use std::{
    pin::{Pin, pin},
    sync::Arc,
    time::Duration,
};

use bytes::{Buf, BufMut as _, Bytes, BytesMut};
use http_body::Body;
use http_body_util::BodyExt;

use super::{
    config::Config,
    reason::CloseReason,
    refusal::Refusal,
    shared::{RequestResult, Shared, Ticket},
    timer::timeout,
};
use crate::base::{LargeBuffer, Problem};

/// How much is discarded of a body that is too large, as a multiple of the limit.
const DISCARDED: usize = 32;

/// How long nothing may arrive of a body that is discarded.
const PAUSE: Duration = Duration::from_millis(250);

/// Waits for packets. If the client disconnects meanwhile, which drops this future, packets could be lost unnoticed, so
/// the session ends.
pub(super) async fn poll(shared: Arc<Shared>) -> RequestResult {
    let mut poll = WaitingPoll {
        ticket: shared.park_poll()?,
        shared: &shared,
        waits: true,
    };
    let answer = (&mut poll.ticket.answered).await;
    poll.waits = false;
    answer.unwrap_or(Err(Refusal::Ended))
}

/// A GET that waits for packets.
struct WaitingPoll<'a> {
    ticket: Ticket,
    shared: &'a Shared,
    waits: bool,
}

impl Drop for WaitingPoll<'_> {
    fn drop(&mut self) {
        if self.waits {
            self.shared.lose_poll(&mut self.ticket);
        }
    }
}

/// Waits for the turn of a POST, reads its body, passes it to the session, and waits until its packets have been taken.
///
/// A body over the limit does not affect the session. A body that is incomplete or takes too long ends the session,
/// because packets may be lost.
///
/// `is_sent` is whether the client sends the body without waiting for `100 Continue`.
pub(super) async fn post<B>(
    shared: Arc<Shared>,
    body: B,
    is_sent: bool,
    config: &Config,
) -> RequestResult
where
    B: Body,
{
    let turn = shared.begin_post()?;
    let mut guard = Guard {
        shared: &shared,
        outcome: Outcome::Fail,
    };
    if let Some(turn) = turn {
        // Without a turn, the session has ended or has another transport.
        let granted = turn.await.map_err(|_| Refusal::Ended);
        if let Err(refusal) = shared.check_turn().and(granted) {
            guard.disarm();
            return Err(refusal);
        }
    }
    let (idle, total) = config.post_timeouts();
    let mut body = pin!(body);
    let reading = read(&shared, body.as_mut(), config.max_payload, idle);
    let read = timeout(total, reading).await;
    let body = match read.unwrap_or(Err(Refusal::TooSlow)) {
        Ok(body) => body,
        Err(refusal) => {
            if refusal == Refusal::TooLarge {
                guard.outcome = Outcome::Release;
                drop(guard);
                if is_sent {
                    let most = config.max_payload.saturating_mul(DISCARDED);
                    let _ = timeout(config.close_timeout, discard(body, most)).await;
                }
            }
            return Err(refusal);
        }
    };
    let answered = shared.finish_post(body);
    guard.disarm();
    answered?.await.unwrap_or(Err(Refusal::Ended))
}

/// Discards the rest of a body, so that the client, which may read nothing before it has sent everything, sees the response: a connection
/// that is closed while data arrives is reset.
async fn discard<B: Body>(mut body: Pin<&mut B>, most: usize) {
    let mut discarded = 0_usize;
    while let Ok(Some(Ok(frame))) = timeout(PAUSE, body.frame()).await {
        let length = frame.data_ref().map_or(0, Buf::remaining);
        discarded = discarded.saturating_add(length);
        if discarded > most {
            break;
        }
    }
}

/// Reads a body and counts its bytes: neither an announced length nor an endless body allocates more than the limit.
async fn read<B>(shared: &Shared, body: B, limit: usize, idle: Duration) -> Result<Bytes, Refusal>
where
    B: Body,
{
    if body.size_hint().lower() > limit as u64 {
        return Err(Refusal::TooLarge);
    }
    // Of a large body, whose length is known, the memory is given back as soon as it has been handled.
    let mut read = Reading::new(body.size_hint().exact());
    let mut body = pin!(body);
    while let Some(frame) = timeout(idle, body.frame())
        .await
        .map_err(|_| Refusal::TooSlow)?
    {
        let frame = frame.map_err(|_| Refusal::BadRequest(Problem::BodyBroken))?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        shared.count_received(data.remaining());
        if data.remaining() > limit - read.len() {
            return Err(Refusal::TooLarge);
        }
        read.put(data);
    }
    Ok(read.freeze())
}

/// The bytes of a body that were read.
enum Reading {
    Sized(LargeBuffer, usize),
    Growing(BytesMut),
}

impl Reading {
    fn new(length: Option<u64>) -> Self {
        let length = length.and_then(|length| usize::try_from(length).ok());
        match length.filter(|length| *length >= LargeBuffer::MAPPED) {
            Some(length) => Reading::Sized(LargeBuffer::new(length), 0),
            None => Reading::Growing(BytesMut::new()),
        }
    }

    fn len(&self) -> usize {
        match self {
            Reading::Sized(_, length) => *length,
            Reading::Growing(bytes) => bytes.len(),
        }
    }

    fn put(&mut self, mut data: impl Buf) {
        // A body that is longer than its announced length.
        if let Reading::Sized(buffer, length) = self
            && data.remaining() > buffer.len() - *length
        {
            *self = Reading::Growing(BytesMut::from(&buffer[..*length]));
        }
        match self {
            Reading::Sized(buffer, length) => {
                let end = *length + data.remaining();
                data.copy_to_slice(&mut buffer[*length..end]);
                *length = end;
            }
            Reading::Growing(bytes) => bytes.put(data),
        }
    }

    fn freeze(self) -> Bytes {
        match self {
            Reading::Sized(buffer, length) => buffer.freeze().slice(..length),
            Reading::Growing(bytes) => bytes.freeze(),
        }
    }
}

/// Decides what happens to the session when a request ends, or is dropped, without a response.
struct Guard<'a> {
    shared: &'a Shared,
    outcome: Outcome,
}

#[derive(Clone, Copy)]
enum Outcome {
    /// The request was answered.
    Nothing,
    /// The session continues without this POST.
    Release,
    /// The session ends.
    Fail,
}

impl Guard<'_> {
    fn disarm(mut self) {
        self.outcome = Outcome::Nothing;
    }
}

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        match self.outcome {
            Outcome::Nothing => {}
            Outcome::Release => self.shared.release_post(),
            Outcome::Fail => self.shared.fail(CloseReason::TransportError),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        convert::Infallible,
        task::{Context, Waker},
    };

    use futures_util::{FutureExt, stream};
    use http_body::Frame;
    use http_body_util::{Full, StreamBody};
    use tokio::time::{Instant, sleep};

    use super::*;
    use crate::{
        engine::sid::Sid,
        engine::{protocol::Protocol, shared::Updates, transport::TransportKind},
    };

    fn session() -> Arc<Shared> {
        Arc::new(Shared::new(
            Sid::random().unwrap(),
            TransportKind::Polling,
            Protocol::V4 { base64: false },
            None,
        ))
    }

    fn updates(shared: &Shared) -> Updates {
        shared.updates(&Context::from_waker(Waker::noop()))
    }

    fn limit(max_payload: usize) -> Config {
        Config {
            max_payload,
            ..Config::default()
        }
    }

    #[tokio::test]
    async fn a_poll_whose_client_goes_away_ends_the_session() {
        let shared = session();
        let mut waiting = Box::pin(poll(Arc::clone(&shared)));
        assert!((&mut waiting).now_or_never().is_none());
        assert_eq!(updates(&shared).failed, None);
        drop(waiting);
        assert_eq!(updates(&shared).failed, Some(CloseReason::TransportError));
    }

    #[tokio::test]
    async fn an_answered_poll_does_not_end_the_session() {
        let shared = session();
        let waiting = poll(Arc::clone(&shared));
        let (answer, ()) = tokio::join!(waiting, async {
            assert!(shared.answer_poll(Ok(Bytes::from("6"))));
        });
        assert_eq!(answer, Ok(Bytes::from("6")));
        assert_eq!(updates(&shared).failed, None);
    }

    #[tokio::test]
    async fn a_body_over_the_limit_is_refused_and_the_session_stays_open() {
        let shared = session();
        let announced = Full::<Bytes>::from("4hello");
        assert_eq!(
            post(Arc::clone(&shared), announced, true, &limit(5)).await,
            Err(Refusal::TooLarge)
        );
        let chunks =
            ["4he", "llo"].map(|chunk| Ok::<_, Infallible>(Frame::data(Bytes::from(chunk))));
        let chunked = StreamBody::new(stream::iter(chunks));
        assert_eq!(
            post(Arc::clone(&shared), chunked, true, &limit(5)).await,
            Err(Refusal::TooLarge)
        );
        assert_eq!(updates(&shared).failed, None);
        assert!(shared.begin_post().unwrap().is_none());
    }

    #[tokio::test]
    async fn an_endless_body_is_counted_while_it_is_read() {
        let chunk = || Ok::<_, Infallible>(Frame::data(Bytes::from_static(&[b'4'; 1000])));
        let endless = StreamBody::new(stream::repeat_with(chunk));
        assert_eq!(
            post(session(), endless, true, &Config::default()).await,
            Err(Refusal::TooLarge)
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_never_ends_times_out() {
        let shared = session();
        let start = Instant::now();
        let silent = StreamBody::new(stream::pending::<Result<Frame<Bytes>, Infallible>>());
        assert_eq!(
            post(Arc::clone(&shared), silent, true, &limit(5)).await,
            Err(Refusal::TooSlow)
        );
        assert_eq!(start.elapsed(), Duration::from_secs(45));
        assert_eq!(updates(&shared).failed, Some(CloseReason::TransportError));
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_takes_very_long_times_out() {
        let shared = session();
        let start = Instant::now();
        let chunk = |()| async {
            sleep(Duration::from_secs(10)).await;
            Some((
                Ok::<_, Infallible>(Frame::data(Bytes::from_static(b"4"))),
                (),
            ))
        };
        let slow = StreamBody::new(stream::unfold((), chunk));
        assert_eq!(
            post(Arc::clone(&shared), slow, true, &Config::default()).await,
            Err(Refusal::TooSlow)
        );
        assert_eq!(start.elapsed(), Duration::from_secs(25 + 10 * 20));
        assert_eq!(shared.upload(), (true, 22));
    }

    #[tokio::test]
    async fn a_body_that_breaks_off_ends_the_session() {
        let shared = session();
        let broken = StreamBody::new(stream::iter([Err::<Frame<Bytes>, _>(
            std::io::Error::other("reset"),
        )]));
        assert!(matches!(
            post(Arc::clone(&shared), broken, true, &limit(5)).await,
            Err(Refusal::BadRequest(_))
        ));
        assert_eq!(updates(&shared).failed, Some(CloseReason::TransportError));
    }
}
