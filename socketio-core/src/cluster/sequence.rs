//! The number of each message of a node, by which the other nodes notice what they have missed.
//!
//! It is the last field of the message, `"seq":[node, number]`, which Python ignores. It is read without decoding the message.

use bytes::Bytes;

const FIELD: &[u8] = br#","seq":[""#;

/// The maximum length of the field. Ids of nodes are 32 digits.
const LONGEST: usize = FIELD.len() + 64 + 25;

/// Adds the number to a message, which is a JSON object.
pub(super) fn append(message: Bytes, node: &str, number: u64) -> Bytes {
    if message.last() != Some(&b'}') {
        return message;
    }
    let mut message = Vec::from(message);
    message.pop();
    message.extend_from_slice(FIELD);
    message.extend_from_slice(format!("{node}\",{number}]}}").as_bytes());
    message.into()
}

/// Wraps a message that is published again. Python ignores this method, since it could not notice that it has received the message before.
pub(super) fn again(message: &[u8], node: &str) -> Bytes {
    let mut again = format!(r#"{{"method":"again","host_id":"{node}","message":"#).into_bytes();
    again.extend_from_slice(message);
    again.push(b'}');
    again.into()
}

/// Returns the node that has published a message, and the message's number.
pub(super) fn read(message: &[u8]) -> Option<(&str, u64)> {
    let end = &message[message.len().saturating_sub(LONGEST)..];
    let begins = end.windows(FIELD.len()).rposition(|part| part == FIELD)?;
    let field = str::from_utf8(&end[begins + FIELD.len()..]).ok()?;
    let (node, number) = field.strip_suffix("]}")?.split_once("\",")?;
    Some((node, number.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_a_message_is_its_last_field() {
        let message = append(Bytes::from_static(br#"{"a":1}"#), "node", 7);
        assert_eq!(message, r#"{"a":1,"seq":["node",7]}"#);
        assert_eq!(read(&message), Some(("node", 7)));
        for other in [
            "",
            "{}",
            r#"{"a":",\"seq\":[\"x\",1]}"}"#,
            r#"{"a":1,"seq":["node",x]}"#,
        ] {
            assert_eq!(read(other.as_bytes()), None, "{other}");
        }
    }
}
