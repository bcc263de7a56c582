//! Whether a function is what its attribute needs.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::spanned::Spanned;
use syn::{Attribute, FnArg, Ident, ItemFn, Pat, ReceiverKind, ReturnType, Safety, Signature, Type, TypeImplTrait};

use crate::errors::Errors;
use crate::names;
use crate::types::{self, Dependence, behind_shared_reference, is_called, plain_type};

/// `async fn name(config: C, builder: &Builder) -> nat::Result<F>`, as far as it could be read.
pub(crate) struct BuilderFunction {
    pub(crate) ident: Ident,
    pub(crate) config: Option<Type>,
    pub(crate) built: Option<Built>,
    pub(crate) names: Names,
    pub(crate) item: Item,
    pub(crate) description: String,
    /// What the generated code takes over from the item's attributes.
    pub(crate) attributes: Vec<Attribute>,
}

/// What the builder function builds.
pub(crate) enum Built {
    Named(Type),
    Opaque(TypeImplTrait),
}

/// What is made of the item itself.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Item {
    /// It stands as it was written.
    Kept,
    /// It cannot compile, and would say so in errors of its own beside the one that tells what is wrong.
    Dropped,
}

impl BuilderFunction {
    pub(crate) fn read(item: &ItemFn, errors: &mut Errors) -> Self {
        let signature = &item.sig;
        must_be_plain(signature, "a builder function", errors);
        must_be_free(signature, errors);
        let config = config_parameter(signature, errors);
        let built = returned(signature, "F", "`F` is the type that it builds", errors);
        let object = built.as_ref().and_then(types::dyn_function);
        if let Some(object) = &object {
            let bounds = types::shown(&object.bounds);
            errors.at(object, format!("there is no `dyn` of functions: return the type itself, or `impl {bounds}`"));
        }
        Self {
            ident: signature.ident.clone(),
            config,
            built: built.map(|built| match built {
                Type::ImplTrait(opaque) => Built::Opaque(opaque),
                named => Built::Named(named),
            }),
            names: Names::of(signature),
            item: if object.is_some() { Item::Dropped } else { Item::Kept },
            description: names::description(&item.attrs),
            attributes: names::conditions(&item.attrs)
                .into_iter()
                .chain(names::quiet_about_deprecation(&item.attrs))
                .collect(),
        }
    }
}

/// By which names a signature calls what is the same in all of them.
#[derive(Clone, Copy)]
pub(crate) enum Names {
    /// `Builder` and `Result`.
    Usual,
    /// Others. What they stand for only the compiler can see: here is where they stand.
    Own { builder: Span, result: Span },
}

impl Names {
    fn of(signature: &Signature) -> Self {
        let builder = signature.inputs.iter().filter_map(typed).nth(1);
        match (builder.and_then(|builder| behind_shared_reference(&builder.ty)), &signature.output) {
            (Some(builder), ReturnType::Type(_, result))
                if !is_called(builder, "Builder") || !is_called(result, "Result") =>
            {
                Self::Own { builder: builder.span(), result: result.span() }
            }
            _ => Self::Usual,
        }
    }
}

/// Outside of `impl`, as far as can be seen from here.
fn must_be_free(signature: &Signature, errors: &mut Errors) {
    let place = "a builder function stands outside of `impl`";
    if let Some(receiver) = signature.receiver() {
        errors.at(receiver, format!("{place} and takes no `self`: it makes the value"));
    } else if let Some(own_type) = find_word(signature.to_token_stream(), "Self") {
        errors.at_span(own_type, format!("{place}: move it there, and write the name of the type for `Self`"));
    }
}

fn find_word(tokens: TokenStream, word: &str) -> Option<Span> {
    tokens.into_iter().find_map(|token| match token {
        TokenTree::Ident(ident) if ident == word => Some(ident.span()),
        TokenTree::Group(group) => find_word(group.stream(), word),
        _ => None,
    })
}

