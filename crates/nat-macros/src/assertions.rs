//! Checks of what an attribute declares, each a call whose name is the sentence that a person reads
//! in the compile error, spanned on the person's tokens.
//!
//! The declared types only ever meet the types that exist in these calls. That is why a type which
//! lacks a trait is reported once, where it is used, and never again where it is declared.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Ident, Type};

use crate::args::Args;
use crate::errors::Errors;
use crate::signature::{BuilderFunction, Built};
use crate::types::{self, is_unit, states, traits};

/// `ConfigType::of::<C>()`, and that `config_type` is the first parameter's type.
pub(crate) fn config_type(args: &Args, config: &Type) -> TokenStream {
    let span = config.span();
    let read = settings_type(config);
    let exists = quote_spanned!(span=> __nat::ConfigType::of::<#read>());
    match args.type_of("config_type") {
        Some(declared) if !is_unit(config) => {
            let check = check("config_type_must_be_the_type_of_the_first_parameter", declared);
            quote!(#exists #check)
        }
        _ => exists,
    }
}

/// How a function answers, by what its attribute declares.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    Single,
    Streaming,
    Both,
}

impl Manner {
    pub(crate) fn declared(args: &Args) -> Self {
        match (args.lack("single_output_type"), args.lack("streaming_output_type")) {
            (true, false) => Self::Streaming,
            (false, false) => Self::Both,
            // What a shared function does not declare is read from its `Function`.
            (_, true) => Self::Single,
        }
    }
}

/// `FunctionTypes::of::<F>()`, and that the declared types are what `F` takes and gives; of a function
/// that streams the same with `StreamingTypes`.
pub(crate) fn function_types(args: &Args, manner: Manner, builder_function: &Ident, built: &Built) -> TokenStream {
    let exist = |types: &str| match built {
        Built::Named(function) => {
            let types = Ident::new(types, function.span());
            quote_spanned!(function.span()=> __nat::#types::of::<#function>())
        }
        Built::Opaque(opaque) => {
            let types = Ident::new(types, opaque.span());
            quote_spanned!(opaque.span()=> __nat::#types::returned_by(&#builder_function))
        }
    };
    let checked = |parameter, sentence| args.type_of(parameter).map(|declared| check(sentence, declared));
    let input = checked("input_type", "input_type_must_be_what_the_function_takes");
    let output = checked("single_output_type", "single_output_type_must_be_what_the_function_gives");
    let chunk = checked("streaming_output_type", "streaming_output_type_must_be_what_the_function_streams");
    let (single, streaming) = (exist("FunctionTypes"), exist("StreamingTypes"));
    match manner {
        Manner::Single => quote!(#single #input #output),
        Manner::Streaming => quote!(#streaming #input #chunk),
        Manner::Both => {
            let span = args.type_of("streaming_output_type").map_or_else(Span::call_site, Spanned::span);
            let and_streams = quote_spanned!(span=> .and_streams(#streaming #chunk));
            quote!(#single #input #output #and_streams)
        }
    }
}

fn check(sentence: &str, declared: &Type) -> TokenStream {
    let span = declared.span();
    let sentence = Ident::new(sentence, span);
    quote_spanned!(span=> .#sentence::<#declared>())
}

/// What macros can see without knowing types: that everything is declared which must be.
pub(crate) fn declarations(args: &Args, builder_function: &BuilderFunction, needed: Needed, errors: &mut Errors) {
    if needed == Needed::Declared {
        let missing = |name: &str, what: &str| {
            format!(
                "`{name}` is missing: a per-user function is built when a user first calls it, \
                 and what it {what} must be known before that; write `{name} = …`"
            )
        };
        if args.lack("input_type") {
            errors.at_span(Span::call_site(), missing("input_type", "takes"));
        }
        if args.lack("single_output_type") && args.lack("streaming_output_type") {
            let message = missing("single_output_type", "gives");
            errors.at_span(Span::call_site(), format!("{message}, or `streaming_output_type = …` if it streams"));
        }
    }
    for parameter in ["input_type", "single_output_type", "streaming_output_type"] {
        if let Some(declared) = args.type_of(parameter)
            && let Some(owned) = types::owned(declared)
        {
            let message = format!("a call has values of its own, nothing borrowed: write `{parameter} = {owned}`");
            errors.at(declared, message);
        }
    }
    if let Some(Built::Opaque(opaque)) = &builder_function.built {
        let has = |name| traits(&opaque.bounds).any(|segment| segment.ident == name);
        let only_streams = has("StreamingFunction") && !has("Function");
        let unstated = |parameter, associated| args.type_of(parameter).is_some() && !states(opaque, associated);
        let types = [("input_type", "Input"), ("single_output_type", "Output"), ("streaming_output_type", "Chunk")];
        if only_streams
            && args.lack("streaming_output_type")
            && (needed == Needed::Inferred || !args.lack("single_output_type"))
        {
            errors.at(opaque, "this only streams: say what a chunk is with `streaming_output_type = …`");
        } else if types.into_iter().any(|(parameter, associated)| unstated(parameter, associated)) {
            let message = match Manner::declared(args) {
                Manner::Single => "say what it takes and gives: write `impl Function<Input = …, Output = …>`",
                Manner::Streaming => {
                    "say what it takes and streams: write `impl StreamingFunction<Input = …, Chunk = …>`"
                }
                Manner::Both => {
                    "say what it takes, gives and streams: write \
                     `impl Function<Input = …, Output = …> + StreamingFunction<Input = …, Chunk = …>`"
                }
            };
            errors.at(opaque, message);
        }
    }
    if let (Some(declared), Some(config)) = (args.type_of("config_type"), &builder_function.config)
        && is_unit(config)
        && !is_unit(declared)
    {
        errors.at(
            declared,
            "the first parameter is `()`, which takes no settings: give it this type, or leave `config_type` out",
        );
    }
}

/// Whether the declared types may be left out.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Needed {
    /// A per-user function: both must be there.
    Declared,
    /// A shared function: they are read from the function.
    Inferred,
}

/// The type that settings are read as.
pub(crate) fn settings_type(config: &Type) -> TokenStream {
    if is_unit(config) { quote_spanned!(config.span()=> __nat::NoSettings) } else { quote!(#config) }
}
