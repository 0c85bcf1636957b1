//! What `madang doctor` says, and how it ends.

use std::fs;
use std::path::Path;
use std::process::Output;

use crate::common;
use crate::madang::{Madang, binary, command, serve};

/// With these settings and no others.
fn doctor(settings: &[(&str, &str)]) -> (bool, String) {
    let data = tempfile::tempdir().unwrap();
    let said = doctor_on(data.path(), settings);
    // Whoever only looks leaves no trace.
    assert_eq!(fs::read_dir(data.path()).unwrap().count(), 0);
    said
}

fn doctor_on(data: &Path, settings: &[(&str, &str)]) -> (bool, String) {
    let Output { status, stdout, .. } = command(binary())
        .arg("doctor")
        .env("MADANG_ADDR", "127.0.0.1:0")
        .env("MADANG_DATA", data)
        .envs(settings.iter().copied())
        .output()
        .unwrap();
    (status.success(), String::from_utf8(stdout).unwrap())
}

#[test]
fn doctor_ends_well_where_all_is_well() {
    let (well, said) = doctor(&[]);
    assert!(well && !said.contains("WRONG"), "{said}");
}

#[tokio::test]
async fn doctor_ends_well_beside_the_server_that_runs() {
    let data = tempfile::tempdir().unwrap();
    let madang = Madang::start(serve(data.path())).unwrap();
    let address = madang.address().to_string();
    let (well, said) = doctor_on(data.path(), &[("MADANG_ADDR", &address)]);
    assert!(well && said.contains("a server is running on"), "{said}");
    assert_eq!(madang.http().get("/readyz").await.status, 200);
    drop(madang);
    // Killed, it left its store with the log beside it.
    let (well, said) = doctor_on(data.path(), &[]);
    assert!(well && said.contains("is readable and writable"), "{said}");
}

#[test]
fn doctor_fails_where_the_data_belongs_to_another_program_and_leaves_it_alone() {
    let data = tempfile::tempdir().unwrap();
    let file = data.path().join("madang.db");
    let other = rusqlite::Connection::open(&file).unwrap();
    other.execute_batch("CREATE TABLE theirs (x)").unwrap();
    drop(other);
    let before = fs::read(&file).unwrap();
    let (well, said) = doctor_on(data.path(), &[]);
    assert!(
        !well && said.contains("belongs to another program"),
        "{said}"
    );
    assert_eq!(fs::read(&file).unwrap(), before);
    assert_eq!(fs::read_dir(data.path()).unwrap().count(), 1);
}

#[test]
fn doctor_fails_where_only_a_part_of_a_cluster_is_set() {
    let (well, said) = doctor(&[("MADANG_MONGODB_URI", "mongodb://127.0.0.1:1/chat")]);
    assert!(!well, "{said}");
    assert!(
        said.contains("WRONG cluster: MADANG_KAFKA_BROKERS and MADANG_REDIS_URL must be set"),
        "{said}"
    );
}

#[test]
fn doctor_logs_as_a_server_does() {
    let (well, said) = doctor(&[("MADANG_LOG", "server=loudly")]);
    assert!(!well && said.is_empty(), "{said}");
}

#[test]
fn doctor_fails_where_the_address_is_taken() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let (well, said) = doctor(&[("MADANG_ADDR", &address)]);
    assert!(!well && said.contains("WRONG address"), "{said}");
}

/// The servers of a cluster with TLS wherever `deploy/servers` has it, and this password of Kafka. None where
/// servers were given, of which nothing is known.
fn cluster(password: &str) -> Option<Vec<(&'static str, String)>> {
    let set = |name: &str| {
        std::env::var(name).unwrap_or_else(|_| {
            panic!("{name} is not set. Start servers with deploy/servers, or leave these tests out with --skip kafka.")
        })
    };
    let mongodb = set("MADANG_TEST_MONGODB");
    let given = |name: &str| std::env::var(name).ok();
    let (kafka, redis, authority) = (
        given("MADANG_TEST_KAFKA_TLS")?,
        given("MADANG_TEST_REDIS_TLS")?,
        given("MADANG_TEST_CA")?,
    );
    let options = [
        "security.protocol=SASL_SSL",
        "sasl.mechanism=SCRAM-SHA-256",
        "sasl.username=madang",
        &format!("sasl.password={password}"),
        &format!("ssl.ca.location={authority}"),
    ];
    Some(vec![
        ("MADANG_MONGODB_URI", mongodb),
        ("MADANG_KAFKA_BROKERS", kafka),
        ("MADANG_KAFKA_OPTIONS", options.join(",")),
        (
            "MADANG_KAFKA_TOPIC",
            format!("madang.doctor.{}", common::id()),
        ),
        ("MADANG_REDIS_URL", redis),
        ("SSL_CERT_FILE", authority),
    ])
}

fn without_tls(test: &str) {
    common::skip(
        test,
        "the servers were given, and nothing is known of their TLS",
    );
}

fn doctor_of(settings: &[(&str, String)]) -> (bool, String) {
    let settings: Vec<_> = settings
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    doctor(&settings)
}

#[test]
fn doctor_ends_well_in_a_cluster_whose_kafka_and_redis_want_tls() {
    let Some(settings) = cluster("courtyard") else {
        return without_tls("doctor_ends_well_in_a_cluster_whose_kafka_and_redis_want_tls");
    };
    let (well, said) = doctor_of(&settings);
    for part in ["mongodb", "kafka", "redis"] {
        assert!(said.contains(&format!("ok    {part}: ")), "{said}");
    }
    assert!(well, "{said}");
}

#[test]
fn doctor_says_that_the_password_of_kafka_is_wrong() {
    let Some(settings) = cluster("hunter2") else {
        return without_tls("doctor_says_that_the_password_of_kafka_is_wrong");
    };
    let (well, said) = doctor_of(&settings);
    assert!(!well, "{said}");
    let refused = said
        .lines()
        .find(|line| line.starts_with("WRONG kafka: "))
        .unwrap();
    assert!(
        refused.contains("does not let Madang in") && refused.contains("sasl.password"),
        "{said}"
    );
    assert!(!said.contains("hunter2"), "{said}");
}

#[test]
fn doctor_says_that_the_certificate_of_kafka_is_not_trusted() {
    let Some(mut settings) = cluster("courtyard") else {
        return without_tls("doctor_says_that_the_certificate_of_kafka_is_not_trusted");
    };
    for (name, value) in &mut settings {
        if *name == "MADANG_KAFKA_OPTIONS" {
            *value = value.replace(",ssl.ca.location=", ",client.rack=");
        }
    }
    settings.retain(|(name, _)| *name != "SSL_CERT_FILE");
    let (well, said) = doctor_of(&settings);
    assert!(!well && said.contains("certificate"), "{said}");
}
