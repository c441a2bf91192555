//! What is tried again here, and what the library says in the end.

use std::{future::Future, time::Duration};

use rskafka::{BackoffError, ConnectionError, client::error::Error};
use tokio::time::{Instant, sleep};

use crate::BoxError;

/// How long an opening and a publishing are tried: less than they may take, that the reason is told in the end.
pub(super) const ASKING: Duration = Duration::from_secs(8);

/// How long reading is tried. Kafka notices after 9 s that a broker has died: with that, nothing is lost when brokers are replaced one
/// by one, or when a leader dies whose partition has other replicas.
pub(super) const READING: Duration = Duration::from_secs(15);

const PAUSE: Duration = Duration::from_millis(200);

/// Does something again while the library finds that worth it, up to so long after it has failed first.
pub(super) async fn patiently<T, F>(long: Duration, again: impl Fn() -> F) -> Result<T, BoxError>
where
    F: Future<Output = Result<T, Error>>,
{
    let mut until = None;
    loop {
        match again().await {
            Ok(value) => return Ok(value),
            // It has given up at the first failure, and has forgotten the connection: the next attempt looks for the leader anew.
            Err(Error::RetryFailed(_))
                if Instant::now() < *until.get_or_insert_with(|| Instant::now() + long) =>
            {
                sleep(PAUSE).await;
            }
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
        Error::Timeout => "the broker has gone silent".into(),
        error => error.into(),
    }
}
