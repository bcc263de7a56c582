//! A collector that must be finished, so that no mistake found is ever lost.

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;

/// The mistakes of one attribute, to be reported together.
pub(crate) struct Errors {
    found: Vec<syn::Error>,
    state: State,
}

#[derive(PartialEq, Eq)]
enum State {
    Collecting,
    Finished,
}

impl Errors {
    pub(crate) fn new() -> Self {
        Self { found: Vec::new(), state: State::Collecting }
    }

    /// A mistake that `tokens` make, all of them underlined.
    pub(crate) fn at(&mut self, tokens: impl ToTokens, message: impl std::fmt::Display) {
        self.found.push(syn::Error::new_spanned(tokens, message));
    }

    /// A mistake at one place.
    pub(crate) fn at_span(&mut self, span: Span, message: impl std::fmt::Display) {
        self.found.push(syn::Error::new(span, message));
    }

    /// Takes an error that parsing gave.
    pub(crate) fn take(&mut self, error: syn::Error) {
        self.found.push(error);
    }

    /// All mistakes as `compile_error!` items, or `generated` when there are none.
    pub(crate) fn finish_or(mut self, generated: impl FnOnce() -> TokenStream) -> TokenStream {
        self.state = State::Finished;
        if self.found.is_empty() { generated() } else { self.found.iter().map(syn::Error::to_compile_error).collect() }
    }

    /// All mistakes as `compile_error!` items; nothing when there are none.
    pub(crate) fn finish(self) -> TokenStream {
        self.finish_or(TokenStream::new)
    }
}

impl Drop for Errors {
    fn drop(&mut self) {
        debug_assert!(
            self.state == State::Finished || std::thread::panicking(),
            "mistakes were collected and never reported"
        );
    }
}
