//! Requests that take their time: cancelled, repeated, abandoned, outlasting their session.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;

use axum::body::Bytes;
use http_body_util::BodyExt;
use mcp_sessions::{ManualClock, MemoryStore, Policy, SessionLayer, Sessions};
use serde_json::{Value, json};
use tokio::task::yield_now;
use tower::ServiceExt;

use crate::support::bytes::ByteStore;
use crate::support::http::{Server, delete, post, server, server_of, server_on, server_with};
use crate::support::{Log, MINUTE, ana, ben, sessions};

fn call(id: impl Into<Value>, method: &str) -> String {
    json!({"jsonrpc": "2.0", "id": id.into(), "method": method}).to_string()
}

fn cancel(id: impl Into<Value>) -> String {
    json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": id.into()}})
        .to_string()
}

fn count(counter: &AtomicUsize) -> usize {
    counter.load(Ordering::SeqCst)
}

/// Works on `future` as far as it gets without waiting.
async fn begin<T>(mut future: Pin<&mut (impl Future<Output = T> + ?Sized)>) {
    let finished = poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx).is_ready())).await;
    assert!(!finished, "it was to wait");
}

/// The outcome of a `future` that has nothing to wait for any more.
async fn finish<T>(mut future: Pin<&mut (impl Future<Output = T> + ?Sized)>) -> T {
    settle().await;
    match poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx))).await {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("it still waits"),
    }
}

/// Lets tasks in the background get as far as they can.
async fn settle() {
    for _ in 0..10 {
        yield_now().await;
    }
}

#[tokio::test]
async fn a_notification_cancels_the_request_it_names() {
    let (server, _) = server();
    let id = server.open(&ana()).await;
    for (request_id, cancelled_as) in [(json!(5), json!(5)), (json!("a\n"), json!("a\n"))] {
        let before = (count(&server.engine.cancelled), server.engine.calls());
        let mut waiting = Box::pin(server.send(post(&ana(), Some(&id), &call(request_id, "wait"))));
        begin(waiting.as_mut()).await;

        for other in [json!(6), json!("5"), Value::Null] {
            assert_eq!(server.send(post(&ana(), Some(&id), &cancel(other))).await.status, 202);
        }
        let stranger = server.open(&ben()).await;
        assert_eq!(
            server.send(post(&ben(), Some(&stranger), &cancel(cancelled_as.clone()))).await.status,
            202
        );
        assert_eq!(server.send(post(&ben(), Some(&id), &cancel(cancelled_as.clone()))).await.status, 404);
        begin(waiting.as_mut()).await;

        let answer = server.send(post(&ana(), Some(&id), &cancel(cancelled_as))).await;
        assert_eq!((answer.status.as_u16(), &*answer.body), (202, ""));
        assert_eq!(finish(waiting.as_mut()).await.status, 200);
        assert_eq!(count(&server.engine.cancelled), before.0 + 1);
        assert_eq!(server.engine.calls(), before.1 + 2, "the call and ben's initialize, no notification");
    }
}

