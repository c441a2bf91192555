//! [`Pattern`]: parses namespace paths and patterns, and matches namespaces.

use crate::PathError;

/// A parsed namespace path or pattern: `/chat`, `/job/{id}`, `/admin/*` or `*`.
///
/// Two patterns are equal if they match the same namespaces: the names of parameters don't count, so `/job/{id}` equals
/// `/job/{job}`; `/*` equals `*`, and the empty path equals `/`. The order puts literal segments before parameters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Pattern {
    /// One namespace.
    Exact(String),
    /// The namespaces with the same number of segments, each of which matches.
    Segments(Vec<Segment>),
    /// The namespaces that begin with these segments: `/admin/*` matches `/admin` and everything below it.
    Below(Vec<Segment>),
    /// Every namespace.
    Any,
}

/// One segment of a [`Pattern`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Segment {
    /// This text.
    Literal(String),
    /// Any text except the empty string.
    Parameter,
}

impl Pattern {
    /// Parses a path or pattern as it is written in attributes and given to the builder.
    ///
    /// # Errors
    ///
    /// If a client can't send a namespace of this form, or if its parameters are invalid.
    pub fn parse(path: &str) -> Result<Self, PathError> {
        match path {
            "" => return Ok(Pattern::Exact(String::from("/"))),
            "*" | "/*" => return Ok(Pattern::Any),
            _ => {}
        }
        if !path.starts_with('/') {
            return Err(PathError::Relative(path.to_owned()));
        }
        if path.contains(',') {
            return Err(PathError::Comma);
        }
        if path.contains('?') {
            return Err(PathError::Query);
        }
        let (prefix, below) = match path.strip_suffix("/*") {
            Some(prefix) => (prefix, true),
            None => (path, false),
        };
        if prefix.contains('*') {
            return Err(PathError::Star);
        }
        if !below && !path.contains(['{', '}']) {
            return Ok(Pattern::Exact(path.to_owned()));
        }
        let mut names = Vec::new();
        let segments = prefix.split('/').skip(1);
        let segments = segments
            .map(|text| segment(text, &mut names))
            .collect::<Result<_, _>>()?;
        Ok(match below {
            true => Pattern::Below(segments),
            false => Pattern::Segments(segments),
        })
    }

    /// Returns the path of a single namespace; `None` for a path with parameters or stars.
    ///
    /// # Errors
    ///
    /// As [`Pattern::parse`].
    pub fn parse_exact(path: &str) -> Result<Option<String>, PathError> {
        Ok(match Pattern::parse(path)? {
            Pattern::Exact(path) => Some(path),
            _ => None,
        })
    }

    /// Returns whether a text is meant as a namespace rather than as the name of an event, valid or not.
    pub fn is_meant(text: &str) -> bool {
        text.starts_with('/') || text == "*"
    }

    /// Returns whether the pattern matches the namespace `path`.
    pub fn matches(&self, path: &str) -> bool {
        match self {
            Pattern::Any => true,
            Pattern::Exact(exact) => exact == path,
            Pattern::Segments(segments) => {
                let mut given = path.strip_prefix('/').unwrap_or(path).split('/');
                fit(segments, &mut given) && given.next().is_none()
            }
            Pattern::Below(segments) => {
                let mut given = path.strip_prefix('/').unwrap_or(path).split('/');
                fit(segments, &mut given)
            }
        }
    }

    /// Returns whether some namespace matches both patterns.
    pub fn overlaps(&self, other: &Pattern) -> bool {
        match (self, other) {
            (Pattern::Any, _) | (_, Pattern::Any) => true,
            (Pattern::Exact(path), other) | (other, Pattern::Exact(path)) => other.matches(path),
            (Pattern::Segments(a), Pattern::Segments(b)) => a.len() == b.len() && agree(a, b),
            (Pattern::Segments(path), Pattern::Below(prefix))
            | (Pattern::Below(prefix), Pattern::Segments(path)) => {
                prefix.len() <= path.len() && agree(prefix, path)
            }
            (Pattern::Below(a), Pattern::Below(b)) => agree(a, b),
        }
    }

    /// Returns how unspecific the pattern is. Lookup tries the patterns of the smallest width first.
    pub fn width(&self) -> usize {
        match self {
            Pattern::Exact(_) | Pattern::Segments(_) => 0,
            Pattern::Below(segments) => usize::MAX - 1 - segments.len(),
            Pattern::Any => usize::MAX,
        }
    }
}

fn segment<'a>(text: &'a str, names: &mut Vec<&'a str>) -> Result<Segment, PathError> {
    if !text.contains(['{', '}']) {
        return Ok(Segment::Literal(text.to_owned()));
    }
    let name = text
        .strip_prefix('{')
        .and_then(|rest| rest.strip_suffix('}'))
        .filter(|name| !name.contains(['{', '}']))
        .ok_or_else(|| PathError::Segment(text.to_owned()))?;
    if !is_identifier(name) {
        return Err(PathError::ParameterName(name.to_owned()));
    }
    if names.contains(&name) {
        return Err(PathError::DuplicateParameter(name.to_owned()));
    }
    names.push(name);
    Ok(Segment::Parameter)
}

/// Parameters are read into the fields of structs, so their names are identifiers. Keywords are fine: serde renames fields.
fn is_identifier(name: &str) -> bool {
    let mut chars = name.chars();
    chars
        .next()
        .is_some_and(|first| first.is_alphabetic() || first == '_')
        && chars.all(|char| char.is_alphanumeric() || char == '_')
}

