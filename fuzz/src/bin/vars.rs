//! The fuzzer of [`edgepod_fuzz::vars`].
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| edgepod_fuzz::vars(input));
