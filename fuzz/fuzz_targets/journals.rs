#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| deprovision::fuzzing::run("journals", data));
