//! The recorder: what happens on a server, as JSON lines in files.
//!
//! [`Recorder`] has the options. [`RecordingSink`] takes records from connection tasks without waiting, and its own thread
//! ([`Writer`](writer::Writer)) writes them as JSON into a [`LineFile`](line_file::LineFile), which gets its final name when it is
//! closed. What is recorded is decided in `hub/recording.rs`.

mod leftovers;
mod line_file;
#[expect(
    clippy::module_inception,
    reason = "a file is named after its main type"
)]
mod recorder;
mod recording_sink;
mod row_queue;
#[cfg(test)]
mod tests;
mod writer;

pub use recorder::Recorder;
pub(crate) use recording_sink::RecordingSink;
