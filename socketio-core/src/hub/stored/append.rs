//! The task that appends the events of this node to the store. Started by [`StoredEvents::start`].
//!
//! It retries a failed append until the batch's deadline, then has [`StoredEvents::give_up`] deliver what waits without the store.

use std::{sync::Arc, time::Duration};

use tokio::time::{Instant, sleep, timeout_at};

use super::{
    pending::Batch,
    stored_events::{PATIENCE, StoredEvents, too_slow},
};
use crate::{base::BoxError, event_log::Epoch, event_store::EpochEnded};

/// The pause after an append that has failed.
const PAUSE: Duration = Duration::from_millis(50);

/// The pause between attempts to use a store again that was down.
const DOWN_PAUSE: Duration = Duration::from_millis(500);

/// Appends until the task is aborted.
pub(super) async fn run(stored: Arc<StoredEvents>) {
    loop {
        while stored.is_down() {
            let again = Instant::now() + DOWN_PAUSE;
            // The follow task may use the store again before.
            while stored.is_down() && Instant::now() < again {
                sleep(PAUSE).await;
            }
            if stored.can_follow() && write_late(&stored).await {
                stored.resume();
            }
        }
        if let Some(batch) = stored.next_batch().await
            && let Err(error) = append(&stored, &batch).await
        {
            stored.give_up(&error);
        }
    }
}

/// Appends the entries of the events that were delivered so far without the store, which is still down. Returns false if that fails: a store that
/// can be read, but not written, would make the next events wait for nothing. Later events don't prolong this, since there may always be one.
async fn write_late(stored: &StoredEvents) -> bool {
    let Some(epoch) = stored.progress().epoch else {
        return false;
    };
    let last = stored.state().pending.last();
    while let Some(batch) = stored.late_batch() {
        let deadline = Instant::now() + PATIENCE;
        if write(stored, epoch, &batch.entries, deadline)
            .await
            .is_err()
        {
            return false;
        }
        stored.appended(&batch, epoch);
        if batch.last >= last {
            break;
        }
    }
    true
}

/// Appends entries, in several attempts if necessary: an entry that is appended twice is delivered once.
async fn append(stored: &StoredEvents, batch: &Batch) -> Result<(), BoxError> {
    let before = stored.progress().epoch;
    loop {
        let error = match attempt(stored, batch, before).await {
            // Earlier entries must be appended again, before these.
            Ok(None) => return Ok(()),
            Ok(Some(epoch)) => {
                stored.set_appending(None);
                stored.appended(batch, epoch);
                return Ok(());
            }
            Err(error) => error,
        };
        if stored.is_down() {
            return Ok(());
        }
        if Instant::now() + PAUSE > batch.deadline {
            return Err(error);
        }
        sleep(PAUSE).await;
    }
}

/// Appends entries. Returns `None`, and appends nothing, if the store has another epoch than `before`.
async fn attempt(
    stored: &StoredEvents,
    batch: &Batch,
    before: Option<Epoch>,
) -> Result<Option<Epoch>, BoxError> {
    let mut followed = stored.followed.subscribe();
    let opened = followed.wait_for(|followed| followed.epoch.is_some());
    let opened = timeout_at(batch.deadline, opened)
        .await
        .map_err(|_| too_slow())?;
    let epoch = opened?.epoch.ok_or_else(too_slow)?;
    if before.is_some_and(|before| before != epoch) {
        return Ok(None);
    }
    if stored.is_down() {
        // The events have been sent without the store in the meantime.
        return Err(too_slow());
    }
    // At least `PATIENCE`: the outcome of an append that is cut off is unknown.
    let deadline = batch.deadline.max(Instant::now() + PATIENCE);
    write(stored, epoch, &batch.entries, deadline).await?;
    Ok(Some(epoch))
}

async fn write(
    stored: &StoredEvents,
    epoch: Epoch,
    entries: &[bytes::Bytes],
    deadline: Instant,
) -> Result<(), BoxError> {
    let text = epoch.to_string();
    let appended = timeout_at(deadline, stored.store.append(&text, entries));
    let appended = appended.await.unwrap_or_else(|_| Err(too_slow()));
    appended.map(drop).inspect_err(|error| {
        if error.is::<EpochEnded>() {
            stored.reopen.notify_one();
        }
    })
}
