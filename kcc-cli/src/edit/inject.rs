use std::path::Path;

use kcc_core::kubeconfig::ExecSpec;

use super::eject;
use super::error::Refusal;
use super::layout::{Items, Layout, Variable};
use super::plugin::Record;
use super::scalar::{Quote, is_flow_safe};
use super::site::{Refused, Site};
use super::text::Splice;
use super::tree::{Entry, Kind, Node, ScalarStyle};
use super::variables::variables;
use super::verify::Change;

/// Puts `cache` in front of one user's plugin.
pub(super) fn inject(
    site: &Site<'_, '_>,
    user: &str,
    spec: &ExecSpec,
    cache: &str,
    folder: &Path,
) -> Result<(Change, Vec<Splice>), Refused> {
    let layout = Layout::of(site);
    let command = &site.command().value;
    let plugin = moved_command(site, &layout)?;
    let args = Place::of(site, site.args(), "exec.args")?;
    let env = Place::of(site, site.env(), "exec.env")?;
    let record = Record {
        args: args.was(site),
        env: env.was(site),
    };
    let name = command.as_text().unwrap_or_default();
    let variables = variables(site, user, name, spec, folder, &record)?;

    let mut splices = vec![Splice::replace(command.range.clone(), layout.scalar(cache))];
    let mut missing = Vec::new();
    let lists = [
        (args, Items::Arg(&plugin)),
        (env, Items::Variables(&variables)),
    ];
    for (place, list) in lists {
        match place.put(site, &layout, list)? {
            Some(splice) => splices.push(splice),
            None => missing.push(list),
        }
    }
    splices.extend(entries(site, &layout, &missing));
    let change = Change::Inject {
        user: user.to_owned(),
        cache: cache.to_owned(),
        plugin: name.to_owned(),
        variables,
    };
    Ok((change, splices))
}

/// Brings what the injection wrote up to date for a user that is injected: what it records may have
/// changed since, or another injector recorded less. None if it is as it should be.
pub(super) fn update(
    site: &Site<'_, '_>,
    user: &str,
    spec: &ExecSpec,
    folder: &Path,
) -> Result<Option<(Change, Vec<Splice>)>, Refused> {
    let layout = Layout::of(site);
    let ours = eject::ours(site);
    let env = Place::of(site, site.env(), "exec.env")?;
    let mut record = eject::record(site);
    record.env = env.was(site).or(record.env);
    let mut bare = spec.clone();
    let mut at = 0;
    bare.env.retain(|_| {
        at += 1;
        !ours.contains(&(at - 1))
    });
    let plugin = spec.args.first().map(String::as_str).unwrap_or_default();
    let variables = variables(site, user, plugin, &bare, folder, &record)?;
    let is_current = |(old, new): (&usize, &Variable)| {
        let (name, value) = &spec.env[*old];
        (name.as_str(), value) == (new.0, &new.1)
    };
    if ours.len() == variables.len() && ours.iter().zip(&variables).all(is_current) {
        return Ok(None);
    }
    let list = Items::Variables(&variables);
    let old = match env {
        Place::Filled(entry) if !ours.is_empty() => Some(&entry.value),
        _ => None,
    };
    let added = env.put(site, &layout, list)?;
    let splices = match (added, old) {
        (Some(added), Some(old)) => replace(site, old, &ours, added)?,
        (Some(added), None) => vec![added],
        (None, _) => entries(site, &layout, &[list]).into_iter().collect(),
    };
    let user = user.to_owned();
    let change = Change::Update {
        user,
        ours,
        variables,
    };
    Ok(Some((change, splices)))
}

/// Takes elements out of a list that gets others in front.
fn replace(
    site: &Site<'_, '_>,
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
            let mut splices = eject::without(site.text, list, gone)?;
            splices.push(added);
            Ok(splices)
        }
    }
}

/// New entries behind the command's.
fn entries(site: &Site<'_, '_>, layout: &Layout<'_>, lists: &[Items<'_>]) -> Option<Splice> {
    let end = site.command().value.range.end;
    let at = if layout.is_flow() {
        end
    } else {
        super::text::line_end(site.text, end)
    };
    (!lists.is_empty()).then(|| Splice::insert(at, layout.entries(lists)))
}

/// Where the new elements of a list go.
enum Place<'t, 'a> {
    Missing,
    /// The text behind the colon, which says null or an empty list.
    Empty(std::ops::Range<usize>),
    Filled(&'t Entry<'a>),
}

impl<'t, 'a> Place<'t, 'a> {
    fn of(
        site: &Site<'t, 'a>,
        entry: Option<&'t Entry<'a>>,
        what: &'static str,
    ) -> Result<Self, Refused> {
        let Some(entry) = entry else {
            return Ok(Self::Missing);
        };
        if !entry.value.is_empty_list() {
            return Ok(Self::Filled(entry));
        }
        let range = site.behind_colon(entry, what)?;
        if site.text[range.clone()].contains(['#', ';', '&', '!']) {
            return Err((entry.key.line, Refusal::Layout(what)));
        }
        Ok(Self::Empty(range))
    }

    /// Puts the new elements there; none where there is no list yet.
    fn put(
        self,
        site: &Site<'_, '_>,
        layout: &Layout<'_>,
        list: Items<'_>,
    ) -> Result<Option<Splice>, Refused> {
        Ok(Some(match self {
            Self::Missing => return Ok(None),
            Self::Empty(range) => {
                let value = layout.value(list, &site.text[range.clone()]);
                Splice::replace(range, value)
            }
            Self::Filled(entry) => {
                let (at, written) = layout
                    .prepend(site.text, &entry.value, list)
                    .ok_or((entry.value.line, Refusal::Layout(list.key())))?;
                Splice::insert(at, written)
            }
        }))
    }

    fn was(&self, site: &Site<'_, '_>) -> Option<String> {
        match self {
            Self::Empty(range) => Some(site.text[range.clone()].to_owned()),
            _ => None,
        }
    }
}

/// The command's own source, which an ejection moves back, if it can stand where it goes to.
fn moved_command(site: &Site<'_, '_>, layout: &Layout<'_>) -> Result<String, Refused> {
    let command = &site.command().value;
    let source = site.one_line(command, "exec.command")?;
    let to_flow = layout.is_flow()
        || site
            .args()
            .is_some_and(|args| args.value.is_flow() && !args.value.is_empty_list());
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
