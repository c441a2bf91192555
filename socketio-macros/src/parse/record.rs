//! Parses the value of `record(..)`.

use proc_macro2::TokenStream;
use syn::{Expr, ExprArray, ExprLit, Ident, Lit, LitStr, Token, ext::IdentExt, parse::Parser};

const EXPECTED: &str = "`record` takes the keys that are left out: `record(skip = \"password\")`, or several, `record(skip = [\"password\", \"token\"])`";

/// Parses the tokens in the parentheses of `record(skip = ..)`, and returns the keys to leave out.
pub(super) fn record(ident: &Ident, inner: &TokenStream) -> syn::Result<Vec<LitStr>> {
    let parse = |input: syn::parse::ParseStream<'_>| {
        let option = input.call(Ident::parse_any)?;
        if option != "skip" {
            return Err(syn::Error::new_spanned(option, EXPECTED));
        }
        input.parse::<Token![=]>()?;
        let value: Expr = input.parse()?;
        input.parse::<Option<Token![,]>>()?;
        Ok(value)
    };
    let value = parse
        .parse2(inner.clone())
        .map_err(|_| match inner.is_empty() {
            true => syn::Error::new_spanned(ident, EXPECTED),
            false => syn::Error::new_spanned(inner, EXPECTED),
        })?;
    let elements = match value {
        Expr::Array(ExprArray { elems, .. }) => elems.into_iter().collect(),
        value => vec![value],
    };
    let keys = elements.into_iter().map(|element| match element {
        Expr::Lit(ExprLit {
            lit: Lit::Str(key), ..
        }) => Ok(key),
        other => Err(syn::Error::new_spanned(other, EXPECTED)),
    });
    keys.collect()
}
