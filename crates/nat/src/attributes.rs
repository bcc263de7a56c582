//! The attributes, documented where people find them.

/// Makes an async builder function a component type whose instances belong to one user each.
///
/// ```
/// use nat::{Builder, Context, Function, register_per_user_function};
/// use schemars::JsonSchema;
/// use serde::Deserialize;
///
/// #[derive(Deserialize, JsonSchema)]
/// struct NotepadConfig {
///     max_notes: usize,
/// }
///
/// /// A notepad: each user has their own list of notes.
/// #[register_per_user_function(input_type = String, single_output_type = usize, input_name = "note")]
/// async fn per_user_notepad(config: NotepadConfig, builder: &Builder) -> nat::Result<Notepad> {
///     let owner = builder.user_id().ok_or_else(|| nat::Error::runtime("a notepad has an owner"))?;
///     Notepad::open(owner, config.max_notes)
/// }
///
/// struct Notepad {
///     // …
/// #   max_notes: usize,
/// }
/// # impl Notepad {
/// #     fn open(_owner: &nat::UserId, max_notes: usize) -> nat::Result<Self> { Ok(Self { max_notes }) }
/// # }
///
/// impl Function for Notepad {
///     type Input = String;
///     type Output = usize;
///
///     async fn call(&self, _ctx: &Context, note: String) -> nat::Result<usize> {
///         // …
/// #       Ok(note.len().min(self.max_notes))
///     }
/// }
/// # fn main() {}
/// ```
///
/// The function stands outside of `impl`. It is `async`, takes the settings by value and `&Builder`, and returns
/// `nat::Result<F>`, where `F` is a type that implements [`Function`](crate::Function), or
/// `impl Function<Input = …, Output = …>`. It runs at a user's first request. It may await, and it may
/// fail: everybody who waits for that instance gets the error, and the next request tries again.
///
/// # Parameters
///
/// | parameter | what it says |
/// |---|---|
/// | `input_type = T` | what a call takes; required |
/// | `single_output_type = T` | what a call gives |
/// | `streaming_output_type = T` | one chunk of what it streams |
/// | `config_type = T` | the settings; the type of the first parameter when left out |
/// | `name = "…"` | the `_type` in YAML; the name of the function when left out |
/// | `input_name = "…"` | the field that carries a plain input such as `String`; `value` when left out |
/// | `crate = path` | where this crate is found, if your `Cargo.toml` calls it something else |
///
/// The types are declared because they must be known before anything is built; the compiler compares
/// them with the ones that `F` implements. The doc comment becomes the component's description.
///
/// At least one of the two output types is required. They say which trait `F` implements:
/// [`Function`](crate::Function) for one output, [`StreamingFunction`](crate::StreamingFunction) for a
/// stream, both for both. Whoever asks a `Function` for a stream gets one chunk; whoever asks a
/// `StreamingFunction` for one output gets what its [`fold`](crate::StreamingFunction::fold) makes of the chunks, or an error.
///
/// ```
/// use nat::{Builder, Context, Stream, StreamingFunction, register_per_user_function, stream};
///
/// #[register_per_user_function(input_type = String, streaming_output_type = String, input_name = "text")]
/// async fn words(_config: (), _builder: &Builder) -> nat::Result<Words> {
///     Ok(Words)
/// }
///
/// struct Words;
///
/// impl StreamingFunction for Words {
///     type Input = String;
///     type Chunk = String;
///
///     fn stream(&self, _ctx: &Context, text: String) -> impl Stream<Item = nat::Result<String>> + Send {
///         stream! {
///             for word in text.split_whitespace() {
///                 yield word.to_owned();
///             }
///         }
///     }
/// }
/// # fn main() {}
/// ```
///
/// A builder function without settings takes `_config: ()`:
///
/// ```
/// # use nat::{Builder, Function, from_fn, register_per_user_function};
/// #[register_per_user_function(input_type = String, single_output_type = String)]
/// async fn shout(_config: (), _builder: &Builder) -> nat::Result<impl Function<Input = String, Output = String>> {
///     Ok(from_fn((), |_state, _ctx, text: String| async move { Ok(text.to_uppercase()) }))
/// }
/// # fn main() {}
/// ```
///
/// A mistake is a compile error at the word that is wrong:
///
/// ```compile_fail
/// # use nat::{Builder, Function, from_fn, register_per_user_function};
/// #[register_per_user_function(input_type = i64, single_output_type = String)]
/// //                                        ^^^ `input_type` is `i64`, but the function takes `String`
/// async fn shout(_config: (), _builder: &Builder) -> nat::Result<impl Function<Input = String, Output = String>> {
///     Ok(from_fn((), |_state, _ctx, text: String| async move { Ok(text.to_uppercase()) }))
/// }
/// # fn main() {}
/// ```
pub use nat_macros::register_per_user_function;

