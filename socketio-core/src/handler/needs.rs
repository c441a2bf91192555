//! The check of `build()` that every argument of handlers, guards and middleware is available.

use std::fmt::Display;

use socketio_names::{is_end, is_lifecycle};

use crate::{
    base::States,
    handler::{Need, parameters},
};

/// The kind of code that reads the arguments, with the path of the namespace.
#[derive(Clone, Copy)]
pub(super) enum Place<'a> {
    /// In a handler of this event.
    Event(&'a str, &'a str),
    /// In an error handler.
    Errors(&'a str),
    /// In `connect` and in every event: by a guard of a namespace impl or of a namespace.
    Joining(&'a str),
}

/// Reports every need of `who` that is not met.
pub(super) fn check_needs(
    who: &dyn Display,
    needs: &[Need],
    place: Place<'_>,
    states: &States,
    problems: &mut Vec<String>,
) {
    let mut rest = false;
    for need in needs {
        if let Some(problem) = problem(need, place, rest, states) {
            problems.push(format!("{who}{problem}"));
        }
        rest |= matches!(need, Need::Rest(_));
    }
    let has = |wanted: fn(&Need) -> bool| needs.iter().any(wanted);
    if has(|need| matches!(need, Need::Ack)) && has(|need| matches!(need, Need::ReturnValue(_))) {
        problems.push(format!(
            "{who}: it takes `Ack`, so its return value is not sent: return nothing, `NoAck`, or a `Result` of these"
        ));
    }
}

/// Returns the problem of one need, with the cure. `rest` is whether `Rest` precedes it.
fn problem(need: &Need, place: Place<'_>, rest: bool, states: &States) -> Option<String> {
    let event = match place {
        Place::Event(event, _) => event,
        Place::Errors(_) | Place::Joining(_) => "",
    };
    let joining = matches!(place, Place::Joining(_));
    let problem = match need {
        Need::EventArgument(name) if event == "connect" => format!(
            ": `connect` has no arguments, but takes `{name}`: take `Auth<{name}>` for the object that the client sends"
        ),
        Need::EventArgument(name) if is_end(event) => {
            format!(": `{event}` has no arguments, but takes `{name}`: take `Reason`, or nothing")
        }
        Need::EventArgument(name) if rest => {
            format!(": `{name}` comes after `Rest`, which has taken all arguments: put `Rest` last")
        }
        Need::EventArgument(name) if joining => format!(
            " takes `{name}`, but also runs before `connect`, which has no arguments: put it on the events that have this argument"
        ),
        Need::Rest(_) if rest => {
            String::from(": the second `Rest` would always be empty: keep one")
        }
        Need::Rest(_) if is_lifecycle(event) => format!(
            ": `{event}` has no arguments: take `Auth<T>` in `connect`, `Reason` in `disconnect`"
        ),
        Need::Upload if joining || is_lifecycle(event) || matches!(place, Place::Errors(_)) => {
            String::from(": `Upload` is only available in events of clients")
        }
        Need::Auth(_) if joining => String::from(
            " takes `Auth`, but also runs before events, which have none: put it on `connect`, and keep what is needed later in a `Session`",
        ),
        Need::Auth(_) if event != "connect" => String::from(
            ": `Auth` is only available in `connect`: keep what is needed later in a `Session`",
        ),
        Need::Ack if is_lifecycle(event) => {
            format!(": `{event}` has no acknowledgement: `Ack` is only available in events")
        }
        Need::Ack if joining => String::from(
            " takes `Ack`, but also runs before `connect`, which has no acknowledgement: put it on the events that have one",
        ),
        Need::Reason if !is_end(event) => {
            String::from(": `Reason` is only available in `disconnect` and `disconnecting`")
        }
        Need::Error if !matches!(place, Place::Errors(_)) => String::from(
            ": `HandlerError` is only available in error handlers: put `#[socketio::on_error]` on the function",
        ),
        Need::State(id, name) if !states.contains(*id) => match states.has_arc_of(name) {
            true => format!(
                " takes `State<{name}>`, but the server was given an `Arc` of it: write `.shared_state(..)` instead of `.state(..)`"
            ),
            false => format!(
                " takes `State<{name}>`, but the server was given none: add `.state(..)` with a value of this type"
            ),
        },
        Need::Path(_) => return no_parameters(place),
        _ => return None,
    };
    Some(problem)
}

fn no_parameters(place: Place<'_>) -> Option<String> {
    let (Place::Event(_, path) | Place::Errors(path) | Place::Joining(path)) = place;
    if parameters(path, path).next().is_some() {
        return None;
    }
    Some(format!(
        " takes `Path`, but the namespace {path:?} has no parameters: give it one, as in `/job/{{id}}`"
    ))
}
