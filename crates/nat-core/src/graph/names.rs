//! Names that nothing has, and what may have been meant by them.

use super::{Graph, LONGEST_WAY};
use crate::function::Access;
use crate::kind::{ComponentKind, Role, TOOL};
use nat_config::{Aim, ConfigError, Edit};
use nat_schema::text::list_of_names;
use nat_schema::{Reference, Segment, nearest};

/// What a reference leads to.
pub(super) enum Found {
    Node(usize),
    /// Something that was not read: its own mistakes are enough.
    Unsound,
    Nothing(Box<ConfigError>),
}

/// What to do about a name that nothing has.
struct MendFor {
    text: String,
    expected: String,
    change: Change,
}

enum Change {
    None,
    /// Another name.
    Name(String),
    /// One more entry in this list.
    Include(Vec<Segment>, String),
    /// Another entry of a mapping, key and all.
    Entry(Vec<Segment>, String),
}

impl MendFor {
    fn words(text: String) -> Self {
        Self { text, expected: "the name of another component".to_owned(), change: Change::None }
    }
}

/// The function of a group that a wrong entry of `include` or `exclude` means; also one by its full name.
pub(super) fn meant(entry: &str, names: &[&'static str]) -> Option<&'static str> {
    let short = entry.rsplit_once("__").or_else(|| entry.rsplit_once('.')).map_or(entry, |(_, short)| short);
    let exact = names.iter().copied().find(|name| *name == short);
    exact.or_else(|| nearest(short, names.iter().copied()))
}

/// Points at the entries of `include` or `exclude` that a group's type does not have.
pub(super) fn pointed_at_unknown(mut error: ConfigError, listed: &[String], names: &[&'static str]) -> ConfigError {
    let list = error.full_path();
    let unknown: Vec<_> = listed.iter().enumerate().filter(|(_, name)| !names.contains(&name.as_str())).collect();
    let entry = |index: usize| list.iter().cloned().chain([Segment::Index(index)]).collect::<Vec<_>>();
    for (index, name) in unknown.iter().skip(1).take(LONGEST_WAY) {
        error = error.related(entry(*index), Aim::Value, format!("nor is there `{name}`"));
    }
    error.detail.at = unknown.first().map(|(index, _)| entry(*index));
    match unknown.as_slice() {
        [(index, name)] => match meant(name, names) {
            Some(meant) if !listed.iter().any(|one| one == meant) => {
                error.edit(Edit::Replace(entry(*index), meant.to_owned()))
            }
            _ => error.edit(Edit::Remove(entry(*index))),
        },
        _ => {
            let known = listed.iter().filter_map(|name| match names.contains(&name.as_str()) {
                true => Some(name.as_str()),
                false => meant(name, names),
            });
            let mut kept: Vec<&str> = Vec::new();
            known.for_each(|name| {
                if !kept.contains(&name) {
                    kept.push(name)
                }
            });
            error.edit(Edit::Replace(list, format!("[{}]", kept.join(", "))))
        }
    }
}

impl Graph<'_> {
    /// The kind that a reference asks for; of a tool that which has its name.
    pub(super) fn kind_of(&self, reference: &Reference) -> Option<ComponentKind> {
        match reference.kind.as_str() {
            TOOL if self.is_group(&reference.name) => Some(ComponentKind::FUNCTION_GROUP),
            TOOL => Some(ComponentKind::FUNCTION),
            other => self.registry.kind_of_reference(other),
        }
    }

    fn is_group(&self, name: &str) -> bool {
        self.groups.contains_key(name) || self.unsound.contains(&(ComponentKind::FUNCTION_GROUP, name))
    }

    pub(super) fn named(&self, reference: &Reference) -> Option<Found> {
        let name = reference.name.as_str();
        let kind = self.kind_of(reference)?;
        let known = match kind.role() {
            Role::Group => self.groups.get(name).copied(),
            Role::Function | Role::Workflow => self.functions.get(name).map(|(index, _)| *index),
            Role::Object => self.objects.get(&(kind, name)).copied(),
        };
        let group = || name.split_once("__").or_else(|| name.split_once('.')).map(|(group, _)| group);
        let is_unsound = || {
            self.unsound.contains(&(kind, name))
                || (kind == ComponentKind::FUNCTION
                    && group().is_some_and(|group| self.unsound.contains(&(ComponentKind::FUNCTION_GROUP, group))))
        };
        known.map(Found::Node).or_else(|| is_unsound().then_some(Found::Unsound))
    }

    /// A name that nothing has, in the settings of `asking` if it is a component that names it.
    pub(super) fn not_found(
        &mut self,
        section: &str,
        path: Vec<Segment>,
        reference: &Reference,
        asking: Option<usize>,
    ) -> ConfigError {
        let name = reference.name.as_str();
        let (what, mend) = match self.kind_of(reference) {
            None => {
                let text = format!("link a crate into the program that defines what `{}` is", reference.kind.as_str());
                ("Component".to_owned(), MendFor::words(text))
            }
            Some(kind) => {
                let mend = match self.of_another_kind(name, kind) {
                    Some(mend) => mend,
                    None if kind.role() == Role::Function => match self.mend_for_function(name, asking) {
                        // A tool may be a group as well.
                        mend if matches!(mend.change, Change::None) && reference.kind.as_str() == TOOL => {
                            let group = self.nearest_name(name, ComponentKind::FUNCTION_GROUP, asking);
                            if matches!(group.change, Change::Name(_)) { group } else { mend }
                        }
                        mend => mend,
                    },
                    None => self.nearest_name(name, kind, asking),
                };
                (kind.capitalized(), mend)
            }
        };
        let error = ConfigError::section(section, format!("{what} `{name}` not found")).at(path);
        let edit = match mend.change {
            Change::None => None,
            Change::Name(name) => Some(Edit::Replace(error.full_path(), name)),
            Change::Include(list, name) => Some(Edit::Append(list, name)),
            Change::Entry(at, entry) => Some(Edit::Entry(at, entry)),
        };
        let mut error = error.expected(mend.expected).mend(mend.text);
        error.detail.edit = edit;
        error
    }

    /// `things.push`, which means `things__push`.
    pub(super) fn old_form(&self, name: &str) -> Option<(usize, String)> {
        let (group, function) = name.split_once('.')?;
        let full_name = format!("{group}__{function}");
        self.functions.get(&full_name).map(|(index, _)| (*index, full_name))
    }

    /// A name that a component of another kind has than the one that is asked for.
    fn of_another_kind(&self, name: &str, wanted: ComponentKind) -> Option<MendFor> {
        let object = || self.objects.keys().find(|(kind, object)| *object == name && *kind != wanted);
        let kind = match wanted.role() {
            // Of a group something better can be said.
            Role::Function if self.groups.contains_key(name) => return None,
            _ if wanted.role() != Role::Function && self.functions.contains_key(name) => ComponentKind::FUNCTION,
            _ if wanted.role() != Role::Group && self.groups.contains_key(name) => ComponentKind::FUNCTION_GROUP,
            _ => object()?.0,
        };
        Some(MendFor::words(format!("`{name}` is {}; name {} here", kind.one(), wanted.one())))
    }

    fn mend_for_function(&mut self, name: &str, asking: Option<usize>) -> MendFor {
        if let Some(group) = self.groups.get(name) {
            let members = self.nodes[*group].members.iter();
            let included = members.filter(|member| member.access == Access::Included);
            let mut names: Vec<String> = included.map(|member| member.full_name.to_string()).collect();
            let text = format!("`{name}` is a function group; name one of its functions as `{name}__FUNCTION`");
            let change = match (names.pop(), names.is_empty()) {
                (Some(only), true) => Change::Name(only),
                _ => Change::None,
            };
            return MendFor { change, ..MendFor::words(text) };
        }
        let group = name.split_once("__").and_then(|(group, _)| self.groups.get(group));
        let hidden = group.map(|group| &self.nodes[*group]).and_then(|node| {
            let member = node.members.iter().find(|member| *member.full_name == *name)?;
            let group = &node.component.name;
            let mut list = ["function_groups", group, "include"].map(|key| Segment::Key(key.to_owned())).to_vec();
            // Beside `exclude` there may be no `include`, so that takes its place, with all that was not excluded.
            let (text, change) = match node.component.exclude.is_empty() {
                true => {
                    let text = format!("add `{}` to `include` of function group `{group}`", member.name);
                    (text, Change::Include(list, member.name.to_owned()))
                }
                false => {
                    let left =
                        node.members.iter().filter(|one| one.access != Access::Excluded || one.name == member.name);
                    let entry = format!("include: [{}]", left.map(|one| one.name).collect::<Vec<_>>().join(", "));
                    list.splice(2.., [Segment::Key("exclude".to_owned())]);
                    let text = format!("write `{entry}` in place of `exclude` of function group `{group}`");
                    (text, Change::Entry(list, entry))
                }
            };
            Some(MendFor { change, ..MendFor::words(text) })
        });
        hidden.unwrap_or_else(|| self.nearest_name(name, ComponentKind::FUNCTION, asking))
    }

    /// The component that asks is none of those it could have meant: it would be its own dependency.
    fn nearest_name(&mut self, name: &str, kind: ComponentKind, asking: Option<usize>) -> MendFor {
        let mut known: Vec<&str> = match kind.role() {
            Role::Function | Role::Workflow => {
                let others = self.functions.iter().filter(|(_, (index, _))| Some(*index) != asking);
                others.map(|(name, _)| name.as_str()).collect()
            }
            Role::Group => {
                let others = self.groups.iter().filter(|(_, index)| Some(**index) != asking);
                others.map(|(name, _)| name.as_str()).collect()
            }
            Role::Object => {
                let others = self.objects.iter().filter(|((of, _), index)| *of == kind && Some(**index) != asking);
                others.map(|((_, name), _)| *name).collect()
            }
        };
        known.extend(self.unsound.iter().filter(|(of, _)| *of == kind).map(|(_, name)| *name));
        let near = match self.comparisons_left.checked_sub(known.len()) {
            Some(left) => {
                self.comparisons_left = left;
                known.sort_unstable();
                nearest(name, known.iter().copied())
            }
            None => None,
        };
        let (what, one, section) = (kind.noun(), kind.one(), kind.section());
        let expected = match known.as_slice() {
            [] if asking.is_some_and(|index| self.nodes[index].component.kind == kind) => {
                format!("the name of another {what}; there is none")
            }
            [] => format!("the name of {one}; there is none"),
            few if few.len() <= 12 => format!("the name of {one}: {}", list_of_names(few.iter().copied())),
            _ => format!("the name of {one}"),
        };
        match near {
            Some(near) => {
                let change = Change::Name(near.to_owned());
                MendFor { text: format!("did you mean `{near}`?"), expected, change }
            }
            None => {
                let text = format!("add `{name}` under `{section}:`, or name one that is there");
                MendFor { text, expected, change: Change::None }
            }
        }
    }
}
