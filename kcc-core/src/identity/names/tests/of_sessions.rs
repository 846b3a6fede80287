//! What sessions of one person set, from the documentation and sources of what starts them.

use std::collections::BTreeMap;

use super::KeyNames;
use crate::environment::Environment;
use crate::key::KeyParts;

/// What decides who one is, of these variables and those that every shell of the person has.
fn of(session: &str) -> BTreeMap<String, String> {
    let shell = "HOME=/home/me USER=me LOGNAME=me SHELL=/bin/bash PATH=/usr/bin:/bin PWD=/home/me \
                 LANG=C.UTF-8 TERM=xterm-256color SHLVL=1 _=/usr/bin/kubectl AWS_PROFILE=dev";
    deciding(&format!("{shell} {session}"))
}

fn deciding(environment: &str) -> BTreeMap<String, String> {
    let pairs = environment
        .split_whitespace()
        .map(|pair| pair.split_once('=').unwrap());
    let environment: Environment = pairs.collect();
    let deciding = KeyParts::relevant_env(&environment, &KeyNames::default());
    let text = |text: &std::ffi::OsStr| text.to_str().unwrap().to_owned();
    deciding
        .into_iter()
        .map(|(name, value)| (text(name), text(value)))
        .collect()
}

const SESSIONS: &[(&str, &str)] = &[
    (
        "a login shell",
        "MAIL=/var/mail/me HUSHLOGIN=FALSE LS_COLORS=di=1 LESSOPEN=x DEBUGINFOD_URLS=https://d",
    ),
    (
        "SSH",
        "SSH_CLIENT=10.0.0.7.51234.22 SSH_CONNECTION=10.0.0.7.51234.10.0.0.1.22 SSH_TTY=/dev/pts/3 \
         SSH_AUTH_SOCK=/tmp/ssh-Xy7/agent.9001 SSH_USER_AUTH=/tmp/sshauth.3 XDG_SESSION_ID=42 \
         XDG_SESSION_TYPE=tty XDG_SESSION_CLASS=user XDG_RUNTIME_DIR=/run/user/1000 \
         DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/1000/bus MOTD_SHOWN=pam",
    ),
    (
        "GNOME Terminal",
        "USERNAME=me DESKTOP_SESSION=gnome GDMSESSION=gnome GDM_LANG=en XDG_SESSION_ID=2 \
         XDG_CURRENT_DESKTOP=GNOME XDG_CONFIG_DIRS=/etc/xdg/xdg-gnome:/etc/xdg XDG_MENU_PREFIX=gnome- \
         XDG_DATA_DIRS=/usr/share XDG_SESSION_DESKTOP=gnome XDG_SEAT=seat0 XDG_VTNR=2 \
         XDG_ACTIVATION_TOKEN=8d1f DESKTOP_STARTUP_ID=8d1f GNOME_KEYRING_CONTROL=/run/user/1000/keyring \
         GNOME_TERMINAL_SCREEN=/org/gnome/Terminal/screen/1b2c GNOME_TERMINAL_SERVICE=:1.123 \
         GNOME_DESKTOP_SESSION_ID=this-is-deprecated GNOME_SETUP_DISPLAY=:1 VTE_VERSION=7600 \
         COLORTERM=truecolor WINDOWID=123 DISPLAY=:0 WAYLAND_DISPLAY=wayland-0 \
         XAUTHORITY=/run/user/1000/.mutter-Xwaylandauth.A1B2 SESSION_MANAGER=local/host:@/tmp/.ICE/1 \
         SSH_AUTH_SOCK=/run/user/1000/keyring/ssh GPG_AGENT_INFO=/run/user/1000/gnupg:0:1 \
         GIO_LAUNCHED_DESKTOP_FILE_PID=99 INVOCATION_ID=77 JOURNAL_STREAM=9:1 MANAGERPID=1 \
         SYSTEMD_EXEC_PID=88 QT_IM_MODULE=ibus PTYXIS_PROFILE=9f GTK_MODULES=gail",
    ),
    (
        "Konsole",
        "KONSOLE_DBUS_SESSION=/Sessions/3 KONSOLE_DBUS_WINDOW=/Windows/1 KONSOLE_DBUS_SERVICE=:1.55 \
         KONSOLE_DBUS_ACTIVATION_COOKIE=51ab KONSOLE_VERSION=240800 PROFILEHOME= SHELL_SESSION_ID=5e6f \
         COLORFGBG=15;0 KDE_FULL_SESSION=true KDE_SESSION_UID=1000 KDE_SESSION_VERSION=6 \
         KDE_APPLICATIONS_AS_SCOPE=1 PAM_KWALLET5_LOGIN=/run/user/1000/kwallet5.socket \
         ICEAUTHORITY=/run/user/1000/iceauth_1 XAUTHORITY=/run/user/1000/xauth_9",
    ),
    (
        "tmux, first pane",
        "TMUX=/tmp/tmux-1000/default,4021,0 TMUX_PANE=%0 TERM_PROGRAM=tmux",
    ),
    (
        "tmux, second pane",
        "TMUX=/tmp/tmux-1000/default,4021,1 TMUX_PANE=%7 TERM_PROGRAM=tmux",
    ),
    ("screen", "STY=4711.pts-1.host WINDOW=0 TERMCAP=SC"),
    (
        "zellij",
        "ZELLIJ=0 ZELLIJ_PANE_ID=4 ZELLIJ_SESSION_NAME=blue-cat",
    ),
    (
        "kitty",
        "KITTY_WINDOW_ID=12 KITTY_PID=400 KITTY_PUBLIC_KEY=1:abc KITTY_INSTALLATION_DIR=/usr/lib/kitty \
         KITTY_LISTEN_ON=unix:@k-400 TERMINFO=/usr/lib/kitty/terminfo",
    ),
    (
        "WezTerm",
        "WEZTERM_PANE=3 WEZTERM_UNIX_SOCKET=/run/user/1000/wezterm/gui-sock-7 \
         WEZTERM_CONFIG_FILE=/home/me/.wezterm.lua WEZTERM_CONFIG_DIR=/home/me \
         WEZTERM_EXECUTABLE=/usr/bin/wezterm-gui",
    ),
    (
        "Alacritty, Ghostty",
        "ALACRITTY_SOCKET=/run/a.sock ALACRITTY_WINDOW_ID=9 GHOSTTY_RESOURCES_DIR=/g",
    ),
    (
        "iTerm2",
        "ITERM_SESSION_ID=w0t1p0:5C ITERM_PROFILE=Default TERM_SESSION_ID=w0t1p0:5C LC_TERMINAL=iTerm2 \
         COLORFGBG=7;0 TERM_FEATURES=T3 SECURITYSESSIONID=186a7 __CF_USER_TEXT_ENCODING=0x1F5:0x0:0x0 \
         __CFBundleIdentifier=com.googlecode.iterm2 XPC_SERVICE_NAME=0 XPC_FLAGS=0x0 \
         SSH_AUTH_SOCK=/private/tmp/com.apple.launchd.Z/Listeners COMMAND_MODE=unix2003",
    ),
    (
        "Terminal.app",
        "TERM_SESSION_ID=9C-1 TERM_PROGRAM=Apple_Terminal SHELL_SESSION_DID_INIT=1",
    ),
    (
        "Windows Terminal, WSL",
        "WT_SESSION=7d1c WT_PROFILE_ID={61c5} WSL_DISTRO_NAME=Ubuntu WSL_INTEROP=/run/WSL/41_interop \
         WSLENV=WT_SESSION:WT_PROFILE_ID: PULSE_SERVER=unix:/mnt/wslg/PulseServer WSL2_GUI_APPS_ENABLED=1",
    ),
    (
        "VS Code, first window",
        "TERM_PROGRAM=vscode TERM_PROGRAM_VERSION=1.99.0 VSCODE_INJECTION=1 VSCODE_PROFILE_INITIALIZED=1 \
         VSCODE_IPC_HOOK=/run/user/1000/vscode-1.sock VSCODE_GIT_IPC_HANDLE=/run/user/1000/vscode-git-1.sock \
         VSCODE_GIT_ASKPASS_MAIN=/usr/share/code/askpass-main.js VSCODE_GIT_ASKPASS_NODE=/usr/share/code/code \
         GIT_ASKPASS=/usr/share/code/askpass.sh VSCODE_NONCE=11 USER_ZDOTDIR=/home/me ZDOTDIR=/tmp/me-zsh \
         VSCODE_DEBUGPY_ADAPTER_ENDPOINTS=/tmp/endpoint-1.txt CHROME_DESKTOP=code.desktop \
         ORIGINAL_XDG_CURRENT_DESKTOP=GNOME GIT_PAGER=cat BUNDLED_DEBUGPY_PATH=/x",
    ),
    (
        "VS Code, second window, from snap",
        "TERM_PROGRAM=vscode VSCODE_GIT_IPC_HANDLE=/run/user/1000/vscode-git-2.sock VSCODE_NONCE=22 \
         SNAP_CONTEXT=kV9 SNAP_COOKIE=kV9 SNAP_USER_COMMON=/home/me/snap/code/common \
         SNAP_USER_DATA=/home/me/snap/code/171 XDG_DATA_HOME=/home/me/snap/code/171/.local/share \
         XDG_CONFIG_DIRS_VSCODE_SNAP_ORIG=/etc/xdg XDG_DATA_HOME_VSCODE_SNAP_ORIG=",
    ),
    (
        "VS Code, remote",
        "VSCODE_IPC_HOOK_CLI=/run/user/1000/vscode-ipc-3.sock VSCODE_AGENT_FOLDER=/home/me/.vscode-server \
         BROWSER=/home/me/.vscode-server/bin/helpers/browser.sh REMOTE_CONTAINERS_IPC=/tmp/ipc-3.sock",
    ),
    (
        "JetBrains",
        "TERMINAL_EMULATOR=JetBrains-JediTerm TERM_SESSION_ID=0f3a LOGIN_SHELL=1 \
         __INTELLIJ_COMMAND_HISTFILE__=/home/me/.cache/JetBrains/h1 IDEA_INITIAL_DIRECTORY=/home/me \
         INTELLIJ_TERMINAL_COMMAND_BLOCKS_REWORKED=1 PROCESS_LAUNCHED_BY_CW=1 FIG_TERM=1",
    ),
    (
        "Emacs, Neovim",
        "INSIDE_EMACS=29.1,term NVIM=/run/user/1000/nvim.7.0 NVIM_LISTEN_ADDRESS=/tmp/nv VIMRUNTIME=/v",
    ),
    (
        "shells with a prompt, direnv, mise, nix",
        "STARSHIP_SHELL=bash STARSHIP_SESSION_KEY=5432154321 DIRENV_DIR=-/home/me/a DIRENV_DIFF=eJy \
         __MISE_SESSION=eAF MISE_SHELL=bash NIX_PROFILES=/nix/a /nix/b= NIX_USER_PROFILE_DIR=/nix/var \
         NIX_SSL_CERT_FILE=/etc/ssl/ca.crt IN_NIX_SHELL=impure PKG_CONFIG_PATH=/nix/p JAVA_HOME=/nix/j \
         ATUIN_SESSION=9 MCFLY_SESSION_ID=8 P9K_TTY=old _P9K_SSH_TTY=/dev/pts/3 FZF_KEY=enter GPG_TTY=/dev/pts/3",
    ),
    (
        "a script of npm, a rule of make, a hook of git, a plugin of helm",
        "npm_config_user_agent=npm/10 npm_config_userconfig=/home/me/.npmrc npm_lifecycle_event=test \
         npm_config_globalconfig=/etc/npmrc INIT_CWD=/home/me/a MAKEFLAGS=s MAKELEVEL=1 GIT_DIR=.git \
         GIT_AUTHOR_DATE=@1 GIT_AUTHOR_NAME=me GIT_AUTHOR_EMAIL=me@x GIT_COMMITTER_EMAIL=me@x GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=a GIT_CONFIG_VALUE_0=b \
         GIT_CONFIG_PARAMETERS=x HELM_KUBECONTEXT=dev HELM_REGISTRY_CONFIG=/r HELM_KUBETOKEN= \
         KUBECONFIG=/tmp/kubie-configAb1.yaml CARGO_PKG_AUTHORS=me OLDPWD=/",
    ),
    (
        "a service of systemd",
        "INVOCATION_ID=1 JOURNAL_STREAM=8:2 SYSTEMD_EXEC_PID=5 NOTIFY_SOCKET=/run/n LISTEN_FDS=1",
    ),
    ("cron that sets USER (cronie, BSD)", "MAILTO=me"),
];

