//! The accounts' descriptions and their staff.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::super::account::{Account, Location, Outlet, Owner};
use super::super::json;
use super::super::schema::nearest;
use super::manifest::{AccountEntry, Manifest};
use super::source::Source;
use super::tenant::TenantLoad;
use levain_model::fault::Fault;

/// An account in the descriptions.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Description {
    name: String,
    email: String,
    subdomain: String,
    base_tenant_id: Uuid,
    subscription_tier: String,
    tenant_type: String,
    owner_id: Uuid,
    location: Option<Location>,
    #[serde(default)]
    children: Vec<Child>,
}

/// An outlet in the descriptions.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Child {
    slug: String,
    name: String,
    base_tenant_id: Uuid,
    location: Location,
}

/// Those who work in an account.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct People {
    owner: Owner,
    #[serde(default)]
    staff: Vec<Person>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Person {
    user_id: Uuid,
    #[serde(rename = "role")]
    _role: String,
    #[serde(rename = "name")]
    _name: String,
    #[serde(rename = "email")]
    _email: Option<String>,
}

/// An account while it is read.
pub(super) struct AccountLoad<'m> {
    pub(super) account: Account,
    entry: &'m AccountEntry,
    place: usize,
    staff_file: &'m str,
    people: Vec<(String, Uuid)>,
}

/// One tenant of an account while it is read: its own, or an outlet's.
pub(super) struct TenantEntry<'m> {
    pub(super) outlet: Option<String>,
    pub(super) base_tenant_id: Uuid,
    pub(super) parent: Option<Uuid>,
    pub(super) fixtures: &'m BTreeMap<String, Vec<String>>,
    /// Where the fixtures are named in the catalog file.
    pub(super) pointer: String,
}

/// Reads the descriptions of all accounts of the catalog.
pub(super) fn read<'m>(manifest: &'m Manifest, source: &mut Source) -> Vec<AccountLoad<'m>> {
    let (file, staff_file) = (&manifest.catalog.accounts, &manifest.catalog.staff);
    let descriptions: BTreeMap<String, Description> = entries(file, manifest, source);
    let mut people: BTreeMap<String, People> = entries(staff_file, manifest, source);
    let mut accounts = Vec::new();
    let mut tenants: BTreeMap<Uuid, String> = BTreeMap::new();
    for (slug, description) in descriptions {
        let place = manifest.account.iter().position(|entry| entry.slug == slug);
        let Some((place, entry)) =
            place.and_then(|place| Some((place, manifest.account.get(place)?)))
        else {
            continue;
        };
        check_tenants(file, &slug, &description, &mut tenants, source);
        let Some(People { owner, staff }) = people.remove(&slug) else {
            continue;
        };
        if owner.user_id != description.owner_id {
            let message = format!(
                "{staff_file} has the owner {} for this account",
                owner.user_id
            );
            source.fault(file, &format!("/{slug}/owner_id"), "owner", message);
        }
        let known: Vec<&str> = description
            .children
            .iter()
            .map(|child| child.slug.as_str())
            .collect();
        for (index, outlet) in entry
            .outlet
            .iter()
            .enumerate()
            .filter(|(_, o)| !known.contains(&o.slug.as_str()))
        {
            let message = format!(
                "{file} describes no outlet `{}` of this account",
                outlet.slug
            );
            source.refuse(
                &format!("/account/{place}/outlet/{index}/slug"),
                "unknown_outlet",
                message,
            );
        }
        for child in description
            .children
            .iter()
            .filter(|c| !entry.outlet.iter().any(|o| o.slug == c.slug))
        {
            let message = format!("the outlet `{}` has no fixtures", child.slug);
            source.refuse(&format!("/account/{place}"), "unknown_outlet", message);
        }
        let people = std::iter::once((format!("/{slug}/owner/user_id"), owner.user_id))
            .chain(
                staff
                    .iter()
                    .enumerate()
                    .map(|(i, person)| (format!("/{slug}/staff/{i}/user_id"), person.user_id)),
            )
            .collect();
        accounts.push(AccountLoad {
            account: account(slug, description, owner, entry),
            entry,
            place,
            staff_file,
            people,
        });
    }
    accounts.sort_by_key(|account| account.place);
    accounts
}

