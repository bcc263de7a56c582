//! What is built, in which order, and what can be reached by which name.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value;

use super::{Node, describe};
use crate::context::FunctionNumber;
use crate::function::{Access, Label, Member, Scope};
use crate::interface::Interface;
use crate::kind::{ComponentKind, Role};
use crate::lifecycle::Observed;
use crate::registration::Registration;

/// The whole file, resolved: the shared part, which is built once, and the per-user part, which is
/// built for each user.
#[derive(Debug)]
pub(crate) struct Plan {
    shared: Part,
    per_user: Part,
    entries: Vec<Arc<Entry>>,
    /// Of all functions, those of groups with them, by their numbers.
    names: Vec<Arc<str>>,
    /// The observer of its components.
    pub(crate) observed: Observed,
}

/// One part, in build order.
#[derive(Debug, Default)]
pub(crate) struct Part {
    pub(crate) components: Vec<Planned>,
    /// Functions, and included functions of groups, by full name.
    functions: HashMap<String, Target>,
    pub(crate) groups: HashMap<String, usize>,
    /// Components of further kinds.
    objects: HashMap<ComponentKind, HashMap<String, usize>>,
}

impl Part {
    /// A component of a further kind.
    pub(crate) fn object(&self, kind: ComponentKind, name: &str) -> Option<usize> {
        self.objects.get(&kind)?.get(name).copied()
    }

    /// A function by its full name, or by the old form `group.function`.
    pub(crate) fn function(&self, name: &str) -> Option<Target> {
        let found = self.functions.get(name).copied();
        found.or_else(|| {
            let (group, function) = name.split_once('.')?;
            self.functions.get(&format!("{group}__{function}")).copied()
        })
    }
}

/// Where a function is: a component of its part, or a function of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) component: usize,
    pub(crate) member: Option<usize>,
}

/// One component, ready to be built any number of times.
#[derive(Debug)]
pub(crate) struct Planned {
    pub(crate) label: Arc<Label>,
    pub(crate) kind: ComponentKind,
    pub(crate) registration: &'static Registration,
    pub(crate) settings: Arc<Value>,
    /// Of a group.
    pub(crate) members: Arc<[Member]>,
}

impl Planned {
    /// The component as messages about its dependencies name it.
    pub(crate) fn described(&self) -> String {
        describe(self.kind, &self.label.name)
    }

    /// Its section in the file.
    pub(crate) fn section(&self) -> &'static str {
        self.kind.section()
    }
}

/// What a route calls.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EntryName {
    /// The function under `workflow:`.
    Workflow,
    /// A function of the file that an endpoint names.
    Function(String),
}

/// A function that requests can call.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) name: EntryName,
    pub(crate) scope: Scope,
    pub(crate) target: Target,
    pub(crate) interface: Arc<Interface>,
    /// What it is called where its steps are shown.
    pub(crate) title: Arc<str>,
}

impl Plan {
    pub(crate) fn part(&self, scope: Scope) -> &Part {
        match scope {
            Scope::Shared => &self.shared,
            Scope::PerUser => &self.per_user,
        }
    }

    /// The name of the function of that number.
    pub(crate) fn name(&self, function: FunctionNumber) -> Option<Arc<str>> {
        self.names.get(usize::try_from(function).ok()?).cloned()
    }

    pub(crate) fn entries(&self) -> &[Arc<Entry>] {
        &self.entries
    }

    pub(crate) fn entry(&self, name: &EntryName) -> Option<&Arc<Entry>> {
        self.entries.iter().find(|entry| entry.name == *name)
    }

    /// `function` or `function_group`, if `name` is a per-user one.
    pub(crate) fn per_user_target(&self, name: &str) -> Option<&'static str> {
        if self.per_user.function(name).is_some() {
            Some("function")
        } else if self.per_user.groups.contains_key(name) {
            Some("function_group")
        } else {
            None
        }
    }

    /// Whether there is a per-user component of that name and kind.
    pub(crate) fn is_per_user_object(&self, kind: ComponentKind, name: &str) -> bool {
        self.per_user.object(kind, name).is_some()
    }

    /// The per-user functions without the workflow, with the included functions of per-user groups.
    pub(crate) fn per_user_function_count(&self) -> usize {
        self.per_user.functions.len()
    }

    pub(crate) fn per_user_group_count(&self) -> usize {
        self.per_user.groups.len()
    }
}

pub(super) fn make(
    nodes: &[Node<'_>],
    order: &[usize],
    functions: &HashMap<String, (usize, Option<usize>)>,
    entries: &[(EntryName, usize, Option<usize>)],
) -> Plan {
    let mut parts = [Part::default(), Part::default()];
    let mut places = vec![0; nodes.len()];
    let mut names = Vec::new();
    for index in order {
        let node = &nodes[*index];
        let part = &mut parts[side(node.scope())];
        places[*index] = part.components.len();
        match node.component.kind.role() {
            Role::Group => {
                part.groups.insert(node.component.name.clone(), places[*index]);
            }
            Role::Object => {
                let of_kind = part.objects.entry(node.component.kind).or_default();
                of_kind.insert(node.component.name.clone(), places[*index]);
            }
            Role::Function | Role::Workflow => {}
        }
        let planned = planned(node, FunctionNumber::try_from(names.len()).unwrap_or(FunctionNumber::MAX));
        match planned.kind.role() {
            Role::Group => names.extend(planned.members.iter().map(|member| member.full_name.clone())),
            Role::Function | Role::Workflow => names.push(planned.label.name.clone()),
            Role::Object => {}
        }
        part.components.push(planned);
    }
    for (name, (index, member)) in functions {
        let included = member.is_none_or(|at| nodes[*index].members[at].access == Access::Included);
        if included {
            let target = Target { component: places[*index], member: *member };
            parts[side(nodes[*index].scope())].functions.insert(name.clone(), target);
        }
    }
    let entry = |(name, index, member): &(EntryName, usize, Option<usize>)| {
        let node = &nodes[*index];
        let interface = match member {
            Some(at) => node.members[*at].interface.clone(),
            None => node.registered.interfaces().first().map(|(_, _, interface)| interface.clone())?,
        };
        let title = match member {
            Some(at) => node.members[*at].full_name.clone(),
            None => node.component.display_name.as_deref().unwrap_or(&node.component.type_name).into(),
        };
        let target = Target { component: places[*index], member: *member };
        Some(Arc::new(Entry { name: name.clone(), scope: node.scope(), target, interface, title }))
    };
    let entries = entries.iter().filter_map(entry).collect();
    let [shared, per_user] = parts;
    Plan { shared, per_user, entries, names, observed: Observed::default() }
}

fn side(scope: Scope) -> usize {
    match scope {
        Scope::Shared => 0,
        Scope::PerUser => 1,
    }
}

fn planned(node: &Node<'_>, number: FunctionNumber) -> Planned {
    let interface = match node.component.kind.role() {
        Role::Group | Role::Object => None,
        Role::Function | Role::Workflow => {
            node.registered.interfaces().first().map(|(_, _, interface)| interface.clone())
        }
    };
    Planned {
        label: node.label(number, interface),
        kind: node.component.kind,
        registration: node.registered.registration(),
        settings: Arc::new(node.component.settings.clone()),
        members: node.members.clone(),
    }
}
