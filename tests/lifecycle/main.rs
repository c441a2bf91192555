//! The lifecycle of a server: it starts, and it stops within its time limits whatever user code does.
//!
//! | file | subject |
//! |---|---|
//! | `serving` | how `run` and `serve` begin and end |
//! | `accepting` | connections that cannot be accepted |
//! | `http` | HTTP requests at a shutdown |
//! | `drain` | how a server leaves service before it shuts down |
//! | `outage` | a shutdown as clients see it |
//! | `shutdown` | the steps of a shutdown, and their limits |
//! | `endless_handlers` | handlers that never end |
//! | `signals` | ctrl-c and SIGTERM |

mod accepting;
mod drain;
mod endless_handlers;
mod fixture;
mod http;
mod outage;
mod serving;
mod shutdown;
#[cfg(unix)]
mod signals;
