//! Where a route leads.

use std::borrow::Cow;
use std::collections::BTreeMap;

use levain_plugin::product::{Location, Place};
use levain_plugin::{Decimal, Uuid, spanish};
use serde::Deserialize;

/// A route as it is stored.
#[derive(Debug, Deserialize)]
pub struct Route<'a> {
    pub id: Uuid,
    #[serde(borrow)]
    pub name: Cow<'a, str>,
}

/// A stop as it is stored.
#[derive(Debug, Deserialize)]
pub struct Stop<'a> {
    pub route_id: Uuid,
    pub sequence: i64,
    #[serde(borrow)]
    pub name: Cow<'a, str>,
    pub outlet_tenant_id: Option<Uuid>,
    #[serde(borrow)]
    pub city: Cow<'a, str>,
    pub latitude: Decimal,
    pub longitude: Decimal,
}

/// An outlet's own record of itself.
#[derive(Debug, Deserialize)]
pub struct Outlet {
    pub name: String,
    pub city: String,
    pub latitude: Decimal,
    pub longitude: Decimal,
}

/// The last outlet that a route serves.
#[derive(Clone, Debug, PartialEq)]
pub struct Goal {
    /// Its city, or the route's name where it serves no outlet.
    pub city: String,
    /// Where that is; none where it serves no outlet.
    pub place: Option<Place>,
}

/// Every route's goal.
pub struct Roads(BTreeMap<Uuid, Goal>);

impl Roads {
    /// From routes, their stops, and the records of outlets by their tenants. A stop whose outlet is not
    /// handed is told by what the stop itself says.
    pub fn new(routes: &[Route<'_>], stops: &[Stop<'_>], outlets: &[(Uuid, Outlet)]) -> Self {
        let goal = |route: &Route<'_>| {
            let last = stops
                .iter()
                .filter(|stop| stop.route_id == route.id && stop.outlet_tenant_id.is_some())
                .max_by_key(|stop| stop.sequence);
            let Some(stop) = last else {
                return Goal {
                    city: route.name.clone().into_owned(),
                    place: None,
                };
            };
            let outlet = outlets
                .iter()
                .find(|(tenant, _)| Some(*tenant) == stop.outlet_tenant_id)
                .map(|(_, outlet)| outlet);
            let (city, location) = match outlet {
                Some(outlet) => (outlet.city.clone(), Location::from(outlet)),
                None => (stop.city.clone().into_owned(), stop.location()),
            };
            Goal {
                place: Some(Place {
                    // An outlet is named for its city: no record has its name in the catalog.
                    outlet: Some(spanish::slug(&city)),
                    location,
                }),
                city,
            }
        };
        Self(routes.iter().map(|route| (route.id, goal(route))).collect())
    }

    /// Where a route leads; none for a route that is not known.
    pub fn goal(&self, route: &Uuid) -> Option<&Goal> {
        self.0.get(route)
    }
}

impl Stop<'_> {
    fn location(&self) -> Location {
        Location {
            name: self.name.clone().into_owned(),
            latitude: self.latitude,
            longitude: self.longitude,
        }
    }
}

/// Two stops and their outlet for the tests of the rules.
#[cfg(test)]
pub fn examples() -> Roads {
    let stop = |sequence, outlet: Option<u128>, city: &'static str| Stop {
        route_id: Uuid::from_u128(1),
        sequence,
        name: "Parada".into(),
        outlet_tenant_id: outlet.map(Uuid::from_u128),
        city: city.into(),
        latitude: Decimal::ZERO,
        longitude: Decimal::ZERO,
    };
    let stops = [
        stop(2, Some(9), "Gràcia"),
        stop(3, None, "Taller"),
        stop(1, Some(8), "Lleida"),
    ];
    let outlet = Outlet {
        name: "Barcelona Gràcia".to_owned(),
        city: "Barcelona".to_owned(),
        latitude: Decimal::new(414_036, 4),
        longitude: Decimal::new(21_561, 4),
    };
    let route = |id| Route {
        id: Uuid::from_u128(id),
        name: "Madrid - Barcelona".into(),
    };
    Roads::new(
        &[route(1), route(2)],
        &stops,
        &[(Uuid::from_u128(9), outlet)],
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_leads_to_its_last_outlet() {
        let roads = examples();
        let goal = roads.goal(&Uuid::from_u128(1)).unwrap();
        assert_eq!(goal.city, "Barcelona");
        let place = goal.place.as_ref().unwrap();
        assert_eq!(place.outlet.as_deref(), Some("barcelona"));
        assert_eq!(place.location.name, "Barcelona Gràcia");
        let nowhere = roads.goal(&Uuid::from_u128(2)).unwrap();
        assert_eq!(
            (nowhere.city.as_str(), &nowhere.place),
            ("Madrid - Barcelona", &None)
        );
        assert_eq!(roads.goal(&Uuid::from_u128(3)), None);
    }
}
