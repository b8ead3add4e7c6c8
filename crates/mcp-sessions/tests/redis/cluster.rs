//! Several servers: a primary and its replica, and a cluster.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use mcp_sessions::store::Verdict;
use mcp_sessions::{Binding, CallerKey, RedisStore, SessionKey, SessionState, SessionStore as _};

use tokio::task::JoinSet;

use crate::redis::login::use_everything;
use crate::redis::server::{Server, ask, caller, digest, fresh_key, policy, recovered, server};

fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < Duration::from_secs(20), "{what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes seconds, and two servers"]
async fn a_replica_is_promoted() {
    let mut primary = server!();
    let replica = server!();
    let _: String = replica.ask(&["REPLICAOF", "127.0.0.1", &primary.port.to_string()]);
    wait_until("the replica is connected", || {
        replica.ask::<String>(&["INFO", "replication"]).contains("master_link_status:up")
    });
    let url = format!("redis://127.0.0.1:{},127.0.0.1:{}", replica.port, primary.port);
    let store = RedisStore::connect(&url).expect("a good URL");
    let key = fresh_key();
    store.create(&key, Binding::Bound(digest("ana")), SessionState::default(), &policy()).await.expect("up");
    use_everything(&store.clone().with_key_prefix("other:").expect("a good prefix")).await;
    let _: u64 = primary.ask(&["WAIT", "1", "1000"]);

    primary.crash();
    for _ in 0..5 {
        let start = Instant::now();
        store.validate(&key, caller("ana"), true, &policy()).await.expect_err("only a replica is left");
        assert!(start.elapsed() < Duration::from_secs(1));
    }
    let _: String = replica.ask(&["REPLICAOF", "NO", "ONE"]);
    let start = Instant::now();
    let verdict = recovered(async || store.validate(&key, caller("ana"), true, &policy()).await).await;
    assert!(matches!(verdict, Verdict::Valid(_)), "{verdict:?}");
    assert!(start.elapsed() < Duration::from_secs(3), "it took {:?}", start.elapsed());

    // The roles change without a crash: the one that was the primary says that it is none any more.
    primary.restart();
    let _: String = primary.ask(&["REPLICAOF", "127.0.0.1", &replica.port.to_string()]);
    wait_until("the former primary is connected", || {
        primary.ask::<String>(&["INFO", "replication"]).contains("master_link_status:up")
    });
    let _: String = primary.ask(&["REPLICAOF", "NO", "ONE"]);
    let _: String = replica.ask(&["REPLICAOF", "127.0.0.1", &primary.port.to_string()]);
    let verdict = recovered(async || store.validate(&key, caller("ana"), true, &policy()).await).await;
    assert!(matches!(verdict, Verdict::Valid(_)), "{verdict:?}");
}

const SLOTS: u16 = 16_384;

struct Cluster(Vec<Server>);

impl Cluster {
    /// Three nodes without replicas, with a third of the slots each.
    fn start() -> Option<Self> {
        let settings = ["--cluster-enabled", "yes", "--cluster-node-timeout", "1000"];
        let more = ["--cluster-require-full-coverage", "no", "--cluster-config-file", "nodes.conf"];
        let settings = [&settings[..], &more].concat();
        let nodes: Option<Vec<_>> = (0..3).map(|_| Server::start_or_skip(&settings)).collect();
        let cluster = Self(nodes?);
        for (number, node) in (0_u16..).zip(&cluster.0) {
            let _: String = node.ask(&["CONFIG", "SET", "save", ""]);
            let mut add = redis::cmd("CLUSTER");
            add.arg("ADDSLOTS");
            for slot in (SLOTS / 3 * number)..(if number == 2 { SLOTS } else { SLOTS / 3 * (number + 1) }) {
                add.arg(slot);
            }
            add.exec(&mut node.connection()).expect("it is up");
            let _: String = node.ask(&["CLUSTER", "SET-CONFIG-EPOCH", &(number + 1).to_string()]);
        }
        for node in &cluster.0[1..] {
            let _: String = node.ask(&["CLUSTER", "MEET", "127.0.0.1", &cluster.0[0].port.to_string()]);
        }
        wait_until("the cluster agrees", || {
            cluster.0.iter().all(|node| {
                let info: String = node.ask(&["CLUSTER", "INFO"]);
                ["cluster_state:ok", "cluster_slots_ok:16384", "cluster_known_nodes:3"]
                    .iter()
                    .all(|line| info.contains(line))
            })
        });
        Some(cluster)
    }

