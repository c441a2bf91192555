//! Parses the value of `once =`.

use proc_macro2::TokenStream;
use syn::{Expr, Ident, parse2};

use crate::model::Key;

/// Parses an argument, a field of one, or a function.
pub(super) fn key(option: &Ident, value: TokenStream) -> syn::Result<Key> {
    if value.is_empty() {
        return Err(syn::Error::new_spanned(option, EXPECTED));
    }
    let parsed = match parse2::<Expr>(value.clone()) {
        Ok(parsed) => parsed,
        Err(_) => return Err(syn::Error::new_spanned(value, EXPECTED)),
    };
    let key = Key {
        option: option.span(),
        value: parsed,
    };
    match &key.value {
        Expr::Path(_) | Expr::Call(_) => Ok(key),
        Expr::Field(_) if key.base().is_some() => Ok(key),
        Expr::Lit(_) => Err(syn::Error::new_spanned(
            value,
            "a constant key would run the handler a single time: name the argument that differs, without quotes",
        )),
        Expr::Tuple(_) | Expr::Closure(_) => Err(syn::Error::new_spanned(
            value,
            "write a function that returns this, and name it here: `once = order_key`",
        )),
        _ => Err(syn::Error::new_spanned(value, EXPECTED)),
    }
}

const EXPECTED: &str = "the key is an argument of the handler, `once = id`, a field of one, `once = order.id`, or a function that returns it, `once = order_key`";
