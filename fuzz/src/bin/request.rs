//! The fuzzer of [`edgepod_fuzz::request`].
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| edgepod_fuzz::request(input));
