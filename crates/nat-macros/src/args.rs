//! The attribute's parameters: `input_type = NoteInput, name = "notepad"`.

use proc_macro2::{TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Ident, LitStr, Path, Token, Type, parse_quote};

use crate::errors::Errors;

/// The parameters that an attribute knows, in the order in which people should read them.
pub(crate) type Known = &'static [(&'static str, Form)];

/// What may stand after the `=`.
#[derive(Clone, Copy)]
pub(crate) enum Form {
    Type,
    Text,
    CratePath,
    /// Nothing: the parameter exists elsewhere, and this says why not here.
    Refused(&'static str),
}

const GROUP_TYPES: Form = Form::Refused(
    "a group has no type of its own: what its functions take and give is read from the methods marked `#[function]`",
);

pub(crate) const OF_FUNCTIONS: Known = &[
    ("config_type", Form::Type),
    ("input_type", Form::Type),
    ("single_output_type", Form::Type),
    ("streaming_output_type", Form::Type),
    ("name", Form::Text),
    ("input_name", Form::Text),
    ("crate", Form::CratePath),
];

pub(crate) const OF_GROUPS: Known = &[
    ("config_type", Form::Type),
    ("name", Form::Text),
    ("crate", Form::CratePath),
    ("input_type", GROUP_TYPES),
    ("single_output_type", GROUP_TYPES),
    ("streaming_output_type", GROUP_TYPES),
    (
        "input_name",
        Form::Refused("a group's functions have inputs of their own: write `#[function(input_name = \"…\")]`"),
    ),
];

pub(crate) const OF_COMPONENTS: Known = &[
    ("kind", Form::Type),
    ("config_type", Form::Type),
    ("name", Form::Text),
    ("scope", Form::Type),
    ("crate", Form::CratePath),
    ("input_type", NO_CALLS),
    ("single_output_type", NO_CALLS),
    ("streaming_output_type", NO_CALLS),
    ("input_name", NO_CALLS),
];

const NO_CALLS: Form =
    Form::Refused("what a component of a kind takes and gives is said by the trait of the kind: this is for functions");

pub(crate) const OF_IMPL_BLOCKS: Known = &[("crate", Form::CratePath)];

pub(crate) const OF_METHODS: Known = &[("name", Form::Text), ("input_name", Form::Text)];

/// What was written, each parameter at most once.
pub(crate) struct Args {
    given: Vec<(Ident, Value)>,
    reading: Reading,
}

#[derive(PartialEq, Eq)]
enum Reading {
    Whole,
    /// At a mistake, after which anything may have followed.
    BrokenOff,
}

enum Value {
    Type(Type),
    Text(LitStr),
    Path(Path),
    /// Reported already; keeps the parameter from being reported as missing as well.
    Mistaken,
}

impl Args {
    pub(crate) fn parse(parameters: TokenStream, known: Known, errors: &mut Errors) -> Self {
        let mut args = Self { given: Vec::new(), reading: Reading::Whole };
        let parser = |input: ParseStream<'_>| {
            while !input.is_empty() {
                args.parse_one(input, known, errors)?;
                if input.is_empty() {
                    break;
                }
                if !input.peek(Token![,]) {
                    return Err(input.error("expected `,` before the next parameter"));
                }
                input.parse::<Token![,]>()?;
            }
            Ok(())
        };
        if let Err(error) = parser.parse2(parameters) {
            errors.take(error);
            args.reading = Reading::BrokenOff;
        }
        args
    }

