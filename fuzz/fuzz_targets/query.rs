#![cfg_attr(fuzzing, no_main)]

levain_fuzz::target!("query");