/// Makes an async builder function a component type that is built once, for all users.
///
/// As [`register_per_user_function`], with two differences: it is built when the server starts, and
/// `input_type` and `single_output_type` may be left out, since they are read from the function.
/// What is declared is compared all the same. A shared function that streams says so with
/// `streaming_output_type`, and with `single_output_type` too if it does both. A shared function cannot
/// use per-user ones.
///
/// ```
/// use nat::{Builder, Context, Function, FunctionHandle, FunctionRef, register_function};
/// use schemars::JsonSchema;
/// use serde::Deserialize;
///
/// #[derive(Deserialize, JsonSchema)]
/// struct TwiceConfig {
///     /// The function to ask, by its name in the file.
///     target: FunctionRef,
/// }
///
/// /// Asks another function, and answers with twice its number.
/// #[register_function]
/// async fn twice(config: TwiceConfig, builder: &Builder) -> nat::Result<Twice> {
///     Ok(Twice(builder.get_function(&config.target).await?))
/// }
///
/// struct Twice(FunctionHandle<i64, i64>);
///
/// impl Function for Twice {
///     type Input = i64;
///     type Output = i64;
///
///     async fn call(&self, ctx: &Context, number: i64) -> nat::Result<i64> {
///         Ok(2 * self.0.call(ctx, number).await?)
///     }
/// }
/// # fn main() {}
/// ```
pub use nat_macros::register_function;

/// Makes an async builder function a type of function group whose instances belong to one user each.
///
/// The functions are the methods that [`functions`] finds in the `impl` block of the type that the
/// builder function returns. They share the value, are called `group__function` in the file, and
/// `include` and `exclude` there say which of them are reached.
///
/// ```
/// use std::sync::atomic::{AtomicI64, Ordering};
///
/// use nat::{Builder, CloseReason, Context, register_per_user_function_group};
/// use schemars::JsonSchema;
/// use serde::Deserialize;
///
/// #[derive(Deserialize, JsonSchema)]
/// struct AccountConfig {
///     #[serde(default)]
///     opening_balance: i64,
/// }
///
/// /// An account for each user.
/// #[register_per_user_function_group]
/// async fn account(config: AccountConfig, _builder: &Builder) -> nat::Result<Account> {
///     Ok(Account { balance: AtomicI64::new(config.opening_balance) })
/// }
///
/// struct Account {
///     balance: AtomicI64,
/// }
///
/// #[nat::functions]
/// impl Account {
///     /// Pays in, and says what there is then.
///     #[function]
///     async fn deposit(&self, _ctx: &Context, amount: i64) -> nat::Result<i64> {
///         if amount <= 0 {
///             return Err(nat::Error::value("the amount must be positive"));
///         }
///         Ok(self.balance.fetch_add(amount, Ordering::Relaxed) + amount)
///     }
///
///     #[close]
///     async fn close(self, _reason: CloseReason) -> nat::Result<()> {
///         Ok(())
///     }
/// }
/// # fn main() {}
/// ```
///
/// # Parameters
///
/// `config_type`, `name` and `crate`, as in [`register_per_user_function`]. The type that the builder
/// function returns has a name: `impl Trait` is refused, since its functions must be known before
/// there is a value.
pub use nat_macros::register_per_user_function_group;

