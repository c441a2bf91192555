//! [`PathError`]: the reason why a namespace path or pattern is invalid.

use std::{error::Error, fmt};

/// An invalid namespace path or pattern. `Display` says what is wrong and names the cure, as the predicate of a sentence:
/// `a namespace must start with ..`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PathError {
    /// This path does not start with `/`.
    Relative(String),
    /// The path contains a comma, which ends it in a packet.
    Comma,
    /// The path contains a question mark, which begins a query.
    Query,
    /// A `*` is neither the whole pattern nor its last segment.
    Star,
    /// This segment has braces but is not one parameter.
    Segment(String),
    /// The name of this parameter is not an identifier.
    ParameterName(String),
    /// Two parameters have this name.
    DuplicateParameter(String),
}

impl fmt::Display for PathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PathError::Relative(path) => {
                let absolute = format!("/{path}");
                write!(f, "must start with `/`: write `{absolute:?}`")
            }
            PathError::Comma => f.write_str(
                "can't contain `,`, which ends it in a packet: use another character",
            ),
            PathError::Query => f.write_str(
                "can't contain `?`: a query is not part of the namespace, read it from `Request`",
            ),
            PathError::Star => f.write_str(
                "can contain `*` only alone or as its last segment, as in `/admin/*`: to match any one segment, write `{name}`",
            ),
            PathError::Segment(segment) => write!(
                f,
                "has the invalid segment `{segment}`: a parameter is a whole segment in braces, as in `/job/{{id}}`"
            ),
            PathError::ParameterName(name) => write!(
                f,
                "has the invalid parameter `{{{name}}}`: its name is an identifier, as in `/job/{{id}}`"
            ),
            PathError::DuplicateParameter(name) => write!(
                f,
                "has the parameter `{{{name}}}` twice: rename one of them"
            ),
        }
    }
}

impl Error for PathError {}
