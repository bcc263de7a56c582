//! `#[nat::functions]` and its methods.

mod marks;
mod method;

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::{ImplItem, ItemImpl, Type};

use self::marks::Mark;
use self::method::{CloseMethod, FunctionMethod};
use crate::args::{self, Args};
use crate::errors::Errors;
use crate::types::plain_type;

/// Reads an `impl` block whose `#[function]` methods are the functions of a group.
pub(crate) fn functions(parameters: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Errors::new();
    let args = Args::parse(parameters, args::OF_IMPL_BLOCKS, &mut errors);
    let Ok(mut block) = syn::parse2::<ItemImpl>(item.clone()) else {
        errors.at_span(Span::call_site(), "`#[functions]` goes on the `impl` block that holds a group's functions");
        let errors = errors.finish();
        return quote!(#item #errors);
    };
    let mut methods = Vec::new();
    let mut closes = Vec::new();
    let mut marked = 0_usize;
    for item in &mut block.items {
        let ImplItem::Fn(method) = item else { continue };
        let function = marks::take(&mut method.attrs, "function", &mut errors);
        let close = marks::take(&mut method.attrs, "close", &mut errors);
        marked += usize::from(!matches!(function, Mark::None));
        match (function, close) {
            (Mark::One(_), Mark::One(close)) => {
                errors.at(close, "a method is a function of the group or its close, not both");
            }
            (Mark::One(mark), _) => methods.extend(FunctionMethod::read(&mark, method, &block.self_ty, &mut errors)),
            (_, Mark::One(mark)) => closes.extend(CloseMethod::read(&mark, method, &mut errors)),
            _ => {}
        }
    }
    let implementable = must_be_inherent(&block, &mut errors);
    if marked == 0 && implementable {
        errors.at_span(Span::call_site(), "this block has no functions: mark at least one method with `#[function]`");
    }
    must_be_distinct(&methods, &mut closes, &mut errors);
    // The group stays a group although one of its methods is wrong, so that its builder function
    // does not complain as well.
    let group = implementable.then(|| implementation(&args, &block, &methods, &closes));
    let errors = errors.finish();
    quote!(#block #errors #group)
}

/// `#[function]` or `#[close]` where no `#[functions]` block has taken it.
pub(crate) fn stray(attribute: &str, item: TokenStream) -> TokenStream {
    let mut errors = Errors::new();
    let message =
        format!("`#[{attribute}]` marks a method of an `impl` block: write `#[nat::functions]` on that block");
    errors.at_span(Span::call_site(), message);
    let errors = errors.finish();
    quote!(#item #errors)
}

fn must_be_inherent(block: &ItemImpl, errors: &mut Errors) -> bool {
    let mut inherent = true;
    if let Some((path, _)) = &block.trait_ {
        errors.at(path, "a group's functions are methods of its own: write `impl YourGroup`, without a trait");
        inherent = false;
    }
    if !block.generics.params.is_empty() {
        errors.at(&block.generics, "a group cannot be generic: the file names one component, with one set of types");
        inherent = false;
    }
    if !matches!(plain_type(&block.self_ty), Type::Path(_)) {
        errors.at(&block.self_ty, "a group is a struct or an enum of its own");
        inherent = false;
    }
    inherent
}

/// Takes out the closes that are too many: they would be two methods of one name.
fn must_be_distinct(methods: &[FunctionMethod], closes: &mut Vec<CloseMethod>, errors: &mut Errors) {
    for (index, method) in methods.iter().enumerate() {
        // A pair of which only one is compiled in shares a name with good reason.
        let earlier = methods[..index].iter().find(|earlier| earlier.name.value() == method.name.value());
        if earlier.is_some_and(|earlier| earlier.conditions.is_empty() || method.conditions.is_empty()) {
            errors.at(&method.name, format!("the group has a function `{}` already", method.name.value()));
        }
    }
    let mut earlier: Vec<CloseMethod> = Vec::new();
    for close in closes.drain(..) {
        if earlier.iter().any(|earlier| earlier.conditions.is_empty() || close.conditions.is_empty()) {
            errors.at(&close.ident, "the group has a `#[close]` already: it closes once");
        } else {
            earlier.push(close);
        }
    }
    *closes = earlier;
}

fn implementation(args: &Args, block: &ItemImpl, methods: &[FunctionMethod], closes: &[CloseMethod]) -> TokenStream {
    let krate = args.crate_path();
    let group = &block.self_ty;
    let conditions = crate::names::conditions(&block.attrs);
    let quiet = crate::names::quiet_about_deprecation(block.items.iter().flat_map(|item| match item {
        ImplItem::Fn(method) => method.attrs.as_slice(),
        _ => &[],
    }));
    let adapters = methods.iter().map(|method| method.adapter(group));
    let entries = methods.iter().map(FunctionMethod::entry);
    let closes = closes.iter().map(|close| close.forward(group));
    quote! {
        #(#conditions)*
        #quiet
        #[allow(non_camel_case_types)]
        const _: () = {
            use #krate::__private as __nat;

            #(#adapters)*

            #[automatically_derived]
            impl __nat::FunctionGroup for #group {
                const FUNCTIONS: &'static [__nat::GroupFunction<Self>] = &[#(#entries),*];

                #(#closes)*
            }
        };
    }
}
