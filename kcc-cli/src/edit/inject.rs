use std::path::Path;

use kcc_core::kubeconfig::ExecSpec;
use kcc_core::variable;

use super::error::Refusal;
use super::layout::{Items, Layout, Variable};
use super::plugin::{ORIGINAL, Record, declared};
use super::scalar::{Quote, is_flow_safe};
use super::site::{Refused, Site};
use super::text::Splice;
use super::tree::{Entry, Kind, ScalarStyle};
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
    let mut variables = variables(site, user, spec, folder)?;
    let args = Place::of(site, site.args(), "exec.args")?;
    let env = Place::of(site, site.env(), "exec.env")?;
    let record = Record {
        args: args.was(site),
        env: env.was(site),
    };
    // Without something between, a list that somebody set may look like the injection's own.
    let has_own_list = spec
        .env
        .first()
        .is_some_and(|(name, _)| name == variable::CACHEKEY_ENV_LIST);
    let keeps_apart = has_own_list && variables.len() == 1;
    let record = record.write().or(keeps_apart.then(String::new));
    variables.extend(record.map(|record| (ORIGINAL, record)));

    let mut splices = vec![Splice::replace(command.range.clone(), layout.scalar(cache))];
    let mut missing = Vec::new();
    let lists = [
        (args, Items::Arg(&plugin)),
        (env, Items::Variables(&variables)),
    ];
    for (place, list) in lists {
        match place {
            Place::Missing => missing.push(list),
            Place::Empty(range) => {
                let value = layout.value(list, &site.text[range.clone()]);
                splices.push(Splice::replace(range, value));
            }
            Place::Filled(entry) => {
                let what = list.key();
                let (at, written) = layout
                    .prepend(site.text, &entry.value, list)
                    .ok_or((entry.value.line, Refusal::Layout(what)))?;
                splices.push(Splice::insert(at, written));
            }
        }
    }
    if !missing.is_empty() {
        let at = if layout.is_flow() {
            command.range.end
        } else {
            super::text::line_end(site.text, command.range.end)
        };
        splices.push(Splice::insert(at, layout.entries(&missing)));
    }
    let change = Change::Inject {
        user: user.to_owned(),
        cache: cache.to_owned(),
        plugin: command.as_text().unwrap_or_default().to_owned(),
        variables,
    };
    Ok((change, splices))
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

/// The variables that the cache needs, for what kubectl does no more for an argument.
fn variables(
    site: &Site<'_, '_>,
    user: &str,
    spec: &ExecSpec,
    folder: &Path,
) -> Result<Vec<Variable>, Refused> {
    let line = site.env().map_or(site.exec.line, |env| env.key.line);
    let names = || spec.env.iter().map(|(name, _)| name.as_str());
    for written in [
        variable::USER,
        variable::COMMAND_DIR,
        variable::INSTALL_HINT,
        ORIGINAL,
    ] {
        if names().any(|name| name == written) {
            return Err((line, Refusal::Variable(written)));
        }
    }
    let declared = declared(names());
    if let Some(odd) = declared
        .iter()
        .find(|name| name.contains([',', '=', '*', ' ', '\t']))
    {
        return Err((line, Refusal::VariableName((*odd).to_owned())));
    }
    let mut variables = vec![(variable::USER, user.to_owned())];
    let own_list = spec
        .env
        .iter()
        .rfind(|(name, _)| name == variable::CACHEKEY_ENV_LIST);
    if let Some((_, list)) = own_list {
        let has = |name: &str| list.split(',').any(|listed| listed.trim() == name);
        if let Some(missing) = declared.iter().find(|name| !has(name)) {
            let missing = (*missing).to_owned();
            let variable = variable::CACHEKEY_ENV_LIST;
            return Err((line, Refusal::Incomplete { variable, missing }));
        }
    } else if !declared.is_empty() {
        variables.push((variable::CACHEKEY_ENV_LIST, declared.join(",")));
    }
    let command = site.command().value.as_text().unwrap_or_default();
    if command.contains(std::path::MAIN_SEPARATOR) && Path::new(command).is_relative() {
        variables.push((variable::COMMAND_DIR, folder.to_string_lossy().into_owned()));
    }
    let hint = spec.printable_install_hint();
    variables.extend(hint.map(|hint| (variable::INSTALL_HINT, hint)));
    Ok(variables)
}
