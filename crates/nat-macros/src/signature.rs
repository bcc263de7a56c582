//! Whether a function is what its attribute needs.

use syn::{
    Attribute, FnArg, GenericArgument, Ident, ItemFn, Pat, PathArguments, ReturnType, Safety, Signature, Type,
    TypeImplTrait, TypeParamBound,
};

use crate::errors::Errors;
use crate::names;

/// `async fn name(config: C, builder: &Builder) -> nat::Result<F>`, as far as it could be read.
pub(crate) struct BuilderFunction {
    pub(crate) ident: Ident,
    pub(crate) config: Option<Type>,
    pub(crate) built: Option<Built>,
    pub(crate) description: String,
    /// What the generated code takes over from the item's attributes.
    pub(crate) attributes: Vec<Attribute>,
}

/// What the builder function builds.
pub(crate) enum Built {
    Named(Type),
    Opaque(TypeImplTrait),
}

impl BuilderFunction {
    pub(crate) fn read(item: &ItemFn, errors: &mut Errors) -> Self {
        let signature = &item.sig;
        must_be_plain(signature, "a builder function", errors);
        Self {
            ident: signature.ident.clone(),
            config: config_parameter(signature, errors),
            built: returned(signature, "F", "`F` is the type that it builds", errors).map(|built| match built {
                Type::ImplTrait(opaque) => Built::Opaque(opaque),
                named => Built::Named(named),
            }),
            description: names::description(&item.attrs),
            attributes: names::conditions(&item.attrs)
                .into_iter()
                .chain(names::quiet_about_deprecation(&item.attrs))
                .collect(),
        }
    }
}

/// Checks the first two parameters and gives the first one's type.
fn config_parameter(signature: &Signature, errors: &mut Errors) -> Option<Type> {
    if let Some(receiver) = signature.receiver() {
        errors.at(receiver, "a builder function stands outside of `impl` and takes no `self`: it makes the value");
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
    if !is_shared_reference_to(&builder.ty, "Builder") {
        errors.at(&builder.ty, "the second parameter of a builder function is `&Builder`");
    }
    match plain_type(&config.ty) {
        Type::Reference(_) => {
            errors.at(&config.ty, "a builder function takes its settings by value: leave the `&` out")
        }
        Type::ImplTrait(_) => errors.at(&config.ty, "the settings are read from the file as one type: name it here"),
        named => return Some(named.clone()),
    }
    None
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
    let inner = match plain_type(output) {
        Type::Path(path) => path.path.segments.last().filter(|last| last.ident == "Result").and_then(|last| {
            let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
            arguments.args.iter().find_map(|argument| match argument {
                GenericArgument::Type(inner) => Some(plain_type(inner).clone()),
                _ => None,
            })
        }),
        Type::ImplTrait(_) => {
            errors.at(output, format!("`{name}` may fail: put a result around it, `nat::Result<impl …>`"));
            return None;
        }
        _ => None,
    };
    if inner.is_none() {
        errors.at(output, format!("`{name}` returns `nat::Result<{of}>`, where {meaning}"));
    }
    inner
}

/// Whether `impl Function<…>` says what its `Input` (or `Output`) is.
pub(crate) fn states(opaque: &TypeImplTrait, associated: &str) -> bool {
    let traits = opaque.bounds.iter().filter_map(|bound| match bound {
        TypeParamBound::Trait(bound) => bound.path.segments.last(),
        _ => None,
    });
    traits
        .filter_map(|segment| match &segment.arguments {
            PathArguments::AngleBracketed(arguments) => Some(&arguments.args),
            _ => None,
        })
        .flatten()
        .any(|argument| matches!(argument, GenericArgument::AssocType(stated) if stated.ident == associated))
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

/// By the last word of the path: where it was imported from is the compiler's business.
pub(crate) fn is_shared_reference_to(ty: &Type, name: &str) -> bool {
    match plain_type(ty) {
        Type::Reference(reference) => reference.mutability.is_none() && is_called(&reference.elem, name),
        _ => false,
    }
}

pub(crate) fn is_called(ty: &Type, name: &str) -> bool {
    match plain_type(ty) {
        Type::Path(path) => path.path.segments.last().is_some_and(|last| last.ident == name),
        _ => false,
    }
}

/// The type without parentheses and without the invisible groups that `macro_rules!` puts around it.
fn plain_type(mut ty: &Type) -> &Type {
    loop {
        ty = match ty {
            Type::Paren(paren) => &paren.elem,
            Type::Group(group) => &group.elem,
            plain => return plain,
        };
    }
}
