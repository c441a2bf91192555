//! Parses the value of `guard =`.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{Expr, ExprArray, Ident, Lit, parse2};

use crate::errors::Errors;

/// Parses one guard, or several in brackets.
pub(super) fn guards(option: &Ident, value: TokenStream) -> syn::Result<Vec<Expr>> {
    if value.is_empty() {
        return Err(syn::Error::new_spanned(option, EXPECTED));
    }
    let guards = match parse2::<Expr>(value.clone()) {
        Ok(Expr::Array(ExprArray { elems, .. })) => elems.into_iter().collect(),
        Ok(guard) => vec![guard],
        Err(_) => return Err(syn::Error::new_spanned(value, EXPECTED)),
    };
    let mut errors = Errors::default();
    if guards.is_empty() {
        errors.on(
            &value,
            "the list is empty: name a guard, or leave `guard` out",
        );
    }
    for guard in &guards {
        if let Some(message) = no_guard(guard) {
            errors.on(guard, message);
        }
    }
    errors.into_result().map(|()| guards)
}

const EXPECTED: &str = "a guard is a function, by its path: `guard = auth::logged_in`, or several, `guard = [logged_in, member]`";

/// Returns why an expression can't be a guard, as far as its tokens show.
fn no_guard(guard: &Expr) -> Option<String> {
    match guard {
        Expr::Path(_) | Expr::Call(_) => None,
        Expr::Lit(literal) => Some(match &literal.lit {
            Lit::Str(text) if syn::parse_str::<syn::Path>(&text.value()).is_ok() => format!(
                "a guard is a function, not its name: write `{}`, without quotes",
                text.value()
            ),
            _ => EXPECTED.to_owned(),
        }),
        Expr::Closure(_) => Some(
            "a guard is a function, by its path: give the closure a name, or give it to the builder, `.guard_in(\"/chat\", ..)`"
                .to_owned(),
        ),
        Expr::Binary(_) => Some(format!(
            "several guards are written in brackets, and all must let the event pass: `guard = [logged_in, member]` instead of `{}`",
            guard.to_token_stream()
        )),
        _ => Some(EXPECTED.to_owned()),
    }
}
