//! The recipes domain: recipes and their bill of materials.

mod recipe;

use levain_plugin::{Fixture, Ids, Plugin, PluginError, Record, Rows, Segment, SessionContext};

use crate::recipe::{Recipe, RecipeIngredient};

/// The domain's prepared fixtures.
pub struct Recipes {
    ids: Ids,
    recipes: Rows<Recipe>,
    lines: Rows<RecipeIngredient>,
}

impl Plugin for Recipes {
    const ENTITIES: &'static [&'static str] = &[Recipe::ENTITY, RecipeIngredient::ENTITY];

    fn prepare(slice: &[Segment]) -> Result<Self, PluginError> {
        let mut fixture = Fixture::open(slice, Self::ENTITIES)?;
        Ok(Self {
            recipes: fixture.rows()?,
            lines: fixture.rows()?,
            ids: fixture.into_ids(),
        })
    }

    fn clone_tenant(&self, ctx: &SessionContext) -> Result<Vec<Segment>, PluginError> {
        Ok(self
            .ids
            .cloning(ctx)?
            .with(&self.recipes)
            .with(&self.lines)
            .finish())
    }
}

levain_plugin::export!(Recipes);
