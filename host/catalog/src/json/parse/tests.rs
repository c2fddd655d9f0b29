use super::*;

fn fault(text: &str) -> (String, String) {
    let fault = parse(text).unwrap_err();
    (fault.pointer, fault.message)
}

#[test]
fn valid_json_round_trips() {
    let text = r#"{"b":[1,-2,2.5,null,true],"a":{"x":"é\n","y":{}},"c":18446744073709551615}"#;
    let json = parse(text).unwrap();
    assert_eq!(serde_json::to_string(&json).unwrap(), text);
    assert_eq!(
        json.to_value(),
        serde_json::from_str::<serde_json::Value>(text).unwrap()
    );
}

#[test]
fn faults_have_a_pointer() {
    for (text, pointer, message) in [
        ("[{\"a\":1,\"a\":2}]", "/0/a", "twice"),
        (
            "[{\"a\":1,\"b\":2},{\"a\":1,\"b\":2},{\"a\":1,\"b\":2,\"b\":3}]",
            "/2/b",
            "twice",
        ),
        ("[{\"a\":1},{\"\\u0061\":1,\"a\":2}]", "/1/a", "twice"),
        ("{\"x/y\":{\"~\":\"\\u0000\"}}", "/x~1y/~0", "U+0000"),
        ("[\"\\ud800\"]", "/0", "hex escape"),
        ("[\"\\udc00\"]", "/0", "surrogate"),
        ("{\"n\":1e400}", "/n", "out of range"),
        ("[1,NaN]", "/1", "expected"),
        ("[1,2", "", "EOF"),
        ("[] []", "", "trailing"),
        ("", "", "EOF"),
    ] {
        let (at, why) = fault(text);
        assert_eq!(at, pointer, "{text}: {why}");
        assert!(why.contains(message), "{text}: {why}");
    }
    assert!(fault("{\"\\u0000\":1}").1.contains("U+0000"));
}

#[test]
fn repeated_name_among_many_is_rejected() {
    let many = |last: &str| {
        let fields: Vec<String> = (0..100).map(|n| format!("\"f{n}\":{n}")).collect();
        format!("{{{},\"{last}\":0}}", fields.join(","))
    };
    assert!(parse(&many("g")).is_ok());
    assert_eq!(fault(&many("f7")).0, "/f7");
    assert_eq!(fault(&many("f99")).0, "/f99");
}

#[test]
fn depth_is_bounded() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(parse(&nested(DEEPEST)).is_ok());
    assert!(fault(&nested(DEEPEST + 1)).1.contains("deeper"));
    assert!(fault(&nested(100_000)).1.contains("deeper"));
    assert!(parse_rows(&nested(DEEPEST + 1), 9, |_, _| ()).is_err());
}

#[test]
fn numbers_no_store_can_read_are_rejected() {
    let digits = "3".repeat(18_000);
    for (number, message) in [
        ("1e-20000", "exponent"),
        ("0e-20000", "exponent"),
        ("-0.0E99999999999", "exponent"),
        (&format!("0.{digits}"), "18002 characters"),
        (&format!("1{}", "0".repeat(1_100)), "range"),
        ("1e-400", "smaller"),
        (&format!("0.{}1", "0".repeat(400)), "smaller"),
    ] {
        for (text, pointer) in [
            (format!("[{{\"a\":\"x\",\"n\":{number}}}]"), "/0/n"),
            (
                format!("[{{\"\\u0061 1.5\" : [1,2.5, \"\\\"3.5\", -0, {number}]}}]"),
                "/0/a 1.5/4",
            ),
        ] {
            let (at, why) = fault(&text);
            assert_eq!(at, pointer, "{text}: {why}");
            assert!(why.contains(message), "{text}: {why}");
        }
    }
    for number in [
        "-0",
        "0e0",
        "5e-324",
        "1.7976931348623157e308",
        "18446744073709551616",
        &format!("{:.1074}", f64::from_bits(1)),
    ] {
        assert!(
            parse(&format!("[{number}, {{\"n\":{number}}}]")).is_ok(),
            "{number}"
        );
    }
}

#[test]
fn white_space_between_tokens_is_reported() {
    let spaced = |text: &str| parse_rows(text, 9, |_, _| ()).unwrap().is_spaced;
    for text in [
        "[]",
        "[{\"a b\":\"c d\",\"e\":[1,2.5,null],\"f\":{}},{\"a\":-0}]",
    ] {
        assert!(!spaced(text), "{text}");
    }
    for text in [
        " []",
        "[] ",
        "[1 ]",
        "[\n1]",
        "[{\"a\": 1}]",
        "[{\"a\":1, \"b\":2}]",
        "[1.5, 2]",
        "[1 ,1.5]",
        "[{\"a\":\"b\"} ]",
        "[\"\\n\" ]",
    ] {
        assert!(spaced(text), "{text}");
    }
}

#[test]
fn values_per_record_are_bounded() {
    let record = |values: usize| format!("[{}1]", "1,".repeat(values - 2));
    let rows = format!("[{0},{0}]", record(VALUES));
    assert!(parse_rows(&rows, 9, |_, _| ()).is_ok());
    let rows = format!("[1,{}]", record(VALUES + 1));
    let fault = parse_rows(&rows, 9, |_, _| ()).unwrap_err();
    assert!(fault.message.contains("more than 100000 values"), "{fault}");
    assert!(parse(&rows).is_ok());
}

#[test]
fn rows_are_passed_on_one_at_a_time() {
    let mut seen = Vec::new();
    assert_eq!(
        parse_rows("[1, \"x\"]", 9, |index, row| seen
            .push((index, row.to_value()))),
        Ok(Rows {
            records: 2,
            is_spaced: true
        })
    );
    assert_eq!(seen, [(0, 1.into()), (1, "x".into())]);
    let fault = parse_rows("{}", 9, |_, _| ()).unwrap_err();
    assert!(
        fault.message.contains("one array of records"),
        "{}",
        fault.message
    );
    assert_eq!(
        parse_rows("[{},{\"a\":{\"b\":tru}}]", 9, |_, _| ())
            .unwrap_err()
            .pointer,
        "/1/a/b"
    );
}
