use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::{CommandFactory, Parser};
use yaml_rust2::{Yaml, YamlLoader};

use super::*;

fn file(path: &str) -> String {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .join(path);
    std::fs::read_to_string(file).unwrap()
}

#[test]
fn the_command_line_is_well_formed() {
    Cli::command().debug_assert();
}

#[test]
fn without_a_command_it_serves_as_cargo_leptos_starts_it() {
    let cli = Cli::try_parse_from(["madang"]).unwrap();
    assert!(matches!(cli.chosen(), Command::Serve(_)));
}

#[test]
fn the_readme_shows_the_options_as_they_are() {
    let readme = file("README.md");
    for line in options_table().lines() {
        assert!(
            readme.contains(line),
            "README.md lacks this line of `madang options`:\n{line}"
        );
    }
}

fn names(yaml: &Yaml) -> BTreeSet<&str> {
    match yaml {
        Yaml::Hash(hash) => hash.keys().map(|key| key.as_str().unwrap()).collect(),
        Yaml::Array(list) => list.iter().map(|item| item.as_str().unwrap()).collect(),
        Yaml::BadValue => BTreeSet::new(),
        other => panic!("neither a list nor a map: {other:?}"),
    }
}

#[test]
fn the_compose_file_starts_nodes_that_understand_it() {
    let compose = YamlLoader::load_from_str(&file("deploy/compose.yaml")).unwrap();
    let services = &compose[0]["services"];
    let all = names(services);
    let mut nodes = 0;
    for name in &all {
        let service = &services[*name];
        let missing: Vec<_> = names(&service["depends_on"])
            .difference(&all)
            .copied()
            .collect();
        assert!(
            missing.is_empty(),
            "{name} waits for {missing:?}, which are not there"
        );
        if service["image"].as_str() != Some("madang") {
            continue;
        }
        nodes += 1;
        let given = service["environment"].as_hash().unwrap();
        let options: Vec<String> = given
            .iter()
            .map(|(name, value)| {
                let name = name.as_str().unwrap().strip_prefix("MADANG_").unwrap();
                let name = name.to_lowercase().replace('_', "-");
                format!("--{name}={}", value.as_str().unwrap())
            })
            .collect();
        let arguments = ["madang", "serve"]
            .into_iter()
            .map(str::to_owned)
            .chain(options);
        let Command::Serve(config) = Cli::try_parse_from(arguments).unwrap().chosen() else {
            panic!("a node that does not serve");
        };
        let cluster = crate::cluster::Cluster::of(&config).unwrap().unwrap();
        for address in [
            cluster.mongodb_uri,
            cluster.kafka_brokers,
            cluster.redis_url,
        ] {
            let host = address
                .split("://")
                .last()
                .unwrap()
                .split(':')
                .next()
                .unwrap();
            assert!(all.contains(host), "{address} is none of {all:?}");
        }
        let proxied = format!("{name}:{}", config.addr.port());
        assert!(
            file("deploy/Caddyfile").contains(&proxied),
            "no way leads to {proxied}"
        );
    }
    assert!(nodes >= 2);
}
