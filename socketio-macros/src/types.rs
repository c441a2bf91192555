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

/// Returns whether `impl Trait` is in a type.
pub(crate) fn has_impl(ty: TokenStream) -> bool {
    ty.into_iter().any(|tree| match tree {
        TokenTree::Ident(word) => word == "impl",
        TokenTree::Group(group) => has_impl(group.stream()),
        TokenTree::Punct(_) | TokenTree::Literal(_) => false,
    })
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
