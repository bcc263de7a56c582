//! `#[function]` and `#[close]` on the methods of a block.

use syn::punctuated::Punctuated;
use syn::{Attribute, Meta, Path, Token, parse_quote};

use crate::errors::Errors;

/// What a method was marked with.
pub(super) enum Mark {
    None,
    One(Box<Attribute>),
    /// Not to be understood, and reported.
    Mistaken,
}

/// Takes an attribute off a method: it is ours, and the item must compile without it.
pub(super) fn take(attributes: &mut Vec<Attribute>, name: &str, errors: &mut Errors) -> Mark {
    let is_ours = |path: &Path| path.segments.last().is_some_and(|last| last.ident == name);
    let mut mark = Mark::None;
    attributes.retain_mut(|attribute| {
        if conditional(attribute).iter().any(|meta| is_ours(meta.path())) {
            errors.at(
                &*attribute,
                format!("`#[{name}]` is not seen inside of `cfg_attr`: put `#[cfg(…)]` and `#[{name}]` on a method"),
            );
            mark = Mark::Mistaken;
            return false;
        }
        if !is_ours(attribute.path()) {
            return true;
        }
        if !matches!(mark, Mark::None) {
            errors.at(&*attribute, format!("`#[{name}]` is there twice: keep one of them"));
            return false;
        }
        // What has to be `async` is not at fault for awaiting nothing.
        mark = Mark::One(Box::new(std::mem::replace(attribute, parse_quote!(#[allow(clippy::unused_async)]))));
        true
    });
    mark
}

/// The attributes that `cfg_attr` stands for when its condition holds.
fn conditional(attribute: &Attribute) -> Vec<Meta> {
    if !attribute.path().is_ident("cfg_attr") {
        return Vec::new();
    }
    let parts = attribute.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated);
    parts.into_iter().flatten().skip(1).collect()
}
