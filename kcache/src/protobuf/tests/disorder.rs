//! Messages that no API server writes, as Go's generated `Unmarshal` reads them.

use super::*;

fn fixed64(number: u32, bits: u64) -> Vec<u8> {
    let mut field = Vec::new();
    put_varint(&mut field, u64::from(number) << 3 | 1);
    field.extend_from_slice(&bits.to_le_bytes());
    field
}

/// The same message in an order that has to be put right first.
fn out_of_order(message: &[u8]) -> Vec<u8> {
    let (name, label) = (text(1, "a"), text(11, ""));
    [text(1, label), message.to_vec(), text(1, name)].concat()
}

#[test]
fn the_last_piece_of_a_time_is_all_of_it() {
    let start = |piece: &[u8]| pod(&["status", "startTime"], piece);
    let (second, nanoseconds) = (number(1, 7), number(2, 9));
    for (pieces, want) in [
        ([&second[..], &nanoseconds], json!("1970-01-01T00:00:00Z")),
        ([&nanoseconds, &second], json!("1970-01-01T00:00:07Z")),
        ([&second, b""], json!(null)),
    ] {
        let message = pieces.map(start).concat();
        assert_eq!(value(&message).unwrap()["status"]["startTime"], want);
    }
    let damaged = [start(b"\x0a"), start(&second)].concat();
    assert!(value(&damaged).is_err());
}

#[test]
fn the_last_value_of_an_entry_is_all_of_it() {
    let quantities = [text(1, text(1, "1")), text(1, "")].map(|value| text(2, &value[2..]));
    let entry = [text(1, "cpu"), quantities.concat()].concat();
    let message = pod(&["spec", "overhead"], entry);
    let want = json!({"cpu": "0"});
    assert_eq!(value(&message).unwrap()["spec"]["overhead"], want);
    let read = value(&out_of_order(&message)).unwrap();
    assert_eq!(read["spec"]["overhead"], want);
}

#[test]
fn what_has_two_forms_is_merged_before_one_is_chosen() {
    let (version, kind) = ("apiextensions.k8s.io/v1", "CustomResourceDefinition");
    let definitions = Decoder::new(version, kind).unwrap();
    let definition = schema::message(version, kind).unwrap();
    let names = ["spec", "versions", "schema", "openAPIV3Schema"];
    let mut props = definition;
    for name in names {
        props = props.field(name).unwrap().message().unwrap();
    }
    let pieces = [("type", "object"), ("format", "x")];
    let pieces = pieces.map(|(name, content)| within(props, &[name], content));
    for (name, place) in [("items", 1), ("additionalProperties", 2)] {
        let both = [&pieces[0], &pieces[1]]
            .map(|piece| text(place, piece))
            .concat();
        let both = text(props.field(name).unwrap().number(), both);
        let message = within(definition, &names, both);
        let read: Value = definitions.decode(&message).unwrap();
        let read = &read["spec"]["versions"][0]["schema"]["openAPIV3Schema"][name];
        let read = [&read["type"], &read["format"]];
        assert_eq!(read, [&json!("object"), &json!("x")], "{name}");
    }
}

#[test]
fn what_is_unknown_may_stand_in_a_list_of_texts() {
    let reviews = Decoder::new("authorization.k8s.io/v1", "SubjectAccessReview").unwrap();
    let schema = schema::message("authorization.k8s.io/v1", "SubjectAccessReview").unwrap();
    let texts = [text(1, "a"), text(9, "?"), text(1, "b")].concat();
    let entry = [text(1, "k"), text(2, texts)].concat();
    let read: Value = reviews
        .decode(&within(schema, &["spec", "extra"], entry))
        .unwrap();
    assert_eq!(read["spec"]["extra"], json!({"k": ["a", "b"]}));
}

#[test]
fn the_lower_bits_of_a_number_say_whether_it_is_zero() {
    let port = |port: u64| {
        let ports = text(6, [number(2, port), number(3, 80)].concat());
        let message = pod(&["spec", "containers"], ports);
        value(&message).unwrap()["spec"]["containers"][0]["ports"][0].take()
    };
    assert_eq!(port(1 << 32), json!({"containerPort": 80}));
    assert_eq!(
        port(1 << 32 | 7),
        json!({"hostPort": 7, "containerPort": 80})
    );
}

#[test]
fn a_value_of_another_wire_type_is_refused_even_if_another_counts() {
    let (metadata, spec) = (
        |field: Vec<u8>| text(1, field),
        |field: Vec<u8>| text(2, field),
    );
    for (wrong, right) in [
        (metadata(number(1, 5)), metadata(text(1, "a"))),
        (metadata(number(1, 0)), metadata(text(1, "a"))),
        (metadata(fixed64(7, 1)), metadata(number(7, 1))),
        (metadata(text(7, "")), metadata(number(7, 1))),
        (metadata(number(8, 1)), metadata(text(8, number(1, 1)))),
        (metadata(number(11, 1)), metadata(text(11, text(1, "k")))),
        (
            metadata(text(11, number(1, 1))),
            metadata(text(11, text(1, "k"))),
        ),
        (
            metadata(text(11, fixed64(2, 1))),
            metadata(text(11, text(1, "k"))),
        ),
        (number(1, 1), metadata(text(1, "a"))),
        (spec(number(2, 1)), spec(text(2, ""))),
        (spec(fixed64(11, 1)), spec(number(11, 1))),
    ] {
        assert!(value(&right).is_ok(), "{right:?}");
        for message in [
            wrong.clone(),
            out_of_order(&wrong),
            [wrong.clone(), right.clone()].concat(),
            [right.clone(), wrong.clone()].concat(),
        ] {
            let read = value(&message);
            assert!(read.is_err_and(|error| error.is_syntax()), "{message:?}");
        }
    }
}
