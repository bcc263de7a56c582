//! One method of a group: a function, or how the group closes.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::visit_mut::VisitMut;
use syn::{Attribute, Ident, ImplItemFn, LitStr, Meta, ReceiverKind, Type};

use crate::args::{self, Args};
use crate::assertions::is_unit;
use crate::errors::Errors;
use crate::names;
use crate::signature::{is_called, is_shared_reference_to, must_be_plain, parameter_name, returned, typed};

/// `#[function] async fn add(&self, ctx: &Context, input: I) -> nat::Result<O>`.
pub(super) struct FunctionMethod {
    pub(super) ident: Ident,
    pub(super) name: LitStr,
    pub(super) conditions: Vec<Attribute>,
    description: String,
    input_name: LitStr,
    input: Type,
    output: Type,
}

impl FunctionMethod {
    /// The method, unless it cannot be called.
    pub(super) fn read(mark: &Attribute, method: &ImplItemFn, group: &Type, errors: &mut Errors) -> Option<Self> {
        let parameters = match &mark.meta {
            Meta::List(list) => list.tokens.clone(),
            Meta::Path(_) => TokenStream::new(),
            Meta::NameValue(written) => {
                errors.at(written, "write `#[function]`, or `#[function(name = \"…\")]`");
                TokenStream::new()
            }
        };
        let args = Args::parse(parameters, args::OF_METHODS, errors);
        let signature = &method.sig;
        must_be_plain(signature, "a function", errors);
        let name = names::component_name(&args, &signature.ident, errors);
        let output = returned(signature, "T", "`T` is what it gives", errors);
        let by_reference =
            signature.receiver().is_some_and(|receiver| matches!(receiver.kind, ReceiverKind::Reference(_, _, None)));
        let parameters: Vec<_> = signature.inputs.iter().filter_map(typed).collect();
        let [ctx, input] = parameters[..] else {
            must_take_three(method, errors);
            return None;
        };
        if !by_reference {
            must_take_three(method, errors);
            return None;
        }
        if !is_shared_reference_to(&ctx.ty, "Context") {
            errors.at(&ctx.ty, "the first parameter after `&self` is `&Context`, the request that is being answered");
            return None;
        }
        let input_name = names::input_name(&args, parameter_name(input), errors);
        if signature.asyncness.is_none() || !signature.generics.params.is_empty() {
            return None;
        }
        Some(Self {
            ident: signature.ident.clone(),
            name,
            conditions: names::conditions(&method.attrs),
            description: names::description(&method.attrs),
            input_name,
            input: without_self((*input.ty).clone(), group),
            output: without_self(output?, group),
        })
    }

    /// The type that stands for the method.
    fn adapter_name(&self) -> Ident {
        format_ident!("__function_{}", self.ident, span = Span::mixed_site())
    }

    /// A type of its own for the method, with what is known of it.
    pub(super) fn adapter(&self, group: &Type) -> TokenStream {
        let Self { ident, name, conditions, description, input_name, input, output } = self;
        let adapter = self.adapter_name();
        // What the person has not written stands at the same place, but for lints it is generated.
        let generated = Span::call_site().located_at(ident.span());
        let context = quote_spanned!(generated=> &__nat::Context);
        let result = quote_spanned!(generated=> __nat::Result<#output>);
        let call = quote_spanned! {ident.span()=>
            async fn call(group: &#group, ctx: #context, input: #input) -> #result {
                <#group>::#ident(group, ctx, input).await
            }
        };
        quote! {
            #(#conditions)*
            struct #adapter;

            #(#conditions)*
            #[automatically_derived]
            impl __nat::GroupMethod<#group> for #adapter {
                const NAME: &'static str = #name;
                const DESCRIPTION: &'static str = #description;
                const INPUT_NAME: &'static str = #input_name;
                type Input = #input;
                type Output = #output;

                #call
            }
        }
    }

    /// The method's place in the list of functions.
    pub(super) fn entry(&self) -> TokenStream {
        let conditions = &self.conditions;
        let adapter = self.adapter_name();
        quote!(#(#conditions)* __nat::GroupFunction::of::<#adapter>())
    }
}

fn must_take_three(method: &ImplItemFn, errors: &mut Errors) {
    let message = "a function takes three parameters: write `(&self, ctx: &Context, input: YourInput)`";
    match method.sig.receiver() {
        Some(receiver) if !matches!(receiver.kind, ReceiverKind::Reference(_, _, None)) => errors.at(receiver, message),
        _ if method.sig.inputs.is_empty() => errors.at_span(method.sig.paren_token.span.join(), message),
        _ => errors.at(&method.sig.inputs, message),
    }
}

/// `#[close] async fn close(self, reason: CloseReason) -> nat::Result<()>`.
pub(super) struct CloseMethod {
    pub(super) ident: Ident,
    pub(super) conditions: Vec<Attribute>,
}

impl CloseMethod {
    pub(super) fn read(mark: &Attribute, method: &ImplItemFn, errors: &mut Errors) -> Option<Self> {
        if !matches!(mark.meta, Meta::Path(_)) {
            errors.at(mark, "`#[close]` takes no parameters");
        }
        let signature = &method.sig;
        must_be_plain(signature, "a close", errors);
        let by_value = signature.receiver().is_some_and(|receiver| matches!(receiver.kind, ReceiverKind::Value));
        let parameters: Vec<_> = signature.inputs.iter().filter_map(typed).collect();
        let takes_reason = matches!(parameters[..], [reason] if is_called(&reason.ty, "CloseReason"));
        if !(by_value && takes_reason) {
            let message = "a close takes the group itself and why: write `(self, reason: CloseReason)`";
            if signature.inputs.is_empty() {
                errors.at_span(signature.paren_token.span.join(), message);
            } else {
                errors.at(&signature.inputs, message);
            }
            return None;
        }
        let output = returned(signature, "()", "`()` says that it closed", errors)?;
        if !is_unit(&output) {
            errors.at(&output, "a close gives nothing back: write `nat::Result<()>`");
            return None;
        }
        signature.asyncness?;
        Some(Self { ident: signature.ident.clone(), conditions: names::conditions(&method.attrs) })
    }

    pub(super) fn forward(&self, group: &Type) -> TokenStream {
        let Self { ident, conditions } = self;
        let generated = Span::call_site().located_at(ident.span());
        let reason = quote_spanned!(generated=> __nat::CloseReason);
        let result = quote_spanned!(generated=> __nat::Result<()>);
        quote_spanned! {ident.span()=>
            #(#conditions)*
            async fn close(self, reason: #reason) -> #result {
                <#group>::#ident(self, reason).await
            }
        }
    }
}

/// The type with the group's name for `Self`, which means another type where it is used.
fn without_self(mut ty: Type, group: &Type) -> Type {
    struct Rename<'a>(&'a Type);

    impl VisitMut for Rename<'_> {
        fn visit_type_mut(&mut self, ty: &mut Type) {
            if matches!(ty, Type::Path(path) if path.to_token_stream().to_string() == "Self") {
                *ty = self.0.clone();
            }
            syn::visit_mut::visit_type_mut(self, ty);
        }
    }

    Rename(group).visit_type_mut(&mut ty);
    ty
}
