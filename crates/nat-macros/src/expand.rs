//! The item, the checks, the registration.

#[cfg(test)]
mod tests;

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Ident, ItemFn, LitStr, Type};

use crate::args::{self, Args};
use crate::assertions::{self, Manner, Needed};
use crate::errors::Errors;
use crate::names;
use crate::signature::{BuilderFunction, Built, Item, Names};
use crate::types::is_unit;

/// What a builder function builds.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Function,
    Group,
    /// Of a kind that the attribute names.
    Component,
}

/// For whom it is built.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    Shared,
    PerUser,
}

/// The attribute for components of a kind that it names.
pub(crate) fn component(parameters: TokenStream, item: TokenStream) -> TokenStream {
    builder_function(Kind::Component, Scope::Shared, parameters, item)
}

/// The attributes that go on a builder function.
pub(crate) fn builder_function(kind: Kind, scope: Scope, parameters: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Errors::new();
    let known = match kind {
        Kind::Function => args::OF_FUNCTIONS,
        Kind::Group => args::OF_GROUPS,
        Kind::Component => args::OF_COMPONENTS,
    };
    let args = Args::parse(parameters, known, &mut errors);
    let scope = if kind == Kind::Component { declared_scope(&args, &mut errors) } else { scope };
    let Ok(parsed) = syn::parse2::<ItemFn>(item.clone()) else {
        let message = "this attribute goes on an async function: \
                       `async fn name(config: YourConfig, builder: &Builder) -> nat::Result<F>`";
        errors.at_span(Span::call_site(), message);
        let errors = errors.finish();
        return quote!(#item #errors);
    };
    let function = BuilderFunction::read(&parsed, &mut errors);
    let name = names::component_name(&args, &function.ident, &mut errors);
    let input_name = names::input_name(&args, None, &mut errors);
    match kind {
        Kind::Function => {
            let needed = if scope == Scope::PerUser { Needed::Declared } else { Needed::Inferred };
            assertions::declarations(&args, &function, needed, &mut errors);
        }
        Kind::Component => {
            if args.lack("kind") {
                errors.at_span(
                    Span::call_site(),
                    "`kind` is missing: name the reference type of the kind, such as `kind = LlmRef`",
                );
            }
        }
        Kind::Group => {
            if let Some(Built::Opaque(opaque)) = &function.built {
                errors.at(opaque, "a group's builder function names the type it returns: `nat::Result<YourGroup>`");
            }
        }
    }
    let generated = errors.finish_or(|| match (&function.config, &function.built) {
        (Some(config), Some(built)) => registration(kind, scope, &args, &function, config, built, &name, &input_name),
        // Neither is missing without a mistake that says so.
        _ => TokenStream::new(),
    });
    match function.item {
        Item::Kept => quote!(#item #generated),
        Item::Dropped => generated,
    }
}

/// `scope = shared`, which is what a component is that says nothing, or `scope = per_user`.
fn declared_scope(args: &Args, errors: &mut Errors) -> Scope {
    let Some(scope) = args.type_of("scope") else { return Scope::Shared };
    match scope.to_token_stream().to_string().as_str() {
        "per_user" => Scope::PerUser,
        "shared" => Scope::Shared,
        _ => {
            errors.at(scope, "a component is `scope = shared`, built once, or `scope = per_user`, built for each user");
            Scope::Shared
        }
    }
}

#[expect(clippy::too_many_arguments, reason = "one call, and each of them is one word of the template")]
fn registration(
    kind: Kind,
    scope: Scope,
    args: &Args,
    function: &BuilderFunction,
    config: &Type,
    built: &Built,
    name: &LitStr,
    input_name: &LitStr,
) -> TokenStream {
    let krate = args.crate_path();
    let attributes = &function.attributes;
    let (ident, as_the_runtime_names_it) = under_usual_names(function, config, built);
    let heading = heading(scope, name, &function.description);
    let config_type = assertions::config_type(args, config);
    let manner = Manner::declared(args);
    let build = build(kind, manner, args, &ident, config, built);
    let registration = match kind {
        Kind::Function => {
            let types = assertions::function_types(args, manner, &ident, built);
            let function = match manner {
                Manner::Single | Manner::Both => quote!(function),
                Manner::Streaming => quote!(streaming_function),
            };
            quote!(__nat::Registration::#function(#heading, #input_name, #config_type, #types, #build))
        }
        Kind::Group => {
            let group = group_type(built);
            quote!(__nat::Registration::group(#heading, #config_type, #group, #build))
        }
        Kind::Component => {
            // One without a kind has been refused.
            let Some(reference) = args.type_of("kind") else { return TokenStream::new() };
            let types = quote_spanned!(reference.span()=> component::<#reference, _>);
            quote!(__nat::Registration::#types(#heading, #config_type, #build))
        }
    };
    let place = place(kind, &function.ident, name);
    quote! {
        #(#attributes)*
        #[doc(hidden)]
        #[allow(non_upper_case_globals)]
        const #place: () = {
            use #krate::__private as __nat;

            #as_the_runtime_names_it

            const __NAT_REGISTRATION: __nat::Registration = #registration;
            __nat::inventory::submit! { __NAT_REGISTRATION }
        };
    }
}

/// The constant that the registration stands in. It has a name since a constant without one is a mistake
/// of its own inside of `impl`, beside the one that the builder function is not found from there; and one
/// for each name that the function is registered by, since there may be several.
fn place(kind: Kind, builder_function: &Ident, name: &LitStr) -> Ident {
    let kind = match kind {
        Kind::Function => "FUNCTION",
        Kind::Group => "GROUP",
        Kind::Component => "COMPONENT",
    };
    let letter = |letter: char| match letter {
        plain if plain.is_ascii_alphanumeric() || plain == '_' => plain.to_string(),
        other => format!("_{:x}_", u32::from(other)),
    };
    let name: String = name.value().chars().map(letter).collect();
    format_ident!("__NAT_{}_{}_OF_{}", kind, name, builder_function, span = Span::call_site())
}

/// The builder function by the signature that all of them have, where its own has other names in it.
fn under_usual_names(function: &BuilderFunction, config: &Type, built: &Built) -> (Ident, Option<TokenStream>) {
    let ident = &function.ident;
    let Names::Own { builder, result } = function.names else { return (ident.clone(), None) };
    let built = match built {
        Built::Named(named) => named.to_token_stream(),
        Built::Opaque(opaque) => opaque.to_token_stream(),
    };
    let usual = Ident::new("__nat_under_usual_names", ident.span());
    let (settings, told) = (names::variable("settings", ident.span()), names::variable("builder", builder));
    let (build, returned) = (names::variable("build", result), names::spanned_variable("returned", result));
    let given = quote_spanned!(builder=> __nat::IsTheBuilder::given(#told));
    let seen = quote_spanned!(result=> __nat::must_be_a_result(#returned));
    let adapted = quote! {
        async fn #usual(#settings: #config, #told: &__nat::Builder) -> __nat::Result<#built> {
            let #build = #ident;
            let #returned = #build(#settings, #given).await;
            #seen
        }
    };
    (usual, Some(adapted))
}

fn heading(scope: Scope, name: &LitStr, description: &str) -> TokenStream {
    let scope = match scope {
        Scope::Shared => quote!(Shared),
        Scope::PerUser => quote!(PerUser),
    };
    quote! {
        __nat::Heading {
            type_name: #name,
            description: #description,
            scope: __nat::Scope::#scope,
            site: __nat::Site {
                package: ::core::env!("CARGO_PKG_NAME"),
                version: ::core::env!("CARGO_PKG_VERSION"),
                file: ::core::file!(),
                line: ::core::line!(),
            },
        }
    }
}

fn group_type(built: &Built) -> TokenStream {
    match built {
        Built::Named(group) => quote_spanned!(group.span()=> __nat::GroupType::of::<#group>()),
        Built::Opaque(opaque) => quote_spanned!(opaque.span()=> __nat::GroupType::of::<_>()),
    }
}

/// The builder function without its types. Each step carries the span of the token that decides
/// whether it compiles: rustc reports the same unmet bound at the same place only once.
fn build(
    kind: Kind,
    manner: Manner,
    args: &Args,
    builder_function: &Ident,
    config: &Type,
    built: &Built,
) -> TokenStream {
    let (span, named) = match built {
        Built::Named(named) => (named.span(), Some(quote_spanned!(named.span()=> ::<#named>))),
        Built::Opaque(opaque) => (opaque.span(), None),
    };
    let (build, builder) = (names::variable("build", span), names::variable("builder", span));
    let settings = names::variable("settings", config.span());
    let read = if is_unit(config) { quote!(()) } else { quote_spanned!(config.span()=> #settings.read::<#config>()?) };
    let component = match (kind, manner) {
        (Kind::Function, Manner::Single) => quote_spanned!(span=> function),
        (Kind::Function, Manner::Streaming) => quote_spanned!(span=> streaming_function),
        (Kind::Function, Manner::Both) => quote_spanned!(span=> single_and_streaming_function),
        (Kind::Group, _) => quote_spanned!(span=> group),
        (Kind::Component, _) => quote_spanned!(span=> object),
    };
    let body = match args.type_of("kind").filter(|_| kind == Kind::Component) {
        Some(reference) => {
            let object = quote_spanned!(span=> <#reference>::__object);
            quote_spanned! {span=>
                let #build = #object(#build(#read, #builder).await?);
                ::core::result::Result::Ok(__nat::Component::object::<#reference>(#builder, #build))
            }
        }
        None => {
            let component = quote_spanned!(span=> __nat::Component::#component #named);
            quote_spanned! {span=>
                ::core::result::Result::Ok(#component(#builder, #build(#read, #builder).await?))
            }
        }
    };
    quote_spanned! {builder_function.span()=>
        |#settings, #builder| ::std::boxed::Box::pin(async move {
            let #build = #builder_function;
            #body
        })
    }
}
