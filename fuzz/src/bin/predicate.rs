//! The fuzzer of [`edgepod_fuzz::predicate`].
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| edgepod_fuzz::predicate(input));