/// Makes an async builder function a type of function group that is built once, for all users.
///
/// As [`register_per_user_function_group`], built when the server starts.
///
/// ```
/// use nat::{Builder, Context, register_function_group};
///
/// /// Says things louder, or not.
/// #[register_function_group(name = "voices")]
/// async fn make_voices(_config: (), _builder: &Builder) -> nat::Result<Voices> {
///     Ok(Voices)
/// }
///
/// struct Voices;
///
/// #[nat::functions]
/// impl Voices {
///     #[function]
///     async fn shout(&self, _ctx: &Context, text: String) -> nat::Result<String> {
///         Ok(text.to_uppercase())
///     }
///
///     #[function]
///     async fn whisper(&self, _ctx: &Context, text: String) -> nat::Result<String> {
///         Ok(text.to_lowercase())
///     }
/// }
/// # fn main() {}
/// ```
pub use nat_macros::register_function_group;

/// Makes an async builder function a component type of a kind that is not a function: a language model, an object store, or
/// any other kind that a crate defines with [`component_kind!`](crate::component_kind).
///
/// The builder function returns a value of a type that implements the trait of the kind. Its components stand under the
/// section of the kind; other components name one with the reference type of the kind in their settings, and get it from
/// [`Builder::get_component`](crate::Builder::get_component).
///
/// ```
/// use nat::{Builder, register_component};
///
/// /// Greets people.
/// pub trait Greeter: Send + Sync + 'static {
///     fn greet(&self, name: &str) -> String;
/// }
///
/// nat::component_kind! {
///     /// The name of a greeter under `greeters:`.
///     pub struct GreeterRef for dyn Greeter;
///     section = "greeters";
///     noun = "greeter";
///     reference = "greeter";
/// }
///
/// struct Polite;
///
/// impl Greeter for Polite {
///     fn greet(&self, name: &str) -> String {
///         format!("Good day, {name}.")
///     }
/// }
///
/// /// Says good day.
/// #[register_component(kind = GreeterRef)]
/// async fn polite(_config: (), _builder: &Builder) -> nat::Result<Polite> {
///     Ok(Polite)
/// }
/// # fn main() {}
/// ```
///
/// # Parameters
///
/// `kind` is the reference type of the kind. `scope = per_user` makes an instance for each user; without it, or with
/// `scope = shared`, there is one for all, which cannot use what is per user. `config_type`, `name` and `crate` are as in
/// [`register_per_user_function`].
pub use nat_macros::register_component;

/// Makes the methods of an `impl` block that are marked `#[function]` the functions of a group.
///
/// - `#[function] async fn name(&self, ctx: &Context, input: I) -> nat::Result<O>` is a function of the
///   group. `#[function(name = "…")]` calls it something else. The name of its last parameter is the
///   field that carries a plain input; `#[function(input_name = "…")]` gives another one. The doc
///   comment is its description.
/// - `#[close] async fn close(self, reason: CloseReason) -> nat::Result<()>`, at most one, runs once when
///   the instance ends; see [`Function::close`](crate::Function::close).
/// - Everything else in the block is left alone.
///
/// All functions of a group stand in one such block: a second one for the same type is a conflict
/// between two implementations of `FunctionGroup`.
///
/// The block implements [`FunctionGroup`](crate::FunctionGroup), which is what the builder function of
/// a group returns: see [`register_per_user_function_group`] for an example. `#[functions(crate = path)]`
/// says where this crate is found, if your `Cargo.toml` calls it something else.
pub use nat_macros::functions;

/// Marks a method of a [`functions`] block as a function of the group.
pub use nat_macros::function;

/// Marks the method of a [`functions`] block by which the group closes.
pub use nat_macros::close;
