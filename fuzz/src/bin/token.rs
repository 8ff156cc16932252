//! The fuzzer of [`edgepod_fuzz::token`].
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| edgepod_fuzz::token(input));
