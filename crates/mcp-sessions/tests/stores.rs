//! Every store keeps the promises of all stores.

mod a_store_in_memory {
    mcp_sessions::conformance_tests!(Some(crate::support::worlds::Memory::default()));
}

mod a_store_of_bytes {
    mcp_sessions::conformance_tests!(Some(crate::support::worlds::Bytes::default()));
}

mod a_store_in_a_file {
    mcp_sessions::conformance_tests!(Some(crate::support::worlds::File::new()));
}
