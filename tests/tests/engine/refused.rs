//! What needs no request, or cannot be one.

use std::time::Duration;

use k8s_openapi::api::core::v1::{ConfigMap, Node};
use kcache::{Error, Filter, Informer, InformerBuilder, Object, Selector};
use kube::core::{ApiResource, DynamicObject, PartialObjectMeta};

use crate::cache::{is_live, is_ready, shown, within};
use crate::script::{Server, map, server};

const MINUTE: Duration = Duration::from_secs(60);

type Change = dyn Fn(InformerBuilder<ConfigMap>) -> InformerBuilder<ConfigMap>;

fn builder() -> (InformerBuilder<ConfigMap>, Server) {
    let (client, server) = server();
    (Informer::builder(client), server)
}

#[tokio::test(start_paused = true)]
async fn an_informer_of_nothing_sends_nothing_and_is_live_and_empty_at_once() {
    let nothing = Selector::nothing();
    // No label can be like these; printed, the second would be another selector.
    let impossible = [("app", "a b"), ("app", "a,b=c"), ("a b", "c"), ("", "x")];
    let impossible = impossible.map(|label| Selector::from_map([label, ("x", "y")]));
    let mut kinds: Vec<Box<Change>> = vec![
        Box::new(|maps| maps.labels(Selector::nothing())),
        Box::new(|maps| maps.labels(Selector::nothing().to_string())),
        Box::new(|maps| maps.labels("app=web").labels(" <nothing> ")),
        Box::new(|maps| maps.labels(Selector::from_object(None).expect("a selector"))),
        Box::new(|maps| maps.fields(Selector::nothing()).labels("app=web")),
        Box::new(move |maps| maps.namespace("shop").labels(&nothing)),
        Box::new(|maps| maps.labels(Filter::<ConfigMap>::nothing())),
        Box::new(|maps| maps.fields(Filter::<ConfigMap>::nothing())),
        Box::new(|maps| {
            let web = Filter::<ConfigMap>::labels([("app", "web")]);
            maps.labels(web & Filter::selector(Selector::nothing()))
        }),
    ];
    for selector in impossible {
        kinds.push(Box::new(move |maps| maps.labels(&selector)));
    }
    for (number, kind) in kinds.iter().enumerate() {
        let (maps, mut server) = builder();
        let maps = kind(maps).start();
        assert!(is_live(&maps), "{number}");
        let mut events = maps.subscribe();
        let snapshot = within(events.snapshot()).await.expect("a state");
        assert!(snapshot.objects.is_empty() && shown(&maps).is_empty());
        // Nothing comes, and nothing is requested.
        let event = tokio::time::timeout(MINUTE, events.next()).await;
        assert!(event.is_err(), "{event:?}");
        assert!(is_live(&maps));
        maps.close();
        assert_eq!(within(maps.closed()).await, Error::Closed);
        server.is_left().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_selector_that_happens_to_match_nothing_is_the_servers_to_judge() {
    for (selector, sent) in [
        ("a=b,a=c", "a=b,a=c"),
        ("a,!a", "!a,a"),
        ("a in ()", "a="),
        ("a>5,a<3", "a>5,a<3"),
    ] {
        let (maps, mut server) = builder();
        let selector: Selector = selector.parse().expect("a selector");
        let _maps = maps.labels(selector).start();
        let request = server.request().await;
        let mut labels: Vec<_> = request.query["labelSelector"].split(',').collect();
        labels.sort_unstable();
        let mut want: Vec<_> = sent.split(',').collect();
        want.sort_unstable();
        assert_eq!(labels, want);
    }
    let filter = Filter::<ConfigMap>::labels([("app", "web"), ("tier", "a")]);
    let filter = filter & Filter::selector("x!=y".parse().expect("a selector"));
    let (maps, mut server) = builder();
    let _maps = maps.labels(&filter).start();
    let request = server.request().await;
    assert_eq!(request.query["labelSelector"], "app=web,tier=a,x!=y");
    let (maps, mut server) = builder();
    let _maps = maps.labels(Filter::<ConfigMap>::everything()).start();
    server.stream_request(None).await;
    // Neither everything nor an empty text is a selector.
    let (maps, mut server) = builder();
    let _maps = maps.labels(Selector::everything()).fields("").start();
    server.stream_request(None).await;
}

#[tokio::test(start_paused = true)]
async fn a_filter_that_is_no_selector_of_labels_is_refused() {
    for filter in [
        Filter::<ConfigMap>::name("default", "a"),
        Filter::namespace("shop"),
        Filter::by("odd", |_: &ConfigMap| true),
        !Filter::labels([("app", "web")]),
    ] {
        let (maps, mut server) = builder();
        is_refused(&maps.labels(&filter).start(), "selectors", "no server");
        server.is_left().await;
        let (maps, mut server) = builder();
        is_refused(&maps.fields(&filter).start(), "selectors", "no server");
        server.is_left().await;
    }
}

fn resource() -> ApiResource {
    ApiResource {
        group: "example.com".into(),
        version: "v1".into(),
        api_version: "example.com/v1".into(),
        kind: "Widget".into(),
        plural: "widgets".into(),
    }
}

type Part = fn(&mut ApiResource) -> &mut String;

/// It is closed at once, with an error that names this part and says this; nothing is requested.
#[track_caller]
fn is_refused<V: Object>(objects: &Informer<V>, want: &str, says: &str) {
    let Some(Error::Request { part, reason }) = objects.error() else {
        panic!("{want}: {:?}", objects.status());
    };
    assert_eq!(part, want, "{reason}");
    assert!(reason.contains(says), "{part}: {reason}");
}

#[tokio::test(start_paused = true)]
async fn a_path_that_cannot_be_built_closes_the_informer_with_an_error_that_names_the_part() {
    let odd = [
        ("", "is empty"),
        ("a/b", "'/'"),
        ("..", "\"..\" is no name"),
        (".", "\".\" is no name"),
        ("a%2Fb", "'%'"),
        ("a b", "' '"),
        ("a?x=1", "'?'"),
        ("a#b", "'#'"),
        ("a\n", "'\\n'"),
        ("ä", "'ä'"),
    ];
    let parts: [(&str, Part); 3] = [
        ("plural", |resource| &mut resource.plural),
        ("version", |resource| &mut resource.version),
        ("group", |resource| &mut resource.group),
    ];
    for (text, says) in odd {
        for (part, change) in parts {
            let mut resource = resource();
            *change(&mut resource) = text.to_owned();
            let (client, mut server) = server();
            let widgets = Informer::<DynamicObject>::builder_of(client, resource).start();
            if (part, text) == ("group", "") {
                // That is the group of Pods.
                assert_eq!(server.request().await.path, "/api/v1/widgets");
                continue;
            }
            is_refused(&widgets, part, says);
            let ready = within(widgets.ready()).await;
            assert_eq!(ready.err(), widgets.error());
            server.is_left().await;
        }
        let (maps, mut server) = builder();
        let maps = maps.namespace(text).start();
        if text.is_empty() {
            // As in client-go, that is all of them.
            assert_eq!(server.request().await.path, "/api/v1/configmaps");
            continue;
        }
        is_refused(&maps, "namespace", says);
        server.is_left().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_namespace_for_what_is_in_none_is_an_error() {
    let (client, mut server) = server();
    let nodes = Informer::<Node>::builder(client.clone()).namespace("shop");
    is_refused(&nodes.start(), "namespace", "of kind Node are in none");
    let metadata = Informer::<PartialObjectMeta<Node>>::builder(client.clone());
    let metadata = metadata.namespace("shop").start();
    is_refused(&metadata, "namespace", "of kind Node are in none");
    let _nodes = Informer::<Node>::builder(client).start();
    assert_eq!(server.request().await.path, "/api/v1/nodes");
}

#[tokio::test(start_paused = true)]
async fn what_is_longer_than_a_url_is_never_requested_as_something_else() {
    let (maps, mut server) = builder();
    let long = "x".repeat(70_000);
    let maps = maps.fields(format!("metadata.name={long}")).start();
    is_refused(&maps, "selectors", "longer than a URL");
    server.is_left().await;
    // A token of the server's, too: then there is one full list.
    let (maps, mut server) = builder();
    let maps = maps.start();
    server.stream_request(None).await.refuse(422, "Invalid");
    let request = server.list_request(Some("0")).await;
    request.reply(&crate::script::page("9", &[map("a", 7)], &long));
    let request = server.request().await;
    request.is_for(&[("resourceVersion", "0")]);
    request.reply(&crate::script::list("9", &[map("a", 7), map("b", 8)]));
    is_ready(&maps).await;
    assert_eq!(shown(&maps), ["a@7", "b@8"]);
}
