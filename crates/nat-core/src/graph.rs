//! The dependency graph of a whole file: checked before anything is built, all errors at once.

mod forbidden;
mod names;
mod order;
mod plan;
#[cfg(test)]
mod tests;
mod view;

pub use plan::EntryName;
pub(crate) use plan::{Entry, Part, Plan, Planned, Target};
pub use view::{DependencyGraph, GraphComponent, Reach};

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::Arc;

use names::{Found, meant, pointed_at_unknown};

use crate::config::{ComponentSettings, Config, Draft, FrontEndSettings, FunctionRef, mistaken, of_front_end};
use crate::context::FunctionNumber;
use crate::function::{Access, Label, Member, Scope};
use crate::interface::Interface;
use crate::kind::{ComponentKind, Role};
use crate::registry::{Registered, Registry};
use nat_config::{Aim, ConfigError, ConfigWarning, Edit};
use nat_schema::text::list_of_names;
use nat_schema::{Reference, ReferenceKind, Segment};

/// Names compared for "did you mean" in one file: a file of thousands of wrong names gets no more help after that.
const MAX_COMPARISONS: usize = 200_000;
/// Steps of a way through the graph that are shown.
const LONGEST_WAY: usize = 20;

/// One thing that is wrong with the dependencies of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GraphError(ConfigError);

impl GraphError {
    /// What is wrong, by name.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// What to write instead.
    pub fn mend(&self) -> Option<&str> {
        self.0.mend.as_deref()
    }
}

impl fmt::Display for GraphError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl From<GraphError> for ConfigError {
    fn from(error: GraphError) -> Self {
        error.0
    }
}

/// Checks how the components of a draft fit together, as far as they are sound.
pub(crate) fn check(draft: &Draft, registry: &Registry) -> (Vec<ConfigError>, Vec<ConfigWarning>) {
    let components = draft.functions.iter().chain(&draft.function_groups).chain(&draft.workflow).chain(&draft.objects);
    let mut graph = Graph::of(components, registry);
    graph.unsound = draft.unsound.iter().map(|(kind, name)| (*kind, name.as_str())).collect();
    graph.name_functions();
    graph.connect();
    graph.order();
    graph.entries(&draft.endpoints);
    if let Some(general) = &draft.general {
        graph.beside(&general.front_end);
    }
    (graph.errors, graph.warnings)
}

/// The graph under construction: the components of the file as nodes, numbered in file order.
struct Graph<'a> {
    nodes: Vec<Node<'a>>,
    functions: HashMap<String, (usize, Option<usize>)>,
    groups: HashMap<String, usize>,
    /// Components of further kinds.
    objects: HashMap<(ComponentKind, &'a str), usize>,
    registry: &'a Registry,
    /// Names that exist, though nothing can be said of what they name.
    unsound: HashSet<(ComponentKind, &'a str)>,
    errors: Vec<ConfigError>,
    warnings: Vec<ConfigWarning>,
    /// Names that may still be compared for "did you mean".
    comparisons_left: usize,
}

struct Node<'a> {
    component: &'a ComponentSettings,
    registered: Arc<Registered>,
    members: Arc<[Member]>,
    /// The nodes it needs, without repetition.
    needs: Vec<usize>,
    /// For each of them, the reference that first names it.
    named_by: Vec<&'a Reference>,
}

impl Plan {
    /// What has to be built for `config`, in which order, with the functions named in `endpoints`
    /// beside the workflow as entries.
    ///
    /// # Errors
    ///
    /// Unknown names, cycles, and shared components that depend on per-user ones: all of them. A
    /// shared component that reaches a per-user one over others is found by its direct edges, since
    /// every such path holds an edge from a shared to a per-user component.
    pub(crate) fn resolve(config: &Config, registry: &Registry) -> Result<(Self, Vec<ConfigWarning>), Vec<GraphError>> {
        let (graph, order, entries) = Graph::resolved(config, registry)?;
        Ok((plan::make(&graph.nodes, &order, &graph.functions, &entries), graph.warnings))
    }
}

/// What requests can call: its name, its node, and the function of a group.
type EntryPoints = Vec<(EntryName, usize, Option<usize>)>;