/// Checks the first two parameters and gives the first one's type.
fn config_parameter(signature: &Signature, errors: &mut Errors) -> Option<Type> {
    if signature.receiver().is_some() {
        return None;
    }
    let parameters: Vec<_> = signature.inputs.iter().filter_map(typed).collect();
    let [config, builder] = parameters[..] else {
        let message = "a builder function takes two parameters: write `(config: YourConfig, builder: &Builder)`, \
                       or `(_config: (), …)` when it has no settings";
        match parameters.get(2) {
            Some(third) => errors.at(third, message),
            None => errors.at_span(signature.paren_token.span.join(), message),
        }
        return None;
    };
    if behind_shared_reference(&builder.ty).is_none() {
        errors.at(&builder.ty, "the second parameter of a builder function is `&Builder`");
    }
    let plain = plain_type(&config.ty);
    if let Type::Reference(_) = plain {
        errors.at(plain, "a builder function takes its settings by value: leave the `&` out");
        return None;
    }
    match types::dependence(plain) {
        None => Some(plain.clone()),
        Some(Dependence::Opaque(_)) => {
            errors.at(plain, "the settings are read from the file as one type: name it here");
            None
        }
        Some(_) => {
            errors.at(
                plain,
                "the settings are a value of their own, which borrows nothing: hold a `String` for a `&str`",
            );
            None
        }
    }
}

/// `async`, safe and without generics.
pub(crate) fn must_be_plain(signature: &Signature, what: &str, errors: &mut Errors) {
    if signature.asyncness.is_none() {
        errors.at(signature.fn_token, format!("{what} is `async`: write `async fn {}`", signature.ident));
    }
    let generics = &signature.generics;
    if !generics.params.is_empty() {
        errors.at(generics, format!("{what} cannot be generic: the file names one component, with one set of types"));
    } else if let Some(clause) = &generics.where_clause {
        errors.at(clause, format!("{what} cannot be generic: leave the `where` out"));
    }
    if let Safety::Unsafe(token) = &signature.safety {
        errors.at(token, format!("{what} is called by the runtime and cannot be `unsafe`"));
    }
    if let Some(abi) = &signature.abi {
        errors.at(abi, format!("{what} is an ordinary Rust function: leave `extern` out"));
    }
}

/// The `T` of `-> nat::Result<T>`.
pub(crate) fn returned(signature: &Signature, of: &str, meaning: &str, errors: &mut Errors) -> Option<Type> {
    let name = &signature.ident;
    let ReturnType::Type(_, output) = &signature.output else {
        errors.at(name, format!("`{name}` returns nothing: write `-> nat::Result<{of}>`, where {meaning}"));
        return None;
    };
    if let Type::ImplTrait(_) = plain_type(output) {
        errors.at(output, format!("`{name}` may fail: put a result around it, `nat::Result<impl …>`"));
        return None;
    }
    let inner = types::first_argument(output);
    if inner.is_none() {
        errors.at(output, format!("`{name}` returns `nat::Result<{of}>`, where {meaning}: write it out in full"));
    }
    inner.cloned()
}

/// `&self`, or `self: &Self`.
pub(crate) fn takes_self_by_reference(signature: &Signature) -> bool {
    signature.receiver().is_some_and(|receiver| match &receiver.kind {
        ReceiverKind::Reference(_, _, mutability) => mutability.is_none(),
        ReceiverKind::Typed(_, ty) => behind_shared_reference(ty).is_some_and(|ty| is_called(ty, "Self")),
        _ => false,
    })
}

/// `self`, or `self: Self`.
pub(crate) fn takes_self_by_value(signature: &Signature) -> bool {
    signature.receiver().is_some_and(|receiver| match &receiver.kind {
        ReceiverKind::Value => true,
        ReceiverKind::Typed(_, ty) => is_called(ty, "Self"),
        _ => false,
    })
}

pub(crate) fn typed(argument: &FnArg) -> Option<&syn::PatType> {
    match argument {
        FnArg::Typed(parameter) => Some(parameter),
        FnArg::Receiver(_) => None,
    }
}

/// The name of a parameter that has one.
pub(crate) fn parameter_name(parameter: &syn::PatType) -> Option<&Ident> {
    match &*parameter.pat {
        Pat::Ident(pattern) => Some(&pattern.ident),
        _ => None,
    }
}
