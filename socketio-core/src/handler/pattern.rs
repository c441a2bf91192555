//! Paths of namespaces: one, many by a pattern, or all.

/// `/chat`, `/job/{id}`, `/admin/*`, or `*`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Pattern {
    Exact(String),
    /// A part in braces stands for one segment that is not empty.
    Segments(Vec<Segment>),
    /// A path and everything beneath it: the `*` of handlers that are nested.
    Below(Vec<Segment>),
    Any,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
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
        let (prefix, below) = match path.strip_suffix("/*") {
            Some(prefix) => (prefix, true),
            None => (path, false),
        };
        if prefix.contains('*') {
            return Err(format!(
                "the namespace {path:?}: `*` stands alone or at the end, as in `/admin/*`; any one segment is `{{name}}`"
            ));
        }
        if !below && !path.contains(['{', '}']) {
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
        let segments = prefix.split('/').skip(1).map(segment);
        let segments = segments.collect::<Result<_, _>>()?;
        Ok(match below {
            true => Pattern::Below(segments),
            false => Pattern::Segments(segments),
        })
    }

    /// Whether a client may mean this by `path`.
    pub(crate) fn matches(&self, path: &str) -> bool {
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

    /// Whether there may be a path that both match.
    pub(super) fn overlaps(&self, other: &Pattern) -> bool {
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

    /// How much of a path it leaves open: the least is looked at first.
    pub(super) fn width(&self) -> usize {
        match self {
            Pattern::Exact(_) | Pattern::Segments(_) => 0,
            Pattern::Below(segments) => usize::MAX - 1 - segments.len(),
            Pattern::Any => usize::MAX,
        }
    }
}

fn fit<'a>(segments: &[Segment], given: &mut impl Iterator<Item = &'a str>) -> bool {
    segments
        .iter()
        .all(|segment| match (segment, given.next()) {
            (Segment::Literal(literal), Some(given)) => literal == given,
            (Segment::Parameter(_), Some(given)) => !given.is_empty(),
            (_, None) => false,
        })
}

/// Whether nothing in the segments that both have keeps them apart.
fn agree(a: &[Segment], b: &[Segment]) -> bool {
    a.iter().zip(b).all(|pair| match pair {
        (Segment::Literal(a), Segment::Literal(b)) => a == b,
        _ => true,
    })
}

/// The path that `path` becomes when its handlers are nested in `prefix`, which does not end with `/`.
pub(super) fn below(prefix: &str, path: &str) -> String {
    match path {
        "" | "/" if prefix.is_empty() => String::from("/"),
        "" | "/" => prefix.to_owned(),
        "*" if prefix.is_empty() => String::from("*"),
        "*" => format!("{prefix}/*"),
        // What does not begin with `/` stays wrong, and is told as it was written.
        _ if !path.starts_with('/') => path.to_owned(),
        _ => format!("{prefix}{path}"),
    }
}

/// The parameters that a pattern has, each with what `path` has in its place.
pub(crate) fn parameters<'a>(
    pattern: &'a str,
    path: &'a str,
) -> impl Iterator<Item = (&'a str, &'a str)> {
    let segments = pattern.split('/').zip(path.split('/'));
    segments.filter_map(|(name, value)| {
        let name = name.strip_prefix('{')?.strip_suffix('}')?;
        Some((name, value))
    })
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
    fn a_star_at_the_end_is_a_path_and_all_beneath_it() {
        let admin = pattern("/admin/*");
        assert!(admin.matches("/admin"));
        assert!(admin.matches("/admin/log"));
        assert!(admin.matches("/admin/log/today"));
        assert!(!admin.matches("/administrator"));
        assert!(!admin.matches("/"));
    }

    #[test]
    fn patterns_overlap_when_one_path_fits_both() {
        for (a, b, overlap) in [
            ("/a", "/a", true),
            ("/a", "/b", false),
            ("/a", "*", true),
            ("/job/{id}", "/job/7", true),
            ("/job/{id}", "/{kind}/7", true),
            ("/job/{id}", "/task/{id}", false),
            ("/job/{id}", "/job/{id}/log", false),
            ("/job/*", "/job/{id}/log", true),
            ("/job/*", "/job/{id}/*", true),
            ("/job/*", "/task/*", false),
        ] {
            assert_eq!(pattern(a).overlaps(&pattern(b)), overlap, "{a} {b}");
            assert_eq!(pattern(b).overlaps(&pattern(a)), overlap, "{b} {a}");
        }
    }

    #[test]
    fn nested_paths_stand_below_their_prefix() {
        assert_eq!(below("/admin", "/"), "/admin");
        assert_eq!(below("/admin", "/log"), "/admin/log");
        assert_eq!(below("/admin", "*"), "/admin/*");
        assert_eq!(below("/admin", "/log/*"), "/admin/log/*");
        assert_eq!(below("", "/log"), "/log");
        assert_eq!(below("", "*"), "*");
    }

    #[test]
    fn parameters_are_read_by_name() {
        let found: Vec<_> = parameters("/job/{id}/{part}/*", "/job/7/log/x").collect();
        assert_eq!(found, [("id", "7"), ("part", "log")]);
    }

    #[test]
    fn a_path_that_no_client_can_name_is_refused() {
        for path in [
            "/a/*/b",
            "/a*",
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
