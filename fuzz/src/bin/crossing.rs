//! The fuzzer of [`edgepod_fuzz::crossing`].
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| edgepod_fuzz::crossing(input));
