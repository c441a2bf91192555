//! The task that reads what all nodes have appended to the store, and delivers it. Started by [`StoredEvents::start`].
//!
//! Entries are applied in the order of the store, so that all nodes deliver events in the same order.

use std::{sync::Arc, time::Duration};

use tokio::time::{Instant, sleep, timeout};

use super::{
    entry_form::EntryForm,
    kept_event::KeptEvent,
    origins::NewEntry,
    stored_events::{Followed, OPERATION, PATIENCE, StoredEvents, too_slow},
};
use crate::{
    base::{BoxError, fault},
    event_log::{Epoch, Numbered, Place},
    event_store::{EpochEnded, StoredEntry},
    hub::Hub,
};

/// The maximum number of entries in one read.
const PAGE: usize = 512;

/// How long a read waits for an entry.
const WAIT: Duration = Duration::from_secs(5);

/// The pauses between attempts to open the store.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// Follows the store until the server is gone.
pub(super) async fn run(stored: Arc<StoredEvents>) {
    let mut outage: Option<Instant> = None;
    let mut pause = FIRST_PAUSE;
    loop {
        let Err(error) = follow(&stored, &mut outage, &mut pause).await else {
            return;
        };
        if !error.is::<EpochEnded>() {
            stored.set_following(Some(&error));
        }
        let since = *outage.get_or_insert_with(Instant::now);
        if since.elapsed() >= PATIENCE && !stored.is_down() {
            // Events that are appended now would be delivered by no one here.
            stored.give_up(&error);
        }
        sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Opens the store and follows it. Returns `Ok` once the server is gone.
async fn follow(
    stored: &StoredEvents,
    outage: &mut Option<Instant>,
    pause: &mut Duration,
) -> Result<(), BoxError> {
    let mut progress = open(stored).await?;
    if outage.is_some_and(|since| since.elapsed() >= PATIENCE) {
        // Other nodes may have sent events in the meantime that they could not append.
        let Some(hub) = stored.hub() else {
            return Ok(());
        };
        hub.lose_events(None);
    }
    (*outage, *pause) = (None, FIRST_PAUSE);
    stored.set_following(None);
    stored.resume();
    // Before its clients receive later events, and might take their positions to nodes that have not read these entries.
    drop(timeout(PATIENCE, stored.late_appended()).await);
    let Some(epoch) = progress.epoch.map(|epoch| epoch.to_string()) else {
        return Ok(());
    };
    if !stored.follows {
        stored.reopen.notified().await;
        return Err(EpochEnded.into());
    }
    loop {
        let read = stored.store.read(&epoch, progress.number, PAGE, WAIT);
        let read = tokio::select! {
            read = timeout(WAIT + OPERATION, read) => read.map_err(|_| too_slow())?,
            () = stored.reopen.notified() => Err(EpochEnded.into()),
        };
        let entries = read?;
        let Some(hub) = stored.hub() else {
            return Ok(());
        };
        if stored.origins().take_expired() {
            // Clients that are away may lack what the node has not stored.
            hub.lose_events(None);
        }
        if let Some(first) = entries.first()
            && first.number > progress.number + 1
        {
            let missed = first.number - progress.number - 1;
            tracing::warn!(target: "socketio", node = &*stored.node, missed, "the event store has removed entries that this node had not read: raise `max_entries`, or find out what delays the node");
            hub.miss_events(first.number - 1);
        }
        for entry in entries {
            let number = entry.number;
            apply(stored, &hub, entry, true);
            stored.note_time(number);
            progress.number = number;
            stored.followed.send_replace(progress);
            // A store that always has an entry must not occupy its thread.
            tokio::task::consume_budget().await;
        }
    }
}

/// Opens the store. If it has another epoch than before, reads what it has kept.
async fn open(stored: &StoredEvents) -> Result<Followed, BoxError> {
    let before = stored.progress();
    let seen = before.epoch.map(|epoch| epoch.to_string());
    let seen = seen.as_deref().map(|epoch| (epoch, before.number));
    let proposal = Epoch::random().to_string();
    let opened = timeout(OPERATION, stored.store.open(&proposal, seen));
    let opened = opened.await.map_err(|_| too_slow())??;
    let epoch = Epoch::parse(&opened.epoch).ok_or("the event store has an invalid epoch")?;
    if before.epoch == Some(epoch) {
        return Ok(before);
    }
    let Some(hub) = stored.hub() else {
        return Ok(before);
    };
    if let Some(former) = before.epoch {
        stored.end_epoch(former);
        tracing::warn!(target: "socketio", node = &*stored.node, "the event store has lost its events: earlier sessions and positions are no longer known");
    }
    // If the store has lost its data, all its entries are new to the clients of this node.
    let is_restart = before.epoch.is_none();
    if is_restart {
        // An earlier attempt may have read some entries.
        stored.origins().forget_read();
    } else {
        stored.origins().begin_epoch();
    }
    stored.forget_times();
    stored.append_again(!is_restart);
    let mut number = 0;
    if stored.follows {
        let mut is_first = true;
        while number < opened.last {
            let read = stored
                .store
                .read(&opened.epoch, number, PAGE, Duration::ZERO);
            let entries = timeout(OPERATION, read).await.map_err(|_| too_slow())??;
            let Some(first) = entries.first() else {
                break;
            };
            if std::mem::take(&mut is_first) {
                hub.begin_epoch(epoch, Place::of(first.number - 1));
            }
            for entry in entries {
                number = entry.number;
                // Entries that were appended after the store was opened are new.
                apply(stored, &hub, entry, !is_restart || number > opened.last);
                tokio::task::consume_budget().await;
            }
        }
        number = number.max(opened.last);
        if is_first {
            hub.begin_epoch(epoch, Place::of(number));
        }
    }
    let progress = Followed {
        epoch: Some(epoch),
        number,
    };
    stored.followed.send_replace(progress);
    if is_restart && opened.last > 0 {
        // Usually, there are none.
        hub.disconnect_early();
    }
    Ok(progress)
}

/// Applies an entry, and delivers its event if it is new.
fn apply(stored: &StoredEvents, hub: &Hub, entry: StoredEntry, is_new: bool) {
    let number = entry.number;
    let applied = fault::catch(|| apply_entry(stored, hub, entry, is_new));
    let error: BoxError = match applied {
        Ok(Ok(())) => return,
        Ok(Err(error)) => error,
        Err(panic) => panic.into(),
    };
    tracing::error!(target: "socketio", node = &*stored.node, number, %error, "an entry of the event store can't be read: it is left out");
}

fn apply_entry(
    stored: &StoredEvents,
    hub: &Hub,
    StoredEntry { number, entry }: StoredEntry,
    is_new: bool,
) -> Result<(), BoxError> {
    let (node, own_number, rest) = EntryForm::split(entry)?;
    let node = std::str::from_utf8(&node)?;
    let is_own = *node == *stored.node;
    let read = stored.origins().read(node, own_number);
    let Some(NewEntry {
        was_delivered,
        lacks_earlier,
    }) = read
    else {
        // It was appended twice. The second time, it may tell that later ones are late.
        if let EntryForm::Event(event) = EntryForm::read(rest)?
            && event.is_late
        {
            stored.origins().late(node);
        }
        return Ok(());
    };
    if lacks_earlier && !is_own {
        tracing::warn!(target: "socketio", node = &*stored.node, other = node, "the event store has lost events of another node that this node had not read: its clients with a session connect again as new ones");
        hub.miss_events(number);
    }
    let own = is_own.then(|| stored.own_event(own_number)).flatten();
    let result = match own {
        Some(event) => {
            hub.deliver_stored(number, &event, !was_delivered);
            Ok(())
        }
        None => EntryForm::read(rest).map(|form| match form {
            EntryForm::Event(mut event) => {
                if event.is_late {
                    stored.origins().late(node);
                }
                let options = std::mem::take(&mut event.options);
                event.options =
                    options.complete(hub.limits.overflow, &event.namespace, &event.event);
                hub.deliver_stored(number, &event, is_new && !was_delivered);
            }
            EntryForm::Lost { is_complete } => {
                match is_complete || is_own || stored.has_queue {
                    true => hub.lose_events(Some(number)),
                    // The clients of this node will not get them.
                    false => hub.miss_events(number),
                }
                stored.origins().settled(node, own_number, is_complete);
            }
            EntryForm::Taken(key) => {
                if is_new && !is_own {
                    hub.check_session(&key);
                }
            }
        }),
    };
    if is_own {
        stored.settle(own_number);
    }
    result
}

impl Hub {
    /// Keeps an event of the store, and delivers it if it is new.
    fn deliver_stored(&self, number: u64, event: &KeptEvent, is_new: bool) {
        let Some(log) = self.log(&event.namespace) else {
            return;
        };
        let age = event.time.elapsed().unwrap_or_default();
        let now = Instant::now();
        let numbered = Numbered {
            number,
            packet: &event.packet,
            recipients: event.recipients.clone(),
            // A new event is as old as its delivery here: the clocks of nodes may differ.
            at: match is_new {
                true => now,
                false => now.checked_sub(age).unwrap_or(now),
            },
            time: event.time,
        };
        let are_settled = || !self.are_nodes_unsettled();
        self.deliver_to(event, is_new, |deliver| {
            log.publish_numbered(numbered, event.rooms(), are_settled, deliver);
        });
    }
}
