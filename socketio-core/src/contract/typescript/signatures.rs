//! [`Signatures`]: types of TypeScript, one by one, for the page.

use serde_json::Value;

use super::{names::Names, types::Types, types::declaration};
use crate::contract::{Argument, Contract};

/// The types of a contract.
pub(in crate::contract) struct Signatures<'a> {
    contract: &'a Contract,
    names: Names,
}

impl<'a> Signatures<'a> {
    pub(in crate::contract) fn new(contract: &'a Contract) -> Self {
        let names = Names::new(contract);
        Signatures { contract, names }
    }

    /// Returns the type of a schema.
    pub(in crate::contract) fn of(&self, schema: &Value) -> String {
        self.types().of(schema)
    }

    /// Returns the types of several values.
    pub(in crate::contract) fn values(&self, values: &[Argument]) -> Vec<String> {
        values.iter().map(|one| self.of(&one.schema)).collect()
    }

    /// Returns the names of all types with their declarations.
    pub(in crate::contract) fn declarations(&self) -> Vec<(String, String)> {
        let types = self.types();
        let all = self.contract.types.iter();
        all.map(|(name, schema)| {
            let name = self.names.of_type(name);
            (name.to_owned(), declaration(name, schema, &types))
        })
        .collect()
    }

    fn types(&self) -> Types<'_> {
        Types::new(self.contract, &self.names)
    }
}
