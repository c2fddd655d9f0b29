//! Critical stock and the value of the stock (domain specification, section 4.1).

use std::collections::BTreeMap;

use levain_plugin::time::{Instant, Micros};
use levain_plugin::{Decimal, Uuid};
use serde::Deserialize;

/// The fields of an ingredient that figures are made of.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Ingredient {
    pub id: Uuid,
    pub product_type: ProductType,
    pub reorder_point: Decimal,
    pub is_active: bool,
}

/// What is bought and what is made for sale.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ProductType {
    /// It is bought.
    Ingredient,
    /// It is made.
    #[serde(other)]
    Made,
}

/// The fields of a lot that figures are made of.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Lot {
    pub ingredient_id: Uuid,
    pub quantity: Decimal,
    pub unit_cost: Decimal,
    pub expiration_date: Instant,
}

/// What is in stock.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stock {
    /// Reorder points of the ingredients that are still bought.
    reorder_points: BTreeMap<Uuid, Decimal>,
    /// Unexpired quantities.
    good: BTreeMap<Uuid, Decimal>,
    /// Sum of quantity times unit cost over every lot, EUR. What has expired counts until it is taken
    /// out of stock.
    pub value: Decimal,
    /// The part of the value that has expired, EUR.
    pub expired_value: Decimal,
    /// The lots.
    pub lots: i64,
}

impl Stock {
    /// Takes an ingredient into account. What is no longer bought cannot run short, and products have
    /// their own alert: neither is critical.
    pub fn add_ingredient(&mut self, ingredient: &Ingredient) {
        if ingredient.product_type == ProductType::Ingredient && ingredient.is_active {
            self.reorder_points
                .insert(ingredient.id, ingredient.reorder_point);
        }
    }

    /// Takes a lot into account. It expires at its instant, not after.
    pub fn add_lot(&mut self, lot: &Lot, now: Micros) {
        let value = lot.quantity.times(lot.unit_cost);
        self.value += value;
        self.lots += 1;
        if lot.expiration_date.0 > now {
            *self.good.entry(lot.ingredient_id).or_default() += lot.quantity;
        } else {
            self.expired_value += value;
        }
    }

    /// How many ingredients there are.
    pub fn ingredients(&self) -> i64 {
        count(self.reorder_points.len())
    }

    /// How many ingredients have less unexpired stock than their reorder point.
    pub fn critical(&self) -> i64 {
        let short = |(id, least): &(&Uuid, &Decimal)| {
            self.good.get(*id).copied().unwrap_or_default() < **least
        };
        count(self.reorder_points.iter().filter(short).count())
    }
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: Micros = 1_772_445_600_000_000;

    fn ingredient(id: u128, reorder_point: i64) -> Ingredient {
        Ingredient {
            id: Uuid::from_u128(id),
            product_type: ProductType::Ingredient,
            reorder_point: Decimal::whole(reorder_point),
            is_active: true,
        }
    }

    /// A lot that expires so many microseconds from now.
    fn lot(id: u128, thousandths: i64, expires: Micros) -> Lot {
        Lot {
            ingredient_id: Uuid::from_u128(id),
            quantity: Decimal::new(thousandths, 3),
            unit_cost: Decimal::new(125, 2),
            expiration_date: Instant(NOW + expires),
        }
    }

    fn of(ingredients: &[Ingredient], lots: &[Lot]) -> Stock {
        let mut stock = Stock::default();
        ingredients
            .iter()
            .for_each(|ingredient| stock.add_ingredient(ingredient));
        lots.iter().for_each(|lot| stock.add_lot(lot, NOW));
        stock
    }

    #[test]
    fn critical_is_less_than_the_reorder_point() {
        for (thousandths, critical) in [(4_999, 1), (5_000, 0), (5_001, 0)] {
            assert_eq!(
                of(&[ingredient(1, 5)], &[lot(1, thousandths, 1)]).critical(),
                critical
            );
        }
        assert_eq!(of(&[ingredient(1, 5), ingredient(2, 0)], &[]).critical(), 1);
    }

    #[test]
    fn expired_lots_cover_nothing_and_keep_their_value() {
        for (expires, critical, expired) in [(-1, 1, 75), (0, 1, 75), (1, 0, 0)] {
            let stock = of(&[ingredient(1, 5)], &[lot(1, 6_000, expires)]);
            assert_eq!(stock.critical(), critical, "{expires}");
            assert_eq!(stock.value, Decimal::new(75, 1));
            assert_eq!(stock.expired_value, Decimal::new(expired, 1));
        }
    }

    #[test]
    fn what_is_made_or_no_longer_bought_is_not_critical() {
        let made = Ingredient {
            product_type: ProductType::Made,
            ..ingredient(1, 5)
        };
        let gone = Ingredient {
            is_active: false,
            ..ingredient(2, 5)
        };
        let stock = of(&[made, gone], &[lot(1, 1_000, 1)]);
        assert_eq!(
            (stock.critical(), stock.ingredients(), stock.lots),
            (0, 0, 1)
        );
        assert_eq!(stock.value, Decimal::new(125, 2));
    }

    #[test]
    fn the_fields_of_stored_records() {
        let id = Uuid::from_u128(5);
        let text = format!(
            r#"{{"id":"{id}","product_type":"FINISHED_PRODUCT","reorder_point":2.5,"is_active":true}}"#
        );
        let read: Ingredient = serde_json::from_str(&text).unwrap();
        assert_eq!(
            (read.product_type, read.reorder_point),
            (ProductType::Made, Decimal::new(25, 1))
        );
        let text = text.replace("FINISHED_PRODUCT", "INGREDIENT");
        let read: Ingredient = serde_json::from_str(&text).unwrap();
        assert_eq!(read.product_type, ProductType::Ingredient);
    }

    proptest! {
        #[test]
        fn neither_order_nor_lots_of_others_mean_anything(
            (some, shuffled) in proptest::collection::vec((1..6_u128, 0..9_999_i64, -5..5_i64), 0..40)
                .prop_flat_map(|some| (Just(some.clone()), Just(some).prop_shuffle())),
        ) {
            let ingredients: Vec<Ingredient> = (1..6).map(|id| ingredient(id, 12)).collect();
            let lots = |of: &[(u128, i64, i64)]| -> Vec<Lot> {
                of.iter().map(|(id, quantity, expires)| lot(*id, *quantity, *expires)).collect()
            };
            let stock = of(&ingredients, &lots(&some));
            prop_assert_eq!(&of(&ingredients, &lots(&shuffled)), &stock);
            let mut more = lots(&some);
            more.push(lot(9, 3_000, 1));
            more.push(lot(1, 3_000, -1));
            prop_assert_eq!(of(&ingredients, &more).critical(), stock.critical());
        }

        #[test]
        fn more_in_stock_is_never_more_critical(quantities in proptest::collection::vec(0..9_999_i64, 5), more in 0..9_999_i64) {
            let ingredients: Vec<Ingredient> = (0..5).map(|id| ingredient(id, 5)).collect();
            let mut lots: Vec<Lot> = (0..).zip(&quantities).map(|(id, quantity)| lot(id, *quantity, 1)).collect();
            let before = of(&ingredients, &lots).critical();
            lots.push(lot(0, more, 1));
            prop_assert!(of(&ingredients, &lots).critical() <= before);
        }
    }
}
