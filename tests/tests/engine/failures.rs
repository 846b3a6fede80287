//! What a failure says besides its text, and who stops for it.

use std::time::Duration;

use k8s_openapi::api::core::v1::ConfigMap;
use kcache::{
    Cause, Error, Failure, Filter, Informer, Input, Object, Operation, Publisher, ReadyError,
};
use kcache_join::{Join, KeyJoin};

use crate::cache::{informer, is_ready, within};
use crate::script::{PendingRequest, Server, list, server, status};

type Maps = Informer<ConfigMap>;

/// Answers a streaming list and the list after it.
async fn refuse(server: &mut Server, code: u16, reason: &str) {
    // 406 is answered by a request for plain JSON.
    let requests = if code == 406 { 3 } else { 2 };
    for _ in 0..requests {
        server.request().await.refuse(code, reason);
    }
}

fn failure<V: Object>(objects: &Publisher<V>) -> Failure {
    let phase = objects.status().phase;
    phase.failure().expect("something is wrong").clone()
}

/// Which maps have a name in common.
fn join(sources: &Maps, targets: &Maps) -> Join<ConfigMap, ConfigMap> {
    let name = |map: &ConfigMap| map.metadata.name.clone().into_iter().collect::<Vec<_>>();
    KeyJoin::new(name, name).join(sources, targets)
}

#[tokio::test(start_paused = true)]
async fn a_refusal_ends_the_wait_of_whoever_wants_that() {
    for (code, reason) in [
        (400, "BadRequest"),
        (401, "Unauthorized"),
        (403, "Forbidden"),
        (404, "NotFound"),
        (405, "MethodNotAllowed"),
        (406, "NotAcceptable"),
    ] {
        let (maps, mut server) = informer();
        let view = maps.view(Filter::everything());
        let changes = maps.subscribe();
        refuse(&mut server, code, reason).await;
        for refused in [
            within(maps.ready_or_refused()).await,
            within(view.ready_or_refused()).await,
            within(changes.ready_or_refused()).await,
        ] {
            let refused = refused.unwrap_err();
            assert_eq!(refused.code(), Some(code));
            let said = format!("list: the server answered {code} {reason}");
            assert_eq!(refused.to_string(), said);
        }
        let failure = failure(&maps);
        assert_eq!(failure.operation(), Some(Operation::List));
        let reason = Some(reason.into());
        assert_eq!(failure.cause(), &Cause::Status { code, reason });
        // It is tried again, and may come right.
        let _stream = server.stream(&[], "9").await;
        is_ready(&view).await;
        assert_eq!(within(view.ready_or_refused()).await, Ok(()));
    }
}

