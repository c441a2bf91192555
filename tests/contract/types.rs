//! Types as serde writes them, in TypeScript.

use std::collections::{BTreeMap, HashMap};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use socketio::{SocketIo, contract::Binary, handlers};

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Renamed {
    first_name: String,
    #[serde(rename = "class")]
    kind: Option<u8>,
    #[serde(default)]
    some_tags: Vec<String>,
    #[serde(skip)]
    _hidden: u8,
    #[schemars(with = "Binary")]
    raw: String,
}

/// One of them.
#[derive(Deserialize, Serialize, JsonSchema)]
enum External {
    Unit,
    /// With a value.
    Newtype(u8),
    Tuple(u8, String),
    Struct {
        a: bool,
    },
}

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(tag = "type")]
enum Internal {
    A { x: u8 },
    B(Inner),
    C,
}

#[derive(Deserialize, Serialize, JsonSchema)]
struct Inner {
    y: u8,
}

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(tag = "t", content = "c")]
enum Adjacent {
    A(u8),
    B,
}

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(untagged)]
enum Untagged {
    Number(f64),
    Text(String),
    List(Vec<(u8, bool)>),
}

#[derive(Deserialize, Serialize, JsonSchema)]
struct Flat {
    own: u8,
    #[serde(flatten)]
    inner: Inner,
    #[serde(flatten)]
    others: HashMap<String, String>,
}

/// A tree.
#[derive(Deserialize, Serialize, JsonSchema)]
struct Tree {
    #[serde(rename = "a-b */")]
    odd: Option<Box<Tree>>,
    leaves: BTreeMap<u32, Vec<Option<Tree>>>,
}

#[derive(Deserialize, Serialize, JsonSchema)]
struct Wrapper(String);

#[derive(Deserialize, Serialize, JsonSchema)]
struct Generic<T> {
    value: T,
}

#[socketio::event(server = "types")]
fn renamed(value: Renamed) -> Renamed {
    value
}

#[socketio::event(server = "types")]
fn enums(_a: External, _b: Internal, _c: Adjacent, _d: Untagged) {}

#[socketio::event(server = "types")]
fn others(_a: Flat, _b: Tree, _c: Wrapper, _d: Generic<u8>, _e: Generic<String>, _f: [u8; 2]) {}

/// Their names are words of TypeScript.
#[socketio::event(server = "types")]
fn words(function: u8, r#default: char) {
    let _ = (function, r#default);
}

fn check(text: &str, lines: &[&str]) {
    for line in lines {
        assert!(text.contains(line), "{line}\n{text}");
    }
}

fn typescript() -> String {
    let io = SocketIo::bare().handlers(handlers![renamed, enums, others, words]);
    let contract = io.build().unwrap().contract();
    assert_eq!(contract.warnings(), [""; 0]);
    contract.typescript()
}

#[test]
fn a_type_that_is_read_and_written_differently_has_two_names() {
    check(
        &typescript(),
        &[
            "renamed: (value: RenamedInput, ack: (reply: Renamed) => void) => void;",
            "export interface Renamed {\n  class: number | null;\n  firstName: string;\n  raw: Binary;\n  someTags: string[];\n}",
            "export interface RenamedInput {\n  class?: number | null;\n  firstName: string;\n  raw: Binary;\n  someTags?: string[];\n}",
        ],
    );
}

#[test]
fn enums_are_unions() {
    check(
        &typescript(),
        &[
            "/** One of them. */\nexport type External =\n  | \"Unit\"\n  /** With a value. */\n  | { Newtype: number }\n  | { Tuple: [number, string] }\n  | { Struct: { a: boolean } };",
            "export type Internal =\n  | { type: \"A\"; x: number }\n",
            "\n  | { type: \"C\" };",
            "export type Adjacent =\n  | { c: number; t: \"A\" }\n  | { t: \"B\" };",
            "export type Untagged =\n  | number\n  | string\n  | [number, boolean][];",
        ],
    );
}

#[test]
fn structs_of_all_kinds_have_their_form_in_json() {
    check(
        &typescript(),
        &[
            "others: (a: Flat, b: Tree, c: Wrapper, d: Generic, e: Generic2, f: [number, number]) => void;",
            "/** A tree. */\nexport interface Tree {\n  \"a-b */\"?: Tree | null;\n  leaves: Record<string, (Tree | null)[]>;\n}",
            "export type Wrapper = string;",
            "export type Flat = { own: number; y: number } & Record<string, string>;",
        ],
    );
}

#[test]
fn keywords_of_typescript_are_not_names_of_parameters() {
    check(
        &typescript(),
        &["words: (function_: number, default_: string) => void;"],
    );
}
