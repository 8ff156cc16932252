//! The fuzzer of [`edgepod_fuzz::columns`].
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| edgepod_fuzz::columns(input));
