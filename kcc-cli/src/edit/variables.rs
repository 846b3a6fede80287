use std::path::{MAIN_SEPARATOR, Path};

use kcc_core::kubeconfig::ExecSpec;
use kcc_core::variable;

use super::error::Refusal;
use super::exec_node::{ExecNode, Refused};
use super::layout::Variable;
use super::plugin::{ORIGINAL, Record, declared, is_own_list, is_supported, own_list};

/// The variables that the cache needs, for what kubectl does no more for an argument.
///
/// `plugin` is the plugin's command as it is written; `record` is what has to be remembered.
pub(super) fn variables(
    exec: &ExecNode<'_, '_>,
    user: &str,
    plugin: &str,
    spec: &ExecSpec,
    folder: &Path,
    record: &Record,
) -> Result<Vec<Variable>, Refused> {
    let line = exec.env().map_or(exec.node.line, |env| env.key.line);
    let names = || spec.env.iter().map(|(name, _)| name.as_str());
    for written in [
        variable::USER,
        variable::API_VERSION,
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
    // Not every client tells it to its plugins.
    if is_supported(&spec.api_version) {
        variables.push((variable::API_VERSION, spec.api_version.clone()));
    }
    let set_list = spec
        .env
        .iter()
        .rfind(|(name, _)| name == variable::CACHEKEY_ENV_LIST);
    if let Some((_, list)) = set_list {
        if is_own_list(list) {
            return Err((line, Refusal::Variable(variable::CACHEKEY_ENV_LIST)));
        }
        let has = |name: &str| list.split(',').any(|listed| listed.trim() == name);
        if let Some(missing) = declared.iter().find(|name| !has(name)) {
            let missing = (*missing).to_owned();
            let variable = variable::CACHEKEY_ENV_LIST;
            return Err((line, Refusal::Incomplete { variable, missing }));
        }
    } else if !declared.is_empty() {
        variables.push((variable::CACHEKEY_ENV_LIST, own_list(&declared)));
    }
    if plugin.contains(MAIN_SEPARATOR) && Path::new(plugin).is_relative() {
        variables.push((variable::COMMAND_DIR, folder.to_string_lossy().into_owned()));
    }
    let hint = spec.printable_install_hint();
    variables.extend(hint.map(|hint| (variable::INSTALL_HINT, hint)));
    variables.extend(record.write().map(|record| (ORIGINAL, record)));
    Ok(variables)
}
