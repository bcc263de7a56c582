//! One method of a group: a function, or how the group closes.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::visit_mut::VisitMut;
use syn::{Attribute, Ident, ImplItemFn, LitStr, Meta, ReturnType, Signature, Type};

use crate::args::{self, Args};
use crate::errors::Errors;
use crate::names;
use crate::signature::{must_be_plain, parameter_name, returned, takes_self_by_reference, takes_self_by_value, typed};
use crate::types::{self, Dependence, behind_shared_reference, is_unit};

/// `#[function] async fn add(&self, ctx: &Context, input: I) -> nat::Result<O>`.
pub(super) struct FunctionMethod {
    pub(super) ident: Ident,
    pub(super) name: LitStr,
    pub(super) conditions: Vec<Attribute>,
    description: String,
    input_name: LitStr,
    /// By the person's name for it.
    context: Type,
    input: Type,
    output: Type,
    /// Where the result stands.
    result: Span,
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
        let name = names::member_name(&args, &signature.ident, errors);
        let output = returned(signature, "T", "`T` is what it gives", errors);
        let parameters: Vec<_> = signature.inputs.iter().filter_map(typed).collect();
        let (true, [ctx, input]) = (takes_self_by_reference(signature), &parameters[..]) else {
            must_take_three(method, errors);
            return None;
        };
        let Some(context) = behind_shared_reference(&ctx.ty) else {
            errors.at(&ctx.ty, "the first parameter after `&self` is `&Context`, the request that is being answered");
            return None;
        };
        let input_name = names::input_name(&args, parameter_name(input), errors);
        let input = independent(&input.ty, "what a function takes is read from a request", errors);
        let output = independent(&output?, "what a function gives is described to its callers", errors);
        if signature.asyncness.is_none() || !signature.generics.params.is_empty() {
            return None;
        }
        Some(Self {
            ident: signature.ident.clone(),
            name,
            conditions: names::conditions(&method.attrs),
            description: names::description(&method.attrs),
            input_name,
            context: without_self(context.clone(), group),
            input: without_self(input?, group),
            output: without_self(output?, group),
            result: result_span(signature),
        })
    }

    /// The type that stands for the method.
    fn adapter_name(&self) -> Ident {
        format_ident!("__function_{}", self.ident, span = Span::mixed_site())
    }

    /// A type of its own for the method, with what is known of it.
    pub(super) fn adapter(&self, group: &Type) -> TokenStream {
        let Self { ident, name, conditions, description, input_name, context, input, output, result } = self;
        let adapter = self.adapter_name();
        // What the person has not written stands at the same place, but for lints it is generated.
        let generated = Span::call_site().located_at(ident.span());
        let request = quote_spanned!(generated=> &__nat::Context);
        let answer = quote_spanned!(generated=> __nat::Result<#output>);
        let [this, ctx, value] = ["group", "ctx", "input"].map(|name| names::variable(name, ident.span()));
        let answered = names::spanned_variable("answered", *result);
        let given = quote_spanned!(context.span()=> <#context as __nat::IsTheContext>::given(#ctx));
        let seen = quote_spanned!(*result=> __nat::must_be_a_result(#answered));
        let call = quote_spanned! {ident.span()=>
            async fn call(#this: &#group, #ctx: #request, #value: #input) -> #answer {
                let #answered = <#group>::#ident(#this, #given, #value).await;
                #seen
            }
        };
        quote! {
            #(#conditions)*
            struct #adapter;

            #(#conditions)*
            #[automatically_derived]
            impl __nat::GroupMethod<#group> for #adapter {
                const NAME: &'static ::core::primitive::str = #name;
                const DESCRIPTION: &'static ::core::primitive::str = #description;
                const INPUT_NAME: &'static ::core::primitive::str = #input_name;
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
        Some(receiver) if !takes_self_by_reference(&method.sig) => errors.at(receiver, message),
        _ if method.sig.inputs.is_empty() => errors.at_span(method.sig.paren_token.span.join(), message),
        _ => errors.at(&method.sig.inputs, message),
    }
}

/// A type that is the same wherever it stands.
fn independent(ty: &Type, reason: &str, errors: &mut Errors) -> Option<Type> {
    match types::dependence(ty) {
        None => return Some(ty.clone()),
        Some(Dependence::Reference(reference)) => {
            let reference = Type::Reference(reference);
            let owned = types::owned(&reference).unwrap_or_default();
            errors.at(reference, format!("{reason} and borrows nothing: write `{owned}`"));
        }
        Some(Dependence::Lifetime(lifetime)) => {
            errors.at(lifetime, format!("{reason} and borrows nothing: use a type without lifetimes"));
        }
        Some(Dependence::Opaque(opaque)) => errors.at(opaque, format!("{reason} as one type: name it here")),
    }
    None
}

/// Where the type stands that a method returns.
fn result_span(signature: &Signature) -> Span {
    match &signature.output {
        ReturnType::Type(_, result) => result.span(),
        ReturnType::Default => signature.ident.span(),
    }
}

/// `#[close] async fn close(self, reason: CloseReason) -> nat::Result<()>`.
pub(super) struct CloseMethod {
    pub(super) ident: Ident,
    pub(super) conditions: Vec<Attribute>,
    /// By the person's name for it.
    reason: Type,
    /// Where the result stands.
    result: Span,
}

impl CloseMethod {
    pub(super) fn read(mark: &Attribute, method: &ImplItemFn, errors: &mut Errors) -> Option<Self> {
        if !matches!(mark.meta, Meta::Path(_)) {
            errors.at(mark, "`#[close]` takes no parameters");
        }
        let signature = &method.sig;
        must_be_plain(signature, "a close", errors);
        let parameters: Vec<_> = signature.inputs.iter().filter_map(typed).collect();
        let (true, [reason]) = (takes_self_by_value(signature), &parameters[..]) else {
            let message = "a close takes the group itself and why: write `(self, reason: CloseReason)`";
            if signature.inputs.is_empty() {
                errors.at_span(signature.paren_token.span.join(), message);
            } else {
                errors.at(&signature.inputs, message);
            }
            return None;
        };
        let output = returned(signature, "()", "`()` says that it closed", errors)?;
        if !is_unit(&output) {
            errors.at(&output, "a close gives nothing back: write `nat::Result<()>`");
            return None;
        }
        signature.asyncness?;
        Some(Self {
            ident: signature.ident.clone(),
            conditions: names::conditions(&method.attrs),
            reason: (*reason.ty).clone(),
            result: result_span(signature),
        })
    }

    pub(super) fn forward(&self, group: &Type) -> TokenStream {
        let Self { ident, conditions, reason, result } = self;
        let generated = Span::call_site().located_at(ident.span());
        let why = quote_spanned!(generated=> __nat::CloseReason);
        let answer = quote_spanned!(generated=> __nat::Result<()>);
        let (told, closed) = (names::variable("reason", ident.span()), names::spanned_variable("closed", *result));
        let given = quote_spanned!(reason.span()=> <#reason as __nat::IsTheCloseReason>::given(#told));
        let seen = quote_spanned!(*result=> __nat::must_be_a_result(#closed));
        quote_spanned! {ident.span()=>
            #(#conditions)*
            async fn close(self, #told: #why) -> #answer {
                let #closed = <#group>::#ident(self, #given).await;
                #seen
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
