//! What happens on a server, as rows: connections, events, acknowledgements.
//!
//! The layers above make a [`Record`] where it happens, if the server keeps any: for the HTTP API, which reads the ring in
//! memory, or for other sinks. It becomes a [`Row`], or a line of JSON, when somebody reads it or in the thread of a recorder. A
//! server without them has no [`Activity`], and then one `Option` is looked at and nothing is collected. What is recorded, and
//! when, is decided in `hub/recording.rs`.

#[expect(
    clippy::module_inception,
    reason = "a file is named after its main type"
)]
mod activity;
mod arguments;
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
