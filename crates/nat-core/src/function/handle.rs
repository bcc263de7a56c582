//! What a function holds of another one: the right to call it while it lives.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use futures_util::{StreamExt, stream};
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::cell::{FunctionCell, Label};
use super::erased::{Access, ErasedFunction, ErasedGroup, GroupMember};
use super::manner::{Manner, Single, Streaming};
use super::{Chunks, Function, Scope, StreamingFunction};
use crate::context::FunctionNumber;
use crate::interface::{Given, Gives, InputType, Interface, OutputType};
use crate::{Context, Error, Result};

/// A function that takes `I` and gives `O`. Calls go straight through, without JSON in between.
///
/// A handle does not keep its function alive: once the instance has closed, a call is an error that
/// names the component.
pub struct FunctionHandle<I, O> {
    function: Arc<dyn ErasedFunction>,
    types: PhantomData<fn(I) -> O>,
}

impl<I: 'static, O: 'static> FunctionHandle<I, O> {
    pub(crate) fn new(function: Arc<dyn ErasedFunction>) -> Result<Self> {
        let interface = function.interface();
        if interface.takes::<I>() && interface.gives::<O>() {
            return Ok(Self { function, types: PhantomData });
        }
        Err(Error::type_error(format!(
            "function `{}` takes `{}` and gives `{}`, but is asked for as one that takes `{}` and gives `{}`",
            function.name(),
            interface.input_type_name(),
            interface.output_type_name(),
            std::any::type_name::<I>(),
            std::any::type_name::<O>(),
        )))
    }

    /// A handle to `function` itself, for unit tests of a function that calls others.
    ///
    /// ```
    /// # use nat_core::{Context, FunctionHandle, from_fn};
    /// # async fn test() -> nat_core::Result<()> {
    /// let shout = FunctionHandle::for_test(from_fn((), |_, _, text: String| async move { Ok(text.to_uppercase()) }));
    /// assert_eq!(shout.call(&Context::for_test(None), "hi".to_owned()).await?, "HI");
    /// # Ok(())
    /// # }
    /// ```
    pub fn for_test(function: impl Function<Input = I, Output = O>) -> Self
    where
        I: Serialize + DeserializeOwned + JsonSchema + Send,
        O: Serialize + JsonSchema + Send,
    {
        Self { function: single(function), types: PhantomData }
    }

    /// The name by which the file knows the function.
    pub fn name(&self) -> &str {
        self.function.name()
    }
}

impl<I: Send + 'static, O: 'static> FunctionHandle<I, O> {
    /// Calls the function within the request `ctx`.
    ///
    /// # Errors
    ///
    /// The function's own, or a `RuntimeError`: one that names it when it has been closed, one that shows the path
    /// of functions when `general.max_call_depth` of them are inside each other already.
    pub async fn call(&self, ctx: &Context, input: I) -> Result<O> {
        let inside = ctx.inside(&*self.function)?;
        let output = self.function.clone().call(inside, Box::new(input)).await?;
        match output.downcast::<O>() {
            Ok(output) => Ok(*output),
            Err(_) => Err(Error::type_error(format!("function `{}` gave another type", self.name()))),
        }
    }
}

impl<I, O> Clone for FunctionHandle<I, O> {
    fn clone(&self) -> Self {
        Self { function: self.function.clone(), types: PhantomData }
    }
}

impl<I, O> fmt::Debug for FunctionHandle<I, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("FunctionHandle").field(&self.function.name()).finish()
    }
}

/// What a handle for unit tests leads to.
fn cell_for_test<M: Manner<F>, F: Send + Sync + 'static>(
    input: InputType,
    gives: Gives,
    function: F,
) -> Arc<dyn ErasedFunction> {
    let interface = Some(Interface::new(input, "value", gives));
    let label = Label {
        name: "for_test".into(),
        scope: Scope::PerUser,
        number: FunctionNumber::MAX,
        interface,
        description: "",
    };
    Arc::new(FunctionCell::<F, M>::new(Arc::new(label), function))
}

fn single<F: Function>(function: F) -> Arc<dyn ErasedFunction> {
    let gives = Gives::Output(OutputType::of::<F::Output>());
    cell_for_test::<Single, F>(InputType::of::<F::Input>(), gives, function)
}

/// A function that takes `I` and answers with a stream of `C`: for a function that does not stream, one
/// chunk of its output.
pub struct StreamingFunctionHandle<I, C> {
    function: Arc<dyn ErasedFunction>,
    types: PhantomData<fn(I) -> C>,
}

