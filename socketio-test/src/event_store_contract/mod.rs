//! The contract of `EventStore`, as checks that any implementation must pass.

mod rules;

use std::{fmt, sync::Arc, time::Duration};

use socketio_core::EventStore;

use crate::contract::{Suite, rules};

/// Checks that an [`EventStore`] keeps its contract, with the suite that the stores of `socketio` pass.
///
/// The store need not be empty. The suite ends its epoch.
///
/// ```
/// use socketio::MemoryEvents;
/// use socketio_test::EventStoreContract;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// EventStoreContract::new(MemoryEvents::new()).check_all().await;
/// # }
/// ```
#[derive(Clone)]
pub struct EventStoreContract {
    store: Arc<dyn EventStore>,
}

const NOTHING: fn(&dyn EventStore) -> bool = |_| true;

static SUITE: Suite<dyn EventStore> = Suite {
    rules: rules! {
        NOTHING: rules::a_store_has_one_epoch;
        NOTHING: rules::entries_are_numbered_without_gaps;
        NOTHING: rules::entries_of_an_append_are_next_to_each_other;
        NOTHING: rules::entries_are_arbitrary_bytes;
        NOTHING: rules::a_read_waits_for_the_next_entry;
        NOTHING: rules::a_read_without_an_entry_ends_in_time;
        NOTHING: rules::later_entries_stay_when_the_oldest_are_trimmed;
        NOTHING: rules::another_epoch_is_refused;
        NOTHING: rules::a_session_has_one_owner;
        NOTHING: rules::a_session_is_taken_from_each_owner_once;
        NOTHING: rules::a_session_ends_after_its_time;
        NOTHING: rules::a_store_that_has_lost_entries_has_another_epoch;
    },
    limit: Duration::from_secs(60),
    missing: "more than the store",
    what: "the event store",
};

impl EventStoreContract {
    /// Creates the suite for a store that can be reached.
    pub fn new(store: impl EventStore) -> Self {
        EventStoreContract {
            store: Arc::new(store),
        }
    }

    /// Returns the names of the rules.
    pub fn rules(&self) -> impl Iterator<Item = &'static str> + '_ {
        SUITE.names(&*self.store)
    }

    /// Checks one rule.
    ///
    /// # Errors
    ///
    /// Returns how the store broke the rule, or that the rule doesn't exist.
    pub async fn check(&self, rule: &str) -> Result<(), String> {
        SUITE.check(&*self.store, rule).await
    }

    /// Checks all rules, one after another.
    ///
    /// # Panics
    ///
    /// Panics if rules are broken, with their names and how they were broken.
    pub async fn check_all(&self) {
        SUITE.check_all(&*self.store).await;
    }
}

impl fmt::Debug for EventStoreContract {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventStoreContract")
            .field("store", &self.store)
            .finish()
    }
}
