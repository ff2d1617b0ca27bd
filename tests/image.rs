//! The lab image as it is: every tool answers, and nothing that belongs to the host is in it.

mod program;

use std::process::Command;

use chaoslab::lab::image::Image;
use chaoslab::lab::library::Library;

fn docker(arguments: &[&str]) -> String {
    let output = Command::new("docker").args(arguments).output().expect("docker starts");
    let text = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(output.status.success(), "docker {}: {text}", arguments.join(" "));
    text
}

fn image() -> String {
    Image::current(&Library::open().expect("it is built in"))
        .expect("the service program is beside this one")
        .reference
}

#[test]
fn a_machine_can_do_to_its_network_what_faults_need() {
    let found = program::Program::new().json(&["doctor"]);
    let abilities = found
        .as_array()
        .expect("a list")
        .iter()
        .find(|f| f["what"] == "abilities")
        .expect("the image is built");
    assert!(
        !abilities["found"].as_str().expect("a sentence").contains("machines cannot"),
        "{abilities}"
    );
    assert_eq!(program::standing("abilities"), program::NOTHING, "what was tried left nothing");
}

#[test]
fn every_kafka_tool_prints_its_usage() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/docker/check-tools.sh");
    let output = Command::new("bash").args([script, &image()]).output().expect("bash starts");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    let count: u32 = text.split_whitespace().next().and_then(|n| n.parse().ok()).expect("a count");
    assert!(count > 30, "Kafka has more tools than {count}");
}

#[test]
fn what_is_made_while_the_compiler_works_is_what_the_program_builds_upon() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/docker/machine.sh");
    let output = Command::new(script).output().expect("it starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("is current"), "made twice:\n{said}");
    let layers = |image: &str| -> Vec<String> {
        let listed = docker(&["image", "inspect", "--format", "{{json .RootFS.Layers}}", image]);
        serde_json::from_str(&listed).expect("a list of layers")
    };
    let (machine, lab) = (layers(String::from_utf8_lossy(&output.stdout).trim()), layers(&image()));
    let (program, below) = lab.split_last().expect("layers");
    assert_eq!(below, machine, "{program} is the service program alone");
}

#[test]
fn the_tools_of_the_trade_are_there_and_the_hosts_certificates_are_not() {
    let script = "for tool in jcmd jstack jmap tcpdump ss tc iptables kcat lsof strace less; do command -v $tool >/dev/null || echo missing: $tool; done; \
                  test -s /srv/runbooks/kafka-oncall.md || echo missing: runbooks; \
                  find /usr/local/share/ca-certificates -type f; ls /root";
    assert_eq!(docker(&["run", "--rm", "--entrypoint", "sh", &image(), "-c", script]), "");
}
