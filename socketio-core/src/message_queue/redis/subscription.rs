//! The end that listens.

use std::{
    future::{Future, poll_fn},
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use ::redis::{RedisResult, aio::MultiplexedConnection, cmd};
use bytes::Bytes;
use tokio::time::{Instant, Sleep, sleep};

use super::connection::Connection;
use crate::{
    BoxError,
    message_queue::{Eventually, Subscription},
};

/// How long nothing may come before the broker is asked for a sign of life, and how long that may take.
const PATIENCE: Duration = Duration::from_secs(15);

pub(super) struct RedisSubscription {
    connection: Connection,
    /// Runs out when nothing has come for [`PATIENCE`].
    quiet: Pin<Box<Sleep>>,
    /// The sign of life that was asked for.
    pong: Option<Pin<Box<dyn Future<Output = RedisResult<()>> + Send>>>,
}

impl RedisSubscription {
    pub(super) async fn new(mut connection: Connection, channel: &str) -> RedisResult<Self> {
        let mut commands = connection.commands();
        connection.run(commands.subscribe(channel)).await?;
        Ok(Self {
            connection,
            quiet: Box::pin(sleep(PATIENCE)),
            pong: None,
        })
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Result<Bytes, BoxError>> {
        loop {
            if let Some(message) = self.connection.message() {
                self.heard();
                return Poll::Ready(Ok(message));
            }
            let ended = self.connection.poll(cx).is_ready();
            if let Some(message) = self.connection.message() {
                self.heard();
                return Poll::Ready(Ok(message));
            }
            if ended {
                return Poll::Ready(Err("Redis has closed the connection".into()));
            }
            if let Some(pong) = &mut self.pong
                && let Poll::Ready(pong) = pong.as_mut().poll(cx)
            {
                pong?;
                self.heard();
            }
            ready!(self.quiet.as_mut().poll(cx));
            if self.pong.is_some() {
                return Poll::Ready(Err("Redis has given no sign of life for 30 seconds".into()));
            }
            self.pong = Some(Box::pin(ping(self.connection.commands())));
            self.quiet.as_mut().reset(Instant::now() + PATIENCE);
        }
    }

    fn heard(&mut self) {
        self.pong = None;
        self.quiet.as_mut().reset(Instant::now() + PATIENCE);
    }
}

async fn ping(mut commands: MultiplexedConnection) -> RedisResult<()> {
    cmd("PING").exec_async(&mut commands).await
}

impl Subscription for RedisSubscription {
    fn next(&mut self) -> Eventually<'_, Bytes> {
        Box::pin(poll_fn(|cx| self.poll_next(cx)))
    }
}
