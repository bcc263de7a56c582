//! What a builder function may ask for.

use std::fmt;
use std::sync::Arc;

use crate::assembly::Assembly;
use crate::config::ToolRef;
use crate::function::{
    Both, DynFunctionHandle, ErasedFunction, ErasedGroup, Function, FunctionCell, FunctionGroup, FunctionGroupHandle,
    FunctionHandle, GroupCell, Manner, ObjectCell, Single, Streaming, StreamingFunction, StreamingFunctionHandle, Tool,
};
use crate::kind::ComponentRef;
use crate::{Error, Result, UserId};

/// The view that one builder function has of the build it is part of.
///
/// There is one for each component and each instance. Functions that the component's settings refer
/// to are built before it; any other name is built when it is asked for.
pub struct Builder {
    assembly: Arc<Assembly>,
    index: usize,
}

/// Why a component is being built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BuildReason {
    /// The server starts and builds what is shared.
    Startup,
    /// A user without an instance made a request.
    FirstRequest,
}

impl Builder {
    pub(crate) fn new(assembly: Arc<Assembly>, index: usize) -> Self {
        Self { assembly, index }
    }

    /// The component's name in the file; `<workflow>` for the workflow.
    pub fn name(&self) -> &str {
        &self.planned().label.name
    }

    /// The user whose instance is being built; `None` for shared components.
    pub fn user_id(&self) -> Option<&UserId> {
        self.assembly.user()
    }

    /// Why it is built now.
    pub fn reason(&self) -> BuildReason {
        self.assembly.reason()
    }

    /// A function by its name or reference, as one that takes `I` and gives `O`.
    ///
    /// # Errors
    ///
    /// ``Function `x` not found``; the target's own error when it has to be built first and fails; an
    /// error that names the path when the components wait for each other in a circle; a `TypeError`
    /// that names both sides when the types are others; an error when a shared component asks for a
    /// per-user one.
    pub async fn get_function<I: 'static, O: 'static>(&self, name: impl AsRef<str>) -> Result<FunctionHandle<I, O>> {
        FunctionHandle::new(self.assembly.function(self.index, name.as_ref()).await?)
    }

    /// A function by its name or reference, as one that takes `I` and streams `C`.
    ///
    /// # Errors
    ///
    /// As [`Builder::get_function`].
    pub async fn get_streaming_function<I: 'static, C: 'static>(
        &self,
        name: impl AsRef<str>,
    ) -> Result<StreamingFunctionHandle<I, C>> {
        StreamingFunctionHandle::new(self.assembly.function(self.index, name.as_ref()).await?)
    }

    /// The same for a caller that knows no types.
    ///
    /// # Errors
    ///
    /// As [`Builder::get_function`].
    pub async fn get_dyn_function(&self, name: impl AsRef<str>) -> Result<DynFunctionHandle> {
        Ok(DynFunctionHandle::new(self.assembly.function(self.index, name.as_ref()).await?))
    }

    /// A function group by its name or reference.
    ///
    /// # Errors
    ///
    /// ``Function group `x` not found``; otherwise as [`Builder::get_function`].
    pub async fn get_function_group(&self, name: impl AsRef<str>) -> Result<FunctionGroupHandle> {
        Ok(FunctionGroupHandle::new(self.assembly.group(self.index, name.as_ref()).await?))
    }

    /// The tools of a component, in the order of the file: a function is one, and a group all of its functions that can be
    /// reached, in the order of their declaration. What is named twice is there once.
    ///
    /// # Errors
    ///
    /// As [`Builder::get_function`].
    pub async fn get_tools(&self, references: &[ToolRef]) -> Result<Vec<Tool>> {
        let mut tools: Vec<Tool> = Vec::new();
        for reference in references {
            let name = reference.as_str();
            let functions = match self.assembly.is_group(name) {
                true => FunctionGroupHandle::new(self.assembly.group(self.index, name).await?).reachable().collect(),
                false => vec![self.assembly.function(self.index, name).await?],
            };
            for function in functions.into_iter().map(DynFunctionHandle::new) {
                if tools.iter().all(|tool| tool.name() != function.name()) {
                    tools.push(Tool::new(function));
                }
            }
        }
        Ok(tools)
    }

    /// A component of a further kind by its reference, as the object that it is for others.
    ///
    /// What is held of it may be used for as long as this component lives: it is closed after this one.
    ///
    /// # Errors
    ///
    /// ``LLM `x` not found``, with the kind's own name; otherwise as [`Builder::get_function`].
    pub async fn get_component<R: ComponentRef>(&self, reference: &R) -> Result<Arc<R::Object>> {
        let cell = self.assembly.object(self.index, R::KIND, reference.as_ref()).await?;
        cell.object::<R>().ok_or_else(|| Error::runtime(format!("{} is closed", cell.name())))
    }

    fn planned(&self) -> &crate::graph::Planned {
        self.assembly.planned(self.index)
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder").field("name", &self.name()).field("user_id", &self.user_id()).finish_non_exhaustive()
    }
}

/// A built component, without its type. Made by the code that the attribute macros generate.
#[derive(Clone)]
pub struct Component(pub(crate) Built);

#[derive(Clone)]
pub(crate) enum Built {
    Function(Arc<dyn ErasedFunction>),
    Group(Arc<dyn ErasedGroup>),
    Object(Arc<ObjectCell>),
}

impl Component {
    /// The function that `builder`'s component turned out to be.
    ///
    /// # Panics
    ///
    /// When the component is registered as a group; the attribute macros make that impossible.
    pub fn function<F: Function>(builder: &Builder, function: F) -> Self {
        Self::in_manner::<F, Single>(builder, function)
    }

    /// The same for one that only streams.
    ///
    /// # Panics
    ///
    /// As [`Component::function`].
    pub fn streaming_function<F: StreamingFunction>(builder: &Builder, function: F) -> Self {
        Self::in_manner::<F, Streaming>(builder, function)
    }

    /// The same for one that gives a single output as well as a stream.
    ///
    /// # Panics
    ///
    /// As [`Component::function`].
    pub fn single_and_streaming_function<F: Function + StreamingFunction>(builder: &Builder, function: F) -> Self {
        Self::in_manner::<F, Both>(builder, function)
    }

    fn in_manner<F: Send + Sync + 'static, M: Manner<F>>(builder: &Builder, function: F) -> Self {
        let planned = builder.planned();
        Self(Built::Function(Arc::new(FunctionCell::<F, M>::new(planned.label.clone(), function))))
    }

    /// The group that `builder`'s component turned out to be.
    pub fn group<G: FunctionGroup>(builder: &Builder, group: G) -> Self {
        let planned = builder.planned();
        Self(Built::Group(Arc::new(GroupCell::new(planned.label.clone(), planned.members.clone(), group))))
    }

    /// The component of the kind of `R` that `builder`'s component turned out to be.
    pub fn object<R: ComponentRef>(builder: &Builder, object: Arc<R::Object>) -> Self {
        Self(Built::Object(Arc::new(ObjectCell::new::<R>(builder.planned().label.clone(), object))))
    }

    pub(crate) fn name(&self) -> &str {
        match &self.0 {
            Built::Object(object) => object.name(),
            Built::Function(function) => function.name(),
            Built::Group(group) => group.name(),
        }
    }
}

impl fmt::Debug for Component {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Component").field(&self.name()).finish()
    }
}