#[test]
fn all_sessions_of_one_person_share() {
    let expected = "HOME LOGNAME USER AWS_PROFILE";
    let expected: BTreeMap<_, _> = of("")
        .into_iter()
        .filter(|(name, _)| expected.contains(name.as_str()))
        .collect();
    assert_eq!(expected.len(), 4);
    for (session, environment) in SESSIONS {
        assert_eq!(of(environment), expected, "{session}");
    }
}

/// Two steps of one job, with what changes between them.
const STEPS: &[(&str, &str, &str, &str)] = &[
    (
        "GitHub Actions",
        "CI=true GITHUB_ACTIONS=true GITHUB_ACTOR=me GITHUB_REPOSITORY=me/a GITHUB_JOB=deploy \
         GITHUB_RUN_ID=1 GITHUB_SERVER_URL=https://github.com GITHUB_API_URL=https://api.github.com \
         GITHUB_WORKSPACE=/home/runner/work/a/a RUNNER_TEMP=/home/runner/work/_temp RUNNER_NAME=r1 \
         RUNNER_TOOL_CACHE=/opt ACTIONS_ID_TOKEN_REQUEST_URL=https://t ACTIONS_ID_TOKEN_REQUEST_TOKEN=j1 \
         HOME=/home/runner USER=runner AWS_ACCESS_KEY_ID=A AWS_SESSION_TOKEN=T",
        "GITHUB_ACTION=__run GITHUB_ENV=/t/set_env_1 GITHUB_OUTPUT=/t/set_output_1 GITHUB_PATH=/t/add_path_1 \
         GITHUB_STATE=/t/save_state_1 GITHUB_STEP_SUMMARY=/t/step_summary_1 GITHUB_ACTION_REPOSITORY= \
         GITHUB_ACTION_REF=",
        "GITHUB_ACTION=__run_2 GITHUB_ENV=/t/set_env_2 GITHUB_OUTPUT=/t/set_output_2 GITHUB_PATH=/t/add_path_2 \
         GITHUB_STATE=/t/save_state_2 GITHUB_STEP_SUMMARY=/t/step_summary_2 \
         GITHUB_ACTION_REPOSITORY=azure/cli GITHUB_ACTION_REF=v2 AZURE_HTTP_USER_AGENT=GITHUBACTIONS/2 \
         AZUREPS_HOST_ENVIRONMENT=GITHUBACTIONS/2 JAVA_HOME=/opt/j21",
    ),
    (
        "GitLab CI",
        "CI=true GITLAB_CI=true CI_JOB_ID=7 CI_JOB_TOKEN=j7 CI_REGISTRY_PASSWORD=j7 CI_PROJECT_ID=3 \
         CI_PROJECT_DIR=/builds/a CI_PIPELINE_URL=https://g/1 CI_JOB_URL=https://g/7 GITLAB_USER_LOGIN=me \
         HOME=/root",
        "CI_JOB_STATUS=running OLDPWD=/builds",
        "CI_JOB_STATUS=success SHLVL=2",
    ),
    (
        "Jenkins, two builds",
        "JENKINS_URL=https://j/ JENKINS_HOME=/var/jenkins JOB_NAME=a NODE_NAME=n HUDSON_URL=https://j/ \
         HOME=/var/jenkins USER=jenkins",
        "BUILD_ID=1 BUILD_NUMBER=1 BUILD_TAG=jenkins-a-1 BUILD_URL=https://j/1 RUN_DISPLAY_URL=https://j/r1 \
         RUN_CHANGES_DISPLAY_URL=https://j/c1 JOB_DISPLAY_URL=https://j/d JOB_URL=https://j/a \
         EXECUTOR_NUMBER=0 WORKSPACE=/w/a STAGE_NAME=Test JENKINS_NODE_COOKIE=n1 \
         JENKINS_SERVER_COOKIE=durable-1 HUDSON_SERVER_COOKIE=h1 CHANGE_URL=https://g/1 CHANGE_AUTHOR=me CHANGE_AUTHOR_EMAIL=me@x",
        "BUILD_ID=2 BUILD_NUMBER=2 BUILD_TAG=jenkins-a-2 BUILD_URL=https://j/2 RUN_DISPLAY_URL=https://j/r2 \
         RUN_CHANGES_DISPLAY_URL=https://j/c2 EXECUTOR_NUMBER=1 WORKSPACE=/w/a@2 STAGE_NAME=Deploy \
         JENKINS_NODE_COOKIE=n2 JENKINS_SERVER_COOKIE=durable-2 HUDSON_SERVER_COOKIE=h2",
    ),
    (
        "Azure Pipelines",
        "TF_BUILD=True SYSTEM_TEAMPROJECT=a SYSTEM_COLLECTIONURI=https://d SYSTEM_ACCESSTOKEN=t \
         AGENT_HOMEDIRECTORY=/a BUILD_BUILDID=5 HOME=/home/vsts USER=vsts",
        "SYSTEM_TASKINSTANCEID=1 SYSTEM_TASKDISPLAYNAME=one SYSTEM_TIMELINEID=3",
        "SYSTEM_TASKINSTANCEID=2 SYSTEM_TASKDISPLAYNAME=two AZURE_HTTP_USER_AGENT=VSTS_5 \
         VSTS_PROCESS_LOOKUP_ID=9",
    ),
    (
        "a container beside services",
        "HOME=/root",
        "KUBERNETES_SERVICE_HOST=10.0.0.1 KUBERNETES_SERVICE_PORT=443 KUBERNETES_PORT=tcp://10.0.0.1:443 \
         KUBERNETES_PORT_443_TCP_ADDR=10.0.0.1 AUTH_SERVICE_HOST=10.0.0.2 AUTH_SERVICE_PORT_HTTP=80 \
         HOSTNAME=a-1",
        "KUBERNETES_SERVICE_HOST=10.0.0.9 TOKENS_SERVICE_SERVICE_HOST=10.0.0.3 \
         TOKENS_SERVICE_PORT_80_TCP=tcp://10.0.0.3:80 HOSTNAME=a-2",
    ),
];

#[test]
fn steps_of_one_job_share() {
    for (system, job, one, two) in STEPS {
        assert_eq!(
            deciding(&format!("{job} {one}")),
            deciding(&format!("{job} {two}")),
            "{system}"
        );
    }
}

#[test]
fn these_do_not_share() {
    let me = of("");
    let cron =
        deciding("HOME=/home/me LOGNAME=me SHELL=/bin/sh PATH=/usr/bin:/bin AWS_PROFILE=dev");
    assert_ne!(cron, me, "cron of Debian sets no USER");
    let ssh = |cache: &str| of(&format!("KRB5CCNAME=FILE:/tmp/krb5cc_1000_{cache}"));
    assert_ne!(
        ssh("Ab1"),
        ssh("Cd2"),
        "each session of SSH has its own tickets"
    );
    let job = |token: &str| deciding(&format!("HOME=/root CI_JOB_TOKEN={token}"));
    assert_ne!(job("7"), job("8"), "two jobs of GitLab");
    assert_ne!(of("USERNAME=a"), of("USERNAME=b"), "a name to log in with");
    assert_ne!(of("VAULT_TOKEN=a"), of("VAULT_TOKEN=b"), "another login");
}
