//! The admin interface, as the page of `@socket.io/admin-ui` sees it.

mod access;
mod activity;
mod commands;
mod page;
mod statistics;
