//! Prepared images: a clone from one is the clone that prepares, byte for byte, and whatever has none is cloned
//! all the same.

use std::path::Path;
use std::sync::OnceLock;

use levain::plugins::{self, Registry};
use levain::sandbox::{CallContext, Limits};
use levain_catalog::{Account, Catalog};
use tempfile::TempDir;
use uuid::Uuid;

use crate::support::{
    Handmade, Hosting, Puppets, TestApp, catalog_file, guests_dir, plugins_dir, root,
};

/// The tenants of an account: the outlet's slug, and what its fixtures were written for.
fn places(account: &Account) -> Vec<(Option<&str>, Uuid)> {
    let outlets = account.outlets.iter();
    let outlets = outlets.map(|outlet| (Some(outlet.slug.as_str()), outlet.base_tenant_id));
    std::iter::once((None, account.base_tenant_id))
        .chain(outlets)
        .collect()
}

/// Clones every slice of every account with the images that `hosting` has and without any; how many there were.
fn compare(hosting: &Hosting, plain: &Registry) -> usize {
    let catalog: &Catalog = &hosting.catalog;
    let head = Uuid::from_u128(0x7a);
    let mut compared = 0;
    for account in catalog.accounts() {
        for (outlet, base_tenant_id) in places(account) {
            for (domain, slice) in account.slices_of(outlet).unwrap() {
                let context = CallContext {
                    domain: domain.clone(),
                    purpose: levain::sandbox::Purpose::Session,
                    session_id: "demo_images".into(),
                    account: account.slug.clone(),
                    base_tenant_id,
                    tenant_id: outlet.map_or(head, |_| Uuid::from_u128(0x7b)),
                    parent_tenant_id: outlet.map(|_| head),
                    outlet: outlet.map(str::to_owned),
                    session_created_at: "2026-03-02T10:00:00.123456Z".parse().unwrap(),
                    base_reference: catalog.base_reference(),
                };
                let limits = Limits::of(
                    catalog.domain(domain).unwrap(),
                    &catalog.limits(),
                    &hosting.limits,
                );
                let clone = |registry: &Registry| {
                    let component = &registry.active(domain).unwrap().component;
                    let sandbox = &hosting.sandbox;
                    let made = sandbox.clone_tenant(component, slice, &context, &limits);
                    made.unwrap_or_else(|error| panic!("{domain}: {error}")).0
                };
                let (with, without) = (clone(&hosting.plugins), clone(plain));
                // Not `assert_eq`: it would print megabytes.
                assert!(with == without, "{domain} of {} {outlet:?}", account.slug);
                assert!(
                    with == clone(&hosting.plugins),
                    "{domain}: the image was written to"
                );
                compared += 1;
            }
        }
    }
    compared
}

fn all_have_images(registry: &Registry) {
    for plugin in registry.all_active() {
        let without = &plugin.preparation.without;
        assert!(without.is_empty(), "{}: {without:?}", plugin.domain);
        assert_eq!(plugin.component.images(), plugin.preparation.prepared);
    }
}

#[test]
fn images_do_not_change_the_output_of_the_project() {
    let hosting = &Hosting::load(&catalog_file(), &plugins_dir());
    all_have_images(&hosting.plugins);
    let plain = plugins::load(
        &hosting.sandbox,
        &plugins_dir(),
        &hosting.catalog,
        &hosting.limits,
        false,
    );
    let slices: usize = Catalog::load(&catalog_file())
        .unwrap()
        .accounts()
        .flat_map(Account::all_slices)
        .map(|slices| slices.len())
        .sum();
    assert_eq!(compare(hosting, &plain), slices);
}

#[test]
fn images_do_not_change_the_output_of_other_trades() {
    let hosting = Hosting::load(&root().join("tests/cycles/catalog.toml"), &guests_dir());
    all_have_images(&hosting.plugins);
    let plain = plugins::load(
        &hosting.sandbox,
        &guests_dir(),
        &hosting.catalog,
        &hosting.limits,
        false,
    );
    assert!(compare(&hosting, &plain) >= 2);
}