/// A tenant belongs to one account, or is the outlet of one head: a group in which an outlet is its own head, or
/// the outlet of two, would be endless.
fn check_tenants(
    file: &str,
    slug: &str,
    description: &Description,
    tenants: &mut BTreeMap<Uuid, String>,
    source: &mut Source,
) {
    let head = description.base_tenant_id;
    if let Some(other) = tenants.insert(head, format!("`{slug}`")) {
        let message = format!("the base tenant {head} is that of {other} already");
        source.fault(file, &format!("/{slug}/base_tenant_id"), "unique", message);
    }
    for (index, child) in description.children.iter().enumerate() {
        let pointer = format!("/{slug}/children/{index}");
        let (id, name) = (child.base_tenant_id, &child.slug);
        let before = tenants.insert(id, format!("the outlet `{name}` of `{slug}`"));
        let message = match before {
            _ if id == head => format!("a cycle of outlets: `{name}` is its own head, {id}"),
            Some(other) => {
                format!("a cycle of outlets: the base tenant {id} is that of {other} already")
            }
            None => continue,
        };
        let pointer = format!("{pointer}/base_tenant_id");
        source.fault(file, &pointer, "outlet_cycle", message);
    }
    for (index, child) in description.children.iter().enumerate() {
        let mut earlier = description.children.iter().take(index);
        if earlier.any(|other| other.slug == child.slug) {
            let message = format!("another outlet is named `{}` as well", child.slug);
            let pointer = format!("/{slug}/children/{index}/slug");
            source.fault(file, &pointer, "unique", message);
        }
    }
}

fn account(slug: String, description: Description, owner: Owner, entry: &AccountEntry) -> Account {
    let outlets = description.children.into_iter().map(|child| Outlet {
        slug: child.slug,
        name: child.name,
        base_tenant_id: child.base_tenant_id,
        location: child.location,
        slices: BTreeMap::new(),
    });
    Account {
        slug,
        name: description.name,
        email: description.email,
        subdomain: description.subdomain,
        base_tenant_id: description.base_tenant_id,
        subscription_tier: description.subscription_tier,
        tenant_type: description.tenant_type,
        owner,
        location: description.location,
        outlets: outlets.collect(),
        slices: BTreeMap::new(),
        verify: entry.verify.thresholds(),
    }
}

/// The entry of each account in a file that has one per account. More may be described than the
/// catalog has; one that is missing is a fault.
fn entries<T: DeserializeOwned>(
    file: &str,
    manifest: &Manifest,
    source: &mut Source,
) -> BTreeMap<String, T> {
    let mut entries = BTreeMap::new();
    let Some(text) = source.read(file) else {
        return entries;
    };
    let json = match json::parse(&text) {
        Ok(json) => json,
        Err(fault) => {
            source.fault(file, &fault.pointer, "json", fault.message);
            return entries;
        }
    };
    let Some(fields) = json.as_object() else {
        source.fault(file, "", "json", "an object, with one field per account");
        return entries;
    };
    for (index, account) in manifest.account.iter().enumerate() {
        let Some(value) = fields.get(&account.slug) else {
            let hint = nearest(&account.slug, fields.iter().map(|(name, _)| name));
            let hint = hint
                .map(|name| format!("; did you mean `{name}`?"))
                .unwrap_or_default();
            let message = format!(
                "{file} does not describe the account `{}`{hint}",
                account.slug
            );
            source.refuse(
                &format!("/account/{index}/slug"),
                "unknown_account",
                message,
            );
            continue;
        };
        let value = value.to_value();
        match serde_json::from_value(value.clone()) {
            Ok(entry) => {
                entries.insert(account.slug.clone(), entry);
            }
            Err(error) => {
                let pointer = format!("/{}", account.slug);
                source.faults.push(
                    Fault::new(file, pointer, "account", error.to_string()).with_value(&value),
                );
            }
        }
    }
    entries
}

impl<'m> AccountLoad<'m> {
    /// Its own tenant, then the outlets'.
    pub(super) fn tenants(&self) -> Vec<TenantEntry<'m>> {
        let own = TenantEntry {
            outlet: None,
            base_tenant_id: self.account.base_tenant_id,
            parent: None,
            fixtures: &self.entry.fixtures,
            pointer: format!("/account/{}/fixtures", self.place),
        };
        let outlets = self
            .entry
            .outlet
            .iter()
            .enumerate()
            .filter_map(|(index, entry)| {
                let outlet = self
                    .account
                    .outlets
                    .iter()
                    .find(|outlet| outlet.slug == entry.slug)?;
                Some(TenantEntry {
                    outlet: Some(outlet.slug.clone()),
                    base_tenant_id: outlet.base_tenant_id,
                    parent: Some(self.account.base_tenant_id),
                    fixtures: &entry.fixtures,
                    pointer: format!("/account/{}/outlet/{index}/fixtures", self.place),
                })
            });
        std::iter::once(own).chain(outlets).collect()
    }

    /// Every person named must be a record of the fixtures.
    pub(super) fn check_staff(&self, tenants: &[TenantLoad<'_>], source: &mut Source) {
        for (pointer, id) in &self.people {
            if !tenants.iter().any(|tenant| tenant.has(id)) {
                source.fault(
                    self.staff_file,
                    pointer,
                    "reference",
                    format!("{id} is no record of this account's fixtures"),
                );
            }
        }
    }
}
