//! [`main`]: the command of a user's own program that prints or checks a contract.

use std::{
    env,
    ffi::OsString,
    io::Write as _,
    path::{Path, PathBuf},
    process::ExitCode,
};

use super::{Contract, Format};

const HELP: &str = "\
Prints the contract of a Socket.IO server, or compares it with a file.

    --typescript     TypeScript interfaces for socket.io-client
    --asyncapi       an AsyncAPI 3.0 document
    --json-schema    JSON Schemas of all events
    --html           a page that shows the contract
    --check FILE     compare FILE with the contract instead of printing it; the format is the one that is named, or that of
                     FILE's name (.ts, .d.ts, .json, asyncapi.json, .html)

Types without a schema are named on the standard error. Exit codes: 0, 1 if a file is out of date or can't be read, 2 for
options that are not understood.
";

/// Prints the contract of a server, or compares it with files, according to the arguments of the program. Call it at the end of `main` in a
/// binary or an example of your own.
///
/// ```no_run
/// use std::process::ExitCode;
///
/// # use socketio_core::{BoxError, SocketIo};
/// # mod socketio { pub use socketio_core::*; }
/// fn main() -> Result<ExitCode, BoxError> {
///     let io = SocketIo::builder().build()?;
///     Ok(socketio::contract::main(&io))
/// }
/// ```
///
/// | argument | |
/// |---|---|
/// | `--typescript`, `--asyncapi`, `--json-schema`, `--html` | prints this format to the standard output |
/// | `--check FILE` | compares the file with the contract, in the named format or else in the format of the file's name; may be repeated |
///
/// Types that have no schema are named on the standard error. The exit code is 1 if a file is out of date or can't be read, and 2 if
/// the arguments are not understood.
pub fn main(contract: impl Into<Contract>) -> ExitCode {
    let contract = contract.into();
    let output = run(&contract, env::args_os().skip(1));
    for warning in contract.warnings.iter().filter(|_| output.warns) {
        eprintln!("warning: {warning}");
    }
    eprint!("{}", output.problems);
    // A reader that closes the pipe early, such as `head`, is not an error.
    let _ = std::io::stdout().write_all(output.text.as_bytes());
    ExitCode::from(output.code)
}

/// What a run prints and returns.
#[derive(Debug, Default)]
struct Output {
    text: String,
    problems: String,
    warns: bool,
    code: u8,
}

impl Output {
    fn misused(problem: &str) -> Self {
        Output {
            problems: format!("{problem}\n\n{HELP}"),
            code: 2,
            ..Output::default()
        }
    }
}

fn run(contract: &Contract, arguments: impl Iterator<Item = OsString>) -> Output {
    let mut arguments = arguments;
    let (mut format, mut files) = (None, Vec::<PathBuf>::new());
    while let Some(argument) = arguments.next() {
        let argument = argument.to_string_lossy();
        let (name, value) = match argument.split_once('=') {
            Some((name, value)) => (name, Some(OsString::from(value))),
            None => (&*argument, None),
        };
        let chosen = match (name, value) {
            ("--typescript", None) => Format::TypeScript,
            ("--asyncapi", None) => Format::AsyncApi,
            ("--json-schema", None) => Format::JsonSchema,
            ("--html", None) => Format::Html,
            ("--check", value) => match value.or_else(|| arguments.next()) {
                Some(file) => {
                    files.push(file.into());
                    continue;
                }
                None => return Output::misused("`--check` needs a file"),
            },
            ("--help" | "-h", None) => {
                return Output {
                    text: HELP.to_owned(),
                    ..Output::default()
                };
            }
            _ => return Output::misused(&format!("unknown argument `{argument}`")),
        };
        if format.replace(chosen).is_some_and(|other| other != chosen) {
            return Output::misused("one format at a time");
        }
    }
    if files.is_empty() {
        return match format {
            Some(format) => Output {
                text: contract.write(format),
                warns: true,
                ..Output::default()
            },
            None => Output::misused("which format?"),
        };
    }
    let mut output = Output::default();
    for file in files {
        output.check(contract, &file, format);
    }
    output
}

impl Output {
    fn check(&mut self, contract: &Contract, file: &Path, format: Option<Format>) {
        let shown = file.display();
        let Some(format) = format.or_else(|| Format::of_file(file)) else {
            *self = Output::misused(&format!(
                "name the format of {shown}, such as `--typescript`"
            ));
            return;
        };
        match contract.difference(file, format) {
            Ok(None) => self.text.push_str(&format!("{shown} is up to date\n")),
            Ok(Some(difference)) => {
                let headline = "is out of date, `-` is in the file, `+` is the contract of today:";
                self.problems
                    .push_str(&format!("{shown} {headline}\n\n{difference}\n"));
                self.code = self.code.max(1);
            }
            Err(problem) => {
                self.problems.push_str(&format!("{problem}\n"));
                self.code = self.code.max(1);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SocketIo;

    fn output(arguments: &[&str]) -> Output {
        let io = SocketIo::bare().on("say", |text: String| text.len());
        let contract = io.build().unwrap().contract();
        run(&contract, arguments.iter().map(OsString::from))
    }

    #[test]
    fn a_format_is_printed() {
        for (argument, part) in [
            ("--typescript", "export interface ClientToServerEvents"),
            ("--asyncapi", "\"asyncapi\": \"3.0.0\""),
            ("--json-schema", "\"clientToServer\""),
            ("--html", "<!DOCTYPE html>"),
        ] {
            let output = output(&[argument]);
            assert_eq!(output.code, 0);
            assert!(output.text.contains(part), "{argument}");
        }
    }

    #[test]
    fn what_is_not_understood_is_named() {
        for (arguments, part) in [
            (&["--typescrip"][..], "unknown argument `--typescrip`"),
            (&["--typescript", "--asyncapi"], "one format"),
            (&["--check"], "needs a file"),
            (&["--check", "events.txt"], "name the format of events.txt"),
            (&[], "which format?"),
        ] {
            let output = output(arguments);
            assert_eq!(output.code, 2, "{arguments:?}");
            assert!(
                output.problems.starts_with(part) || output.problems.contains(part),
                "{output:?}"
            );
            assert!(output.problems.contains("--json-schema"));
        }
    }

    #[test]
    fn a_file_is_checked() {
        let directory = std::env::temp_dir().join(format!("contract-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        let file = directory.join("events.d.ts");
        let shown = file.to_string_lossy();
        let missing = output(&["--check", &shown]);
        assert_eq!(missing.code, 1);
        assert!(missing.problems.contains("can't be read"), "{missing:?}");

        let text = output(&["--typescript"]).text;
        std::fs::write(&file, &text).unwrap();
        let same = output(&["--check", &shown]);
        assert_eq!((same.code, &*same.problems), (0, ""));

        std::fs::write(&file, text.replace("string", "number")).unwrap();
        let other = output(&["--typescript", "--check", &shown]);
        assert_eq!(other.code, 1);
        assert!(other.problems.contains("- "), "{other:?}");
        std::fs::remove_dir_all(directory).unwrap();
    }
}
