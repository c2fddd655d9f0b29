//! What the parts of a session cost, each alone: domains and triggers, natively and in the sandbox.

use std::time::{Duration, Instant};

use levain::sandbox;
use levain_catalog::{CheckedTenant, TenantScope, Trigger};
use levain_model::{Phase, StoredSegment};
use levain_plugin::HeldSegment;

use super::figures::Figures;
use super::setting::Setting;
use super::{WARM_UP, floor, raise};

/// The domains of the account's own tenant; what a clone from an image costs, in clones that prepare.
pub fn per_domain(setting: &Setting<'_>, rounds: usize) -> f64 {
    println!(
        "{:<14} {:>8} {:>16} {:>16} {:>18} {:>18} {:>9} {:>7}",
        "domain",
        "records",
        "prepare native",
        "clone native",
        "sandbox, both",
        "sandbox, image",
        "of native",
        "of both"
    );
    let mut totals = (0.0, 0.0, 0.0, 0.0);
    for native in &setting.places[0].natives {
        let (mut prepare, mut clone) = (Figures::new(), Figures::new());
        let (mut sandbox, mut image) = (Figures::new(), Figures::new());
        let mut records = 0;
        for round in 0..rounds + WARM_UP {
            let scope = &setting.scopes()[0];
            let prepared = timed(|| (native.prepare)(&native.slice));
            let cloned = timed(|| (prepared.1)(&setting.context(scope)));
            let (component, plain, limits) = setting.host.component(native.domain);
            let context = setting.call_context(scope, native.domain);
            let in_sandbox = |component| {
                timed(|| {
                    let sandbox = &setting.host.sandbox;
                    sandbox
                        .clone_tenant(component, &native.fixture, &context, &limits)
                        .unwrap()
                })
            };
            let (boxed, imaged) = (in_sandbox(plain), in_sandbox(component));
            assert_eq!(
                boxed.1.0, imaged.1.0,
                "{} differs with an image",
                native.domain
            );
            records = cloned.1.iter().map(|segment| count(&segment.rows)).sum();
            if round >= WARM_UP {
                prepare.add(prepared.0);
                clone.add(cloned.0);
                sandbox.add(boxed.0);
                image.add(imaged.0);
            }
        }
        println!(
            "{:<14} {records:>8} {prepare:>16} {clone:>16} {sandbox:>18} {image:>18} {:>9.2} {:>7.2}",
            native.domain,
            image.median() / clone.median(),
            image.median() / sandbox.median()
        );
        totals = (
            totals.0 + prepare.median(),
            totals.1 + clone.median(),
            totals.2 + sandbox.median(),
            totals.3 + image.median(),
        );
    }
    println!(
        "{:<14} {:>8} {:>16.3} {:>16.3} {:>18.3} {:>18.3} {:>9.2} {:>7.2}",
        "all, in turn",
        "",
        totals.0,
        totals.1,
        totals.2,
        totals.3,
        totals.3 / totals.1,
        totals.3 / totals.2
    );
    totals.3 / totals.2
}

/// The triggers, each for all tenants that it is called for.
pub async fn per_trigger(setting: &Setting<'_>, rounds: usize) {
    println!(
        "\n{:<22} {:>8} {:>18} {:>37} {:>8}",
        "trigger", "calls", "native", "sandbox", "ratio"
    );
    let tenants = floor::clone(setting, &setting.scopes()).await;
    let mut made: Vec<StoredSegment> = Vec::new();
    let mut totals = (0.0, 0.0);
    for phase in Phase::ALL {
        let due = floor::due(setting, &tenants, phase);
        let mut of_phase = Vec::new();
        for trigger in setting.host.catalog.triggers() {
            let calls: Vec<(&Trigger, &TenantScope, Vec<HeldSegment>)> = due
                .iter()
                .filter(|(called, _)| called.slug == trigger.slug)
                .map(|(called, scope)| (called, scope, floor::held(called, scope, &tenants, &made)))
                .collect();
            if calls.is_empty() {
                continue;
            }
            let (mut native, mut sandbox) = (Figures::new(), Figures::new());
            for round in 0..rounds + WARM_UP {
                let natively = timed(|| {
                    let raise = raise::raise(&trigger.domain);
                    for (called, scope, held) in &calls {
                        raise(phase, &setting.context(scope), &called.slug, held);
                    }
                });
                let boxed = in_sandbox(setting, phase, &calls);
                if round >= WARM_UP {
                    native.add(natively.0);
                    sandbox.add(boxed);
                }
            }
            println!(
                "{:<22} {:>8} {native:>18} {sandbox:>37} {:>8.2}",
                trigger.slug,
                calls.len(),
                sandbox.median() / native.median()
            );
            totals = (totals.0 + native.median(), totals.1 + sandbox.median());
            for (called, scope, held) in &calls {
                of_phase.extend(product(setting, &tenants, phase, called, scope, held));
            }
        }
        made.extend(of_phase);
    }
    println!(
        "{:<22} {:>8} {:>18.3} {:>37.3} {:>8.2}",
        "all, in turn",
        "",
        totals.0,
        totals.1,
        totals.1 / totals.0
    );
}

fn in_sandbox(
    setting: &Setting<'_>,
    phase: Phase,
    calls: &[(&Trigger, &TenantScope, Vec<HeldSegment>)],
) -> Duration {
    let shared: Vec<Vec<sandbox::HeldSegment<'_>>> = calls
        .iter()
        .map(|(_, _, held)| held.iter().map(boxed).collect())
        .collect();
    let called = timed(|| {
        for ((trigger, scope, _), held) in calls.iter().zip(&shared) {
            let (component, _, limits) = setting.host.component(&trigger.domain);
            let context = setting.call_context(scope, &trigger.domain);
            setting
                .host
                .sandbox
                .run_trigger(component, phase, &trigger.slug, &context, held, &limits)
                .unwrap();
        }
    });
    called.0
}

fn boxed(held: &HeldSegment) -> sandbox::HeldSegment<'_> {
    sandbox::HeldSegment {
        tenant_id: held.tenant_id,
        domain: &held.domain,
        entity: &held.entity,
        rows: held.rows.as_str().into(),
    }
}

/// What a trigger makes: later ones read it.
fn product(
    setting: &Setting<'_>,
    tenants: &[CheckedTenant],
    phase: Phase,
    trigger: &Trigger,
    scope: &TenantScope,
    held: &[HeldSegment],
) -> Vec<StoredSegment> {
    let raise = raise::raise(&trigger.domain);
    let segments = raise(phase, &setting.context(scope), &trigger.slug, held);
    let segments = segments
        .into_iter()
        .map(|segment| levain_model::Segment {
            entity: segment.entity,
            rows: segment.rows,
        })
        .collect();
    let checked = setting
        .host
        .catalog
        .check_product(scope, trigger, segments, tenants, usize::MAX);
    checked.unwrap().segments
}

fn count(rows: &str) -> usize {
    serde_json::from_str::<Vec<serde_json::Value>>(rows)
        .unwrap()
        .len()
}

fn timed<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let started = Instant::now();
    let value = work();
    (started.elapsed(), value)
}
