//! Helpers for types that only look at their tokens.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use syn::{GenericArgument, PathArguments, PathSegment, Type};

/// Returns the last segment of a type that is a path.
pub(crate) fn last_segment(ty: &Type) -> Option<&PathSegment> {
    match ty {
        Type::Group(group) => last_segment(&group.elem),
        Type::Paren(paren) => last_segment(&paren.elem),
        Type::Path(path) => path.path.segments.last(),
        _ => None,
    }
}

/// Returns whether a type is `Arc<Self>`.
pub(crate) fn is_arc_self(ty: &Type) -> bool {
    let Some(last) = last_segment(ty) else {
        return false;
    };
    let PathArguments::AngleBracketed(arguments) = &last.arguments else {
        return false;
    };
    last.ident == "Arc"
        && matches!(arguments.args.first(),
            Some(GenericArgument::Type(Type::Path(path))) if path.path.is_ident("Self"))
}

/// Returns whether a type contains `impl Trait`.
pub(crate) fn has_impl(ty: TokenStream) -> bool {
    ty.into_iter().any(|tree| match tree {
        TokenTree::Ident(word) => word == "impl",
        TokenTree::Group(group) => has_impl(group.stream()),
        TokenTree::Punct(_) | TokenTree::Literal(_) => false,
    })
}

/// Returns the type of the items, if a type contains `impl Stream<Item = T>`.
pub(crate) fn stream_item(ty: TokenStream) -> Option<TokenStream> {
    let mut trees = ty.into_iter().peekable();
    while let Some(tree) = trees.next() {
        match tree {
            TokenTree::Group(group) => {
                if let Some(item) = stream_item(group.stream()) {
                    return Some(item);
                }
            }
            TokenTree::Ident(word) if word == "Item" => {
                let is_equals = |tree: &TokenTree| matches!(tree, TokenTree::Punct(punct) if punct.as_char() == '=');
                if trees.next_if(is_equals).is_some() {
                    return Some(until_closed(trees));
                }
            }
            _ => {}
        }
    }
    None
}

/// Returns the tokens up to the `>` or the comma that ends a type.
fn until_closed(trees: impl Iterator<Item = TokenTree>) -> TokenStream {
    let mut open = 0_usize;
    trees
        .take_while(|tree| {
            let TokenTree::Punct(punct) = tree else {
                return true;
            };
            match punct.as_char() {
                '<' => open += 1,
                '>' if open > 0 => open -= 1,
                '>' => return false,
                ',' => return open > 0,
                _ => {}
            }
            true
        })
        .collect()
}

/// Formats a type as users write it, for messages.
pub(crate) fn written(ty: TokenStream) -> String {
    let mut text = String::new();
    write_tokens(ty, &mut text);
    text
}

fn write_tokens(tokens: TokenStream, text: &mut String) {
    for tree in tokens {
        match tree {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::None => ("", ""),
                };
                text.push_str(open);
                write_tokens(group.stream(), text);
                text.push_str(close);
            }
            TokenTree::Punct(punct) => {
                text.push(punct.as_char());
                if matches!(punct.as_char(), ',' | ';') {
                    text.push(' ');
                }
            }
            word => {
                if text.ends_with(|last: char| last.is_alphanumeric() || last == '_') {
                    text.push(' ');
                }
                text.push_str(&word.to_string());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_items_of_a_stream_are_found_in_its_type() {
        for (ty, item) in [
            ("impl Stream<Item = String>", Some("String")),
            (
                "impl Stream<Item = String> + Send + 'static",
                Some("String"),
            ),
            (
                "Result<impl Stream<Item = HashMap<String, u8>>, Error>",
                Some("HashMap<String, u8>"),
            ),
            (
                "EventStream<impl Stream<Item = (u8, Vec<u8>)> + use<>>",
                Some("(u8, Vec<u8>)"),
            ),
            ("impl Serialize", None),
            ("BoxStream<'static, Item>", None),
        ] {
            let found = stream_item(ty.parse().unwrap());
            assert_eq!(found.map(written).as_deref(), item, "{ty}");
        }
    }
}