    fn store(&self) -> RedisStore {
        let hosts: Vec<_> = self.0.iter().map(|node| format!("127.0.0.1:{}", node.port)).collect();
        RedisStore::connect(&format!("redis+cluster://{}", hosts.join(","))).expect("a good URL")
    }

    fn slot(&self, key: &str) -> u16 {
        self.0[0].ask(&["CLUSTER", "KEYSLOT", key])
    }

    fn node_of(&self, slot: u16) -> usize {
        usize::from(slot / (SLOTS / 3)).min(2)
    }
}

fn hex(bytes: &[u8; 32]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes seconds, and three servers"]
async fn a_cluster() {
    let Some(mut cluster) = Cluster::start() else { return };
    let store = cluster.store();
    for prefix in ["a:", "b:", "c:"] {
        use_everything(&store.clone().with_key_prefix(prefix).expect("a good prefix")).await;
    }

    // The scripts are forgotten by every node.
    let (mut people, state) = (Vec::new(), SessionState::default);
    let bound = |who: &str| Binding::Bound(digest(who));
    for number in 0..30 {
        let (who, key) = (format!("person {number}"), fresh_key());
        store.create(&key, bound(&who), state(), &policy()).await.expect("up");
        people.push((who, key));
    }
    let nodes: BTreeSet<_> = people
        .iter()
        .map(|(who, _)| cluster.node_of(cluster.slot(&format!("{{{}}}", hex(digest(who).as_bytes())))))
        .collect();
    assert_eq!(nodes.len(), 3, "they are everywhere");
    for node in &cluster.0 {
        let _: String = node.ask(&["SCRIPT", "FLUSH"]);
    }
    for (who, key) in &people {
        let verdict = store.validate(key, caller(who), true, &policy()).await.expect("up");
        assert!(matches!(verdict, Verdict::Valid(_)), "{who}: {verdict:?}");
    }
    assert_eq!(store.count().await.expect("up"), 30);

    move_a_slot(&cluster, &store, &people[0]).await;

    // A node is silent: its slots cannot be told, and the others can, whoever asks at the same time.
    cluster.0[1].signal("-STOP");
    let mut callers = JoinSet::new();
    for (who, key) in &people[1..] {
        let (who, key) = (who.clone(), *key);
        let dead = cluster.node_of(cluster.slot(&format!("{{{}}}", hex(digest(&who).as_bytes())))) == 1;
        let store = store.clone();
        callers.spawn(async move {
            let (mut valid, mut failed) = (0_u32, 0_u32);
            for _ in 0..20 {
                let start = Instant::now();
                match store.validate(&key, caller(&who), true, &policy()).await {
                    Ok(Verdict::Valid(_)) => valid += 1,
                    Ok(other) => panic!("{who}: {other:?}"),
                    Err(_) => failed += 1,
                }
                assert!(start.elapsed() < Duration::from_secs(1), "{who}: {:?}", start.elapsed());
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            (dead, valid, failed)
        });
    }
    let outcomes = callers.join_all().await;
    cluster.0[1].signal("-CONT");
    for (dead, valid, failed) in outcomes {
        let told = if dead { valid == 0 } else { valid >= 15 };
        assert!(told, "on the silent node: {dead}; {valid} times valid, {failed} times not told");
    }
    wait_until("the node is back", || {
        cluster
            .0
            .iter()
            .all(|node| node.ask::<String>(&["CLUSTER", "INFO"]).contains("cluster_slots_ok:16384"))
    });
    for (who, key) in &people[1..] {
        let verdict = recovered(async || store.validate(key, caller(who), true, &policy()).await).await;
        assert!(matches!(verdict, Verdict::Valid(_)), "{who}: {verdict:?}");
    }

    // A node dies: what is in its slots cannot be told, in less than a second; everything else can.
    cluster.0[1].crash();
    let (mut told, mut untold) = (0, 0);
    for round in 0..2 {
        for (who, key) in &people[1..] {
            let start = Instant::now();
            let verdict = store.validate(key, caller(who), true, &policy()).await;
            assert!(start.elapsed() < Duration::from_secs(1), "{who}: {:?}", start.elapsed());
            let dead = cluster.node_of(cluster.slot(&format!("{{{}}}", hex(digest(who).as_bytes())))) == 1;
            match verdict {
                Ok(Verdict::Valid(_)) if !dead => told += 1,
                // What is on a living node may fail in the moment of the loss.
                Err(_) if dead || round == 0 => untold += 1,
                other => panic!("{who}, dead: {dead}, round {round}: {other:?}"),
            }
        }
    }
    assert!(told > 10 && untold > 2, "{told} told, {untold} not");

    cluster.0[1].restart();
    wait_until("the node is back", || {
        cluster
            .0
            .iter()
            .all(|node| node.ask::<String>(&["CLUSTER", "INFO"]).contains("cluster_slots_ok:16384"))
    });
    for (who, key) in &people[1..] {
        let verdict = recovered(async || store.validate(key, caller(who), true, &policy()).await).await;
        let dead = cluster.node_of(cluster.slot(&format!("{{{}}}", hex(digest(who).as_bytes())))) == 1;
        assert_eq!(matches!(verdict, Verdict::Valid(_)), !dead, "{who}: {verdict:?}");
    }

    // All die, and come back.
    for node in &mut cluster.0 {
        node.crash();
    }
    let end = Instant::now() + Duration::from_secs(3);
    while Instant::now() < end {
        let start = Instant::now();
        store.validate(&fresh_key(), CallerKey::Anonymous, true, &policy()).await.expect_err("none is there");
        assert!(start.elapsed() < Duration::from_secs(1));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    for node in &mut cluster.0 {
        node.restart();
    }
    let verdict =
        recovered(async || store.validate(&fresh_key(), CallerKey::Anonymous, true, &policy()).await).await;
    assert_eq!(verdict, Verdict::Unknown);
}

/// Moves the slot of somebody who is validating all the time from the first node to another.
async fn move_a_slot(cluster: &Cluster, store: &RedisStore, (who, key): &(String, SessionKey)) {
    let tag = format!("{{{}}}", hex(digest(who).as_bytes()));
    let slot = cluster.slot(&tag);
    let from = &cluster.0[cluster.node_of(slot)];
    let to = &cluster.0[(cluster.node_of(slot) + 1) % 3];
    let done = Arc::new(AtomicBool::new(false));
    let user = tokio::spawn({
        let (store, done, who, key) = (store.clone(), Arc::clone(&done), who.clone(), *key);
        async move {
            let (mut valid, mut failed) = (0_u32, 0_u32);
            while !done.load(Ordering::SeqCst) {
                let start = Instant::now();
                match store.validate(&key, caller(&who), true, &policy()).await {
                    Ok(Verdict::Valid(_)) => valid += 1,
                    Ok(other) => panic!("on the way it was {other:?}"),
                    Err(_) => failed += 1,
                }
                assert!(start.elapsed() < Duration::from_secs(1));
            }
            (valid, failed)
        }
    });
    let (slot_text, to_port) = (slot.to_string(), to.port.to_string());
    let (from_id, to_id): (String, String) = (from.ask(&["CLUSTER", "MYID"]), to.ask(&["CLUSTER", "MYID"]));
    let mut source = from.connection();
    let _: String = to.ask(&["CLUSTER", "SETSLOT", &slot_text, "IMPORTING", &from_id]);
    let _: String = ask(&mut source, &["CLUSTER", "SETSLOT", &slot_text, "MIGRATING", &to_id]);
    let mut moved = 0;
    loop {
        let keys: Vec<String> = ask(&mut source, &["CLUSTER", "GETKEYSINSLOT", &slot_text, "100"]);
        if keys.is_empty() {
            break;
        }
        for key in keys {
            let _: String = ask(&mut source, &["MIGRATE", "127.0.0.1", &to_port, &key, "0", "1000"]);
            moved += 1;
            // Long enough for requests in every state between.
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
    for node in [to, from].into_iter().chain(&cluster.0) {
        let _: String = node.ask(&["CLUSTER", "SETSLOT", &slot_text, "NODE", &to_id]);
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    done.store(true, Ordering::SeqCst);
    let (valid, failed) = user.await.expect("nothing but valid or an error");
    assert!(moved >= 3 && valid > 10, "{moved} keys moved, {valid} times valid, {failed} times not told");
    let verdict = store.validate(key, caller(who), true, &policy()).await.expect("up");
    assert!(matches!(verdict, Verdict::Valid(_)), "{verdict:?}");
}
