//! What is tried again here, and what the library says in the end.

use std::{future::Future, time::Duration};

use rskafka::{BackoffError, ConnectionError, client::error::Error};
use tokio::time::{Instant, sleep};

use crate::BoxError;

/// So long, a leader that changes and a broker that is started anew are waited for, that a cluster whose brokers are replaced one by
/// one loses nothing; so are topics that have only just been made.
const RETRYING: Duration = Duration::from_secs(5);

const PAUSE: Duration = Duration::from_millis(200);

/// Does something again while the library finds that worth it.
pub(super) async fn patiently<T, F>(again: impl Fn() -> F) -> Result<T, BoxError>
where
    F: Future<Output = Result<T, Error>>,
{
    let until = Instant::now() + RETRYING;
    loop {
        match again().await {
            Ok(value) => return Ok(value),
            // It has given up at the first failure, and has forgotten the connection: the next attempt looks for the leader anew.
            Err(Error::RetryFailed(_)) if Instant::now() < until => sleep(PAUSE).await,
            Err(error) => return Err(cause(error)),
        }
    }
}

/// The error itself, without the retries around it that there weren't.
pub(super) fn cause(error: Error) -> BoxError {
    match error {
        Error::RetryFailed(BackoffError::DeadlineExceded { source, .. })
        | Error::Connection(ConnectionError::RetryFailed(BackoffError::DeadlineExceded {
            source,
            ..
        })) => match source.downcast::<Error>() {
            Ok(error) => cause(*error),
            Err(source) => source,
        },
        error => error.into(),
    }
}