#[tokio::test(start_paused = true)]
async fn what_goes_by_itself_is_waited_for() {
    type Fail = fn(PendingRequest);
    let answers: [(Fail, Cause); 6] = [
        (
            |request| request.refuse(429, "TooManyRequests"),
            Cause::Status {
                code: 429,
                reason: Some("TooManyRequests".into()),
            },
        ),
        (
            |request| request.refuse_with(&status(503, "ServiceUnavailable"), Some(7)),
            Cause::Status {
                code: 503,
                reason: Some("ServiceUnavailable".into()),
            },
        ),
        (
            |request| request.refuse(500, ""),
            Cause::Status {
                code: 500,
                reason: None,
            },
        ),
        (
            |request| request.fail(std::io::ErrorKind::ConnectionRefused),
            Cause::ConnectionRefused("".into()),
        ),
        (
            |request| request.fail(std::io::ErrorKind::HostUnreachable),
            Cause::Unreachable("".into()),
        ),
        (
            |request| request.open_text().send("<html>"),
            Cause::Garbled("".into()),
        ),
    ];
    for (answer, want) in answers {
        let (maps, mut server) = informer();
        let refused = maps.ready_or_refused();
        tokio::pin!(refused);
        for _ in 0..2 {
            answer(server.request().await);
            let wait = tokio::time::timeout(Duration::from_millis(100), &mut refused);
            assert!(wait.await.is_err(), "{:?}", maps.status());
        }
        let failure = failure(&maps);
        let kinds = [failure.cause(), &want].map(std::mem::discriminant);
        assert_eq!(kinds[0], kinds[1], "{failure:?}");
        if let Cause::Status { code, .. } = want {
            assert_eq!((failure.cause(), failure.code()), (&want, Some(code)));
        }
        let wait = (failure.code() == Some(503)).then_some(Duration::from_secs(7));
        assert_eq!(failure.retry_after(), wait);
        loop {
            let request = server.request().await;
            if request.query.contains_key("watch") {
                break request.open().synced("9");
            }
            request.reply(&list("9", &[]));
        }
        within(refused).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_join_says_which_input_is_refused_and_why() {
    let ((services, mut first), (pods, mut second)) = (informer(), informer());
    let joined = join(&services, &pods);
    let joined_again = joined.view(Filter::everything());
    let _pods = second.stream(&[], "9").await;
    refuse(&mut first, 403, "Forbidden").await;
    let refused = within(joined.ready_or_refused()).await.unwrap_err();
    let said = "sources: list: the server answered 403 Forbidden";
    assert_eq!((refused.code(), &*refused.to_string()), (Some(403), said));
    let Cause::Inputs(inputs) = failure(&*joined).cause().clone() else {
        panic!("{refused:?}");
    };
    assert_eq!(inputs[0].input, "sources");
    assert_eq!(inputs[0].failure, failure(&services));
    let again = within(joined_again.ready_or_refused()).await.unwrap_err();
    assert_eq!(again, refused);
    let _services = first.stream(&[], "9").await;
    is_ready(&joined_again).await;
    within(joined_again.ready_or_refused()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_join_forgets_the_refusal_of_an_input_that_has_recovered() {
    let ((services, mut first), (pods, mut second)) = (informer(), informer());
    let joined = join(&services, &pods);
    refuse(&mut first, 403, "Forbidden").await;
    within(joined.ready_or_refused()).await.unwrap_err();
    let _services = first.stream(&[], "9").await;
    is_ready(&services).await;
    let refused = within(joined.ready_or_refused());
    tokio::pin!(refused);
    let early = tokio::time::timeout(Duration::from_millis(1), &mut refused);
    assert!(early.await.is_err(), "{:?}", joined.status());
    let _pods = second.stream(&[], "9").await;
    refused.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_state_that_cannot_be_followed_any_longer_is_one() {
    let (maps, mut server) = informer();
    let stream = server.stream(&[], "9").await;
    is_ready(&maps).await;
    let view = maps.view(Filter::everything());
    is_ready(&view).await;
    stream.error(500, "InternalError");
    server.stream_request(Some("9")).await.refuse(403, "");
    server.list_request(Some("9")).await.refuse(403, "");
    server.request().await;
    assert_eq!(failure(&view).code(), Some(403));
    assert_eq!(failure(&view), failure(&maps));
    assert_eq!(view.ready_or_refused().await, Ok(()));
}

#[tokio::test(start_paused = true)]
async fn an_end_is_told_to_whoever_waits() {
    let (maps, feed) = kcache::feed::<ConfigMap>();
    let view = maps.view(Filter::everything());
    feed.close();
    let closed = Err(ReadyError::Closed(Error::Closed));
    assert_eq!(maps.ready_or_refused().await, closed);
    assert_eq!(view.ready_or_refused().await, closed);
    let (maps, mut feed) = kcache::feed::<ConfigMap>();
    feed.send(Input::Failed("403".into())).unwrap();
    assert_eq!(failure(&maps).cause(), &Cause::Other("403".into()));
    assert_eq!(
        (failure(&maps).code(), failure(&maps).operation()),
        (None, None)
    );
    drop(feed);
    let ended = Err(ReadyError::Closed(Error::FeedEnded));
    assert_eq!(maps.ready_or_refused().await, ended);
}

#[tokio::test(start_paused = true)]
async fn a_deferred_view_waits_for_its_filter_and_no_longer_for_its_source() {
    let (client, mut server) = server();
    let maps = Maps::builder(client).start();
    let view = maps.view_deferred();
    refuse(&mut server, 404, "NotFound").await;
    let refused = within(view.ready_or_refused()).await.unwrap_err();
    assert_eq!(refused.code(), Some(404));
    let _stream = server.stream(&[], "9").await;
    is_ready(&maps).await;
    let mut phases = view.phases();
    within(phases.wait_for(|phase| phase.failure().is_none()))
        .await
        .unwrap();
    assert!(!view.status().phase.is_ready());
    view.refilter(Filter::everything()).unwrap();
    within(view.ready_or_refused()).await.unwrap();
}