#[tokio::test]
async fn an_id_that_is_still_running_is_refused() {
    let (server, _) = server();
    let id = server.open(&ana()).await;
    let other = server.open(&ana()).await;
    let mut waiting = Box::pin(server.send(post(&ana(), Some(&id), &call("x", "wait"))));
    begin(waiting.as_mut()).await;

    let answer = server.send(post(&ana(), Some(&id), r#"{"id":"\u0078","method":"tools/list"}"#)).await;
    assert_eq!((answer.status.as_u16(), answer.error()), (400, (-32600, json!("x"))));
    assert_eq!(server.send(post(&ana(), Some(&other), &call("x", "tools/list"))).await.status, 200);
    assert_eq!(server.send(post(&ana(), Some(&id), &call("y", "tools/list"))).await.status, 200);

    server.engine.release.notify_one();
    assert_eq!(finish(waiting.as_mut()).await.status, 200);
    assert_eq!(server.send(post(&ana(), Some(&id), &call("x", "tools/list"))).await.status, 200);
}

#[tokio::test]
async fn a_request_runs_until_its_body_has_ended() {
    let (server, _) = server();
    let id = server.open(&ana()).await;
    let again = || post(&ana(), Some(&id), &call(1, "tools/list"));
    let Ok(response) = server.service.clone().oneshot(post(&ana(), Some(&id), &call(1, "stream"))).await;
    assert_eq!(server.send(again()).await.status, 400, "the head is there, the stream goes on");

    let sender = server.engine.stream.lock().take().expect("a stream");
    sender.send(Bytes::from("data: 1\n\n")).expect("somebody reads");
    drop(sender);
    let body = response.into_body().collect().await.expect("the body ends well").to_bytes();
    assert_eq!(body, "data: 1\n\n");
    assert_eq!(server.send(again()).await.status, 200);
}

#[tokio::test]
async fn a_lost_connection_does_not_stop_a_request() {
    let (server, _) = server();
    let id = server.open(&ana()).await;
    let again = || post(&ana(), Some(&id), &call(1, "tools/list"));

    let mut waiting = Box::pin(server.send(post(&ana(), Some(&id), &call(1, "wait"))));
    begin(waiting.as_mut()).await;
    drop(waiting);
    settle().await;
    assert_eq!((count(&server.engine.finished), count(&server.engine.cancelled)), (0, 0));
    assert_eq!(server.send(again()).await.status, 400, "it is still running");
    server.engine.release.notify_one();
    settle().await;
    assert_eq!((count(&server.engine.finished), count(&server.engine.cancelled)), (1, 0));
    assert_eq!(server.send(again()).await.status, 200);
}

#[tokio::test]
async fn a_stream_is_read_to_its_end_when_its_client_is_gone() {
    let (server, _) = server();
    let id = server.open(&ana()).await;
    let Ok(response) = server.service.clone().oneshot(post(&ana(), Some(&id), &call(1, "stream"))).await;
    drop(response);
    let sender = server.engine.stream.lock().take().expect("a stream");
    for _ in 0..3 {
        sender.send(Bytes::from("data: 1\n\n")).expect("it is still read");
        settle().await;
    }
    drop(sender);
    settle().await;
    assert_eq!(count(&server.engine.drained), 1);
    assert_eq!(server.send(post(&ana(), Some(&id), &call(1, "tools/list"))).await.status, 200);
}

/// S-6, S-9: DELETE ends the session and what runs in it.
#[tokio::test]
async fn a_session_takes_its_requests_along_when_it_ends() {
    let (server, _) = server();
    let (ends, stays) = (server.open(&ana()).await, server.open(&ana()).await);
    let mut ended = Box::pin(server.send(post(&ana(), Some(&ends), &call(1, "wait"))));
    let mut staying = Box::pin(server.send(post(&ana(), Some(&stays), &call(1, "wait"))));
    begin(ended.as_mut()).await;
    begin(staying.as_mut()).await;
    assert_eq!(server.send(delete(&ben(), Some(&ends))).await.status, 404);
    assert_eq!(count(&server.engine.cancelled), 0);
    assert_eq!(server.send(delete(&ana(), Some(&ends))).await.status, 204);
    finish(ended.as_mut()).await;
    assert_eq!(count(&server.engine.cancelled), 1);
    begin(staying.as_mut()).await;
}

/// S-9: a session that another replica ended takes along what runs here, within a quarter of the idle timeout.
#[tokio::test(start_paused = true)]
async fn what_runs_in_a_session_that_was_ended_elsewhere_is_cancelled() {
    let (here, clock) = server();
    let there = server_on(here.sessions.clone());
    let (ends, stays) = (here.open(&ana()).await, here.open(&ana()).await);
    let mut ended = Box::pin(here.send(post(&ana(), Some(&ends), &call(1, "wait"))));
    let mut staying = Box::pin(here.send(post(&ana(), Some(&stays), &call(1, "wait"))));
    begin(ended.as_mut()).await;
    begin(staying.as_mut()).await;
    settle().await;
    assert_eq!(there.send(delete(&ana(), Some(&ends))).await.status, 204);
    assert_eq!(here.status(&ana(), &ends).await, 404, "nothing new is let in");
    begin(ended.as_mut()).await;
    assert_eq!(count(&here.engine.cancelled), 0, "it has not been noticed yet");
    clock.advance(MINUTE * 8);
    tokio::time::advance(MINUTE * 8).await;
    settle().await;
    finish(ended.as_mut()).await;
    assert_eq!(count(&here.engine.cancelled), 1);
    begin(staying.as_mut()).await;
}

#[tokio::test]
async fn what_nobody_waits_for_ends_when_it_is_cancelled() {
    let (server, _) = server();
    let id = server.open(&ana()).await;
    let abandon = async |request_id: u64, method: &str| {
        let mut call =
            Box::pin(server.service.clone().oneshot(post(&ana(), Some(&id), &call(request_id, method))));
        let _ = poll_fn(|cx| Poll::Ready(call.as_mut().poll(cx).map(drop))).await;
    };
    abandon(1, "deaf").await;
    abandon(2, "stream").await;
    let stream = server.engine.stream.lock().take().expect("a stream");
    let endless =
        |sender: &tokio::sync::mpsc::UnboundedSender<Bytes>| sender.send(Bytes::from("data: 1\n\n"));
    endless(&stream).expect("it is read");
    settle().await;
    assert_eq!(
        server.send(post(&ana(), Some(&id), &call(1, "tools/list"))).await.status,
        400,
        "it is running"
    );

    for request_id in [1, 2] {
        assert_eq!(server.send(post(&ana(), Some(&id), &cancel(request_id))).await.status, 202);
        settle().await;
        let again = call(request_id, "tools/list");
        assert_eq!(server.send(post(&ana(), Some(&id), &again)).await.status, 200, "{request_id} has ended");
    }
    endless(&stream).expect_err("nobody reads it any more");

    abandon(3, "stream").await;
    let stream = server.engine.stream.lock().take().expect("a stream");
    assert_eq!(server.send(delete(&ana(), Some(&id))).await.status, 204);
    settle().await;
    endless(&stream).expect_err("it went with its session");
}

#[tokio::test]
async fn a_session_runs_so_many_requests_at_once() {
    let (sessions, _) = sessions();
    let layer = SessionLayer::new(sessions.clone()).with_max_in_flight(2);
    let server = server_of(sessions, &layer);
    let (id, other) = (server.open(&ana()).await, server.open(&ana()).await);
    for request_id in [1, 2] {
        let mut waiting = Box::pin(server.send(post(&ana(), Some(&id), &call(request_id, "wait"))));
        begin(waiting.as_mut()).await;
    }
    settle().await;
    let calls = server.engine.calls();
    let notification = r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;
    for (body, echoed) in [(call(3, "tools/list"), json!(3)), (notification.to_owned(), Value::Null)] {
        let answer = server.send(post(&ana(), Some(&id), &body)).await;
        assert_eq!((answer.status.as_u16(), answer.error()), (503, (-32603, echoed)));
        assert_eq!(answer.header("retry-after"), Some("1"));
    }
    assert_eq!(
        server.send(post(&ana(), Some(&id), &call(1, "tools/list"))).await.status,
        400,
        "the id is taken"
    );
    assert_eq!(server.engine.calls(), calls);
    assert_eq!(server.status(&ana(), &other).await, 200, "another session has its own room");

    assert_eq!(server.send(post(&ana(), Some(&id), &cancel(2))).await.status, 202, "there is room to cancel");
    settle().await;
    assert_eq!(server.status(&ana(), &id).await, 400, "id 1 is still running");
    assert_eq!(server.send(post(&ana(), Some(&id), &call(3, "tools/list"))).await.status, 200);
}

#[tokio::test]
async fn a_session_that_ends_while_a_request_is_let_in_takes_it_along() {
    let store = ByteStore::with_clock(ManualClock::default());
    let late = store.late.clone();
    let server = server_on(Sessions::new(store, Policy::default()).expect("agrees"));
    let (ends, stays) = (server.open(&ana()).await, server.open(&ana()).await);
    let calls = server.engine.calls();

    late.send_replace(true);
    let mut between = Box::pin(server.send(post(&ana(), Some(&ends), &call(1, "wait"))));
    let mut beside = Box::pin(server.send(post(&ana(), Some(&stays), &call(1, "tools/list"))));
    begin(between.as_mut()).await;
    begin(beside.as_mut()).await;
    assert_eq!(server.send(delete(&ana(), Some(&ends))).await.status, 204);
    late.send_replace(false);
    assert_eq!(finish(between.as_mut()).await.status, 404);
    assert_eq!(finish(beside.as_mut()).await.status, 200);
    assert_eq!(server.engine.calls(), calls + 1, "only the other session's request went on");
}

/// S-10: rest begins when the last running request has ended; the lifetime does not wait.
#[tokio::test(start_paused = true)]
async fn a_running_request_keeps_its_session_alive_up_to_its_lifetime() {
    let (server, clock) = server_with(Policy::default().with_lifetime(MINUTE * 120));
    let id = server.open(&ana()).await;
    let mut waiting = Box::pin(server.send(post(&ana(), Some(&id), &call(1, "wait"))));
    begin(waiting.as_mut()).await;
    let wait = async |server: &Server, minutes: u32| {
        for _ in 0..minutes {
            clock.advance(MINUTE);
            tokio::time::advance(MINUTE).await;
            settle().await;
        }
        server.sessions.sweep().await.expect("memory does not fail")
    };
    assert_eq!(wait(&server, 100).await, 0);
    begin(waiting.as_mut()).await;
    assert_eq!(count(&server.engine.cancelled), 0);
    assert_eq!(wait(&server, 30).await, 1, "its time is over");
    assert_eq!(server.status(&ana(), &id).await, 404, "nothing new is let in");
    begin(waiting.as_mut()).await;
    // It can be stopped by whose it is, and by nobody else.
    assert_eq!(server.send(post(&ben(), Some(&id), &cancel(2))).await.status, 404);
    assert_eq!(server.send(post(&ben(), Some(&id), &cancel(1))).await.status, 404);
    assert_eq!(server.send(delete(&ben(), Some(&id))).await.status, 404);
    begin(waiting.as_mut()).await;
    server.engine.release.notify_one();
    assert_eq!(finish(waiting.as_mut()).await.status, 200, "what was running finishes");
    assert_eq!(count(&server.engine.cancelled), 0);
}

#[tokio::test(start_paused = true)]
async fn what_outlives_its_session_can_be_stopped_by_whose_it_is() {
    for by_delete in [false, true] {
        let (server, clock) = server_with(Policy::default().with_lifetime(MINUTE * 40));
        let id = server.open(&ana()).await;
        let mut waiting = Box::pin(server.send(post(&ana(), Some(&id), &call(1, "wait"))));
        begin(waiting.as_mut()).await;
        for _ in 0..60 {
            clock.advance(MINUTE);
            tokio::time::advance(MINUTE).await;
            settle().await;
        }
        begin(waiting.as_mut()).await;
        let stop = if by_delete { delete(&ana(), Some(&id)) } else { post(&ana(), Some(&id), &cancel(1)) };
        assert_eq!(server.send(stop).await.status, 404, "there is no session");
        finish(waiting.as_mut()).await;
        assert_eq!(count(&server.engine.cancelled), 1);
    }
}

#[tokio::test]
async fn an_end_that_its_client_does_not_wait_for_is_whole() {
    let (server, _) = server();
    let id = server.open(&ana()).await;
    let mut waiting = Box::pin(server.send(post(&ana(), Some(&id), &call(1, "wait"))));
    begin(waiting.as_mut()).await;
    let mut ending = Box::pin(server.send(delete(&ana(), Some(&id))));
    begin(ending.as_mut()).await;
    drop(ending);
    finish(waiting.as_mut()).await;
    assert_eq!(count(&server.engine.cancelled), 1);
    assert_eq!(server.status(&ana(), &id).await, 404);
}

#[tokio::test]
async fn who_was_logged_out_gets_no_answer_from_an_engine_that_does_not_look() {
    let (server, _) = server();
    let id = server.open(&ana()).await;
    let mut deaf = Box::pin(server.send(post(&ana(), Some(&id), &call(1, "deaf"))));
    let mut stream = Box::pin(server.send(post(&ana(), Some(&id), &call(2, "stream"))));
    begin(deaf.as_mut()).await;
    begin(stream.as_mut()).await;
    let events = server.engine.stream.lock().take().expect("a stream is open");
    events.send(Bytes::from_static(b"data: 1\n\n")).expect("it is read");
    begin(stream.as_mut()).await;
    assert_eq!(server.send(delete(&ana(), Some(&id))).await.status, 204);
    assert_eq!(finish(deaf.as_mut()).await.status, 404);
    assert_eq!(finish(stream.as_mut()).await.body, "data: 1\n\n", "it ends with what there was");
    assert!(events.send(Bytes::from_static(b"data: 2\n\n")).is_err(), "and nobody holds it");
}

#[tokio::test(start_paused = true)]
async fn a_session_in_which_nothing_runs_is_not_kept_alive() {
    let (server, clock) = server();
    let id = server.open(&ana()).await;
    assert_eq!(server.status(&ana(), &id).await, 200);
    for _ in 0..31 {
        clock.advance(MINUTE);
        tokio::time::advance(MINUTE).await;
        settle().await;
    }
    assert_eq!(server.status(&ana(), &id).await, 404);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_left_behind_when_a_server_goes() {
    let metrics = tokio::runtime::Handle::current().metrics();
    let before = metrics.num_alive_tasks();
    let _log = Log::start();
    let store = MemoryStore::default();
    let server = server_on(Sessions::start(store, Policy::default()).expect("agrees"));
    server.open(&ana()).await;
    assert_eq!(metrics.num_alive_tasks(), before + 2, "the sweep and the renewal");
    drop(server);
    for _ in 0..2 {
        tokio::time::advance(MINUTE * 30).await;
        settle().await;
    }
    assert_eq!(metrics.num_alive_tasks(), before);
}
