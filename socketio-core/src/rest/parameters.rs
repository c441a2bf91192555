//! [`Parameters`]: the query of a request.

use std::{borrow::Cow, time::Duration};

use super::reply::ApiError;

/// The number of rows of a page without `limit`.
pub(crate) const DEFAULT_LIMIT: usize = 100;

/// The parameters of a request: each at most once, and only parameters that its route has.
#[derive(Debug)]
pub(crate) struct Parameters<'a>(Vec<(Cow<'a, str>, Cow<'a, str>)>);

impl<'a> Parameters<'a> {
    /// Reads a query.
    ///
    /// # Errors
    ///
    /// If a parameter is unknown, or is given twice.
    pub(crate) fn read(query: Option<&'a str>, known: &[&str]) -> Result<Self, ApiError> {
        let mut read: Vec<(Cow<'a, str>, Cow<'a, str>)> = Vec::new();
        for (name, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
            if !known.contains(&&*name) {
                return Err(ApiError::unknown_parameter(&name, known));
            }
            if read.iter().any(|(other, _)| *other == name) {
                return Err(ApiError::invalid(&name, format!("`{name}` is given twice")));
            }
            read.push((name, value));
        }
        Ok(Parameters(read))
    }

    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| &**value)
    }

    /// Returns a whole number that is not negative.
    pub(crate) fn number(&self, name: &str) -> Result<Option<u64>, ApiError> {
        let Some(text) = self.text(name) else {
            return Ok(None);
        };
        let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
        let number = text.parse().ok().filter(|_| is_number);
        let invalid = || ApiError::invalid(name, format!("`{name}` must be a whole number"));
        number.map(Some).ok_or_else(invalid)
    }

    /// Returns whether a parameter is `true`.
    pub(crate) fn flag(&self, name: &str) -> Result<bool, ApiError> {
        match self.text(name) {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => Err(ApiError::invalid(
                name,
                format!("`{name}` must be `true` or `false`"),
            )),
        }
    }

    /// Returns how many rows the page may have.
    pub(crate) fn limit(&self, most: usize) -> Result<usize, ApiError> {
        let limit = self.number("limit")?;
        let limit = limit.map_or(DEFAULT_LIMIT.min(most), |limit| {
            usize::try_from(limit).unwrap_or(usize::MAX)
        });
        match (1..=most).contains(&limit) {
            true => Ok(limit),
            false => Err(ApiError::invalid(
                "limit",
                format!("`limit` must be between 1 and {most}"),
            )),
        }
    }

    /// Returns a duration in seconds.
    pub(crate) fn seconds(&self, name: &str, most: Duration) -> Result<Duration, ApiError> {
        match self.text(name) {
            None => Ok(Duration::ZERO),
            Some(text) => seconds(name, text.parse().ok(), most),
        }
    }
}

/// Checks a number of seconds.
pub(crate) fn seconds(
    name: &str,
    seconds: Option<f64>,
    most: Duration,
) -> Result<Duration, ApiError> {
    let duration = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    let within = duration.filter(|duration| *duration <= most);
    let most = most.as_secs_f64();
    within.ok_or_else(|| {
        ApiError::invalid(
            name,
            format!("`{name}` must be between 0 and {most} seconds"),
        )
    })
}
