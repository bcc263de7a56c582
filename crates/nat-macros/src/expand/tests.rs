//! What the attributes write, as a person would have written it. Renew with `UPDATE_EXPECT=1`.

use expect_test::{ExpectFile, expect_file};
use proc_macro2::TokenStream;

use super::{Kind, Scope, builder_function};
use crate::group;

fn check(golden: ExpectFile, expanded: TokenStream) {
    let file: syn::File = syn::parse2(expanded).expect("an expansion is a list of items");
    golden.assert_eq(&prettyplease::unparse(&file));
}

fn tokens(text: &str) -> TokenStream {
    text.parse().expect("the test is written in Rust")
}

#[test]
fn per_user_function() {
    let parameters = "config_type = NotepadConfig, input_type = NoteInput, single_output_type = NoteOutput";
    let item = "
        /// A notepad: each user has their own list of notes.
        ///
        /// Nothing outlives the instance.
        pub async fn per_user_notepad(config: NotepadConfig, _builder: &Builder) -> nat::Result<Notepad> {
            Ok(Notepad::new(config.max_notes))
        }
    ";
    check(
        expect_file!["../../tests/expand/per_user_function.rs"],
        builder_function(Kind::Function, Scope::PerUser, tokens(parameters), tokens(item)),
    );
}

#[test]
fn shared_function_with_inferred_types() {
    let item = "async fn counter(config: CounterConfig, _builder: &Builder) -> nat::Result<Counter> { todo() }";
    check(
        expect_file!["../../tests/expand/shared_function_with_inferred_types.rs"],
        builder_function(Kind::Function, Scope::Shared, tokens("name = \"count\""), tokens(item)),
    );
}

#[test]
fn closure_without_settings() {
    let parameters = "input_type = String, single_output_type = String, input_name = \"text\"";
    let item = "
        #[cfg(feature = \"shouting\")]
        async fn r#loop(_: (), _: &Builder) -> nat::Result<impl Function<Input = String, Output = String>> {
            Ok(from_fn((), shout))
        }
    ";
    check(
        expect_file!["../../tests/expand/closure_without_settings.rs"],
        builder_function(Kind::Function, Scope::Shared, tokens(parameters), tokens(item)),
    );
}

#[test]
fn streaming_function() {
    let parameters = "input_type = Topic, streaming_output_type = Headline";
    let item = "async fn headlines(config: FeedConfig, _builder: &Builder) -> nat::Result<Feed> { Feed::open(config) }";
    check(
        expect_file!["../../tests/expand/streaming_function.rs"],
        builder_function(Kind::Function, Scope::PerUser, tokens(parameters), tokens(item)),
    );
}

#[test]
fn single_and_streaming_function() {
    let parameters = "input_type = Topic, single_output_type = Page, streaming_output_type = Headline";
    let item = "async fn news(config: FeedConfig, _builder: &Builder) -> nat::Result<Feed> { Feed::open(config) }";
    check(
        expect_file!["../../tests/expand/single_and_streaming_function.rs"],
        builder_function(Kind::Function, Scope::Shared, tokens(parameters), tokens(item)),
    );
}

#[test]
fn function_under_own_names() {
    let item = "async fn news(config: FeedConfig, _builder: &NatBuilder) -> NatResult<Feed> { Feed::open(config) }";
    check(
        expect_file!["../../tests/expand/function_under_own_names.rs"],
        builder_function(Kind::Function, Scope::Shared, TokenStream::new(), tokens(item)),
    );
}

#[test]
fn function_group() {
    let item = "async fn bag(config: BagConfig, builder: &Builder) -> nat::Result<Bag> { Bag::open(config).await }";
    check(
        expect_file!["../../tests/expand/function_group.rs"],
        builder_function(Kind::Group, Scope::PerUser, tokens("crate = workflow"), tokens(item)),
    );
}

#[test]
fn functions_of_a_group() {
    let item = "
        impl Bag {
            /// Adds an item and says how many there are.
            #[function]
            async fn push(&self, _ctx: &Context, item: String) -> nat::Result<usize> { self.add(item) }

            #[cfg(feature = \"listing\")]
            #[function(name = \"items\", input_name = \"prefix\")]
            pub(crate) async fn list(&self, _ctx: &Context, _: Prefix) -> nat::Result<Vec<String>> { todo() }

            #[cfg(unix)]
            #[close]
            async fn save(self, reason: CloseReason) -> nat::Result<()> { self.write(reason).await }

            #[cfg(not(unix))]
            #[close]
            async fn forget(self, _: CloseReason) -> nat::Result<()> { todo() }

            fn add(&self, item: String) -> nat::Result<usize> { todo() }
        }
    ";
    check(
        expect_file!["../../tests/expand/functions_of_a_group.rs"],
        group::functions(TokenStream::new(), tokens(item)),
    );
}

#[test]
fn a_mistaken_item_survives() {
    let item = "fn notepad(config: NotepadConfig) -> Notepad { Notepad::new(config) }";
    check(
        expect_file!["../../tests/expand/a_mistaken_item_survives.rs"],
        builder_function(Kind::Function, Scope::PerUser, tokens("input_typ = NoteInput"), tokens(item)),
    );
}

#[test]
#[cfg(debug_assertions)]
#[should_panic = "mistakes were collected and never reported"]
fn mistakes_must_be_reported() {
    drop(crate::errors::Errors::new());
}
