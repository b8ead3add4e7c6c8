//! What does a session in memory take up?

use crate::{
    measure::{Table, figure, own_memory},
    people::{self, IDENTITIES, Ids},
};
use mcp_sessions::{MemoryStore, SessionState, Sessions};
use serde_json::json;

const SESSIONS: usize = 1_000_000;
/// How often each session is replaced by another, in case memory is lost with it.
const GENERATIONS: usize = 3;

/// Measures sessions whose clients said what clients say of themselves, or nothing.
pub(crate) fn measure(with_state: bool) -> Vec<Table> {
    let (said, state) = if with_state {
        let state = SessionState::default()
            .with_protocol_version("2025-11-25")
            .with_client_name("claude-ai")
            .with_client_version("0.1.0")
            .with_capabilities("{}");
        ("version, name and capabilities", state)
    } else {
        ("nothing", SessionState::default())
    };
    let sessions = Sessions::new(MemoryStore::default(), people::policy()).unwrap();
    let callers = people::callers(IDENTITIES);
    let mut ids = Ids::with_room_for(SESSIONS);
    let empty = own_memory();
    let bytes = || figure((own_memory() - empty) as f64 / SESSIONS as f64);
    let mut table = Table::new(
        format!(
            "memory of {SESSIONS} sessions of {IDENTITIES} identities, the identities' own part included"
        ),
        &["the client said", "sessions", "bytes each", "aim"],
    );
    let aim = if with_state { "" } else { "<= 250" };
    people::runtime().block_on(async {
        for number in 0..SESSIONS {
            let id = sessions.create(&callers[number % IDENTITIES], state.clone()).await.unwrap();
            ids.push(&id.expose_hex());
        }
        table.row(vec![json!(said), json!("opened"), bytes(), json!(aim)]);
        for _ in 0..GENERATIONS {
            for number in 0..SESSIONS {
                let caller = &callers[number % IDENTITIES];
                assert!(sessions.terminate(ids.get(number), caller).await.unwrap());
                let id = sessions.create(caller, state.clone()).await.unwrap();
                ids.set(number, &id.expose_hex());
            }
        }
        table.row(vec![
            json!(said),
            json!(format!("each replaced {GENERATIONS} times")),
            bytes(),
            json!(aim),
        ]);
    });
    vec![table]
}