#[test]
fn puppets_are_the_same_with_an_image_and_without() {
    let directory = TempDir::new().unwrap();
    let hosting = Hosting::load(&Puppets::new().write(&directory), &guests_dir());
    let plain = plugins::load(
        &hosting.sandbox,
        &guests_dir(),
        &hosting.catalog,
        &hosting.limits,
        false,
    );
    assert_eq!(compare(&hosting, &plain), 2);
    for plugin in hosting.plugins.all_active() {
        assert_eq!(plugin.component.images(), 1, "{}", plugin.domain);
    }
}

/// A handmade component whose `clone` traps unless `prepare` has been there; whether it has an image, and why not.
async fn cloned(component: &Handmade, directory: &Path) -> (usize, Option<String>) {
    // The puppet beside it is the same one in all of them.
    static CACHE: OnceLock<TempDir> = OnceLock::new();
    let cache = CACHE.get_or_init(|| TempDir::new().unwrap());
    let files = TempDir::new_in(directory).unwrap();
    let mut puppets = Puppets::new();
    puppets.serve_by("The optional one", "handmade");
    let (catalog, plugins) = (puppets.write(&files), component.write(&files));
    let hosting = Hosting::load_with_cache(&catalog, &plugins, cache.path(), true);
    let plugin = hosting.plugins.active("extra").unwrap();
    let images = plugin.component.images();
    let without = plugin.preparation.without.first();
    let reason = without.map(|(_, reason)| reason.to_string());
    let app = TestApp::over(&hosting).await;
    for _ in 0..2 {
        let session = app.create("show").await.expect(200);
        assert_eq!(session["status"], "READY", "{session:#}");
    }
    (images, reason)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stands_in_memory_and_globals_is_in_the_image() {
    let directory = TempDir::new().unwrap();
    let component = Handmade {
        fields: "(global $long (mut i64) (i64.const 1)) (global $float (mut f32) (f32.const 1))
            (global $double (mut f64) (f64.const 1)) (global $fixed i32 (i32.const 3))",
        prepare: "(global.set $long (i64.const -9)) (global.set $float (f32.const 0.5))
            (global.set $double (f64.const -0.25)) (drop (memory.grow (i32.const 3)))
            (i32.store (i32.const 300000) (i32.const 77))",
        clone: "(if (i64.ne (global.get $long) (i64.const -9)) (then unreachable))
            (if (f32.ne (global.get $float) (f32.const 0.5)) (then unreachable))
            (if (f64.ne (global.get $double) (f64.const -0.25)) (then unreachable))
            (if (i32.ne (global.get $fixed) (i32.const 3)) (then unreachable))
            (if (i32.ne (memory.size) (i32.const 5)) (then unreachable))
            (if (i32.ne (i32.load (i32.const 300000)) (i32.const 77)) (then unreachable))
            (i32.store (i32.const 300000) (i32.const 78))",
        ..Handmade::default()
    };
    assert_eq!(cloned(&component, directory.path()).await, (1, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn component_that_changes_tables_prepares_on_every_call() {
    let directory = TempDir::new().unwrap();
    let component = Handmade {
        fields: "(table $many 1 funcref)",
        prepare: "(drop (table.grow $many (ref.null func) (i32.const 4)))",
        clone: "(if (i32.ne (table.size $many) (i32.const 5)) (then unreachable))",
        ..Handmade::default()
    };
    let (images, reason) = cloned(&component, directory.path()).await;
    let reason = reason.unwrap();
    assert_eq!(images, 0);
    assert!(reason.contains("table.grow"), "{reason}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_component_that_drops_its_data_is_prepared_on_every_call() {
    let directory = TempDir::new().unwrap();
    let component = Handmade {
        fields: r#"(data $late "abcd")"#,
        prepare: "(memory.init $late (i32.const 2048) (i32.const 0) (i32.const 4)) (data.drop $late)",
        clone: "(if (i32.ne (i32.load8_u (i32.const 2048)) (i32.const 97)) (then unreachable))",
        ..Handmade::default()
    };
    let (images, reason) = cloned(&component, directory.path()).await;
    let reason = reason.unwrap();
    assert_eq!(images, 0);
    assert!(reason.contains("data.drop"), "{reason}");
}

#[tokio::test(flavor = "multi_thread")]
async fn component_at_its_memory_limit_prepares_on_every_call() {
    let directory = TempDir::new().unwrap();
    let component = Handmade {
        prepare: "(drop (memory.grow (i32.const 510)))",
        clone: "(if (i32.ne (memory.size) (i32.const 512)) (then unreachable))",
        ..Handmade::default()
    };
    let (images, reason) = cloned(&component, directory.path()).await;
    let reason = reason.unwrap();
    assert_eq!(images, 0);
    assert!(reason.contains("33554432 allowed"), "{reason}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_function_has_run_once() {
    let directory = TempDir::new().unwrap();
    let component = Handmade {
        fields: "(global $starts (mut i32) (i32.const 0))
            (func $begin (global.set $starts (i32.add (global.get $starts) (i32.const 1)))) (start $begin)",
        clone: "(if (i32.ne (global.get $starts) (i32.const 1)) (then unreachable))",
        ..Handmade::default()
    };
    assert_eq!(cloned(&component, directory.path()).await, (1, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_known_by_what_is_lifted_for_it_and_not_by_a_name() {
    let directory = TempDir::new().unwrap();
    let component = Handmade {
        fields: "(global $prepared (mut i32) (i32.const 0))",
        prepare: "(global.set $prepared (i32.const 1))",
        clone: "(if (i32.ne (global.get $prepared) (i32.const 1)) (then unreachable))",
        swapped: true,
        ..Handmade::default()
    };
    assert_eq!(cloned(&component, directory.path()).await, (1, None));
}

#[test]
fn what_only_other_calls_reach_is_not_in_an_image() {
    // Some thousand instructions that only `prepare` runs.
    let work = "(i32.store (i32.const 3000) (i32.add (i32.load (i32.const 3000)) (i32.const 7)))"
        .repeat(4000);
    let component = Handmade {
        prepare: Box::leak(work.into_boxed_str()),
        ..Handmade::default()
    };
    let (files, cache) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let mut puppets = Puppets::new();
    puppets.serve_by("The optional one", "handmade");
    let (catalog, plugins) = (puppets.write(&files), component.write(&files));
    let hosting = Hosting::load_with_cache(&catalog, &plugins, cache.path(), true);
    let plugin = hosting.plugins.active("extra").unwrap();
    assert_eq!(plugin.component.images(), 1, "{:?}", plugin.preparation);
    let entries = std::fs::read_dir(cache.path()).unwrap().map(Result::unwrap);
    let mut sizes: Vec<u64> = entries
        .filter(|entry| {
            let name = entry.file_name().into_string().unwrap();
            name.starts_with(plugin.component.digest()) && name.ends_with(".cwasm")
        })
        .map(|entry| entry.metadata().unwrap().len())
        .collect();
    sizes.sort_unstable();
    let [image, whole] = sizes.as_slice() else {
        panic!("{sizes:?}");
    };
    assert!(image * 2 < *whole, "{image} bytes of {whole}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trap_of_an_image_is_told_by_its_source() {
    let directory = TempDir::new().unwrap();
    let component = Handmade {
        clone: "unreachable",
        source: Some(("src/rules.rs", 42)),
        ..Handmade::default()
    };
    let mut puppets = Puppets::new();
    puppets.serve_by("The optional one", "handmade");
    let (catalog, plugins) = (puppets.write(&directory), component.write(&directory));
    let cache = directory.path().join("cache");
    // The second time, image and lines are those that were kept.
    for kept in [0, 1] {
        let hosting = Hosting::load_with_cache(&catalog, &plugins, &cache, true);
        let plugin = hosting.plugins.active("extra").unwrap();
        assert_eq!(plugin.component.images(), 1);
        assert_eq!(plugin.preparation.kept, kept);
        let app = TestApp::over(&hosting).await;
        let session = app.create("show").await.expect(200);
        let tenant = session["virtual_tenant_id"].as_str().unwrap();
        let error = &session["services"][tenant]["extra"]["error"];
        let message = error["message"].as_str().unwrap();
        assert!(message.contains("(src/rules.rs:42)"), "{message}");
    }
}
