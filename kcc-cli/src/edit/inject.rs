use std::path::Path;

use kcc_core::kubeconfig::ExecSpec;

use super::eject;
use super::error::Refusal;
use super::exec_node::{ExecNode, Refused};
use super::layout::{Items, Layout, Variable};
use super::plugin::{BRACKETS, Record};
use super::scalar::{Quote, is_flow_safe};
use super::text::{self, Splice};
use super::tree::{Kind, Node, Pair, ScalarStyle};
use super::variables::variables;
use super::verify::Change;
use crate::wrapper_command::WrapperCommand;

/// Puts `cache` in front of one user's plugin.
pub(super) fn inject(
    exec: &ExecNode<'_, '_>,
    user: &str,
    spec: &ExecSpec,
    wrapper: &WrapperCommand,
    folder: &Path,
) -> Result<(Change, Vec<Splice>), Refused> {
    let layout = Layout::of(exec);
    let command = &exec.command().value;
    let plugin = moved_command(exec, &layout)?;
    let args = ListSlot::of(exec, exec.args(), "exec.args")?;
    let env = ListSlot::of(exec, exec.env(), "exec.env")?;
    let record = Record {
        args: args.was(exec),
        env: env.was(exec),
    };
    let name = command.as_text().unwrap_or_default();
    let variables = variables(exec, user, name, spec, folder, &record)?;

    let mut moved = own_args(&layout, wrapper);
    moved.push(plugin);
    let scalar = layout.scalar(&wrapper.command);
    let mut splices = vec![Splice::replace(command.range.clone(), scalar)];
    let mut missing = Vec::new();
    let lists = [
        (args, Items::Args(&moved)),
        (env, Items::Variables(&variables)),
    ];
    for (slot, list) in lists {
        match slot.put(exec, &layout, list)? {
            Some(splice) => splices.push(splice),
            None => missing.push(list),
        }
    }
    splices.extend(entries(exec, &layout, &missing));
    let change = Change::Inject {
        user: user.to_owned(),
        wrapper: wrapper.clone(),
        plugin: name.to_owned(),
        variables,
    };
    Ok((change, splices))
}

/// The cache's own arguments, as they are written.
fn own_args(layout: &Layout<'_>, wrapper: &WrapperCommand) -> Vec<String> {
    let own = wrapper.own_args.iter();
    own.map(|arg| layout.word(arg)).collect()
}

/// Brings what the injection wrote up to date for a user that is injected: what it records may have
/// changed since, or another injector recorded less. `own` arguments stand before its plugin. A
/// `wrapper` takes the place of the one that is there. None if it is as it should be.
pub(super) fn update(
    exec: &ExecNode<'_, '_>,
    user: &str,
    (spec, own): (&ExecSpec, usize),
    wrapper: Option<&WrapperCommand>,
    folder: &Path,
) -> Result<Option<(Change, Vec<Splice>)>, Refused> {
    let layout = Layout::of(exec);
    let ours = eject::ours(exec);
    let env = ListSlot::of(exec, exec.env(), "exec.env")?;
    let mut record = eject::record(exec);
    record.env = env.was(exec).or(record.env);
    let mut bare = spec.clone();
    let mut at = 0;
    bare.env.retain(|_| {
        at += 1;
        !ours.contains(&(at - 1))
    });
    let plugin = spec.args.get(own).map(String::as_str).unwrap_or_default();
    let variables = variables(exec, user, plugin, &bare, folder, &record)?;
    let is_current = |(old, new): (&usize, &Variable)| {
        let (name, value) = &spec.env[*old];
        (name.as_str(), value) == (new.0, &new.1)
    };
    let is_current = ours.len() == variables.len() && ours.iter().zip(&variables).all(is_current);
    if is_current && wrapper.is_none() {
        return Ok(None);
    }
    let mut splices = match wrapper {
        Some(wrapper) => replace_wrapper(exec, &layout, own, wrapper)?,
        None => vec![],
    };
    let change = |ours, variables| Change::Update {
        user: user.to_owned(),
        wrapper: wrapper.map(|wrapper| (own, wrapper.clone())),
        ours,
        variables,
    };
    if is_current {
        return Ok(Some((change(vec![], vec![]), splices)));
    }
    let list = Items::Variables(&variables);
    let old = match env {
        ListSlot::Filled(entry) if !ours.is_empty() => Some(&entry.value),
        _ => None,
    };
    let added = env.put(exec, &layout, list)?;
    match (added, old) {
        (Some(added), Some(old)) => splices.extend(replace(exec, old, &ours, added)?),
        (Some(added), None) => splices.push(added),
        (None, _) => splices.extend(entries(exec, &layout, &[list])),
    }
    Ok(Some((change(ours, variables), splices)))
}

