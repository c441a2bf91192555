//! [`Contract::assert_matches`]: a test that fails when a committed contract is out of date.

use std::{env, fs, path::Path};

use super::{Contract, Format, diff::diff};

/// The environment variable with which tests write the files instead of comparing them.
const UPDATE: &str = "UPDATE_CONTRACT";

impl Contract {
    /// Asserts in a test that a file contains this contract. The name of the file determines the [format](Format::of_file): `.ts` and
    /// `.d.ts` are TypeScript. A relative path starts at the directory of the package, where cargo runs tests.
    ///
    /// With `UPDATE_CONTRACT=1` in the environment it writes the file instead.
    ///
    /// ```no_run
    /// # use socketio_core::SocketIo;
    /// # fn server() -> SocketIo { SocketIo::bare().build().unwrap() }
    /// #[test]
    /// fn the_client_has_the_types_of_today() {
    ///     server().contract().assert_matches("client/events.d.ts");
    /// }
    /// ```
    ///
    /// # Panics
    ///
    /// If the file has another contract, with the lines that differ; if it can't be read or written, or has no known format.
    #[track_caller]
    pub fn assert_matches(&self, path: impl AsRef<Path>) {
        let path = path.as_ref();
        let update = env::var_os(UPDATE).is_some_and(|value| !value.is_empty() && value != "0");
        if let Err(problem) = self.matches(path, update) {
            panic!("{problem}");
        }
    }

    /// Compares a file with this contract, or writes it.
    fn matches(&self, path: &Path, update: bool) -> Result<(), String> {
        let shown = path.display();
        let format = Format::of_file(path).ok_or_else(|| {
            format!("{shown} has no format of a contract: name it `.ts`, `.d.ts`, `.json`, `asyncapi.json` or `.html`")
        })?;
        let new = self.write(format);
        if update {
            return write(path, &new);
        }
        match self.difference(path, format) {
            Ok(None) => Ok(()),
            Ok(Some(difference)) => Err(format!(
                "{shown} is out of date, `-` is in the file, `+` is the contract of today:\n\n{difference}\n\
                 run the test again with `{UPDATE}=1` to update the file, and look at what the clients need"
            )),
            Err(problem) => Err(format!(
                "{problem}: run the test again with `{UPDATE}=1` to write it"
            )),
        }
    }

    /// Returns the lines in which a file differs.
    ///
    /// # Errors
    ///
    /// If it can't be read.
    pub(super) fn difference(&self, path: &Path, format: Format) -> Result<Option<String>, String> {
        let old = fs::read_to_string(path).map_err(|error| {
            let place = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
            format!("the contract {} can't be read ({error})", place.display())
        })?;
        let difference = diff(&old, &self.write(format));
        Ok((!difference.is_empty()).then_some(difference))
    }
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    let directory = path.parent().map_or(Ok(()), fs::create_dir_all);
    directory
        .and_then(|()| fs::write(path, text))
        .map_err(|error| format!("{} can't be written: {error}", path.display()))
}
