//! Namespaces that are chosen by their labels.

use kcache::{Key, Object, Publisher, Scope, Selector, SelectorError};

use crate::pair::Pair;
use crate::selector_join::SelectorJoin;

/// What a selector chooses, which may be one that apimachinery refuses.
pub(super) type Selected = Result<Selector, SelectorError>;

/// What an object says of the namespaces whose labels a selector matches.
#[derive(PartialEq)]
pub(super) struct Choice<C> {
    namespace: String,
    name: String,
    selector: Selected,
    pub(super) said: C,
}

impl<C: Send + Sync + 'static> Object for Choice<C> {
    fn namespace(&self) -> Option<&str> {
        Some(&self.namespace)
    }

    fn name(&self) -> &str {
        &self.name
    }
}

/// What each object says of which namespace: a function gives all that an object says, and the pairs say the
/// namespaces that there are.
pub(super) fn choose<S, N, C>(
    sources: &Publisher<S>,
    namespaces: &Publisher<N>,
    said: impl Fn(&S) -> Vec<(Selected, C)> + Send + Sync + 'static,
) -> Publisher<Pair<Choice<C>, N>>
where
    S: Object,
    N: Object,
    C: PartialEq + Send + Sync + 'static,
{
    let choices = sources.flat_map(move |source| {
        let key = Key::of(source);
        let choice = move |(number, (selector, said))| Choice {
            namespace: key.namespace().to_owned(),
            name: format!("{} {number}", key.name()),
            selector,
            said,
        };
        (0..).zip(said(source)).map(choice).collect::<Vec<_>>()
    });
    let relation = SelectorJoin::new(|choice: &Choice<C>| choice.selector.clone());
    let relation = relation.scope(Scope::Everywhere).with_pairs();
    let chosen = relation.join(&choices, namespaces);
    chosen.pairs().expect("they are asked for").clone()
}
