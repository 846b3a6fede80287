//! A tool as somebody would write it: this program, started again, with nothing but its environment.

use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use kcc_core::client::ClientConfig;

use super::{Failed, PluginUser, check, runtime, whoami};

/// The variable that makes a tool of this program.
const VARIABLE: &str = "KCC_E2E_TOOL";

/// Where this program was started as a tool: does the work, and returns true.
pub(crate) fn run() -> bool {
    if std::env::var_os(VARIABLE).is_none() {
        return false;
    }
    let said = said().unwrap_or_else(|failed| format!("{failed:?}"));
    let _ = writeln!(std::io::stdout(), "{said}");
    true
}

/// Who the server says that the tool is, or what went wrong.
fn said() -> Result<String, Failed> {
    runtime()?.block_on(async {
        let client = match ClientConfig::load().and_then(|config| config.client()) {
            Ok(client) => client,
            Err(error) => return Ok(format!("error: {error}")),
        };
        Ok(match whoami(&client).await {
            Ok(name) => format!("known as {name}"),
            Err(error) => format!("error: {error}"),
        })
    })
}

/// The tool with this kubeconfig and no terminal.
pub(super) fn without_terminal(user: &PluginUser) -> Result<String, Failed> {
    let mut tool = tool(user)?;
    let output = tool.stdin(Stdio::null()).output()?;
    screen(&output)
}

/// The tool at a terminal where somebody types.
pub(super) fn at_terminal(user: &PluginUser, typed: &str) -> Result<String, Failed> {
    screen(&harness::at_terminal(&tool(user)?, typed)?)
}

fn tool(user: &PluginUser) -> Result<Command, Failed> {
    let mut tool = Command::new(std::env::current_exe()?);
    tool.env_clear().envs(user.home.variables());
    tool.env("KUBECONFIG", user.kubeconfig.path());
    tool.env(VARIABLE, "1");
    Ok(tool)
}

fn screen(output: &Output) -> Result<String, Failed> {
    let screen = String::from_utf8_lossy(&output.stdout).into_owned();
    let heard = String::from_utf8_lossy(&output.stderr);
    check(output.status.success(), format!("{screen}{heard}"))?;
    Ok(screen)
}
