//! The fuzzer of [`edgepod_fuzz::socket`].
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| edgepod_fuzz::socket(input));
