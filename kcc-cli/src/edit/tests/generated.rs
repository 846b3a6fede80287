use std::path::PathBuf;

use proptest::prelude::*;
use proptest::test_runner::TestCaseError;

use super::generator::Generated;
use super::*;

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_injection_is_taken_back_to_the_byte(tape in tape()) {
        let generated = Generated::of(&tape);
        let text = generated.text();
        match inject(source(&text), &Users::All, "kcc-cache") {
            Ok(edited) => check(&generated, &text, &edited)?,
            Err(error) => prop_assert!(generated.hazard, "{error}\n{text:?}"),
        }
    }

    #[test]
    fn some_users_are_edited_and_the_others_are_not(tape in tape(), which in any::<u64>()) {
        let generated = Generated::of(&tape);
        let text = generated.text();
        let Ok(before) = Kubeconfig::parse(Path::new(PATH), text.as_bytes()) else {
            prop_assert!(generated.hazard, "{text:?}");
            return Ok(());
        };
        let chosen = before.users.keys().enumerate().filter(|(at, _)| which >> (at % 64) & 1 == 1);
        let users = Users::Named(chosen.map(|(_, name)| name.clone()).collect());
        let Ok(edited) = inject(source(&text), &users, "/opt/kcc-cache") else {
            prop_assert!(generated.hazard, "{text:?}");
            return Ok(());
        };
        let after = edited.text.as_ref().map_or(text.as_str(), |text| text.as_str());
        let seen = Kubeconfig::parse(Path::new(PATH), after.as_bytes()).unwrap();
        for (name, user) in &before.users {
            let exec = &seen.users[name].value.exec;
            match &user.value.exec {
                Some(spec) if users.contains(name) => prop_assert_ne!(exec.as_ref(), Some(spec)),
                spec => prop_assert_eq!(exec, spec),
            }
        }
        let back = eject(source(after), &users, &[]).unwrap().text;
        prop_assert_eq!(back.map_or(after.to_owned(), |text| text.to_string()), text);
    }

    #[test]
    fn a_damaged_file_is_refused_or_given_back(
        tape in tape(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 1..4),
    ) {
        const PIECES: [&str; 16] = [
            "", "\n", " ", "\t", "- ", "&c ", "*c", "<<: *c", "#", "'", "\"", "{", "]", ":", "|\n", "---\n",
        ];
        let mut text: Vec<char> = Generated::of(&tape).text().chars().collect();
        for (place, piece) in damage {
            let at = place.index(text.len());
            let piece = PIECES[piece.index(PIECES.len())];
            text.splice(at..(at + 1).min(text.len()), piece.chars());
        }
        let text: String = text.into_iter().collect();
        if let Ok(Edited { text: Some(after), .. }) = inject(source(&text), &Users::All, "kcc-cache") {
            prop_assert_eq!(ejected(&after), text);
        }
    }
}

/// Else the properties would hold of files that the editor refuses.
#[test]
fn most_files_are_edited() {
    let mut state = 1_u64;
    let mut byte = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        state.to_be_bytes()[0]
    };
    let mut edited = 0;
    for _ in 0..200 {
        let tape: Vec<u8> = std::iter::repeat_with(&mut byte).take(200).collect();
        let text = Generated::of(&tape).text();
        let result = inject(source(&text), &Users::All, "kcc-cache");
        edited += usize::from(result.is_ok_and(|edited| edited.text.is_some()));
    }
    assert!(edited > 100, "{edited} of 200");
}

fn tape() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..300)
}

fn check(generated: &Generated, text: &str, edited: &Edited) -> Result<(), TestCaseError> {
    let Some(after) = &edited.text else {
        prop_assert_eq!(generated.plugins, 0);
        return Ok(());
    };
    outside_is_the_same(&generated.parts, after)?;
    the_plugin_is_the_same(text, after)?;
    prop_assert!(!edited.diff.to_string().contains("SECRET"));
    let again = inject(source(after), &Users::All, "other").unwrap();
    prop_assert_eq!(again.text, None);
    prop_assert_eq!(ejected(after), text);
    Ok(())
}

/// The parts outside of each `exec` follow each other in the text, with something between them.
fn outside_is_the_same(parts: &[String], after: &str) -> Result<(), TestCaseError> {
    let outside: Vec<&String> = parts.iter().step_by(2).collect();
    let [first, rest @ ..] = outside.as_slice() else {
        return Ok(());
    };
    let found = after.strip_prefix(first.as_str());
    let mut left = found.ok_or_else(|| TestCaseError::fail(format!("{first:?} in {after}")))?;
    if let [between @ .., last] = rest {
        for part in between {
            let at = left.find(part.as_str());
            let at = at.ok_or_else(|| TestCaseError::fail(format!("{part:?} in {left}")))?;
            left = &left[at + part.len()..];
        }
        prop_assert!(left.ends_with(last.as_str()), "{last:?} in {left}");
    }
    Ok(())
}

/// The resolver finds the same plugin behind the cache.
fn the_plugin_is_the_same(before: &str, after: &str) -> Result<(), TestCaseError> {
    let read = |text: &str| Kubeconfig::parse(Path::new(PATH), text.as_bytes()).unwrap();
    let (before, after) = (read(before), read(after));
    prop_assert_eq!(before.users.len(), after.users.len());
    for (name, user) in &before.users {
        let (Some(plain), Some(cached)) = (&user.value.exec, &after.users[name].value.exec) else {
            continue;
        };
        let variable = |wanted: &str| {
            let mut env = cached.env.iter();
            env.find(|(name, _)| name == wanted)
                .map(|(_, value)| value.as_str())
        };
        let (command, args) = cached.args.split_first().unwrap();
        let folder = variable(kcc_core::variable::COMMAND_DIR);
        let command = match folder {
            Some(folder) => {
                prop_assert_eq!(Path::new(folder), Path::new("/home/u/.kube"));
                Path::new(&format!("{PATH}/.."))
                    .join(command)
                    .components()
                    .collect::<PathBuf>()
            }
            None => PathBuf::from(command),
        };
        if folder.is_none() {
            prop_assert_eq!(command.as_os_str(), &plain.command);
        }
        prop_assert_eq!(args, plain.args.as_slice());
        let others = cached.env.iter().filter(|(name, _)| name.starts_with('V'));
        prop_assert!(others.eq(plain.env.iter()));
        let names: Vec<&str> = plain.env.iter().map(|(name, _)| name.as_str()).collect();
        let listed = variable(kcc_core::variable::CACHEKEY_ENV_LIST).unwrap_or_default();
        let is_listed = |name: &&str| listed.split(',').any(|listed| listed == *name);
        prop_assert!(names.iter().all(is_listed));
        prop_assert_eq!(variable(kcc_core::variable::USER), Some(name.as_str()));
        let version = variable(kcc_core::variable::API_VERSION);
        prop_assert_eq!(version, Some(plain.api_version.as_str()));
        let hint = plain.printable_install_hint();
        prop_assert_eq!(variable(kcc_core::variable::INSTALL_HINT), hint.as_deref());
        prop_assert_eq!(&cached.interactive_mode, &plain.interactive_mode);
    }
    Ok(())
}
