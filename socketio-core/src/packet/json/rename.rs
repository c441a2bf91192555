//! Another namespace in the head of a packet.

use crate::base::Text;

/// Returns a packet of the namespace `from` as one of the namespace `to`; `None` if it is of another namespace.
pub(crate) fn rename(packet: &Text, from: &str, to: &str) -> Option<Text> {
    let kind = packet.get(..1)?;
    let rest = &packet[kind.len()..];
    // The number of attachments, of a binary packet.
    let head = match (kind, rest.split_once('-')) {
        ("5" | "6", Some((count, _))) => kind.len() + count.len() + 1,
        _ => kind.len(),
    };
    let (head, rest) = packet.split_at(head);
    let (namespace, rest) = match rest.starts_with('/') {
        true => rest.split_once(',').unwrap_or((rest, "")),
        false => ("/", rest),
    };
    if namespace != from {
        return None;
    }
    let mut renamed = Text::buffer(head.len() + to.len() + 1 + rest.len());
    for part in [head, to, ",", rest] {
        renamed.push_str(part);
    }
    Some(Text::from_buffer(renamed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_namespace_changes() {
        for (from, packet, to, renamed) in [
            ("/a", r#"2/a,["x","/a,"]"#, "/a/", r#"2/a/,["x","/a,"]"#),
            ("/a", r#"52-/a,7["x-/a",1]"#, "/a/", r#"52-/a/,7["x-/a",1]"#),
            ("/a", "3/a,1[]", "/a/", "3/a/,1[]"),
            ("/a", "1/a,", "/a/", "1/a/,"),
            ("/", r#"2["-/a,"]"#, "//", r#"2//,["-/a,"]"#),
            ("/", r#"61-1["a-b"]"#, "//", r#"61-//,1["a-b"]"#),
            ("/", r#"0{"sid":"x"}"#, "//", r#"0//,{"sid":"x"}"#),
            ("/", "1", "//", "1//,"),
        ] {
            let packet = Text::from(packet);
            assert_eq!(&*rename(&packet, from, to).unwrap(), renamed);
            assert!(rename(&packet, "/other", to).is_none());
        }
        assert!(rename(&Text::from(""), "/", "//").is_none());
        assert!(rename(&Text::from("2/ab,[]"), "/a", "/a/").is_none());
    }
}
