use std::ops::Range;

use kcc_core::variable;

use super::error::Refusal;
use super::exec_node::{ExecNode, Refused};
use super::layout::dash_before;
use super::plugin::{BRACKETS, ORIGINAL, Record, is_own_list};
use super::text::{self, Splice};
use super::tree::{Node, Pair};
use super::verify::Change;

/// Takes the cache out from in front of one user's plugin; `own` of the arguments are the cache's.
pub(super) fn eject(
    exec: &ExecNode<'_, '_>,
    user: &str,
    own: usize,
) -> Result<(Change, Vec<Splice>), Refused> {
    let command = &exec.command().value;
    let args = exec
        .args()
        .ok_or((exec.node.line, Refusal::NotOneLine("exec.args")))?;
    let items = args.value.as_list().unwrap_or_default();
    let plugin = items
        .get(own)
        .ok_or((args.value.line, Refusal::NotOneLine("exec.args")))?;
    if let Some(odd) = items[..=own].iter().find(|item| item.has_anchor()) {
        return Err((odd.line, Refusal::NotOneLine("the plugin in exec.args")));
    }
    let source = exec.one_line(plugin, "the plugin in exec.args")?;
    let mut splices = vec![Splice::replace(command.range.clone(), source)];

    let ours = ours(exec);
    let record = record(exec);
    let mut removed = Vec::new();
    let mut shorten = |entry: Option<&Pair<'_>>, gone: &[usize], was: Option<String>| {
        let Some(entry) = entry.filter(|_| !gone.is_empty()) else {
            return Ok(());
        };
        let all = entry.value.as_list().map_or(0, <[_]>::len) == gone.len();
        match (all, was) {
            (true, Some(was)) if was == BRACKETS => {
                splices.extend(without(exec.text, &entry.value, gone)?);
            }
            (true, Some(was)) => {
                let range = exec.behind_colon(entry, "a list of exec")?;
                splices.push(Splice::replace(range, was));
            }
            (true, None) => removed.push(entry.key.range.start),
            (false, _) => splices.extend(without(exec.text, &entry.value, gone)?),
        }
        Ok(())
    };
    let in_front: Vec<usize> = (0..=own).collect();
    shorten(Some(args), &in_front, record.args)?;
    shorten(exec.env(), &ours, record.env)?;
    splices.extend(without_entries(exec, &removed)?);
    let user = user.to_owned();
    Ok((Change::Eject { user, own, ours }, splices))
}

/// Which elements of `exec.env` an injection wrote. Somebody may have set the list of names for the
/// key: the injection's own ends in a comma.
pub(super) fn ours(exec: &ExecNode<'_, '_>) -> Vec<usize> {
    let is_ours = |item: &Node<'_>| match field(item, "name").unwrap_or_default() {
        variable::CACHEKEY_ENV_LIST => is_own_list(field(item, "value").unwrap_or_default()),
        variable::USER
        | variable::API_VERSION
        | variable::COMMAND_DIR
        | variable::INSTALL_HINT
        | ORIGINAL => true,
        _ => false,
    };
    let items = env_items(exec).iter().enumerate();
    let ours = items.filter(|(_, item)| is_ours(item));
    ours.map(|(at, _)| at).collect()
}

pub(super) fn record(exec: &ExecNode<'_, '_>) -> Record {
    let of_record = |item: &&Node<'_>| field(item, "name") == Some(ORIGINAL);
    let item = env_items(exec).iter().find(of_record);
    item.and_then(|item| field(item, "value"))
        .map(Record::read)
        .unwrap_or_default()
}

fn env_items<'t, 'a>(exec: &ExecNode<'t, 'a>) -> &'t [Node<'a>] {
    let items = exec.env().and_then(|env| env.value.as_list());
    items.unwrap_or_default()
}

fn field<'n>(item: &'n Node<'_>, key: &str) -> Option<&'n str> {
    item.get(key).ok()??.as_text()
}

/// Takes elements out of a list. Of a list with brackets a comma stays behind if all of them go.
pub(super) fn without(text: &str, list: &Node<'_>, gone: &[usize]) -> Result<Vec<Splice>, Refused> {
    let items = list.as_list().unwrap_or_default();
    if !list.is_flow() {
        let line = |&at: &usize| {
            let item = &items[at];
            dash_before(text, item.range.start)
                .ok_or((item.line, Refusal::Layout("a list of exec")))?;
            let start = text::line_start(text, item.range.start);
            Ok(Splice::remove(start..text::next_line(text, item.range.end)))
        };
        return gone.iter().map(line).collect();
    }
    let range = |run: Range<usize>| match run.start {
        0 => {
            let last = items[run.end - 1].range.end;
            let comma = text::skip_space(text, last);
            let end = if text[comma..].starts_with(',') {
                text::skip_space(text, comma + 1)
            } else {
                last
            };
            items[0].range.start..end
        }
        first => items[first - 1].range.end..items[run.end - 1].range.end,
    };
    Ok(runs(gone)
        .into_iter()
        .map(|run| Splice::remove(range(run)))
        .collect())
}

/// Takes whole entries out of `exec`; `keys` are where their keys begin.
fn without_entries(exec: &ExecNode<'_, '_>, keys: &[usize]) -> Result<Vec<Splice>, Refused> {
    let (text, entries) = (exec.text, exec.entries());
    let gone: Vec<usize> = (0..entries.len())
        .filter(|at| keys.contains(&entries[*at].key.range.start))
        .collect();
    let range = |run: Range<usize>| {
        let (first, last) = (&entries[run.start], &entries[run.end - 1]);
        let odd = (first.key.line, Refusal::Layout("exec"));
        if exec.node.is_flow() {
            return Ok(match run.start {
                0 => first.key.range.start..entries.get(run.end).ok_or(odd)?.key.range.start,
                at => entries[at - 1].value.range.end..last.value.range.end,
            });
        }
        let start = text::line_start(text, first.key.range.start);
        if !text[start..first.key.range.start].chars().all(|c| c == ' ') {
            return Err(odd);
        }
        let before = text::previous_line_end(text, start).ok_or(odd)?;
        Ok(before..text::line_end(text, last.value.range.end))
    };
    let runs = runs(&gone).into_iter();
    runs.map(|run| range(run).map(Splice::remove)).collect()
}

/// Ascending numbers as ranges without gaps.
fn runs(numbers: &[usize]) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    for &number in numbers {
        match runs.last_mut() {
            Some(run) if run.end == number => run.end += 1,
            _ => runs.push(number..number + 1),
        }
    }
    runs
}
