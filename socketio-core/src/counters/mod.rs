//! The counters of one server, always on.
//!
//! All layers above increment them where things happen, with relaxed atomics and without locks or allocation. The task of a
//! connection counts messages and bytes in plain integers and adds them at the end of its turn. `metrics/` reads them.

mod counter;
#[expect(
    clippy::module_inception,
    reason = "a file is named after its main type"
)]
mod counters;
mod event_table;
mod handler_counters;
mod histogram;
mod rate_counters;
mod recorder_counters;
mod recovery;

pub(crate) use counter::Counter;
pub(crate) use counters::{Counters, Transport};
pub(crate) use event_table::{EventIndex, EventTable};
pub(crate) use handler_counters::{ErrorKind, HandlerCounters};
pub(crate) use histogram::{BOUNDS, DurationCounters};
pub(crate) use rate_counters::{RateConsequence, RateCounters, RateRule, RatedCounters};
pub(crate) use recorder_counters::RecorderCounters;
pub(crate) use recovery::{RecoveryCounters, RecoveryOutcome};
