//! The fuzzer of [`edgepod_fuzz::cursor`].
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| edgepod_fuzz::cursor(input));