    fn parse_one(&mut self, input: ParseStream<'_>, known: Known, errors: &mut Errors) -> syn::Result<()> {
        if !input.peek(Ident::peek_any) {
            return Err(input.error(format!("expected a parameter: {}", list(known))));
        }
        let key = input.call(Ident::parse_any)?;
        let Some((name, form)) = known.iter().find(|(name, _)| key == name) else {
            skip_value(input);
            match probably(&key, known) {
                Some(meant) => {
                    errors.at(&key, format!("unknown parameter `{key}`: did you mean `{meant}`?"));
                    self.given.push((Ident::new(meant, key.span()), Value::Mistaken));
                }
                None => errors.at(&key, format!("unknown parameter `{key}`: there {}", list(known))),
            }
            return Ok(());
        };
        let duplicate = self.given.iter().any(|(earlier, value)| *earlier == key && !matches!(value, Value::Mistaken));
        if let Form::Refused(reason) = form {
            errors.at(&key, reason);
            skip_value(input);
            self.given.push((key, Value::Mistaken));
            return Ok(());
        }
        if !input.peek(Token![=]) {
            errors.at(&key, format!("`{name}` needs a value: write `{name} = {}`", form.example()));
            skip_value(input);
            self.given.push((key, Value::Mistaken));
            return Ok(());
        }
        input.parse::<Token![=]>()?;
        let start = input.span();
        let value = match form {
            Form::Type => input.parse().map(Value::Type),
            Form::Text => input.parse().map(Value::Text),
            _ if input.peek(LitStr) => input.parse::<LitStr>().and_then(|text| text.parse()).map(Value::Path),
            _ => input.call(Path::parse_mod_style).map(Value::Path),
        };
        let value = value.unwrap_or_else(|_| {
            errors.at_span(start, format!("expected {}: `{name} = {}`", form.noun(), form.example()));
            skip_value(input);
            Value::Mistaken
        });
        if duplicate {
            errors.at(&key, format!("`{name}` is given twice: keep one of them"));
            return Ok(());
        }
        self.given.push((key, value));
        Ok(())
    }

    /// Whether the parameter was certainly not written, neither well nor badly.
    pub(crate) fn lack(&self, name: &str) -> bool {
        self.reading == Reading::Whole && self.given.iter().all(|(key, _)| key != name)
    }

    pub(crate) fn type_of(&self, name: &str) -> Option<&Type> {
        self.given.iter().find_map(|(key, value)| match value {
            Value::Type(value) if key == name => Some(value),
            _ => None,
        })
    }

    pub(crate) fn text(&self, name: &str) -> Option<&LitStr> {
        self.given.iter().find_map(|(key, value)| match value {
            Value::Text(value) if key == name => Some(value),
            _ => None,
        })
    }

    /// Where the facade crate is found: `crate = …`, else `::nat`.
    pub(crate) fn crate_path(&self) -> Path {
        let given = self.given.iter().find_map(|(_, value)| match value {
            Value::Path(path) => Some(path.clone()),
            _ => None,
        });
        given.unwrap_or_else(|| parse_quote!(::nat))
    }
}

impl Form {
    fn noun(self) -> &'static str {
        match self {
            Self::Type => "a type",
            Self::Text => "text in quotes",
            _ => "the path of the crate",
        }
    }

    fn example(self) -> &'static str {
        match self {
            Self::Type => "SomeType",
            Self::Text => "\"…\"",
            _ => "path",
        }
    }
}

/// The parameter that was probably meant.
fn probably(key: &Ident, known: Known) -> Option<&'static str> {
    let key = key.to_string();
    // Half of a name says more than its letters do: `output_type` is no slip for `input_type`.
    let half = usable(known).find(|name| name.contains(&key) && 2 * key.len() >= name.len());
    half.or_else(|| {
        let names = usable(known).map(|name| (strsim::damerau_levenshtein(name, &key), name));
        names.min().filter(|(distance, name)| *distance <= name.len() / 3).map(|(_, name)| name)
    })
}

fn list(known: Known) -> String {
    let names: Vec<_> = usable(known).map(|name| format!("`{name}`")).collect();
    match names.as_slice() {
        [one] => format!("is only {one}"),
        [first @ .., last] => format!("are {} and {last}", first.join(", ")),
        [] => "are none".to_owned(),
    }
}

fn usable(known: Known) -> impl Iterator<Item = &'static str> {
    known.iter().filter(|(_, form)| !matches!(form, Form::Refused(_))).map(|(name, _)| *name)
}

/// Goes on to the comma that ends the parameter, past those between `<` and `>`.
fn skip_value(input: ParseStream<'_>) {
    let mut depth = 0_usize;
    while !input.is_empty() && (depth > 0 || !input.peek(Token![,])) {
        match input.parse::<TokenTree>() {
            Ok(TokenTree::Punct(punct)) if punct.as_char() == '<' => depth += 1,
            Ok(TokenTree::Punct(punct)) if punct.as_char() == '>' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
}