impl<I: 'static, C: 'static> StreamingFunctionHandle<I, C> {
    pub(crate) fn new(function: Arc<dyn ErasedFunction>) -> Result<Self> {
        let interface = function.interface();
        if interface.takes::<I>() && interface.streams::<C>() {
            return Ok(Self { function, types: PhantomData });
        }
        Err(Error::type_error(format!(
            "function `{}` takes `{}` and streams `{}`, but is asked for as one that takes `{}` and streams `{}`",
            function.name(),
            interface.input_type_name(),
            interface.chunk_type_name(),
            std::any::type_name::<I>(),
            std::any::type_name::<C>(),
        )))
    }

    /// A handle to `function` itself, for unit tests of a function that reads others' streams.
    ///
    /// ```
    /// # use futures_util::StreamExt;
    /// # use nat_core::{Context, StreamingFunctionHandle, from_stream_fn, stream};
    /// # async fn test() -> nat_core::Result<()> {
    /// let words = StreamingFunctionHandle::for_test(from_stream_fn((), |_, _, text: String| {
    ///     stream! {
    ///         for word in text.split(' ') {
    ///             yield word.to_owned();
    ///         }
    ///     }
    /// }));
    /// let chunks: Vec<_> = words.stream(&Context::for_test(None), "a b".to_owned()).collect().await;
    /// assert_eq!(chunks.len(), 2);
    /// # Ok(())
    /// # }
    /// ```
    pub fn for_test(function: impl StreamingFunction<Input = I, Chunk = C>) -> Self
    where
        I: Serialize + DeserializeOwned + JsonSchema + Send,
        C: Serialize + JsonSchema + Send,
    {
        let gives = Gives::Chunks(OutputType::of::<C>());
        Self { function: cell_for_test::<Streaming, _>(InputType::of::<I>(), gives, function), types: PhantomData }
    }

    /// The name by which the file knows the function.
    pub fn name(&self) -> &str {
        self.function.name()
    }
}

impl<I: Send + 'static, C: Send + 'static> StreamingFunctionHandle<I, C> {
    /// Calls the function within the request `ctx`. It runs while the chunks are read.
    ///
    /// # Errors
    ///
    /// As [`FunctionHandle::call`], as the last of the chunks.
    pub fn stream(&self, ctx: &Context, input: I) -> Chunks<'static, C> {
        let name = self.function.clone();
        let chunks = match ctx.inside(&*self.function) {
            Ok(inside) => self.function.clone().stream(inside, Box::new(input)),
            Err(error) => Box::pin(stream::iter([Err(error)])),
        };
        Chunks::new(chunks.map(move |chunk| match chunk?.downcast::<C>() {
            Ok(chunk) => Ok(*chunk),
            Err(_) => Err(Error::type_error(format!("function `{}` streamed another type", name.name()))),
        }))
    }
}

impl<I, C> Clone for StreamingFunctionHandle<I, C> {
    fn clone(&self) -> Self {
        Self { function: self.function.clone(), types: PhantomData }
    }
}

impl<I, C> fmt::Debug for StreamingFunctionHandle<I, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("StreamingFunctionHandle").field(&self.function.name()).finish()
    }
}

/// A function whose types the caller does not know.
#[derive(Clone)]
pub struct DynFunctionHandle {
    function: Arc<dyn ErasedFunction>,
}

impl DynFunctionHandle {
    pub(crate) fn new(function: Arc<dyn ErasedFunction>) -> Self {
        Self { function }
    }

    /// A handle to `function` itself, for unit tests of a function that calls others.
    ///
    /// ```
    /// # use nat_core::{Context, DynFunctionHandle, from_fn};
    /// # async fn test() -> nat_core::Result<()> {
    /// let shout = DynFunctionHandle::for_test(from_fn((), |_, _, text: String| async move { Ok(text.to_uppercase()) }));
    /// assert_eq!(shout.call_text(&Context::for_test(None), "hi").await?, "HI");
    /// # Ok(())
    /// # }
    /// ```
    pub fn for_test(function: impl Function) -> Self {
        Self { function: single(function) }
    }

    /// The name by which the file knows the function.
    pub fn name(&self) -> &str {
        self.function.name()
    }

    /// The doc comment of the function's type, or of the group's method.
    pub fn description(&self) -> &str {
        self.function.description()
    }

    /// The function's input and output types.
    pub fn interface(&self) -> &Interface {
        self.function.interface()
    }

