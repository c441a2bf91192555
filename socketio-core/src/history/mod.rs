//! The histories of rooms over HTTP, for readers without a Socket.IO client: pages, long polls and Server-Sent Events.
//!
//! `server/` passes requests for its path to [`HistoryRoutes`]. `routes` checks the origin and the parameters and asks the guard;
//! `page` responds with JSON, and `event_stream` writes a stream in its own task. Readers follow the history by position, and notifications
//! only say that there is more, so that no event is lost between earlier and later ones.

mod event_stream;
mod history_http;
mod history_request;
mod page;
mod routes;

pub use history_http::HistoryHttp;
pub use history_request::HistoryRequest;
pub(crate) use routes::HistoryRoutes;
