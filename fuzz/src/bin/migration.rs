//! The fuzzer of [`edgepod_fuzz::migration`].
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| edgepod_fuzz::migration(input));
