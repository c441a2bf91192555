//! [`Recording`]: the lines of a case.

/// A case of a client.
#[derive(Debug, Default)]
pub(crate) struct Recording<'a> {
    pub(crate) title: &'a str,
    /// The reason why it is known to fail.
    pub(crate) fails: Option<&'a str>,
    /// The options of the server.
    pub(crate) server: Vec<&'a str>,
    /// The mask of its WebSocket frames.
    pub(crate) mask: [u8; 4],
    pub(crate) lines: Vec<Line<'a>>,
}

/// A line, with its number in the file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line<'a> {
    pub(crate) number: usize,
    pub(crate) kind: Kind,
    pub(crate) text: &'a str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `-- name`
    Connection,
    /// `> ..`
    Send,
    /// `>> ..`
    SendBody,
    /// `< ..`
    Expect,
    /// `<< ..`
    ExpectBody,
}

impl<'a> Recording<'a> {
    /// Reads a file.
    pub(crate) fn parse(text: &'a str) -> Vec<Self> {
        let mut recordings = Vec::new();
        for (index, line) in text.lines().enumerate() {
            if let Some(title) = line.strip_prefix("== ") {
                recordings.push(Recording {
                    title,
                    mask: [0x12, 0x34, 0x56, 0x78],
                    ..Recording::default()
                });
            } else if !line.is_empty() && !line.starts_with('#') {
                let recording = recordings.last_mut().expect("a title comes first");
                recording.add(index + 1, line);
            }
        }
        assert!(!recordings.is_empty());
        recordings
    }

    fn add(&mut self, number: usize, line: &'a str) {
        if let Some(why) = line.strip_prefix("fails: ") {
            self.fails = Some(why);
            return;
        }
        if let Some(option) = line.strip_prefix("server: ") {
            self.server.push(option);
            return;
        }
        if line == "mask: none" {
            self.mask = [0; 4];
            return;
        }
        let (mark, text) = line.split_once(' ').unwrap_or((line, ""));
        let kind = match mark {
            "--" => Kind::Connection,
            ">" => Kind::Send,
            ">>" => Kind::SendBody,
            "<" => Kind::Expect,
            "<<" => Kind::ExpectBody,
            _ => panic!("line {number}: {line}"),
        };
        self.lines.push(Line { number, kind, text });
    }
}
