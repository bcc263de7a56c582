//! Names and descriptions, as YAML and people will see them.

use syn::ext::IdentExt;
use syn::{Attribute, Expr, ExprLit, Ident, Lit, LitStr, Meta, parse_quote};

use crate::args::Args;
use crate::errors::Errors;

/// `name = "…"`, else what the function is called.
pub(crate) fn component_name(args: &Args, function: &Ident, errors: &mut Errors) -> LitStr {
    match args.text("name") {
        Some(name) => checked(name, errors),
        None => LitStr::new(&function.unraw().to_string(), function.span()),
    }
}

/// `input_name = "…"`, else what the parameter is called, else `value`.
pub(crate) fn input_name(args: &Args, parameter: Option<&Ident>, errors: &mut Errors) -> LitStr {
    if let Some(name) = args.text("input_name") {
        return checked(name, errors);
    }
    // A leading underscore says that Rust code does not use the parameter; callers still give it.
    let name = parameter.map(|parameter| parameter.unraw().to_string().trim_start_matches('_').to_owned());
    let name = name.filter(|name| !name.is_empty()).unwrap_or_else(|| "value".to_owned());
    LitStr::new(&name, parameter.map_or_else(proc_macro2::Span::call_site, Ident::span))
}

fn checked(name: &LitStr, errors: &mut Errors) -> LitStr {
    let text = name.value();
    if text.is_empty() {
        errors.at(name, "the name is empty: write at least one character, or leave the parameter out");
    } else if let Some(bad) =
        text.chars().find(|c| c.is_whitespace() || c.is_control() || matches!(c, '/' | '"' | '\\'))
    {
        let shown = if bad == '"' { "a quote".to_owned() } else { format!("{bad:?}") };
        errors.at(name, format!("a name cannot hold {shown}: use letters, digits, `_` and `-`"));
    }
    name.clone()
}

/// The doc comment as one text.
pub(crate) fn description(attributes: &[Attribute]) -> String {
    let lines: Vec<_> = attributes.iter().filter_map(doc_line).collect();
    lines.join("\n").trim().to_owned()
}

fn doc_line(attribute: &Attribute) -> Option<String> {
    let Meta::NameValue(doc) = &attribute.meta else { return None };
    if !doc.path.is_ident("doc") {
        return None;
    }
    let mut value = &doc.value;
    // A doc comment that passed through `macro_rules!` arrives in an invisible group.
    while let Expr::Group(group) = value {
        value = &group.expr;
    }
    let Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) = value else { return None };
    let text = text.value();
    let lines: Vec<_> = text.lines().map(|line| line.strip_prefix(' ').unwrap_or(line).trim_end()).collect();
    Some(lines.join("\n"))
}

/// The `#[cfg]`s of an item, which what is generated for it must share.
pub(crate) fn conditions(attributes: &[Attribute]) -> Vec<Attribute> {
    attributes.iter().filter(|attribute| attribute.path().is_ident("cfg")).cloned().collect()
}

/// What keeps the call of a deprecated function from being reported where nobody wrote one.
pub(crate) fn quiet_about_deprecation<'a>(attributes: impl IntoIterator<Item = &'a Attribute>) -> Option<Attribute> {
    let mut attributes = attributes.into_iter();
    attributes.any(|attribute| attribute.path().is_ident("deprecated")).then(|| parse_quote!(#[allow(deprecated)]))
}
