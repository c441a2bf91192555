//! Paths of namespaces: one, many by a pattern, or all.

/// `/chat`, `/job/{id}`, or `*`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Pattern {
    Exact(String),
    /// A part in braces stands for one segment that is not empty.
    Segments(Vec<Segment>),
    Any,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Segment {
    Literal(String),
    Parameter(String),
}

impl Pattern {
    /// Reads a path as it stands in an attribute.
    ///
    /// # Errors
    ///
    /// What is wrong with it, for the programmer.
    pub(crate) fn parse(path: &str) -> Result<Self, String> {
        if path == "*" {
            return Ok(Pattern::Any);
        }
        if !path.starts_with('/') {
            return Err(format!("the namespace {path:?} must start with `/`"));
        }
        if path.contains([',', '?']) {
            return Err(format!(
                "the namespace {path:?} can't contain `,` or `?`: they end its name in a packet"
            ));
        }
        if !path.contains(['{', '}']) {
            return Ok(Pattern::Exact(path.to_owned()));
        }
        let segment = |segment: &str| {
            let parameter = segment
                .strip_prefix('{')
                .and_then(|rest| rest.strip_suffix('}'));
            match parameter {
                Some(name) if !name.is_empty() && !name.contains(['{', '}']) => {
                    Ok(Segment::Parameter(name.to_owned()))
                }
                None if !segment.contains(['{', '}']) => Ok(Segment::Literal(segment.to_owned())),
                _ => Err(format!(
                    "the namespace {path:?}: a parameter is a whole segment, as in `/job/{{id}}`"
                )),
            }
        };
        let segments = path[1..].split('/').map(segment);
        Ok(Pattern::Segments(segments.collect::<Result<_, _>>()?))
    }

    /// Whether a client may mean this by `path`.
    pub(crate) fn matches(&self, path: &str) -> bool {
        match self {
            Pattern::Any => true,
            Pattern::Exact(exact) => exact == path,
            Pattern::Segments(segments) => {
                let mut given = path.strip_prefix('/').unwrap_or(path).split('/');
                let fits = segments
                    .iter()
                    .all(|segment| match (segment, given.next()) {
                        (Segment::Literal(literal), Some(given)) => literal == given,
                        (Segment::Parameter(_), Some(given)) => !given.is_empty(),
                        (_, None) => false,
                    });
                fits && given.next().is_none()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(path: &str) -> Pattern {
        Pattern::parse(path).unwrap()
    }

    #[test]
    fn a_parameter_is_one_segment_that_is_not_empty() {
        let job = pattern("/job/{id}/log");
        assert!(job.matches("/job/7/log"));
        assert!(!job.matches("/job//log"));
        assert!(!job.matches("/job/7"));
        assert!(!job.matches("/job/7/log/more"));
        assert!(!job.matches("/jobs/7/log"));
    }

    #[test]
    fn a_path_without_parameters_is_itself_and_the_star_is_everything() {
        assert!(pattern("/chat").matches("/chat"));
        assert!(!pattern("/chat").matches("/chat/"));
        assert!(pattern("*").matches("/anything"));
    }

    #[test]
    fn a_path_that_no_client_can_name_is_refused() {
        for path in [
            "chat",
            "",
            "/a,b",
            "/a?b",
            "/job/{id",
            "/job/x{id}",
            "/job/{}",
        ] {
            assert!(Pattern::parse(path).is_err(), "{path}");
        }
    }
}
