//! Selectors as apimachinery 0.37 reads them. The verdicts follow `pkg/labels/selector.go`,
//! `pkg/fields/selector.go` and `pkg/apis/meta/v1/helpers.go` there.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, LabelSelectorRequirement};
use kcache::{Field, FieldSelector, Filter, Selector};

use crate::forms::{Form, Own, Spec};

/// Labels as `k=v` with commas between.
fn matches(selector: &Selector, labels: &str) -> bool {
    selector.matches_labels(labels.split(',').filter_map(|label| label.split_once('=')))
}

#[test]
fn selector_strings_that_are_valid() {
    for (text, hit, miss) in [
        ("", &["", "x=a"][..], &[][..]),
        ("x", &["x=", "x=a"], &["", "y=x"]),
        ("!x", &["", "y=a"], &["x="]),
        ("x=a", &["x=a"], &["", "x=", "x=b"]),
        ("x==a", &["x=a"], &["x=b"]),
        (" x = a , y != b ", &["x=a", "x=a,y=c"], &["x=a,y=b"]),
        ("x=", &["x="], &["", "x=a"]),
        ("x=,y", &["x=,y="], &["y="]),
        ("x!=", &["", "x=a"], &["x="]),
        ("x in (a,b)", &["x=a", "x=b"], &["", "x=c"]),
        ("x in (a, ,b)", &["x=a", "x=", "x=b"], &["x=c"]),
        ("x in ()", &["x="], &["", "x=a"]),
        ("x in (,)", &["x="], &["x=a"]),
        ("x in (,a)", &["x=", "x=a"], &["x=b"]),
        ("x in (a,)", &["x=", "x=a"], &["x=b"]),
        ("x notin ()", &["", "x=a"], &["x="]),
        ("x notin (a,b)", &["", "x=c"], &["x=a"]),
        ("x in (in,notin)", &["x=in"], &["x=a"]),
        ("in in (in)", &["in=in"], &["in=a"]),
        ("notin", &["notin=1"], &[""]),
        ("in=notin", &["in=notin"], &["in=in"]),
        ("x>1", &["x=2", "x=+2", "x=10"], &["", "x=1", "x=a", "x=-2"]),
        ("x<1", &["x=0", "x=-5"], &["x=1", "x=", "x=a"]),
        ("x>1,x<5", &["x=3"], &["x=1", "x=5"]),
        ("x in (a)\t,\ny\r", &["x=a,y="], &["x=a"]),
        ("example.com/x=a", &["example.com/x=a"], &["x=a"]),
        ("X_y.z-9=A_b.c-9", &["X_y.z-9=A_b.c-9"], &[""]),
        ("x=a,x=b", &[], &["x=a", "x=b"]),
        ("x\0", &["x="], &[""]),
        ("x,\0y", &["x=,y="], &["x="]),
    ] {
        let selector: Selector = text.parse().unwrap();
        assert!(
            hit.iter().all(|labels| matches(&selector, labels)),
            "{text:?} misses one"
        );
        assert!(
            !miss.iter().any(|labels| matches(&selector, labels)),
            "{text:?} hits one"
        );
        let again: Selector = selector.to_string().parse().unwrap();
        assert_eq!(again, selector, "{text:?} printed as {selector}");
    }
}

#[test]
fn selector_strings_that_are_invalid() {
    let long = format!("{}=a", "x".repeat(64));
    let long_value = format!("x={}", "a".repeat(64));
    let long_prefix = format!("{}/x=a", "a".repeat(254));
    for text in [
        "x=a||y=b",
        "x==a==b",
        "!x=a",
        "x<a",
        "x>",
        "x<1a",
        "x>99999999999999999999",
        "x>-1",
        "x=!a",
        ",",
        ",x",
        "x,",
        "x,,y",
        "!",
        "!!x",
        "=a",
        "x in",
        "x in a",
        "x in (a",
        "x in (a b)",
        "x in (",
        "x in (a))",
        "x (a)",
        "(x)",
        "x in (a)(b)",
        "x y",
        "x notin",
        "x=a b",
        "a/b/c",
        "/x",
        "x/",
        "-x",
        "x-",
        "x.",
        "_x",
        "x=-a",
        "x=a-",
        "x=a/b",
        "x in (a/b)",
        "A.com/x",
        "a..b/x",
        "-a/x",
        "a_b/x",
        "ключ=a",
        "x=ä",
        &long,
        &long_value,
        &long_prefix,
        "x\0y",
        "x===a",
        "x=>1",
    ] {
        assert!(text.parse::<Selector>().is_err(), "{text:?} was accepted");
    }
}