/// The functions that the front end names.
fn endpoints(config: &Config) -> Vec<Reference> {
    let reference = |(path, name): (Vec<Segment>, FunctionRef)| {
        let path = [vec![Segment::Key("front_end".to_owned())], path].concat();
        Reference {
            kind: ReferenceKind::new(ComponentKind::FUNCTION.reference()),
            path,
            name: name.as_str().to_owned(),
        }
    };
    config.general.front_end.entry_points().into_iter().map(reference).collect()
}

impl<'a> Graph<'a> {
    /// The graph of a configuration without mistakes, the build order, and what requests can call.
    fn resolved(
        config: &'a Config,
        registry: &'a Registry,
    ) -> Result<(Self, Vec<usize>, EntryPoints), Vec<GraphError>> {
        let components =
            config.functions.iter().chain(&config.function_groups).chain(&config.workflow).chain(&config.objects);
        let mut graph = Self::of(components, registry);
        graph.name_functions();
        graph.connect();
        let order = graph.order();
        let entries = graph.entries(&endpoints(config));
        graph.beside(&config.general.front_end);
        match graph.errors.is_empty() {
            true => Ok((graph, order, entries)),
            false => Err(graph.errors.into_iter().map(GraphError).collect()),
        }
    }

    fn of(components: impl Iterator<Item = &'a ComponentSettings>, registry: &'a Registry) -> Self {
        let mut graph = Self {
            nodes: Vec::new(),
            functions: HashMap::new(),
            groups: HashMap::new(),
            objects: HashMap::new(),
            registry,
            unsound: HashSet::new(),
            errors: Vec::new(),
            warnings: Vec::new(),
            comparisons_left: MAX_COMPARISONS,
        };
        for component in components {
            // A type that does not exist was reported when the file was read.
            let Some(registered) = registry.find(component.kind, &component.type_name) else { continue };
            let members = graph.members(component, registered);
            let registered = registered.clone();
            graph.nodes.push(Node { component, registered, members, needs: Vec::new(), named_by: Vec::new() });
        }
        graph
    }

