//! [`BuildError`]: the problems that `build()` found.

use std::fmt;

/// All problems that `build()` found, each with its place in the program and its cure.
pub struct BuildError {
    problems: Vec<String>,
}

impl BuildError {
    pub(crate) fn check(problems: Vec<String>) -> Result<(), Self> {
        if problems.is_empty() {
            Ok(())
        } else {
            Err(BuildError { problems })
        }
    }

    /// Returns the problems, one message each.
    pub fn problems(&self) -> &[String] {
        &self.problems
    }
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the server can't be built:")?;
        for problem in &self.problems {
            write!(f, "\n  - {}", problem.replace('\n', "\n    "))?;
        }
        Ok(())
    }
}

/// Formats as `Display`, because `fn main() -> Result` and `unwrap` print it.
impl fmt::Debug for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for BuildError {}
