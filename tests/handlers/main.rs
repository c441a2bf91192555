//! Handlers: registering them, what they are given, what surrounds them, what becomes of their errors.
//!
//! Handlers with an attribute are linked into every server of this program that `SocketIo::builder()` makes; servers here are `bare()`
//! or have a name of their own.
//!
//! | file | subject |
//! |---|---|
//! | `registration` | names, namespaces and arguments of handlers |
//! | `composition` | lists of handlers, merged and nested |
//! | `namespaces` | class-based namespaces, patterns, which handler an event finds |
//! | `context` | the functions without a client, and where they work |
//! | `ordering` | order, concurrency, full inboxes |
//! | `guards`, `namespace_guards`, `guard_checks` | guards of events, guards of namespaces, checks at start-up |
//! | `middleware`, `trigger_event` | middleware, and the method of a class that wraps all its events |
//! | `errors`, `error_handlers` | failed events, and the handlers of errors |

mod composition;
mod context;
mod error_handlers;
mod errors;
mod guard_checks;
mod guards;
mod middleware;
mod namespace_guards;
mod namespaces;
mod ordering;
mod registration;
mod trigger_event;
