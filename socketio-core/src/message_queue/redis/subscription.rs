//! Receiving: `SUBSCRIBE`, and `PING` while nothing arrives.

use std::{
    future::{Future, poll_fn},
    pin::Pin,
    task::{Context, Poll, ready},
};

use ::redis::{RedisResult, aio::MultiplexedConnection, cmd};
use bytes::Bytes;
use tokio::time::{Instant, Sleep, sleep};

use super::connection::RedisConnection;
use crate::{
    BoxError,
    message_queue::{BoxFuture, Subscription, broker::Broker, timeouts::REDIS_SILENCE},
};

pub(super) struct RedisSubscription {
    connection: RedisConnection,
    /// Ends when nothing has arrived for [`REDIS_SILENCE`].
    silence: Pin<Box<Sleep>>,
    /// The response to the PING that was sent, if any.
    pong: Option<Pin<Box<dyn Future<Output = RedisResult<()>> + Send>>>,
    broker: Broker,
}

impl RedisSubscription {
    pub(super) async fn new(
        mut connection: RedisConnection,
        channel: &str,
        broker: Broker,
    ) -> RedisResult<Self> {
        connection.subscribe(channel).await?;
        Ok(Self {
            connection,
            silence: Box::pin(sleep(REDIS_SILENCE)),
            pong: None,
            broker,
        })
    }

    fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<Result<Bytes, BoxError>> {
        loop {
            if let Some(message) = self.connection.message() {
                self.on_sign_of_life();
                return Poll::Ready(Ok(message));
            }
            let ended = self.connection.poll(cx).is_ready();
            if let Some(message) = self.connection.message() {
                self.on_sign_of_life();
                return Poll::Ready(Ok(message));
            }
            if ended {
                return Poll::Ready(Err("the connection was closed".into()));
            }
            if let Some(pong) = &mut self.pong
                && let Poll::Ready(pong) = pong.as_mut().poll(cx)
            {
                pong?;
                self.on_sign_of_life();
            }
            ready!(self.silence.as_mut().poll(cx));
            if self.pong.is_some() {
                return Poll::Ready(Err("no data and no response to a PING for 30s".into()));
            }
            self.pong = Some(Box::pin(ping(self.connection.commands())));
            self.silence.as_mut().reset(Instant::now() + REDIS_SILENCE);
        }
    }

    fn on_sign_of_life(&mut self) {
        self.pong = None;
        self.silence.as_mut().reset(Instant::now() + REDIS_SILENCE);
    }
}

async fn ping(mut commands: MultiplexedConnection) -> RedisResult<()> {
    cmd("PING").exec_async(&mut commands).await
}

impl Subscription for RedisSubscription {
    fn receive(&mut self) -> BoxFuture<'_, Result<Bytes, BoxError>> {
        Box::pin(async {
            let received = poll_fn(|cx| self.poll_receive(cx)).await;
            received.map_err(|error| self.broker.error(error))
        })
    }
}
