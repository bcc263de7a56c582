//! What can be said of a type by how it is written.

use quote::ToTokens;
use syn::punctuated::Punctuated;
use syn::visit_mut::{self, VisitMut};
use syn::{
    GenericArgument, Lifetime, PathArguments, PathSegment, Token, Type, TypeImplTrait, TypeParamBound, TypeReference,
    TypeTraitObject, TypeTuple,
};

/// The type without parentheses and without the invisible groups that `macro_rules!` puts around it.
pub(crate) fn plain_type(mut ty: &Type) -> &Type {
    loop {
        ty = match ty {
            Type::Paren(paren) => &paren.elem,
            Type::Group(group) => &group.elem,
            plain => return plain,
        };
    }
}

pub(crate) fn is_unit(ty: &Type) -> bool {
    matches!(plain_type(ty), Type::Tuple(TypeTuple { elems, .. }) if elems.is_empty())
}

/// By the last word of the path: where it was imported from is the compiler's business.
pub(crate) fn is_called(ty: &Type, name: &str) -> bool {
    match plain_type(ty) {
        Type::Path(path) => path.path.segments.last().is_some_and(|last| last.ident == name),
        _ => false,
    }
}

/// The `T` of `&T`.
pub(crate) fn behind_shared_reference(ty: &Type) -> Option<&Type> {
    match plain_type(ty) {
        Type::Reference(reference) if reference.mutability.is_none() => Some(&reference.elem),
        _ => None,
    }
}

/// The `T` of `Result<T>`, or of whatever else it is called.
pub(crate) fn first_argument(ty: &Type) -> Option<&Type> {
    let Type::Path(path) = plain_type(ty) else { return None };
    let PathArguments::AngleBracketed(arguments) = &path.path.segments.last()?.arguments else { return None };
    arguments.args.iter().find_map(|argument| match argument {
        GenericArgument::Type(inner) => Some(plain_type(inner)),
        _ => None,
    })
}

/// The traits among bounds, by the last words of their paths.
pub(crate) fn traits(bounds: &Punctuated<TypeParamBound, Token![+]>) -> impl Iterator<Item = &PathSegment> {
    bounds.iter().filter_map(|bound| match bound {
        TypeParamBound::Trait(bound) => bound.path.segments.last(),
        _ => None,
    })
}

/// Whether `impl Function<…>` says what its `Input` (or `Output`) is.
pub(crate) fn states(opaque: &TypeImplTrait, associated: &str) -> bool {
    traits(&opaque.bounds)
        .filter_map(|segment| match &segment.arguments {
            PathArguments::AngleBracketed(arguments) => Some(&arguments.args),
            _ => None,
        })
        .flatten()
        .any(|argument| matches!(argument, GenericArgument::AssocType(stated) if stated.ident == associated))
}

/// The first `dyn Function`, or `dyn` of another trait that the runtime has, anywhere in a type.
pub(crate) fn dyn_function(ty: &Type) -> Option<TypeTraitObject> {
    let ours = |segment: &PathSegment| {
        ["Function", "StreamingFunction", "FunctionGroup"].into_iter().any(|name| segment.ident == name)
    };
    let mut found = None;
    each_part(ty, |part| match part {
        Part::Object(object) if found.is_none() && traits(&object.bounds).any(ours) => found = Some(object),
        _ => {}
    });
    found
}

/// What makes a type depend on something outside of it.
pub(crate) enum Dependence {
    /// `&T`
    Reference(TypeReference),
    /// `'a`
    Lifetime(Lifetime),
    /// `impl Trait`
    Opaque(TypeImplTrait),
}

/// The first such part of a type.
pub(crate) fn dependence(ty: &Type) -> Option<Dependence> {
    let borrows = |lifetime: Option<&Lifetime>| lifetime.is_none_or(|lifetime| lifetime.ident != "static");
    let mut found = None;
    each_part(ty, |part| {
        let dependence = match part {
            Part::Reference(reference) if borrows(reference.lifetime.as_ref()) => Dependence::Reference(reference),
            Part::Lifetime(lifetime) if borrows(Some(&lifetime)) => Dependence::Lifetime(lifetime),
            Part::Opaque(opaque) => Dependence::Opaque(opaque),
            _ => return,
        };
        found.get_or_insert(dependence);
    });
    found
}

enum Part {
    Reference(TypeReference),
    Lifetime(Lifetime),
    Opaque(TypeImplTrait),
    Object(TypeTraitObject),
}

/// Outer parts before inner ones.
fn each_part(ty: &Type, tell: impl FnMut(Part)) {
    struct Parts<F>(F);

    impl<F: FnMut(Part)> VisitMut for Parts<F> {
        fn visit_type_reference_mut(&mut self, reference: &mut TypeReference) {
            self.0(Part::Reference(reference.clone()));
            visit_mut::visit_type_reference_mut(self, reference);
        }

        fn visit_lifetime_mut(&mut self, lifetime: &mut Lifetime) {
            self.0(Part::Lifetime(lifetime.clone()));
        }

        fn visit_type_impl_trait_mut(&mut self, opaque: &mut TypeImplTrait) {
            self.0(Part::Opaque(opaque.clone()));
            visit_mut::visit_type_impl_trait_mut(self, opaque);
        }

        fn visit_type_trait_object_mut(&mut self, object: &mut TypeTraitObject) {
            self.0(Part::Object(object.clone()));
            visit_mut::visit_type_trait_object_mut(self, object);
        }
    }

    Parts(tell).visit_type_mut(&mut ty.clone());
}

/// The type to write for one that borrows or has no size of its own: `String` for `&str` and for `str`.
pub(crate) fn owned(borrowed: &Type) -> Option<String> {
    match plain_type(borrowed) {
        Type::Reference(reference) => {
            Some(owned(&reference.elem).unwrap_or_else(|| shown(plain_type(&reference.elem))))
        }
        Type::Slice(slice) => Some(format!("Vec<{}>", shown(&slice.elem))),
        Type::Path(path) if path.path.is_ident("str") => Some("String".to_owned()),
        _ => None,
    }
}

/// Tokens with the spaces that a person would leave between them.
pub(crate) fn shown(tokens: impl ToTokens) -> String {
    let spaced = tokens.to_token_stream().to_string();
    [(" < ", "<"), (" >", ">"), (" :: ", "::"), (" ,", ","), ("& ", "&")]
        .into_iter()
        .fold(spaced, |text, (wide, narrow)| text.replace(wide, narrow))
}
