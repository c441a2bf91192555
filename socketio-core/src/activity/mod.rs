//! What happens on a server, as rows: connections, events, acknowledgements.
//!
//! The layers above create a [`Record`] where something happens, if the server keeps records: in the ring in memory, which the HTTP API
//! reads, or in other sinks. A record becomes a [`Row`] when the API reads it, or a line of JSON in the thread of a recorder. A server
//! without these has no [`Activity`] and collects nothing. What is recorded, and when, is decided in `hub/recording.rs`.

#[expect(
    clippy::module_inception,
    reason = "a file is named after its main type"
)]
mod activity;
mod arguments;
mod digits;
mod names;
mod record;
mod record_json;
mod recording;
mod ring;
mod row;
mod subject;

pub(crate) use activity::{Activity, ActivityOptions, Gap, Sink};
pub(crate) use arguments::{RecordedArguments, data_of_recorded};
pub(crate) use names::shared_name;
pub(crate) use record::Record;
pub(crate) use record_json::RecordWriter;
pub(crate) use recording::{Recording, ended, record_end};
pub(crate) use ring::RingLimits;
pub use row::{Direction, Row};
pub(crate) use subject::Subject;
