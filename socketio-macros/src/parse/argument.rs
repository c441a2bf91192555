//! [`Argument`]: one argument of an attribute, by its syntax.

use proc_macro2::{TokenStream, TokenTree};
use syn::{
    Ident, Lit, Token,
    ext::IdentExt,
    parenthesized,
    parse::{Parse, ParseStream},
    token,
};

/// One argument, by its syntax.
pub(super) enum Argument {
    Literal(Lit),
    Word(Ident),
    Option(Ident, TokenStream),
    /// `record(..)`.
    Record(Ident, TokenStream),
    Other(TokenStream),
}

impl Parse for Argument {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let ahead = input.fork();
        let argument = if ahead.peek(Lit) {
            Argument::Literal(ahead.parse()?)
        } else if ahead.peek(Ident::peek_any) {
            let ident = ahead.call(Ident::parse_any)?;
            if ahead.parse::<Option<Token![=]>>()?.is_some() {
                Argument::Option(ident, ahead.parse()?)
            } else if ident == "record" && ahead.peek(token::Paren) {
                let inner;
                parenthesized!(inner in ahead);
                Argument::Record(ident, inner.parse()?)
            } else {
                Argument::Word(ident)
            }
        } else {
            Argument::Other(ahead.parse()?)
        };
        let rest: TokenStream = input.parse()?;
        Ok(if ahead.is_empty() {
            argument
        } else {
            Argument::Other(rest)
        })
    }
}

/// Splits tokens at commas, with `brackets` only at those outside of `<..>`. One trailing comma is allowed.
pub(super) fn split(tokens: TokenStream, brackets: bool) -> Vec<TokenStream> {
    let mut parts = vec![TokenStream::new()];
    let mut open = 0_usize;
    for tree in tokens {
        if let TokenTree::Punct(punct) = &tree
            && brackets
        {
            match punct.as_char() {
                '<' => open += 1,
                '>' => open = open.saturating_sub(1),
                _ => {}
            }
        }
        match (&tree, parts.last_mut()) {
            (TokenTree::Punct(punct), Some(part)) if punct.as_char() == ',' && open == 0 => {
                if part.is_empty() {
                    // An empty argument is kept, so that it is refused.
                    part.extend([tree]);
                }
                parts.push(TokenStream::new());
            }
            (_, Some(part)) => part.extend([tree]),
            (_, None) => {}
        }
    }
    if parts.last().is_some_and(TokenStream::is_empty) {
        parts.pop();
    }
    parts
}