fn fit<'a>(segments: &[Segment], given: &mut impl Iterator<Item = &'a str>) -> bool {
    segments
        .iter()
        .all(|segment| match (segment, given.next()) {
            (Segment::Literal(literal), Some(given)) => literal == given,
            (Segment::Parameter, Some(given)) => !given.is_empty(),
            (_, None) => false,
        })
}

/// Returns whether the common leading segments can match the same path.
fn agree(a: &[Segment], b: &[Segment]) -> bool {
    a.iter().zip(b).all(|pair| match pair {
        (Segment::Literal(a), Segment::Literal(b)) => a == b,
        (Segment::Literal(literal), _) | (_, Segment::Literal(literal)) => !literal.is_empty(),
        (Segment::Parameter, Segment::Parameter) => true,
    })
}

/// Returns the parameters of a pattern, each with the segment of `path` at its position.
pub fn parameters<'a>(pattern: &'a str, path: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
    let segments = pattern.split('/').zip(path.split('/'));
    segments.filter_map(|(name, value)| {
        let name = name.strip_prefix('{')?.strip_suffix('}')?;
        Some((name, value))
    })
}

/// Returns the path that `path` becomes when its handlers are nested below `prefix`, which does not end with `/`.
pub fn nest(prefix: &str, path: &str) -> String {
    match path {
        "" | "/" if prefix.is_empty() => String::from("/"),
        "" | "/" => prefix.to_owned(),
        "*" if prefix.is_empty() => String::from("*"),
        "*" => format!("{prefix}/*"),
        // An invalid path stays as it was written, for the message about it.
        _ if !path.starts_with('/') => path.to_owned(),
        _ => format!("{prefix}{path}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(path: &str) -> Pattern {
        Pattern::parse(path).unwrap()
    }

    #[test]
    fn a_parameter_matches_one_nonempty_segment() {
        let job = pattern("/job/{id}/log");
        assert!(job.matches("/job/7/log"));
        assert!(!job.matches("/job//log"));
        assert!(!job.matches("/job/7"));
        assert!(!job.matches("/job/7/log/more"));
        assert!(!job.matches("/jobs/7/log"));
    }

    #[test]
    fn a_path_matches_only_itself_and_a_star_matches_everything() {
        assert!(pattern("/chat").matches("/chat"));
        assert!(!pattern("/chat").matches("/chat/"));
        assert!(pattern("*").matches("/anything"));
    }

    #[test]
    fn a_star_at_the_end_matches_the_path_and_everything_below_it() {
        let admin = pattern("/admin/*");
        assert!(admin.matches("/admin"));
        assert!(admin.matches("/admin/log"));
        assert!(admin.matches("/admin/log/today"));
        assert!(!admin.matches("/administrator"));
        assert!(!admin.matches("/"));
    }

    #[test]
    fn patterns_are_equal_when_they_match_the_same_paths() {
        for (a, b, equal) in [
            ("/job/{id}", "/job/{job}", true),
            ("/{a}/{b}/*", "/{x}/{y}/*", true),
            ("", "/", true),
            ("/*", "*", true),
            ("/job/{id}", "/job/{id}/*", false),
            ("/job/{id}", "/task/{id}", false),
            ("/job/7", "/job/{id}", false),
        ] {
            assert_eq!(pattern(a) == pattern(b), equal, "{a} {b}");
        }
    }

    #[test]
    fn patterns_overlap_when_one_path_matches_both() {
        for (a, b, overlap) in [
            ("/a", "/a", true),
            ("/a", "/b", false),
            ("/a", "*", true),
            ("/job/{id}", "/job/7", true),
            ("/job/{id}", "/{kind}/7", true),
            ("/job/{id}", "/task/{id}", false),
            ("/job/{id}", "/job/{id}/log", false),
            ("/job/{id}/", "/job/{id}/{part}", false),
            ("/job/*", "/job/{id}/log", true),
            ("/job/*", "/job/{id}/*", true),
            ("/job/*", "/task/*", false),
        ] {
            assert_eq!(pattern(a).overlaps(&pattern(b)), overlap, "{a} {b}");
            assert_eq!(pattern(b).overlaps(&pattern(a)), overlap, "{b} {a}");
        }
    }

    #[test]
    fn nested_paths_are_below_their_prefix() {
        assert_eq!(nest("/admin", "/"), "/admin");
        assert_eq!(nest("/admin", "/log"), "/admin/log");
        assert_eq!(nest("/admin", "*"), "/admin/*");
        assert_eq!(nest("/admin", "/log/*"), "/admin/log/*");
        assert_eq!(nest("", "/log"), "/log");
        assert_eq!(nest("", "*"), "*");
    }

    #[test]
    fn paths_that_no_client_can_name_are_refused() {
        for path in ["chat", "/a,b", "/a?b", "**", "/a/*/b", "/a*", "a/*", "*/a"] {
            assert!(Pattern::parse(path).is_err(), "{path}");
        }
    }

    #[test]
    fn a_parameter_is_a_whole_segment_with_a_unique_name() {
        for path in ["/job/{id}", "/{a}/{b}/c", "/{type}/{_x}/{größe}/*"] {
            assert!(Pattern::parse(path).is_ok(), "{path}");
        }
        for path in [
            "/job-{id}",
            "/{a}{b}",
            "/{",
            "/}",
            "/{id",
            "/id}",
            "/{}",
            "/{{id}}",
            "/{a/b}",
            "/{1}",
            "/{a b}",
            "/{id}/{id}",
            "/{id}/x/{id}/*",
        ] {
            assert!(Pattern::parse(path).is_err(), "{path}");
        }
    }
}