    /// Calls the function with JSON: an object of its fields, or for a simple input the value itself.
    ///
    /// # Errors
    ///
    /// A `ValueError` that lists what is wrong with `input`, or as [`FunctionHandle::call`].
    pub async fn call(&self, ctx: &Context, input: Value) -> Result<Value> {
        let inside = ctx.inside(&*self.function)?;
        let interface = self.function.interface();
        let input = interface.decode_value(&input).map_err(|findings| Error::value(findings.summary()))?;
        let output = self.function.clone().call(inside, input).await?;
        interface.encode_value(Given::Output, &*output)
    }

    /// Calls the function with JSON, and gives each chunk as JSON.
    ///
    /// # Errors
    ///
    /// A `ValueError` that lists what is wrong with `input`, a `RuntimeError` when `general.max_call_depth` functions
    /// are inside each other already; the function's own are the last of the chunks.
    pub fn stream(&self, ctx: &Context, input: Value) -> Result<Chunks<'static, Value>> {
        let inside = ctx.inside(&*self.function)?;
        let interface = self.function.interface().clone();
        let input = interface.decode_value(&input).map_err(|findings| Error::value(findings.summary()))?;
        let chunks = self.function.clone().stream(inside, input);
        Ok(Chunks::new(chunks.map(move |chunk| interface.encode_value(Given::Chunk, &*chunk?))))
    }

    /// Calls the function with text and answers text: a text input gets it as it is, any other one
    /// reads it as JSON; a text output is answered as it is, any other one as JSON.
    ///
    /// # Errors
    ///
    /// As [`DynFunctionHandle::call`].
    pub async fn call_text(&self, ctx: &Context, text: &str) -> Result<String> {
        let inside = ctx.inside(&*self.function)?;
        let interface = self.function.interface();
        let input = interface.decode_text(text).map_err(|findings| Error::value(findings.summary()))?;
        let output = self.function.clone().call(inside, input).await?;
        interface.encode_text(Given::Output, &*output)
    }
}

impl fmt::Debug for DynFunctionHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("DynFunctionHandle").field(&self.function.name()).finish()
    }
}

/// A function group, through which its functions are found.
#[derive(Clone)]
pub struct FunctionGroupHandle {
    group: Arc<dyn ErasedGroup>,
}

impl FunctionGroupHandle {
    pub(crate) fn new(group: Arc<dyn ErasedGroup>) -> Self {
        Self { group }
    }

    /// The name by which the file knows the group.
    pub fn name(&self) -> &str {
        self.group.name()
    }

    /// The names of the functions that can be reached: with `include` those, with `exclude` the
    /// others, else all.
    pub fn function_names(&self) -> Vec<&'static str> {
        let reachable = self.group.members().iter().filter(|member| member.access != Access::Excluded);
        reachable.map(|member| member.name).collect()
    }

    /// The group's function `name` (`push`, not `things__push`).
    ///
    /// # Errors
    ///
    /// A `ValueError` when there is none or it is not reachable, a `TypeError` when its types are others.
    pub fn function<I: 'static, O: 'static>(&self, name: &str) -> Result<FunctionHandle<I, O>> {
        FunctionHandle::new(self.find(name)?)
    }

    /// The same for a caller that knows no types.
    ///
    /// # Errors
    ///
    /// A `ValueError` when there is none or it is not reachable.
    pub fn dyn_function(&self, name: &str) -> Result<DynFunctionHandle> {
        Ok(DynFunctionHandle::new(self.find(name)?))
    }

    /// All functions that can be reached, in the order of their declaration.
    pub(crate) fn reachable(&self) -> impl Iterator<Item = Arc<dyn ErasedFunction>> {
        let members = self.group.members().iter().enumerate();
        let reachable = members.filter(|(_, member)| member.access != Access::Excluded);
        reachable.map(|(index, _)| GroupMember::of(self.group.clone(), index) as Arc<dyn ErasedFunction>)
    }

    fn find(&self, name: &str) -> Result<Arc<dyn ErasedFunction>> {
        let found =
            self.group.members().iter().position(|member| member.name == name && member.access != Access::Excluded);
        let index = found.ok_or_else(|| {
            Error::value(format!(
                "Function `{name}` not found in function group `{}`; it has {}",
                self.name(),
                nat_schema::text::list_of_names(self.function_names()),
            ))
        })?;
        Ok(GroupMember::of(self.group.clone(), index))
    }
}

impl fmt::Debug for FunctionGroupHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("FunctionGroupHandle").field(&self.group.name()).finish()
    }
}
