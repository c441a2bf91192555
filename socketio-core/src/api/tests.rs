//! Checks that the description of the API names all routes and parameters.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{events, handlers, listing, router::ROUTES};
use crate::activity::{Direction, Row};

fn document() -> Value {
    serde_json::from_str(include_str!("openapi.json")).unwrap()
}

#[test]
fn every_route_is_described_with_its_method() {
    let document = document();
    let paths = document["paths"].as_object().unwrap();
    let described: BTreeSet<_> = paths
        .iter()
        .flat_map(|(path, methods)| {
            let methods = methods.as_object().unwrap().keys();
            methods.map(|method| (path[1..].to_owned(), method.to_uppercase()))
        })
        .collect();
    let routes = ROUTES
        .iter()
        .map(|(path, method)| (String::from(*path), String::from(*method)));
    assert_eq!(described, routes.collect());
}

#[test]
fn every_parameter_is_described() {
    let document = document();
    for (route, parameters) in [
        ("/sockets", listing::SOCKETS),
        ("/rooms", listing::ROOMS),
        ("/namespaces", listing::NAMESPACES),
        ("/handlers", handlers::PARAMETERS),
        ("/events", events::PARAMETERS),
    ] {
        let described = document["paths"][route]["get"]["parameters"]
            .as_array()
            .unwrap();
        let described: BTreeSet<_> = described
            .iter()
            .map(|one| one["name"].as_str().unwrap())
            .collect();
        assert_eq!(described, parameters.iter().copied().collect(), "{route}");
    }
}

#[test]
fn a_row_has_the_described_columns() {
    let row = Row::new(Direction::Out, &std::sync::Arc::from("/"));
    let row = serde_json::to_value(&row).unwrap();
    let columns: BTreeSet<_> = row.as_object().unwrap().keys().cloned().collect();
    let document = document();
    let described = document["components"]["schemas"]["Event"]["properties"]
        .as_object()
        .unwrap();
    assert_eq!(columns, described.keys().cloned().collect());
}