    /// The functions of a group, each with the way in which `include` and `exclude` let it be reached.
    fn members(&mut self, component: &ComponentSettings, registered: &Registered) -> Arc<[Member]> {
        if component.kind.role() != Role::Group {
            return Arc::default();
        }
        let names: Vec<&str> = registered.interfaces().iter().map(|(name, _, _)| *name).collect();
        for (key, listed) in [("include", &component.include), ("exclude", &component.exclude)] {
            let unknown: Vec<&String> = listed.iter().filter(|name| !names.contains(&name.as_str())).collect();
            if let Some(first) = unknown.first() {
                let quoted: Vec<String> = unknown.iter().map(|name| format!("'{name}'")).collect();
                let error = ConfigError::section(
                    "function_groups",
                    format!("Unknown {key}d functions: [{}]", quoted.join(", ")),
                )
                .at([Segment::Key(component.name.clone()), Segment::Key(key.to_owned())])
                .expected(format!("any of {}", list_of_names(names.iter().copied())))
                .mend(match meant(first, &names) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("`{}` has {}", component.type_name, list_of_names(names.iter().copied())),
                });
                self.errors.push(pointed_at_unknown(error, listed, &names));
            }
        }
        let access = |name: &str| match (component.include.is_empty(), component.exclude.iter().any(|one| one == name))
        {
            (false, _) if component.include.iter().any(|one| one == name) => Access::Included,
            (false, _) | (true, true) => Access::Excluded,
            (true, false) => Access::ThroughGroup,
        };
        let member = |(name, description, interface): &(&'static str, &'static str, _)| Member {
            name,
            description,
            full_name: format!("{}__{name}", component.name).into(),
            interface: Arc::clone(interface),
            access: access(name),
        };
        registered.interfaces().iter().map(member).collect()
    }

    /// Enters every function under the names it can be called by.
    fn name_functions(&mut self) {
        for (index, node) in self.nodes.iter().enumerate() {
            match node.component.kind.role() {
                Role::Workflow => {}
                Role::Function => {
                    self.functions.insert(node.component.name.clone(), (index, None));
                }
                Role::Group => {
                    self.groups.insert(node.component.name.clone(), index);
                }
                Role::Object => {
                    self.objects.insert((node.component.kind, node.component.name.as_str()), index);
                }
            }
        }
        for (index, node) in self.nodes.iter().enumerate() {
            for (at, member) in node.members.iter().enumerate().filter(|(_, one)| one.access == Access::Included) {
                let name = member.full_name.to_string();
                if self.functions.insert(name.clone(), (index, Some(at))).is_some() {
                    let message =
                        format!("Function `{name}` already exists in the list of functions or function groups");
                    let includer =
                        ["function_groups", &node.component.name, "include"].map(|key| Segment::Key(key.to_owned()));
                    let path = vec![Segment::Key("functions".to_owned()), Segment::Key(name.clone())];
                    let error = ConfigError::section("functions", message)
                        .at([Segment::Key(name.clone())])
                        .aim(Aim::Key)
                        .related(includer.to_vec(), Aim::Key, format!("this includes `{}` as `{name}`", member.name))
                        .edit(Edit::Rename(path, format!("{name}_function")));
                    self.errors.push(error.mend(format!(
                        "rename it: function group `{}` includes `{}` under that name",
                        node.component.name, member.name
                    )));
                }
            }
        }
    }

    /// Follows every reference, and then checks the one rule: what is built once for all cannot hold what each
    /// user has for themselves.
    fn connect(&mut self) {
        let mut forbidden = Vec::new();
        let mut last_needed_by = vec![usize::MAX; self.nodes.len()];
        for index in 0..self.nodes.len() {
            let component = self.nodes[index].component;
            for reference in &component.references {
                match self.target(index, reference) {
                    Found::Node(target) => {
                        let (asker, needed) = (&self.nodes[index], &self.nodes[target]);
                        if asker.scope() == Scope::Shared && needed.scope() == Scope::PerUser {
                            forbidden.push((index, target, reference));
                        }
                        if last_needed_by[target] != index {
                            last_needed_by[target] = index;
                            self.nodes[index].needs.push(target);
                            self.nodes[index].named_by.push(reference);
                        }
                    }
                    Found::Unsound => {}
                    Found::Nothing(error) => self.errors.push(*error),
                }
            }
        }
        if !forbidden.is_empty() {
            let ways = self.ways_from_the_workflow();
            let errors: Vec<_> =
                forbidden.into_iter().map(|(from, to, reference)| self.forbidden(from, to, reference, &ways)).collect();
            self.errors.extend(errors);
        }
    }

    fn target(&mut self, from: usize, reference: &Reference) -> Found {
        let name = reference.name.as_str();
        if let Some(found) = self.named(reference) {
            return found;
        }
        let node = &self.nodes[from];
        let (section, prefix) = node.place();
        let path: Vec<_> = prefix.into_iter().chain(reference.path.iter().cloned()).collect();
        if let Some((index, full_name)) =
            self.old_form(name).filter(|_| self.kind_of(reference) == Some(ComponentKind::FUNCTION))
        {
            let message = format!("`{name}` is the old form of a group's function: write `{full_name}`");
            let warning = ConfigError::section(section, message).at(path);
            let edit = Edit::Replace(warning.full_path(), full_name.clone());
            self.warnings.push(ConfigWarning(warning.mend(format!("write `{full_name}`")).edit(edit)));
            return Found::Node(index);
        }
        Found::Nothing(Box::new(self.not_found(section, path, reference, Some(from))))
    }

    /// The build order; what cannot be ordered is reported as cycles.
    fn order(&mut self) -> Vec<usize> {
        let needs: Vec<&[usize]> = self.nodes.iter().map(|node| node.needs.as_slice()).collect();
        let (order, cycles) = order::dependency_order(&needs);
        for cycle in cycles {
            let Some(first) = cycle.first() else { continue };
            let ring: Vec<usize> = cycle.iter().chain([first]).copied().collect();
            let names: Vec<String> = ring.iter().map(|at| format!("`{}`", self.nodes[*at].component.name)).collect();
            let (section, path) = self.nodes[*first].place();
            let mut error = ConfigError::section(section, format!("Circular dependency: {}", names.join(" -> ")))
                .at(path)
                .mend("components are built one after another: let one of them do without the next");
            for (index, pair) in ring.windows(2).enumerate() {
                let (one, next) = (&self.nodes[pair[0]], &self.nodes[pair[1]]);
                let at = one.needs.iter().position(|needed| *needed == pair[1]).unwrap_or_default();
                let Some(named_by) = one.named_by.get(at) else { continue };
                let place = one.full(&named_by.path);
                if index == 0 {
                    error.detail.at = Some(place);
                } else if index < LONGEST_WAY {
                    let label = format!("`{}` needs `{}` here", one.component.name, next.component.name);
                    error = error.related(place, Aim::Value, label);
                }
            }
            self.errors.push(error);
        }
        order
    }

    /// The workflow, and the functions that endpoints name.
    fn entries(&mut self, endpoints: &[Reference]) -> EntryPoints {
        let workflow = self.nodes.iter().position(|node| node.component.kind.role() == Role::Workflow);
        let mut entries: Vec<_> = workflow.map(|index| (EntryName::Workflow, index, None)).into_iter().collect();
        for endpoint in endpoints {
            match (self.functions.get(&endpoint.name), self.named(endpoint)) {
                (Some((index, member)), _) => {
                    entries.push((EntryName::Function(endpoint.name.clone()), *index, *member));
                }
                (None, Some(_)) => {}
                (None, None) => {
                    let error = self.not_found("general", endpoint.path.clone(), endpoint, None);
                    self.errors.push(error);
                }
            }
        }
        entries
    }

    /// What the front end says of the functions that it calls.
    fn beside(&mut self, front_end: &FrontEndSettings) {
        let interface = |entry: &EntryName| match entry {
            EntryName::Workflow => {
                let workflow = self.nodes.iter().find(|node| node.component.kind.role() == Role::Workflow);
                workflow.and_then(|node| node.interface(None))
            }
            EntryName::Function(name) => {
                let (node, member) = self.functions.get(name.as_str())?;
                self.nodes[*node].interface(*member)
            }
        };
        let mistakes = front_end.mistakes_beside(&interface);
        self.errors.extend(mistakes.into_iter().map(of_front_end).map(mistaken));
    }
}

