use super::*;
use crate::domain::grade::tests::{
    DROPS, Draft, PROBE, QDISC, SHRINK, capped_link, graded, link_capped,
};
use crate::domain::rca::sample::{self, Sample};

const SALT: [u8; 32] = [7; 32];
const STAGED: Staged<'static> =
    Staged { family: "isr-shrink", scenario: "capped-link", seed: 3, level: Level::Practice };

/// Calls `made` with a report's input about this document.
fn with<T>(draft: &Draft, run: &Sample, sealed: bool, made: impl Fn(&ReportInput<'_>) -> T) -> T {
    let truth = capped_link();
    let grade = graded(&draft.file(), run, &truth).unwrap_or_else(|error| panic!("{error}"));
    let commitment = truth.commitment(&SALT).expect("it is data");
    let record = run.record();
    let sealed = sealed.then_some(Sealed {
        truth: &truth,
        salt: &SALT,
        commitment: &commitment,
        staged: STAGED,
    });
    made(&ReportInput { grade: &grade, record: &record, sealed })
}

fn mixed() -> Draft {
    Draft {
        onset: "T+00:00:00".into(),
        ..Draft::new(
            "network.capacity.link_capped",
            &["link:kafka-2", "broker:3"],
            &[DROPS, SHRINK, "promql: 'up == 0', at: T+00:00:00"],
        )
    }
}

#[test]
fn the_text_tells_points_places_and_the_truth() {
    insta::assert_snapshot!(with(&mixed(), &sample::isr_shrink(), true, |input| text(input, false).expect("it can be told")), @r#"
    NOT PASSED  64.8 of 100  run r-7f3a91, full form
    64.8 earned; you need 70 points and every gate
    at the end of the record: recovered: every objective met, the alert quiet

    Items
      class                   ██████████  28.4 of  28.4
      component               █████░░░░░   9.4 of    17
      onset                   ████████░░   4.8 of   5.6
      evidence                █████░░░░░  14.6 of  28.4
      mechanism               █░░░░░░░░░   1.1 of     9
      impact and times        █░░░░░░░░░   0.5 of   3.4
      mitigation and recovery ██████████   5.6 of   5.6
      prevention              ░░░░░░░░░░     0 of   2.2
      not asked, their weight spread over the rest: hypotheses (no run of another cause is recorded yet, so nothing can say what rules one out)

    Gates
      G1 passed  the cause is right: the class scores three quarters at least
                 the class scores 100 of 100
      G2 passed  the place is right: the components score half at least, and the one named first is an origin
                 the components score 55 of 100; `link:kafka-2`, named first, is an origin
      G3 passed  it stands on evidence: one true piece is worth half at least, and at most a third of the pieces that count are false
                 the best piece is worth 100 of 100; 1 of the 3 that count are false
      G4 passed  it is consistent: its own cause is not ruled out, nothing ends before it began, and a claimed recovery took place
                 nothing in it contradicts the rest

    Evidence
      E1 true, worth 100: it is true inside the incident and about node="kafka-2"
         it holds at T+00:00:30.137
         rate(node_qdisc_drops_total{node="kafka-2", kind="tbf"}[20s]) is 9
      E2 true, worth 100: it is true inside the incident and about kafka-2
         2 lines from T-00:01:00 to T+00:01:00
         the first at T-00:00:13.580 on kafka-2: [2026-11-22 12:00:56,420] INFO [Partition orders-1 broker=2] Shrinking ISR from 2,3,1 to 2. Leader: (highWatermark: 11650, endOffset: 12240). Out of sync replic...
      E3 false, worth 0: it is false
         it does not hold at T+00:00:00.137, nor anywhere in the record
         up is up{job="cluster", node="controller"} 1, up{job="kafka", node="kafka-1"} 1, up{job="kafka", node="kafka-2"} 1 and 2 more

    Where points were lost
      L1 -7.5 component, line 6:69: `broker:3` is where it shows; it originates in link:kafka-2
         T-00:00:28: `rate(node_qdisc_drops_total{node="kafka-2",kind="tbf"}[10s]) > 1` holds from T-00:00:28 on
         chaoslab query 'rate(node_qdisc_drops_total{node="kafka-2",kind="tbf"}[10s]) > 1' --at T-00:00:28
         read playbooks/isr-shrink.md
      L2 -0.8 onset, line 4:19: T+00:00:00 is 28 s away; it began between T-00:00:30 and T-00:00:28
         read playbooks/isr-shrink.md
      L3 -9.4 evidence, line 10:5: E3 is worth 0 of 100: it is false
         T+00:00:00.137: up is up{job="cluster", node="controller"} 1, up{job="kafka", node="kafka-1"} 1, up{job="kafka", node="kafka-2"} 1 and 2 more
         chaoslab query 'up == 0' --at T+00:00:00.137
         read playbooks/isr-shrink.md
      L4 -4.2 evidence, line 10:5: E3 is false: it does not hold at T+00:00:00.137, nor anywhere in the record
         read playbooks/isr-shrink.md
      L5 -1.4 mechanism, line 2:1: `link.saturated` is missing in the chain
         read playbooks/isr-shrink.md
      L6 -1.4 mechanism, line 2:1: `follower.fell_behind` is missing in the chain
         T-00:00:25: `kafka_log_log_logendoffset{topic="orders",broker="2"} - on(topic,partition) group_right() kafka_log_log_logendoffset{topic="orders",broker!="2"} > 100` held
         chaoslab query 'kafka_log_log_logendoffset{topic="orders",broker="2"} - on(topic,partition) group_right() kafka_log_log_logendoffset{topic="orders",broker!="2"} > 100' --at T-00:00:25
         read playbooks/isr-shrink.md
      L7 -1.4 mechanism, line 2:1: `isr.shrunk` is missing in the chain
         T-00:00:13: `kafka_topic_partition_in_sync_replica{topic="orders"} < 3` held
         chaoslab query 'kafka_topic_partition_in_sync_replica{topic="orders"} < 3' --at T-00:00:13
         read playbooks/isr-shrink.md
      L8 -1.4 mechanism, line 2:1: `alert.fired` is missing in the chain
         T-00:00:13: `sum(kafka_server_replicamanager_underreplicatedpartitions) > 0` held
         chaoslab query 'sum(kafka_server_replicamanager_underreplicatedpartitions) > 0' --at T-00:00:13
         read playbooks/isr-shrink.md
      L9 -2.2 mechanism, line 5:1: no trigger is given; it was started by C3
         T-00:00:30: C3: network policy of kafka-2 applied
         chaoslab changes
         read playbooks/isr-shrink.md
      L10 -0.8 impact and times, line 2:1: two claims that hold make an account of what users felt; here one is missing
         chaoslab query 'sum(kafka_server_replicamanager_underreplicatedpartitions) > 0' --at T+00:00:00
         read playbooks/isr-shrink.md
      L11 -0.8 impact and times, line 2:1: two claims that hold make an account of what users felt; here one is missing
         read playbooks/isr-shrink.md
      L12 -0.5 impact and times, line 4:1: `detected` is not given; the objectives saw it at T+00:00:00
         read playbooks/isr-shrink.md
      L13 -0.5 impact and times, line 4:1: `recovered` is not given; the objectives saw it at T+00:05:32.137
         read playbooks/isr-shrink.md
      L14 -2.2 prevention, line 2:1: what fits this cause as well: `alert.link_saturated`
         read playbooks/isr-shrink.md

    What it was
      network.capacity.link_capped  A machine's link carries less than the traffic it needs, in one direction or in both.
      in link:kafka-2 (or broker:2); it showed in broker:1, broker:3, topic:orders, partition:orders-1, partition:orders-4
      began between T-00:00:30 and T-00:00:28, started by change C3 at T-00:00:30: network policy of kafka-2 applied
      staged as isr-shrink/capped-link with seed 3 at level 2; the same again:
         chaoslab start isr-shrink --scenario capped-link --seed 3 --level 2

    How it unfolded
      1. link.saturated on link:kafka-2, T-00:00:28 to T+00:05:30: Packets wait or are dropped because the link is full.
         chaoslab query 'rate(node_qdisc_drops_total{node="kafka-2",kind="tbf"}[10s]) > 1' --at T-00:00:28
      2. follower.fell_behind on broker:1, broker:3, T-00:00:25 to T+00:05:30: A follower's log ends before its leader's.
         chaoslab query 'kafka_log_log_logendoffset{topic="orders",broker="2"} - on(topic,partition) group_right() kafka_log_log_logendoffset{topic="orders",broker!="2"} > 100' --at T-00:00:25
      3. isr.shrunk on partition:orders-1, partition:orders-4, T-00:00:13 to T+00:05:30: Replicas left the ISR.
         chaoslab query 'kafka_topic_partition_in_sync_replica{topic="orders"} < 3' --at T-00:00:13
      4. alert.fired on broker:2, T-00:00:13 to T+00:05:30: The alert that paged.
         chaoslab query 'sum(kafka_server_replicamanager_underreplicatedpartitions) > 0' --at T-00:00:13

    What tells it from its look-alikes
      storage.disk.slow: A slow disk flushes late; here flushes stayed quick.
         chaoslab query 'kafka_log_logflushstats_logflushrateandtimems < 50' --at T-00:00:14
      network.partition.replication_blocked: Blocked fetches leave clients alone; here kafka-2 answered them late, too.
         chaoslab query 'kafka_probe_duration_seconds{broker="2"} > 0.2' --at T-00:00:14
      broker.cpu.starved: A starved broker is held back by its limit; here no period was throttled.
         chaoslab query 'container_cpu_cfs_throttled_periods_total == 0' --at T-00:00:14
      broker.process.frozen: A frozen broker is fenced; here none was.
         chaoslab query 'kafka_broker_fenced == 0' --at T-00:00:14
      replication.throttle_left_behind: A throttle is seen in the configuration and drops no packets.
         chaoslab query 'node_qdisc_drops_total{kind="tbf"} > 0' --at T-00:00:14

    Commitment
      5c27adb3b5d8d48c7dc08a5f6e16e72ecc940508bac004e673cc7c8d03b41274  SHA-256 over the truth and its salt
      published when the run opened; check it yourself:
         chaoslab report r-7f3a91 --format json | jq -jcS .opening.truth > truth.json
         { printf 'chaoslab/truth/v1\0'; printf 0707070707070707070707070707070707070707070707070707070707070707 | xxd -r -p; cat truth.json; } | sha256sum

    No run of another cause of this symptom is recorded yet: evidence counts when it is true, belongs to the incident and is not true of a healthy run. Whether it tells this cause from others was not judged.

    Proof of the cause is taken before the first change of the lab, command 22.
    "#);
}

#[test]
fn colour_is_the_callers_choice_and_changes_no_word() {
    let run = sample::isr_shrink();
    let [plain, colour] = [false, true].map(|colour| {
        with(&mixed(), &run, true, |input| text(input, colour).expect("it can be told"))
    });
    assert!(!plain.contains('\u{1b}') && colour.contains('\u{1b}'));
    assert_eq!(strip_ansi_escapes::strip_str(&colour), plain.as_str());
}

#[test]
fn nothing_of_the_truth_is_told_before_it_may_be() {
    let run = sample::isr_shrink();
    let draft = link_capped(&[DROPS, PROBE, QDISC]);
    let told = with(&draft, &run, false, |input| {
        text(input, false).expect("it can be told")
            + &html(input).expect("it can be told")
            + &json(input).expect("it is data").to_string()
    });
    for secret in ["look-alike", "storage.disk.slow", "C3", "Commitment", "T-00:00:28", "salt"] {
        assert!(!told.contains(secret), "{secret}");
    }
}

#[test]
fn the_page_stands_alone_and_quotes_safely() {
    let run = sample::isr_shrink().with_command(
        8,
        "toolbox",
        "grep '<script>alert(1)</script>' x",
        190,
        "</title><img src=x onerror=y> found",
    );
    let draft =
        link_capped(&[DROPS, SHRINK, "command: 8, contains: '<img src=x onerror=y> found'"]);
    let page = with(&draft, &run, true, |input| html(input).expect("it can be told"));
    assert!(
        !page.contains("<script")
            && !page.contains("<img")
            && page.contains("&lt;img src=x onerror=y&gt;")
    );
    for loads in ["src=\"", "href=", "@import", "url(", "http://", "https://"] {
        assert!(!page.contains(loads), "{loads}");
    }
    assert!(
        page.contains("prefers-color-scheme: dark")
            && page.contains("@media print")
            && page.contains("<polyline")
    );
    // Every element that is opened is closed: the page is XML but for its doctype and void
    // elements.
    let body =
        &page[page.find("<body").expect("it has a body")..page.find("</html>").expect("it ends")];
    for element in
        ["section", "table", "tr", "td", "svg", "g", "text", "code", "span", "p", "ol", "ul", "li"]
    {
        let opened = body.matches(&format!("<{element}>")).count()
            + body.matches(&format!("<{element} ")).count();
        assert_eq!(opened, body.matches(&format!("</{element}>")).count(), "{element}");
    }
}

#[test]
fn the_chart_shows_what_happened_when() {
    let mut run = sample::isr_shrink();
    // Few points, so that the drawing can be read here.
    run.facts.recorded.to = sample::second(90);
    run.facts.closed = None;
    run.facts.commands.retain(|c| c.number < 3);
    run.facts.baseline.from = sample::second(20);
    run.facts.recorded.from = sample::second(50);
    let drawn = with(&link_capped(&[PROBE]), &run, true, |input| {
        let mut chart = chart::Chart::of(input).expect("it can be drawn");
        chart.lines.iter_mut().flatten().for_each(|piece| {
            let kept: Vec<_> = piece.iter().copied().step_by(13).collect();
            *piece = kept;
        });
        svg::svg(&chart).into_string().replace("><", ">\n<")
    });
    insta::assert_snapshot!(drawn, @r#"
    <svg class="chart" viewBox="0 0 960 330" role="img" aria-labelledby="chart-title">
    <title id="chart-title">sum(kafka_server_replicamanager_underreplicatedpartitions) over the run, with what happened when</title>
    <rect class="baseline" x="52" y="34" width="0" height="212">
    </rect>
    <text class="small" x="55" y="46">steady</text>
    <rect class="onset" x="52" y="34" width="2" height="212">
    </rect>
    <text class="small" x="52" y="30" text-anchor="end">fault </text>
    <line class="grid" x1="52" x2="946" y1="246" y2="246">
    </line>
    <text class="small" x="46" y="250" text-anchor="end">0</text>
    <line class="grid" x1="52" x2="946" y1="140" y2="140">
    </line>
    <text class="small" x="46" y="144" text-anchor="end">1</text>
    <line class="grid" x1="52" x2="946" y1="34" y2="34">
    </line>
    <text class="small" x="46" y="38" text-anchor="end">2</text>
    <line class="grid" x1="52" x2="52" y1="246" y2="251">
    </line>
    <text class="small" x="52" y="264" text-anchor="middle">T-00:00:20</text>
    <line class="grid" x1="275.5" x2="275.5" y1="246" y2="251">
    </line>
    <text class="small" x="275.5" y="264" text-anchor="middle">T-00:00:10</text>
    <line class="grid" x1="499" x2="499" y1="246" y2="251">
    </line>
    <text class="small" x="499" y="264" text-anchor="middle">T+00:00:00</text>
    <line class="grid" x1="722.5" x2="722.5" y1="246" y2="251">
    </line>
    <text class="small" x="722.5" y="264" text-anchor="middle">T+00:00:10</text>
    <line class="grid" x1="946" x2="946" y1="246" y2="251">
    </line>
    <text class="small" x="946" y="264" text-anchor="middle">T+00:00:20</text>
    <line class="threshold" x1="52" x2="946" y1="246" y2="246">
    </line>
    <polyline class="line line-0" points="52,246 342.6,34 633.1,34 923.7,34">
    </polyline>
    <line class="instant" x1="499" x2="499" y1="16" y2="246">
    </line>
    <text class="small" x="496" y="22" text-anchor="end">page</text>
    <line class="instant" x1="610.8" x2="610.8" y1="16" y2="246">
    </line>
    <text class="small" x="613.8" y="22" text-anchor="start">open</text>
    <g class="mark">
    <title>1: chaoslab status</title>
    <circle cx="767.2" cy="276" r="7">
    </circle>
    <text x="767.2" y="279" text-anchor="middle">1</text>
    </g>
    <g class="mark">
    <title>2: kafka-topics.sh --bootstrap-server kafka-1:9092 --describe --under-replicated-partitions</title>
    <circle cx="946" cy="276" r="7">
    </circle>
    <text x="946" y="279" text-anchor="middle">2</text>
    </g>
    </svg>
    "#);
}

#[test]
fn a_report_is_the_same_bytes_every_time() {
    let run = sample::isr_shrink();
    let made = || {
        with(&mixed(), &run, true, |input| {
            (html(input).expect("it can be told"), json(input).expect("it is data").to_string())
        })
    };
    let first = made();
    assert!((0..5).all(|_| made() == first));
}

#[test]
fn a_truth_that_was_changed_is_told() {
    let run = sample::isr_shrink();
    let truth = capped_link();
    let other = truth.commitment(&[8; 32]).expect("it is data");
    let record = run.record();
    let opened =
        open(&Sealed { truth: &truth, salt: &SALT, commitment: &other, staged: STAGED }, &record)
            .expect("it can be told");
    assert!(!opened.commitment.verified);
    assert!(
        with(&mixed(), &run, true, |input| open(&input.sealed.expect("it is there"), input.record)
            .expect("it can be told"))
        .commitment
        .verified
    );
}

#[test]
fn points_are_written_as_people_write_them() {
    assert_eq!([100_000, 94_642, 0, 49_000, 50].map(points), ["100", "94.6", "0", "49", "0"]);
}

#[test]
fn a_spreadsheet_gets_a_line_an_item() {
    let text =
        with(&mixed(), &sample::isr_shrink(), false, |input| csv(input.grade).expect("it is data"));
    insta::assert_snapshot!(text.replace("\r\n", "\n"), @r#"
    run,passed,total,item,earned,possible,losses
    r-7f3a91,false,64.8,class,28.4,28.4,
    r-7f3a91,false,64.8,component,9.4,17,`broker:3` is where it shows; it originates in link:kafka-2
    r-7f3a91,false,64.8,onset,4.8,5.6,T+00:00:00 is 28 s away; it began between T-00:00:30 and T-00:00:28
    r-7f3a91,false,64.8,evidence,14.6,28.4,"E3 is worth 0 of 100: it is false; E3 is false: it does not hold at T+00:00:00.137, nor anywhere in the record"
    r-7f3a91,false,64.8,mechanism,1.1,9,`link.saturated` is missing in the chain; `follower.fell_behind` is missing in the chain; `isr.shrunk` is missing in the chain; `alert.fired` is missing in the chain; no trigger is given; it was started by C3
    r-7f3a91,false,64.8,impact and times,0.5,3.4,two claims that hold make an account of what users felt; here one is missing; two claims that hold make an account of what users felt; here one is missing; `detected` is not given; the objectives saw it at T+00:00:00; `recovered` is not given; the objectives saw it at T+00:05:32.137
    r-7f3a91,false,64.8,mitigation and recovery,5.6,5.6,
    r-7f3a91,false,64.8,prevention,0,2.2,what fits this cause as well: `alert.link_saturated`
    "#);
}

#[test]
fn a_ci_server_gets_a_case_an_item_and_a_gate() {
    let text = with(&mixed(), &sample::isr_shrink(), false, |input| junit(input.grade));
    insta::assert_snapshot!(text, @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <testsuites><testsuite name="r-7f3a91" tests="13" failures="1" errors="0" skipped="0"><properties><property name="passed" value="false"></property><property name="total" value="64.8"></property></properties><testcase classname="items" name="class"></testcase><testcase classname="items" name="component"><system-out>9.4 of 17 points
    L1 -7.5 line 6:69: `broker:3` is where it shows; it originates in link:kafka-2</system-out></testcase><testcase classname="items" name="onset"><system-out>4.8 of 5.6 points
    L2 -0.8 line 4:19: T+00:00:00 is 28 s away; it began between T-00:00:30 and T-00:00:28</system-out></testcase><testcase classname="items" name="evidence"><system-out>14.6 of 28.4 points
    L3 -9.4 line 10:5: E3 is worth 0 of 100: it is false
    L4 -4.2 line 10:5: E3 is false: it does not hold at T+00:00:00.137, nor anywhere in the record</system-out></testcase><testcase classname="items" name="mechanism"><system-out>1.1 of 9 points
    L5 -1.4 line 2:1: `link.saturated` is missing in the chain
    L6 -1.4 line 2:1: `follower.fell_behind` is missing in the chain
    L7 -1.4 line 2:1: `isr.shrunk` is missing in the chain
    L8 -1.4 line 2:1: `alert.fired` is missing in the chain
    L9 -2.2 line 5:1: no trigger is given; it was started by C3</system-out></testcase><testcase classname="items" name="impact and times"><system-out>0.5 of 3.4 points
    L10 -0.8 line 2:1: two claims that hold make an account of what users felt; here one is missing
    L11 -0.8 line 2:1: two claims that hold make an account of what users felt; here one is missing
    L12 -0.5 line 4:1: `detected` is not given; the objectives saw it at T+00:00:00
    L13 -0.5 line 4:1: `recovered` is not given; the objectives saw it at T+00:05:32.137</system-out></testcase><testcase classname="items" name="mitigation and recovery"></testcase><testcase classname="items" name="prevention"><system-out>0 of 2.2 points
    L14 -2.2 line 2:1: what fits this cause as well: `alert.link_saturated`</system-out></testcase><testcase classname="grade" name="enough points"><failure type="points" message="64.8 of 100 points, 70 needed"></failure></testcase><testcase classname="gates" name="G1 the cause is right: the class scores three quarters at least"></testcase><testcase classname="gates" name="G2 the place is right: the components score half at least, and the one named first is an origin"></testcase><testcase classname="gates" name="G3 it stands on evidence: one true piece is worth half at least, and at most a third of the pieces that count are false"></testcase><testcase classname="gates" name="G4 it is consistent: its own cause is not ruled out, nothing ends before it began, and a claimed recovery took place"></testcase></testsuite></testsuites>
    "#);
}
