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
    /// In `connect` and in every event, as guards of a namespace or a namespace impl do.
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
    let count = |wanted: fn(&Need) -> bool| needs.iter().filter(|need| wanted(need)).count();
    if count(|need| matches!(need, Need::Ack)) > 1 {
        problems.push(format!(
            "{who} takes `Ack` twice, but an event has one acknowledgement: keep one"
        ));
    }
    if count(|need| matches!(need, Need::Upload)) > 1 {
        problems.push(format!(
            "{who} takes `Upload` twice, but an event is a chunk of one upload: keep one"
        ));
    }
    let has = |wanted: fn(&Need) -> bool| count(wanted) > 0;
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
        Need::Path(name) => return wrong_parameters(place, name),
        _ => return None,
    };
    Some(problem)
}

/// Returns the problem of a `Path` of this type.
fn wrong_parameters(place: Place<'_>, name: &str) -> Option<String> {
    let (Place::Event(_, path) | Place::Errors(path) | Place::Joining(path)) = place;
    let count = parameters(path, path).count();
    if count == 0 {
        return Some(format!(
            " takes `Path`, but the namespace {path:?} has no parameters: give it one, as in `/job/{{id}}`"
        ));
    }
    let taken = tuple_arity(name)?;
    (taken != count).then(|| {
        format!(
            " takes `Path<{name}>`, but the namespace {path:?} has another number of parameters: {count}"
        )
    })
}

/// Returns the number of elements of a tuple, by the name of its type.
fn tuple_arity(name: &str) -> Option<usize> {
    let elements = name.strip_prefix('(')?.strip_suffix(')')?;
    let mut depth = 0_usize;
    let mut count = usize::from(!elements.is_empty());
    for letter in elements.chars() {
        match letter {
            '(' | '<' | '[' => depth += 1,
            ')' | '>' | ']' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => count += 1,
            _ => {}
        }
    }
    // A tuple of one element ends with a comma.
    Some(count - usize::from(elements.ends_with(',')))
}

#[cfg(test)]
mod tests {
    use std::any::type_name;

    use super::tuple_arity;

    #[test]
    fn the_arity_of_a_tuple_is_in_its_name() {
        for (name, arity) in [
            (type_name::<(u8, u8)>(), Some(2)),
            (type_name::<(u8,)>(), Some(1)),
            (type_name::<()>(), Some(0)),
            (type_name::<(String, (u8, u8), Vec<(u8, u8)>)>(), Some(3)),
            (type_name::<String>(), None),
        ] {
            assert_eq!(tuple_arity(name), arity, "{name}");
        }
    }
}
