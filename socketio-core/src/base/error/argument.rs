//! [`ArgumentError`]: an argument that could not be read.

use std::{error::Error, fmt};

/// The longest message, in bytes. It is sent to the client and may quote the client's data.
const MAX_MESSAGE: usize = 256;

/// How many characters of an invalid value the message quotes.
const MAX_QUOTED: usize = 64;

/// An argument that could not be read. Its message is meant for the client that sent it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArgumentError {
    index: usize,
    problem: Problem,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Problem {
    /// The argument is absent, and `null` does not fit.
    Missing(String),
    /// The argument is of another type.
    Unfit(String),
    /// The values of the event would take too much memory.
    TooLarge,
    /// It is not valid JSON, in a packet that is intact. The beginning of its text.
    Invalid(String),
    /// The packet is not valid JSON, or refers to an attachment that was not received.
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

    pub(crate) fn invalid(index: usize, value: &str) -> Self {
        let mut shown: String = value.chars().take(MAX_QUOTED).collect();
        if shown.len() < value.len() {
            shown.push('…');
        }
        ArgumentError {
            index,
            problem: Problem::Invalid(shown),
        }
    }

    pub(crate) fn too_large(index: usize) -> Self {
        ArgumentError {
            index,
            problem: Problem::TooLarge,
        }
    }

    pub(crate) fn malformed(index: usize, what: &'static str) -> Self {
        ArgumentError {
            index,
            problem: Problem::Malformed(what),
        }
    }

    /// Returns the position of the argument, counted from 1. The event's name is not counted.
    pub fn index(&self) -> usize {
        self.index
    }

    /// Returns whether the packet as a whole is invalid, which closes the connection. Otherwise the argument is of another type
    /// than the handler's, or not valid JSON: then only the event fails.
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
            Problem::Invalid(value) => write!(f, "argument {index} is not valid JSON: {value:?}"),
            Problem::TooLarge => {
                write!(f, "argument {index}: the values take too much memory")
            }
            Problem::Malformed(what) => write!(f, "argument {index}: {what}"),
        }
    }
}

impl Error for ArgumentError {}

/// Returns the message of a JSON error without its position, which is relative to the argument.
fn message(error: &serde_json::Error) -> String {
    let mut message = error.to_string();
    let position = format!(" at line {} column {}", error.line(), error.column());
    if message.ends_with(&position) {
        message.truncate(message.len() - position.len());
    }
    if message.len() > MAX_MESSAGE {
        // Cut in the middle: the beginning says what was found, the end says what was expected.
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