impl Node<'_> {
    /// Of the component's own function, or of one of a group.
    fn interface(&self, member: Option<usize>) -> Option<&Interface> {
        match member {
            Some(at) => self.members.get(at).map(|member| &*member.interface),
            None => self.registered.interfaces().first().map(|(_, _, interface)| &**interface),
        }
    }

    fn scope(&self) -> Scope {
        self.registered.registration().scope()
    }

    fn label(&self, number: FunctionNumber, interface: Option<Arc<Interface>>) -> Arc<Label> {
        let description = self.registered.registration().description();
        Arc::new(Label {
            name: self.component.name.as_str().into(),
            scope: self.scope(),
            number,
            interface,
            description,
        })
    }

    /// Its section, and its path in that.
    fn place(&self) -> (&'static str, Vec<Segment>) {
        let path = match self.component.kind.role() {
            Role::Workflow => Vec::new(),
            Role::Function | Role::Group | Role::Object => vec![Segment::Key(self.component.name.clone())],
        };
        (self.component.kind.section(), path)
    }

    /// A path in its settings, from the top of the file.
    fn full(&self, path: &[Segment]) -> Vec<Segment> {
        let (section, own) = self.place();
        [Segment::Key(section.to_owned())].into_iter().chain(own).chain(path.iter().cloned()).collect()
    }

    fn described(&self) -> String {
        describe(self.component.kind, &self.component.name)
    }
}

/// A shared component as the messages of the Python toolkit name it.
fn describe(kind: ComponentKind, name: &str) -> String {
    match kind.role() {
        Role::Function => format!("Function `{name}`"),
        Role::Group => format!("FunctionGroup `{name}`"),
        Role::Workflow => "Shared Workflow".to_owned(),
        Role::Object => format!("{} `{name}`", kind.capitalized()),
    }
}
