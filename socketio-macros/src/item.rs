//! The expansion of one item: `parse`, `check`, `expand`.

use proc_macro2::TokenStream;
use quote::quote;

use crate::{check, errors::Errors, expand, form::Form, parse};

/// Expands a function with a handler attribute.
pub(crate) fn function(form: Form, arguments: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let Some(function) = parse::function(form, arguments, item.clone(), &mut errors) else {
        return with_errors(item, errors);
    };
    let verdict = check::function(&function, &mut errors);
    let beside = expand::function(&function, verdict);
    let item = function.item;
    with_errors(quote!(#item #beside), errors)
}

/// Expands an impl block with `#[namespace]`.
pub(crate) fn namespace_impl(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let Some(namespace_impl) = parse::namespace_impl(arguments, item.clone(), &mut errors) else {
        return with_errors(item, errors);
    };
    let verdict = check::namespace_impl(&namespace_impl, &mut errors);
    let beside = expand::namespace_impl(&namespace_impl, verdict);
    let item = namespace_impl.item;
    with_errors(quote!(#item #beside), errors)
}

/// Expands a type with `#[derive(Namespace)]`. A derive does not repeat its item.
pub(crate) fn derived(item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let Some(derived) = parse::derived(item, &mut errors) else {
        return errors.into_tokens();
    };
    let verdict = check::derived(&derived, &mut errors);
    let beside = expand::derived(&derived, verdict);
    with_errors(beside, errors)
}

/// Expands a type with `#[derive(Event)]`.
pub(crate) fn event_type(item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let Some(event_type) = parse::event_type(item, &mut errors) else {
        return errors.into_tokens();
    };
    let verdict = check::event_type(&event_type, &mut errors);
    let beside = expand::event_type(&event_type, verdict);
    with_errors(beside, errors)
}

/// Returns the item and its errors. The item comes first, so that editors see it in spite of mistakes.
fn with_errors(item: TokenStream, errors: Errors) -> TokenStream {
    let errors = errors.into_tokens();
    quote!(#item #errors)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the messages for a function with `#[event]`.
    fn messages_of(arguments: TokenStream, item: TokenStream) -> Vec<String> {
        messages(&function(Form::Event, arguments, item))
    }

    fn messages(tokens: &TokenStream) -> Vec<String> {
        let text = tokens.to_string();
        let after = text.split("compile_error ! {").skip(1);
        after
            .filter_map(|rest| rest.split('}').next())
            .map(|message| message.trim().trim_matches('"').to_owned())
            .collect()
    }

    #[test]
    fn the_function_comes_first_and_is_unchanged() {
        let item = quote! {
            /// Says.
            #[must_use]
            pub(crate) async fn say(Text(text): Text) -> usize {
                text.len()
            }
        };
        let tokens = function(Form::Event, quote!(), item.clone()).to_string();
        assert!(tokens.starts_with(&item.to_string()), "{tokens}");
    }

    #[test]
    fn a_body_that_is_being_typed_survives() {
        let item = quote! {
            async fn say(text: String) { socketio::emit(text.) + }
        };
        let tokens = function(Form::Event, quote!(), item.clone());
        assert!(tokens.to_string().starts_with(&item.to_string()));
        assert_eq!(messages(&tokens), Vec::<String>::new());

        let item = quote! {
            impl Rooms { fn on_say(&self) { self. } }
        };
        let tokens = namespace_impl(quote!("/rooms"), item.clone());
        assert!(tokens.to_string().starts_with(&item.to_string()));
        assert_eq!(messages(&tokens), Vec::<String>::new());
    }

    #[test]
    fn the_item_survives_mistakes_and_all_of_them_are_reported() {
        let item = quote! {
            unsafe fn say<T>(text: &str) {}
        };
        let tokens = function(
            Form::Event,
            quote!(room = "x", namespace = "chat"),
            item.clone(),
        );
        assert!(tokens.to_string().starts_with(&item.to_string()));
        assert_eq!(messages(&tokens).len(), 5, "{:?}", messages(&tokens));
    }

    #[test]
    fn an_item_that_can_not_be_parsed_is_left_unchanged() {
        for item in [
            quote!(
                struct Say;
            ),
            quote!(fn say(text) {}),
            quote!(fn),
            quote!(),
        ] {
            let tokens = function(Form::Event, quote!(), item.clone());
            assert!(tokens.to_string().starts_with(&item.to_string()));
            assert_eq!(messages(&tokens).len(), 1, "{item}");

            let tokens = namespace_impl(quote!("/rooms"), item.clone());
            assert!(tokens.to_string().starts_with(&item.to_string()));
            assert_eq!(messages(&tokens).len(), 1, "{item}");
        }
    }

    #[test]
    fn our_attributes_are_removed_and_others_are_kept() {
        let item = quote! {
            #[socketio::on("a")]
            #[event]
            #[other::event]
            #[::socketio::on_error("/a")]
            #[inline]
            fn say() {}
        };
        let tokens = function(Form::Event, quote!(namespace = "/a"), item).to_string();
        let survived = quote! {
            #[other::event]
            #[inline]
            fn say() {}
        };
        assert!(tokens.starts_with(&survived.to_string()), "{tokens}");
    }

    #[test]
    fn the_error_of_a_variadic_argument_suggests_rest() {
        let messages = messages_of(
            quote!(),
            quote! { unsafe extern "C" fn say(_: u32, _: ...) {} },
        );
        assert_eq!(messages.len(), 3);
        assert!(messages[2].contains("take `Rest<T>`"), "{messages:?}");
    }
}
