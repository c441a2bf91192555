//! Arguments that could not be read.

use std::{error::Error, fmt};

/// What an error says is told to the client, whose text it may quote: no more than so many bytes.
const MAX_MESSAGE: usize = 256;

/// An argument that could not be read. Its text is meant for the client that sent it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArgumentError {
    index: usize,
    problem: Problem,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Problem {
    /// There is no such argument, and nothing is not enough.
    Missing(String),
    /// It is there, but no value of the type that was asked for.
    Unfit(String),
    /// It is no JSON, or stands for an attachment that did not come.
    Malformed(&'static str),
}

impl ArgumentError {
    pub(crate) fn missing(index: usize, error: &serde_json::Error) -> Self {
        ArgumentError {
            index,
            problem: Problem::Missing(message(error)),
        }
    }

    pub(crate) fn unfit(index: usize, error: &serde_json::Error) -> Self {
        ArgumentError {
            index,
            problem: Problem::Unfit(message(error)),
        }
    }

    pub(crate) fn malformed(index: usize, what: &'static str) -> Self {
        ArgumentError {
            index,
            problem: Problem::Malformed(what),
        }
    }

    /// Which argument, counted from 1. The event's name is none.
    pub fn index(&self) -> usize {
        self.index
    }

    /// Whether the packet itself is broken: a violation of the protocol, after which its connection
    /// is closed. Else a value is merely of another type than the handler's.
    pub fn is_malformed(&self) -> bool {
        matches!(self.problem, Problem::Malformed(_))
    }
}

impl fmt::Display for ArgumentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let index = self.index;
        match &self.problem {
            Problem::Missing(message) => write!(f, "argument {index} is missing: {message}"),
            Problem::Unfit(message) => write!(f, "argument {index}: {message}"),
            Problem::Malformed(what) => write!(f, "argument {index}: {what}"),
        }
    }
}

impl Error for ArgumentError {}

/// The text of a JSON error without its position, which counts from the argument's beginning and
/// means nothing to anybody who sees only the packet.
fn message(error: &serde_json::Error) -> String {
    let mut message = error.to_string();
    let position = format!(" at line {} column {}", error.line(), error.column());
    if message.ends_with(&position) {
        message.truncate(message.len() - position.len());
    }
    if message.len() > MAX_MESSAGE {
        // What was found stands in front and can be long, what was expected stands at the end.
        let mut head = MAX_MESSAGE / 2;
        let mut tail = message.len() - MAX_MESSAGE / 2;
        while !message.is_char_boundary(head) {
            head -= 1;
        }
        while !message.is_char_boundary(tail) {
            tail += 1;
        }
        message.replace_range(head..tail, "…");
    }
    message
}
