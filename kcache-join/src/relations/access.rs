//! Who is bound to a role.

use k8s_openapi::api::rbac::v1::{ClusterRoleBinding, RoleBinding, Subject};
use kcache::{Fact, Object};

use super::reference::namespace_of;
use crate::key_join::KeyJoin;

/// What the names of service accounts begin with, as users and as groups.
const ACCOUNT: &str = "system:serviceaccount:";
const ALL_ACCOUNTS: &str = "system:serviceaccounts";
const ALL_USERS: &str = "system:authenticated";

/// Whom a role binding binds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Subjects(pub Vec<Subject>);

/// What a subject is to the authorizer.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Who {
    User(String),
    Group(String),
}

/// The `ServiceAccounts` that role bindings and cluster role bindings bind: by name, in the subject's
/// namespace, else in the binding's; by the name of its user; and by the groups that it is in: all service
/// accounts, those of its namespace, and everybody who is authenticated.
pub fn binding_serviceaccounts<B, A>() -> KeyJoin<B, A>
where
    B: Object + Fact<Subjects>,
    A: Object,
{
    let subjects = |binding: &B| {
        let Subjects(subjects) = binding.fact().unwrap_or_default();
        let who = |subject| who(subject, &namespace_of(binding));
        subjects.into_iter().filter_map(who).collect()
    };
    let account = |account: &A| {
        let namespace = namespace_of(account);
        let name = account.name();
        vec![
            Who::User(format!("{ACCOUNT}{namespace}:{name}")),
            Who::Group(format!("{ALL_ACCOUNTS}:{namespace}")),
            Who::Group(ALL_ACCOUNTS.to_owned()),
            Who::Group(ALL_USERS.to_owned()),
        ]
    };
    KeyJoin::new(subjects, account)
}

fn who(subject: Subject, namespace: &str) -> Option<Who> {
    let own = subject.namespace.filter(|namespace| !namespace.is_empty());
    let namespace = own.as_deref().unwrap_or(namespace);
    match subject.kind.as_str() {
        "User" => Some(Who::User(subject.name)),
        "Group" => Some(Who::Group(subject.name)),
        "ServiceAccount" if !namespace.is_empty() => {
            let name = subject.name;
            Some(Who::User(format!("{ACCOUNT}{namespace}:{name}")))
        }
        _ => None,
    }
}

impl Fact<Subjects> for RoleBinding {
    fn fact(&self) -> Option<Subjects> {
        Some(Subjects(self.subjects.clone()?))
    }
}

impl Fact<Subjects> for ClusterRoleBinding {
    fn fact(&self) -> Option<Subjects> {
        Some(Subjects(self.subjects.clone()?))
    }
}