/// Another wrapper in the place of the one that stands before the plugin.
fn replace_wrapper(
    exec: &ExecNode<'_, '_>,
    layout: &Layout<'_>,
    own: usize,
    wrapper: &WrapperCommand,
) -> Result<Vec<Splice>, Refused> {
    let command = exec.command().value.range.clone();
    let mut splices = vec![Splice::replace(command, layout.scalar(&wrapper.command))];
    let args = exec
        .args()
        .ok_or((exec.node.line, Refusal::Layout("exec.args")))?;
    let gone: Vec<usize> = (0..own).collect();
    if !gone.is_empty() {
        splices.extend(eject::without(exec.text, &args.value, &gone)?);
    }
    let moved = own_args(layout, wrapper);
    if !moved.is_empty() {
        splices.extend(ListSlot::Filled(args).put(exec, layout, Items::Args(&moved))?);
    }
    Ok(splices)
}

/// Takes elements out of a list that gets others in front.
fn replace(
    exec: &ExecNode<'_, '_>,
    list: &Node<'_>,
    gone: &[usize],
    added: Splice,
) -> Result<Vec<Splice>, Refused> {
    match list.as_list() {
        // Between brackets nothing is left that the last comma would divide from.
        Some(items) if list.is_flow() && items.len() == gone.len() => {
            let range = items[0].range.start..items[items.len() - 1].range.end;
            let text = added.text.trim_end().trim_end_matches(',');
            Ok(vec![Splice::replace(range, text)])
        }
        _ => {
            let mut splices = eject::without(exec.text, list, gone)?;
            splices.push(added);
            Ok(splices)
        }
    }
}

/// New entries behind the command's.
fn entries(exec: &ExecNode<'_, '_>, layout: &Layout<'_>, lists: &[Items<'_>]) -> Option<Splice> {
    let end = exec.command().value.range.end;
    let at = if layout.is_flow() {
        end
    } else {
        text::line_end(exec.text, end)
    };
    (!lists.is_empty()).then(|| Splice::insert(at, layout.entries(lists)))
}

/// Where the new elements of a list go.
enum ListSlot<'t, 'a> {
    Missing,
    /// The text behind the colon, which says null or an empty list.
    Empty(std::ops::Range<usize>),
    /// Brackets with nothing but a comment between them, which stay.
    Brackets(&'t Pair<'a>),
    Filled(&'t Pair<'a>),
}

impl<'t, 'a> ListSlot<'t, 'a> {
    fn of(
        exec: &ExecNode<'t, 'a>,
        entry: Option<&'t Pair<'a>>,
        what: &'static str,
    ) -> Result<Self, Refused> {
        let Some(entry) = entry else {
            return Ok(Self::Missing);
        };
        if !entry.value.is_empty_list() {
            return Ok(Self::Filled(entry));
        }
        let node = &entry.value;
        if has_comment(exec, node) {
            // Else the comment would begin with what is written before it.
            return if exec.text[node.range.start + 1..].starts_with('#') {
                Err((node.line, Refusal::Layout(what)))
            } else {
                Ok(Self::Brackets(entry))
            };
        }
        let range = exec.behind_colon(entry, what)?;
        if exec.text[range.clone()].contains(['#', ';', '&', '!']) {
            return Err((entry.key.line, Refusal::Layout(what)));
        }
        Ok(Self::Empty(range))
    }

    /// Puts the new elements there; none where there is no list yet.
    fn put(
        self,
        exec: &ExecNode<'_, '_>,
        layout: &Layout<'_>,
        list: Items<'_>,
    ) -> Result<Option<Splice>, Refused> {
        Ok(Some(match self {
            Self::Missing => return Ok(None),
            Self::Empty(range) => {
                let value = layout.value(list, &exec.text[range.clone()]);
                Splice::replace(range, value)
            }
            Self::Brackets(entry) => {
                let at = entry.value.range.start + 1;
                Splice::insert(at, layout.between_brackets(list))
            }
            Self::Filled(entry) => {
                let (at, written) = layout
                    .prepend(exec.text, &entry.value, list)
                    .ok_or((entry.value.line, Refusal::Layout(list.key())))?;
                Splice::insert(at, written)
            }
        }))
    }

    fn was(&self, exec: &ExecNode<'_, '_>) -> Option<String> {
        match self {
            Self::Empty(range) => Some(exec.text[range.clone()].to_owned()),
            Self::Brackets(_) => Some(BRACKETS.to_owned()),
            Self::Missing | Self::Filled(_) => None,
        }
    }
}

/// Whether an empty list is brackets with a comment between them.
fn has_comment(exec: &ExecNode<'_, '_>, list: &Node<'_>) -> bool {
    list.is_flow() && list.is_empty_list() && exec.text[list.range.clone()].contains('#')
}

/// The command's own source, which an ejection moves back, if it can stand where it goes to.
fn moved_command(exec: &ExecNode<'_, '_>, layout: &Layout<'_>) -> Result<String, Refused> {
    let command = &exec.command().value;
    let source = exec.one_line(command, "exec.command")?;
    let to_flow = layout.is_flow()
        || exec.args().is_some_and(|args| {
            args.value.is_flow() && (!args.value.is_empty_list() || has_comment(exec, &args.value))
        });
    let is_plain = matches!(
        command.kind,
        Kind::Scalar {
            style: ScalarStyle::Plain,
            ..
        }
    );
    if is_plain && to_flow && !layout.is_flow() && !is_flow_safe(source) {
        return Ok(Quote::Double.write(source, true));
    }
    Ok(source.to_owned())
}
