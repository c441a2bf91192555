//! [`RedisCommands`]: a connection for commands that are not messages, shared by several tasks.

use std::{fmt, future::poll_fn, sync::Arc};

use ::redis::{Cmd, FromRedisValue, aio::MultiplexedConnection};
use tokio::{
    sync::Mutex,
    task::JoinHandle,
    time::{error::Elapsed, timeout},
};

use super::Redis;
use crate::{
    BoxError,
    message_queue::{
        broker::Broker,
        timeouts::{CONFIRM, CONNECT},
    },
};

/// Commands to Redis over one connection, which is opened by the first, and again after an error. Clones share it.
///
/// Commands of several tasks are sent together, and each waits for its own response: a command that blocks (`XREAD BLOCK`) needs its
/// own instance. The task of the connection ends with the last clone.
#[derive(Clone)]
pub(crate) struct RedisCommands(Arc<Shared>);

struct Shared {
    redis: Redis,
    /// The service that sentinels are asked for, unless the URL names one.
    service: String,
    open: Mutex<Option<Open>>,
}

struct Open {
    commands: MultiplexedConnection,
    /// The task that reads and writes.
    driver: JoinHandle<()>,
}

impl Drop for Open {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

impl RedisCommands {
    /// Creates it without connecting.
    pub(crate) fn new(redis: Redis, service: &str) -> Self {
        RedisCommands(Arc::new(Shared {
            redis,
            service: service.to_owned(),
            open: Mutex::default(),
        }))
    }

    /// Sends a command and waits for its response.
    ///
    /// # Errors
    ///
    /// If Redis can't be reached, does not respond in time, or refuses the command. Whether it was executed is not known.
    pub(crate) async fn query<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, BoxError> {
        let broker = self.0.redis.broker();
        let mut commands = self.connection(broker).await?;
        let response = timeout(CONFIRM, command.query_async(&mut commands)).await;
        match response {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(error)) => {
                if error.is_io_error() || error.is_unrecoverable_error() {
                    self.close().await;
                }
                Err(broker.error(error))
            }
            Err(Elapsed { .. }) => {
                self.close().await;
                Err(broker.error(format!("no response within {CONFIRM:?}")))
            }
        }
    }

    /// Returns the connection, and opens it if there is none.
    async fn connection(&self, broker: &Broker) -> Result<MultiplexedConnection, BoxError> {
        let mut open = self.0.open.lock().await;
        if let Some(open) = open.as_ref().filter(|open| !open.driver.is_finished()) {
            return Ok(open.commands.clone());
        }
        let connect = self.0.redis.connect(&self.0.service);
        let mut connection = broker.within(CONNECT, "response", connect).await?;
        let commands = connection.commands();
        let driver = tokio::spawn(async move { poll_fn(|cx| connection.poll(cx)).await });
        *open = Some(Open {
            commands: commands.clone(),
            driver,
        });
        Ok(commands)
    }

    async fn close(&self) {
        *self.0.open.lock().await = None;
    }
}

impl fmt::Debug for RedisCommands {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RedisCommands").field(&self.0.redis).finish()
    }
}
