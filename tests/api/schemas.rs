//! JSON Schemas of handlers, with the feature `contract`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use socketio::{Ack, Forbidden, Rest, SocketIo, handlers};

use super::{options, read};

/// A file or a folder.
#[derive(Deserialize, Serialize, JsonSchema)]
struct Entry {
    name: String,
    #[serde(default)]
    children: Vec<Entry>,
}

#[derive(Deserialize)]
struct Unknown;

#[socketio::event]
async fn store(entry: Entry, _times: Option<u8>) -> Result<Entry, Forbidden> {
    Ok(entry)
}

#[socketio::event]
async fn nothing(_any: Unknown, _rest: Rest<u8>) {}

#[socketio::event]
async fn by_hand(_ack: Ack) {}

#[tokio::test]
async fn the_schemas_of_handlers_are_self_contained() {
    let io = SocketIo::bare()
        .api(options())
        .handlers(handlers![store, nothing, by_hand])
        .build()
        .unwrap();
    let plain = read(&io, "handlers", 200).await;
    assert_eq!(plain["data"][0].get("argument_schemas"), None);

    let page = read(&io, "handlers?schemas=true", 200).await;
    let row = |event: &str| {
        let rows = page["data"].as_array().unwrap();
        rows.iter().find(|row| row["event"] == event).unwrap()
    };
    let stored = row("store");
    let [entry, times] = &stored["argument_schemas"].as_array().unwrap()[..] else {
        panic!("{stored}");
    };
    for schema in [entry, &stored["ack_schema"]] {
        let validator = |value: &Value| is_valid(schema, value);
        assert!(validator(
            &json!({"name": "a", "children": [{"name": "b", "children": []}]})
        ));
        assert!(!validator(&json!({"name": "a", "children": [{"name": 7}]})));
    }
    assert_eq!(entry["required"], json!(["name"]));
    assert_eq!(times["type"], json!(["integer", "null"]));
    let nothing = row("nothing");
    assert_eq!(nothing["argument_schemas"][0], true);
    assert_eq!(nothing["argument_schemas"][1]["type"], "array");
    assert_eq!(nothing["ack_schema"], Value::Null);
    assert_eq!(row("by_hand")["ack_schema"], true);

    let page = read(&io, "handlers?schemas=true&limit=1", 200).await;
    assert!(page["next"].as_str().unwrap().contains("schemas=true"));
    let wrong = read(&io, "handlers?schemas=yes", 400).await;
    assert_eq!(wrong["error"]["parameter"], "schemas");
}

/// Checks what these schemas say about objects, with the definitions that a schema has itself.
fn is_valid(root: &Value, value: &Value) -> bool {
    fn check(root: &Value, schema: &Value, value: &Value) -> bool {
        if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
            let target = match reference.strip_prefix('#') {
                Some("") => Some(root),
                Some(pointer) => root.pointer(pointer),
                None => None,
            };
            return check(root, target.expect("it is complete"), value);
        }
        let fits = match schema.get("type").and_then(Value::as_str) {
            Some("object") => value.is_object(),
            Some("array") => value.is_array(),
            Some("string") => value.is_string(),
            _ => true,
        };
        let items = value.as_array().into_iter().flatten();
        let properties = schema.get("properties").and_then(Value::as_object);
        fits && items.clone().all(|one| check(root, &schema["items"], one))
            && properties.into_iter().flatten().all(|(name, schema)| {
                let value = value.get(name);
                value.is_none_or(|value| check(root, schema, value))
            })
    }
    check(root, root, value)
}
