//! Names and descriptions, as YAML and people will see them.

use proc_macro2::Span;
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

/// The same for a function of a group, which files may still call `group.function`.
pub(crate) fn member_name(args: &Args, method: &Ident, errors: &mut Errors) -> LitStr {
    let name = component_name(args, method, errors);
    if name.value().contains('.') {
        errors.at(&name, "a group's function has no `.` in its name: a file may write `group.function` for it");
    }
    name
}

/// `input_name = "…"`, else what the parameter is called, else `value`.
pub(crate) fn input_name(args: &Args, parameter: Option<&Ident>, errors: &mut Errors) -> LitStr {
    if let Some(name) = args.text("input_name") {
        return checked(name, errors);
    }
    // A leading underscore says that Rust code does not use the parameter; callers still give it.
    let name = parameter.map(|parameter| parameter.unraw().to_string().trim_start_matches('_').to_owned());
    let name = name.filter(|name| !name.is_empty()).unwrap_or_else(|| "value".to_owned());
    LitStr::new(&name, parameter.map_or_else(Span::call_site, Ident::span))
}

fn checked(name: &LitStr, errors: &mut Errors) -> LitStr {
    let text = name.value();
    if text.is_empty() {
        errors.at(name, "the name is empty: write at least one character, or leave the parameter out");
    } else if let Some(bad) =
        text.chars().find(|c| c.is_whitespace() || c.is_control() || is_invisible(*c) || matches!(c, '/' | '"' | '\\'))
    {
        let shown = if bad == '"' { "a quote".to_owned() } else { format!("{bad:?}") };
        errors.at(name, format!("a name cannot hold {shown}: use letters, digits, `_` and `-`"));
    }
    name.clone()
}

/// Whether a letter shows nothing, or turns around how others are read: two names that look the same
/// would be two.
fn is_invisible(letter: char) -> bool {
    matches!(
        letter,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}'
    )
}

/// A variable of the generated code. It is out of reach of the person's variables, and by its prefix of
/// their constants, which a pattern of the same name would mean.
pub(crate) fn variable(name: &str, place: Span) -> Ident {
    Ident::new(&format!("__nat_{name}"), Span::mixed_site().located_at(place))
}

/// The same for a variable that stands for the person's own expression, so that what is wrong with its
/// value is reported at `place` and not at the attribute.
pub(crate) fn spanned_variable(name: &str, place: Span) -> Ident {
    Ident::new(&format!("__nat_{name}"), place)
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
