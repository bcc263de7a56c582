//! What is built once for all cannot hold what each user has for themselves: said with the way that leads there.

use std::collections::VecDeque;

use super::{Graph, LONGEST_WAY, Node};
use crate::kind::Role;
use nat_config::{Aim, ConfigError};
use nat_schema::{Reference, Segment};

impl Graph<'_> {
    /// For each node that the workflow reaches, the node before it on a shortest way.
    pub(super) fn ways_from_the_workflow(&self) -> Vec<Option<usize>> {
        let mut before = vec![None; self.nodes.len()];
        let start = self.nodes.iter().position(|node| node.component.kind.role() == Role::Workflow);
        let mut waiting: VecDeque<usize> = start.into_iter().collect();
        while let Some(at) = waiting.pop_front() {
            for target in &self.nodes[at].needs {
                if before[*target].is_none() && Some(*target) != start {
                    before[*target] = Some(at);
                    waiting.push_back(*target);
                }
            }
        }
        before
    }

    pub(super) fn forbidden(
        &self,
        from: usize,
        to: usize,
        reference: &Reference,
        ways: &[Option<usize>],
    ) -> ConfigError {
        let (asker, target) = (&self.nodes[from], &self.nodes[to]);
        // Functions and groups are called as the toolkit's messages call them.
        let kind = match target.component.kind.role() {
            Role::Function | Role::Group | Role::Workflow => {
                self.kind_of(reference).unwrap_or(target.component.kind).reference()
            }
            Role::Object => target.component.kind.noun(),
        };
        let message = format!("{} depends on per-user {kind} `{}`", asker.described(), reference.name);
        let attribute = match asker.component.kind.role() {
            Role::Group => "register_per_user_function_group",
            Role::Function | Role::Workflow => "register_per_user_function",
            Role::Object => "register_component(…, scope = per_user)",
        };
        let mend = format!(
            "register `{}` ({}) with #[{attribute}], or name a shared component here",
            asker.component.type_name,
            asker.registered.registration().site()
        );
        let (section, prefix) = asker.place();
        let mut error = ConfigError::section(section, message)
            .at(prefix.into_iter().chain(reference.path.iter().cloned()))
            .expected("the name of a shared component")
            .mend(mend);
        // The way on which the workflow comes here, so that one sees who brought the two together.
        let mut way = vec![from];
        while let Some(before) = ways[way[way.len() - 1]].filter(|_| way.len() < LONGEST_WAY) {
            way.push(before);
        }
        way.reverse();
        for pair in way.windows(2) {
            let (one, next) = (&self.nodes[pair[0]], &self.nodes[pair[1]]);
            let at = one.needs.iter().position(|needed| *needed == pair[1]).unwrap_or_default();
            if let Some(named_by) = one.named_by.get(at) {
                let label = format!("`{}` needs `{}` here", one.component.name, next.component.name);
                error = error.related(one.full(&named_by.path), Aim::Value, label);
            }
        }
        let role = |node: &Node<'_>, what: &str| {
            let site = node.registered.registration().site();
            format!("`{}` is {what}: `{}` is registered so at {site}", node.component.name, node.component.type_name)
        };
        let tag = [Segment::Key("_type".to_owned())];
        error.related(asker.full(&tag), Aim::Value, role(asker, "shared")).related(
            target.full(&tag),
            Aim::Value,
            role(target, "per-user"),
        )
    }
}
