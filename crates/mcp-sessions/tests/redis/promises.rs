//! The store keeps the promises of all stores, alone and as two replicas.

use mcp_sessions::conformance_tests;

use crate::support::worlds::Redis;

conformance_tests!(Redis::new());
