//! The histories of rooms over HTTP, for those who have no Socket.IO client: pages, long polls and Server-Sent Events.
//!
//! `server/` passes requests for its path to [`HistoryRoutes`]. `routes` checks the origin and the parameters and asks the guard;
//! `page` answers with JSON, and `event_stream` writes a stream in a task of its own. Readers follow the history by position, and
//! are only notified that there is more, so that nothing is lost between the past and what comes.

mod event_stream;
mod history_http;
mod history_request;
mod page;
mod routes;

pub use history_http::HistoryHttp;
pub use history_request::HistoryRequest;
pub(crate) use routes::HistoryRoutes;