fn object(key: &str, operator: &str, values: Option<&[&str]>) -> LabelSelector {
    let values = values.map(|values| values.iter().map(|value| (*value).to_owned()).collect());
    let requirement = LabelSelectorRequirement {
        key: key.to_owned(),
        operator: operator.to_owned(),
        values,
    };
    LabelSelector {
        match_expressions: Some(vec![requirement]),
        match_labels: None,
    }
}

#[test]
fn selector_objects() {
    for (key, operator, values, verdict) in [
        ("x", "In", Some(&["a", ""][..]), Some(["x=", "x=b"])),
        ("x", "NotIn", Some(&["a"]), Some(["y=a", "x=a"])),
        ("x", "Exists", None, Some(["x=", "y="])),
        ("x", "Exists", Some(&[]), Some(["x=", "y="])),
        ("x", "DoesNotExist", None, Some(["y=", "x="])),
        ("x", "In", None, None),
        ("x", "NotIn", Some(&[]), None),
        ("x", "Exists", Some(&["a"]), None),
        ("x", "DoesNotExist", Some(&["a"]), None),
        ("x", "Gt", Some(&["1"]), None),
        ("x", "in", Some(&["a"]), None),
        ("x", "", Some(&["a"]), None),
        ("", "Exists", None, None),
        ("x y", "Exists", None, None),
        ("x", "In", Some(&["a b"]), None),
    ] {
        let selector = Selector::from_object(Some(&object(key, operator, values)));
        match (selector, verdict) {
            (Ok(selector), Some([hit, miss])) => {
                assert!(
                    matches(&selector, hit) && !matches(&selector, miss),
                    "{selector}"
                );
            }
            (Err(_), None) => {}
            (selector, _) => panic!("{key:?} {operator} {values:?} gives {selector:?}"),
        }
    }
    let labels = |value: &str| LabelSelector {
        match_labels: Some([("x".to_owned(), value.to_owned())].into()),
        match_expressions: None,
    };
    assert!(matches(
        &Selector::from_object(Some(&labels("a"))).unwrap(),
        "x=a"
    ));
    assert!(Selector::from_object(Some(&labels("a b"))).is_err());
    assert!(!matches(&Selector::from_object(None).unwrap(), "x=a"));
    assert!(matches(
        &Selector::from_object(Some(&LabelSelector::default())).unwrap(),
        ""
    ));
    // A map is not validated, as the server does not validate that of a Service.
    assert!(matches(&Selector::from_map([("x", "a b")]), "x=a b"));
}

#[test]
fn field_selectors() {
    let own: Own = Own::of(&Spec {
        node: "a,=\\b".to_owned(),
        ..Spec::new("n", "p1", 1)
    });
    let known = [Field::name(), Field::namespace(), Own::node()];
    for (text, accepted) in [
        ("", true),
        (",", true),
        ("metadata.name=p1", true),
        ("metadata.name==p1", true),
        ("metadata.name!=p1", false),
        ("metadata.name=p1,metadata.namespace=n", true),
        ("metadata.name=p1,metadata.namespace=m", false),
        (",metadata.name=p1,,", true),
        (r"spec.nodeName=a\,\=\\b", true),
        (r"spec.nodeName!=a\,\=\\b", false),
        ("metadata.name=", false),
        ("metadata.name!=", true),
        ("metadata.name= p1", false),
    ] {
        let selector: FieldSelector = text.parse().unwrap();
        let filter = Filter::fields(&selector, &known).unwrap();
        assert_eq!(filter.accepts(&own), accepted, "{text:?}");
        assert_eq!(
            selector.to_string().parse::<FieldSelector>().unwrap(),
            selector
        );
    }
    for text in [
        "x",
        "metadata.name",
        r"x=a\",
        r"x=\a",
        "x=a=b",
        "x===a",
        r"x=a,\,y",
    ] {
        assert!(
            text.parse::<FieldSelector>().is_err(),
            "{text:?} was accepted"
        );
    }
    // Keys are not trimmed and not escaped, so this names a field that there is not.
    for text in [" metadata.name=p1", "status.phase=x", "=x"] {
        let selector: FieldSelector = text.parse().unwrap();
        assert!(
            Filter::fields(&selector, &known).is_err(),
            "{text:?} was accepted"
        );
    }
}
