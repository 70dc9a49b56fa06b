#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| edge_uplink::fuzz_reply(bytes));
