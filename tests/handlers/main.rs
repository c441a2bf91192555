//! Handlers: registration, arguments, guards and middleware, errors.
//!
//! Handlers with an attribute are linked into every server of this program that `SocketIo::builder()` creates, so servers here are
//! `bare()` or have their own name.
//!
//! | file | subject |
//! |---|---|
//! | `rate_limits` | how often clients may send events |
//! | `registration` | names, namespaces and arguments of handlers |
//! | `closures` | options, guards and error handlers of closures |
//! | `blocking`, `blocking_log` | handlers on the blocking pool, and the log line about handlers that should be |
//! | `composition` | lists of handlers, merged and nested |
//! | `namespaces` | namespace impls, patterns, which handler an event has |
//! | `namespace_values` | the values of namespace impls, and the options of the derive |
//! | `patterns` | equal patterns, and the paths that are accepted |
//! | `context`, `try_context` | the functions for the current client, and what they do without one |
//! | `ordering` | order, concurrency, full inboxes |
//! | `guards`, `namespace_guards`, `guard_checks` | guards of events, guards of namespaces, checks at start-up |
//! | `middleware`, `middleware_context` | order and responses of middleware, and what it can read |
//! | `trigger_event` | the method of a namespace impl that wraps all its events |
//! | `errors`, `error_handlers` | failed events, and the handlers of errors |
//! | `faults` | user code that panics |
//! | `malformed` | arguments that are not JSON, whatever user code does about them |

mod blocking;
mod blocking_log;
mod closures;
mod composition;
mod context;
mod error_handlers;
mod errors;
mod faults;
mod guard_checks;
mod guards;
mod malformed;
mod middleware;
mod middleware_context;
mod namespace_guards;
mod namespace_values;
mod namespaces;
mod ordering;
mod patterns;
mod rate_limits;
mod registration;
mod trigger_event;
mod try_context;
