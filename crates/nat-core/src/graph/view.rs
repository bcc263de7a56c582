//! The dependency graph to look at, with nothing built.

use super::{Graph, GraphError};
use crate::Scope;
use crate::config::Config;
use crate::kind::ComponentKind;
use crate::registry::Registry;

/// The components of a file and what each of them needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DependencyGraph {
    components: Vec<GraphComponent>,
    warnings: Vec<String>,
}

/// One component of a [`DependencyGraph`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GraphComponent {
    /// Its name in the file; [`WORKFLOW_NAME`](crate::config::WORKFLOW_NAME) for the workflow.
    pub name: String,
    /// Where it stands in the file.
    pub kind: ComponentKind,
    /// Its `_type`.
    pub type_name: String,
    /// Built once for all, or once for each user.
    pub scope: Scope,
    /// The components it needs, as indices into [`DependencyGraph::components`].
    pub needs: Vec<usize>,
    /// Whether requests can call it, as the workflow or by an endpoint of its own.
    pub reach: Reach,
}

/// Who calls a component.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Requests, over a route.
    Requests,
    /// Other components only, if any.
    Components,
}

impl DependencyGraph {
    /// The graph of `config`, with everything checked that is checked before a start.
    ///
    /// # Errors
    ///
    /// All that is wrong with the dependencies.
    pub fn of(config: &Config, registry: &Registry) -> Result<Self, Vec<GraphError>> {
        let (graph, _, entries) = Graph::resolved(config, registry)?;
        let is_entry = |at: usize| entries.iter().any(|(_, index, _)| *index == at);
        let component = |(at, node): (usize, &super::Node<'_>)| GraphComponent {
            name: node.component.name.clone(),
            kind: node.component.kind,
            type_name: node.component.type_name.clone(),
            scope: node.scope(),
            needs: node.needs.clone(),
            reach: if is_entry(at) { Reach::Requests } else { Reach::Components },
        };
        let warnings = graph.warnings.iter().map(|warning| warning.as_error().message.clone()).collect();
        Ok(Self { components: graph.nodes.iter().enumerate().map(component).collect(), warnings })
    }

    /// All components, in the order of the file: functions, groups, the workflow.
    pub fn components(&self) -> &[GraphComponent] {
        &self.components
    }

    /// What is odd about the dependencies and no mistake.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }
}
