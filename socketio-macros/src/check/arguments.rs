//! The rules for the arguments of a handler.

use quote::ToTokens;
use syn::{GenericArgument, PatType, PathArguments, Type, TypeReference};

use crate::{errors::Errors, types};

/// Checks the arguments of a handler, without its receiver.
pub(super) fn check<'a>(arguments: impl Iterator<Item = &'a PatType>, errors: &mut Errors) {
    let mut arguments = arguments.peekable();
    while let Some(argument) = arguments.next() {
        owned(&argument.ty, errors);
        let is_rest = types::last_segment(&argument.ty).is_some_and(|last| last.ident == "Rest");
        if is_rest && arguments.peek().is_some() {
            errors.on(
                &argument.ty,
                "`Rest` takes all remaining arguments: put it last",
            );
        }
    }
}

/// Reports borrowed data and `impl Trait`, at any depth of a data type.
fn owned(ty: &Type, errors: &mut Errors) {
    match ty {
        Type::Reference(reference) => errors.on(reference, instead_of(reference)),
        Type::ImplTrait(ty) => errors.on(
            ty,
            "a handler is one function: name a concrete type, or `socketio::Data` for any data",
        ),
        Type::Group(group) => owned(&group.elem, errors),
        Type::Paren(paren) => owned(&paren.elem, errors),
        Type::Array(array) => owned(&array.elem, errors),
        Type::Slice(slice) => owned(&slice.elem, errors),
        Type::Tuple(tuple) => tuple.elems.iter().for_each(|ty| owned(ty, errors)),
        Type::Path(path) => {
            let segments = path.path.segments.iter();
            for arguments in segments.map(|segment| &segment.arguments) {
                if let PathArguments::AngleBracketed(arguments) = arguments {
                    for argument in &arguments.args {
                        if let GenericArgument::Type(ty) = argument {
                            owned(ty, errors);
                        }
                    }
                }
            }
        }
        _ => {}
    }
}

fn instead_of(reference: &TypeReference) -> String {
    let ty = &*reference.elem;
    let name = types::last_segment(ty).map(|last| last.ident.to_string());
    let cure = match (ty, name.as_deref()) {
        (_, Some("str")) => "`String`".to_owned(),
        (_, Some("Path")) => "`PathBuf`".to_owned(),
        (_, Some("RawValue")) => "`Box<RawValue>`".to_owned(),
        (Type::Slice(slice), _) => match types::written(slice.elem.to_token_stream()).as_str() {
            "u8" => "`Bytes` for binary data, `Vec<u8>` for a list of numbers".to_owned(),
            item => format!("`Vec<{item}>`"),
        },
        _ => format!("`{}`", types::written(ty.to_token_stream())),
    };
    format!("a handler owns its arguments: take {cure}")
}
